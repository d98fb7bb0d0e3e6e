//! Connections that are kept, that have died meanwhile, and that lead through a proxy.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::endpoint::verified;
use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};
use crate::tls::tls_upstream;

async fn through(upstream: &Upstream, members: Value) -> Function {
    let mut route = json!({
        "uri": "/", "function_uri": upstream.url(""), "authorization": {"iam": {"service": "execute-api"}},
    });
    let own = members.as_object().unwrap().clone();
    route.as_object_mut().unwrap().extend(own);
    function(json!([route])).await
}

fn ok() -> Vec<u8> {
    http("200 OK", "", b"ok")
}

#[tokio::test]
async fn a_connection_is_kept_for_its_time_by_the_wall_clock() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream, json!({"keepalive_timeout": 1000})).await;
    for (gone_on_ms, connections) in [(0, 1), (1000, 1), (1001, 2), (0, 2)] {
        function.clock.advance_ms(gone_on_ms);
        assert_eq!(function.call(&get("/").alb()).await.status, 200);
        assert_eq!(upstream.connections(), connections);
    }
    let function = through(&upstream, json!({"keepalive": false})).await;
    for connections in [3, 4] {
        assert_eq!(function.call(&get("/").alb()).await.status, 200);
        assert_eq!(upstream.connections(), connections);
    }
}

#[tokio::test]
async fn an_encrypted_connection_is_kept_too() {
    let (upstream, ca) = tls_upstream(&["localhost"]).await;
    let file = ca_file("kept", &ca);
    let url = format!("https://localhost:{}/", upstream.port);
    let function = function(json!([{"uri": "/", "function_uri": url, "ca_file": file}])).await;
    std::fs::remove_file(file).unwrap();
    for _ in 0..5 {
        assert_eq!(function.call(&post("/", b"x").alb()).await.status, 200);
        // Whatever the other side sends beside its answers, such as session tickets, has arrived by now.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((upstream.calls(), upstream.connections()), (5, 1));
}

#[tokio::test]
async fn no_more_connections_are_kept_than_the_route_says() {
    let slow = Reaction::Late(Duration::from_millis(100), ok());
    let upstream = Upstream::reacting(slow).await;
    let function = through(&upstream, json!({"keepalive_pool": 2})).await;
    let event = get("/").alb();
    let call = || function.call(&event);
    tokio::join!(call(), call(), call(), call());
    assert_eq!(upstream.connections(), 4);
    // Two of the four were kept.
    tokio::join!(call(), call(), call());
    assert_eq!(upstream.connections(), 5);
}

/// An upstream on a thread of its own, which goes on while the function's process stands still. It answers one request
/// on each connection and closes it then.
fn brief_upstream() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = lines.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
            seen.lock().unwrap().push(text.lines().next().unwrap().to_owned());
            stream.write_all(&http("200 OK", "", b"{}")).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    (port, lines)
}

#[tokio::test]
async fn a_post_goes_through_after_a_freeze_in_which_the_target_has_left() {
    let (port, lines) = brief_upstream();
    let invoked = json!({"name": "f", "endpoint_url": format!("http://127.0.0.1:{port}"), "payload_format": "raw"});
    let function = function(json!([
        {"uri": "/", "function_uri": format!("http://127.0.0.1:{port}")},
        {"uri": "/invoke", "function": invoked},
    ]))
    .await;
    for path in ["/", "/invoke"] {
        for _ in 0..3 {
            assert_eq!(function.call(&post(path, b"{}").alb()).await.status, 200, "{path}");
            // Nothing of this process runs meanwhile, so it cannot know.
            std::thread::sleep(Duration::from_millis(60));
        }
    }
    assert_eq!(lines.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn what_may_have_been_read_is_sent_again_only_if_that_does_no_harm() {
    for (method, retry, status, calls) in [
        ("GET", json!({}), 200, 3),
        ("DELETE", json!({}), 200, 3),
        ("POST", json!({}), 502, 2),
        ("PATCH", json!({}), 502, 2),
        ("GET", json!({"on": ["connect"]}), 502, 2),
    ] {
        // The second request is read, and the connection ends.
        let upstream = Upstream::script(vec![
            Reaction::Send(ok()),
            Reaction::Close(Vec::new()),
            Reaction::Send(ok()),
        ])
        .await;
        let function = through(&upstream, json!({"retry": retry})).await;
        assert_eq!(function.call(&get("/").alb()).await.status, 200);
        let answer = function.call(&get("/").method(method).alb()).await;
        assert_eq!((answer.status, upstream.calls()), (status, calls), "{method} {retry}");
        if status == 502 {
            assert_eq!(answer.error(), "upstream_connect");
        }
    }
    // On a connection of its own it is nobody's left-over: one failure is the answer.
    let upstream = Upstream::reacting(Reaction::Close(Vec::new())).await;
    let function = through(&upstream, json!({})).await;
    assert_eq!(function.call(&get("/").alb()).await.status, 502);
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_nobodys() {
    // After the answer comes another one on the same connection.
    let upstream = Upstream::script(vec![
        Reaction::Send([ok(), http("418 Odd", "", b"")].concat()),
        Reaction::Send(ok()),
    ])
    .await;
    let function = through(&upstream, json!({})).await;
    for _ in 0..3 {
        assert_eq!(function.call(&post("/", b"x").alb()).await.status, 200);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn an_answer_that_came_before_the_request_was_read_costs_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await.unwrap();
            stream.write_all(&http("413 Too Large", "", b"")).await.unwrap();
            // The rest of the request is never read.
            kept.push(stream);
        }
    });
    let function = function(json!([{"uri": "/", "function_uri": url, "max_req_body_size": 30_000_000}])).await;
    let large = post("/", &vec![b'x'; 10_000_000]).url();
    assert_eq!(function.call(&large).await.status, 413);
    let started = Instant::now();
    assert_eq!(function.call(&get("/").url()).await.status, 413);
    assert_eq!(*connections.lock().unwrap(), 2);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

/// A proxy that notes what it is asked for and leads everything to `port`; it answers with `answer` first.
pub(crate) async fn proxy(port: u16, answer: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                seen.lock().unwrap().push(String::from_utf8(head).unwrap());
                if answer.is_empty() {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_proxy_opens_a_tunnel_and_sees_nothing_of_the_request() {
    let upstream = Upstream::fine().await;
    let (url, asked) = proxy(upstream.port, "HTTP/1.1 200 Connection established\r\n\r\n").await;
    let plain = through(&upstream, json!({"proxy_url": url})).await;
    for _ in 0..2 {
        assert_eq!(plain.call(&get("/").alb()).await.status, 200);
    }
    let authority = format!("127.0.0.1:{}", upstream.port);
    let expected = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    // The tunnel is kept like any other connection.
    assert_eq!(*asked.lock().unwrap(), [expected]);
    verified(&upstream.last());

    let (upstream, ca) = tls_upstream(&["localhost"]).await;
    let (url, asked) = proxy(upstream.port, "HTTP/1.0 200 OK\r\nVia: x\r\n\r\n").await;
    let file = ca_file("proxy", &ca);
    let target = "https://localhost:8443/";
    let route = json!({"uri": "/", "function_uri": target, "proxy_url": url, "ca_file": file});
    let encrypted = function(json!([route])).await;
    std::fs::remove_file(file).unwrap();
    assert_eq!(encrypted.call(&get("/").alb()).await.status, 200);
    assert!(asked.lock().unwrap()[0].starts_with("CONNECT localhost:8443 HTTP/1.1\r\n"));
    assert_eq!(upstream.last().header("host"), Some("localhost:8443"));
}

/// A file with certificate authorities for the test `name`.
pub(crate) fn ca_file(name: &str, content: &str) -> String {
    let name = format!("lambda-invoker-ca-{name}-{}.pem", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, content).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_a_bad_gateway() {
    let upstream = Upstream::fine().await;
    let endless: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(20_000)).into_boxed_str());
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        endless,
    ] {
        let (url, _) = proxy(upstream.port, answer).await;
        let function = through(&upstream, json!({"proxy_url": url})).await;
        let answer = function.call(&get("/").alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (502, "upstream_connect"));
    }
    // One that says nothing is given up in the time for connecting.
    let (url, _) = proxy(upstream.port, "").await;
    let function = through(&upstream, json!({"proxy_url": url, "connect_timeout": 100})).await;
    let started = Instant::now();
    let answer = function.call(&get("/").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (504, "upstream_timeout"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(upstream.calls(), 0);
}
