//! The load balancer on a real socket, with a function that answers what a test wants.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::front::{Authority, tls::SERVER_NAMES};

/// A function that answers every event with `status` and the event as its body.
fn echo() -> Function {
    Function::from_fn("echo", |event| async move {
        let event = String::from_utf8_lossy(&event).into_owned();
        let reply = json!({"statusCode": 200, "body": event, "headers": {"content-type": "application/json"}});
        Invoked::Response(reply.to_string().into())
    })
}

fn always(outcome: Invoked) -> Function {
    Function::from_fn("always", move |_| std::future::ready(outcome.clone()))
}

async fn start(options: AlbOptions) -> Alb {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Alb::start(listener, options).expect("a load balancer")
}

/// Sends bytes as they are and gives everything that comes back until the connection closes.
async fn raw(alb: &Alb, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(alb.server.address()).await.expect("a connection");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    // The server may close before it has read everything.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[track_caller]
fn is_page(answer: &str, title: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {}", title.split(' ').next().unwrap_or_default())),
        "{answer}"
    );
    assert!(answer.contains("\r\nServer: awselb/2.0\r\n"), "{answer}");
    assert!(
        answer.contains(&format!("<center><h1>{title}</h1></center>")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_becomes_an_event_and_a_reply_a_response() {
    let alb = start(AlbOptions::new(echo(), HeaderMode::Single)).await;
    let answer = raw(
        &alb,
        b"POST /a%2Fb//c?x=%20+ HTTP/1.1\r\nHost: api.hipchat.com\r\nConnection: close\r\nContent-Type: text/plain\r\n\
          Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let event: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    assert_eq!(event["path"], "/a%2Fb//c");
    assert_eq!(event["queryStringParameters"], json!({"x": "%20+"}));
    assert_eq!(event["body"], "hello");
    assert_eq!(event["headers"]["host"], "api.hipchat.com");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert_eq!(
        event["headers"]["x-forwarded-port"],
        json!(alb.server.address().port().to_string())
    );
}

#[tokio::test]
async fn header_names_are_written_with_capitals_and_head_has_no_body() {
    let reply = json!({"statusCode": 200, "statusDescription": "200 Fine", "headers": {"x-ratelimit-limit": "500", "content-type": "text/plain"}, "body": "hello"});
    let alb = start(AlbOptions::new(
        always(Invoked::Response(reply.to_string().into())),
        HeaderMode::Single,
    ))
    .await;
    let answer = raw(&alb, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 Fine\r\n"), "{answer}");
    assert!(answer.contains("\r\nX-Ratelimit-Limit: 500\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Length: 5\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_failed_invocation_is_a_bad_gateway_and_the_log_says_why() {
    let init = Function::new(crate::function::FunctionOptions::new("none", "/nowhere"))
        .warm()
        .await
        .expect_err("no program");
    for (outcome, reason) in [
        (Invoked::function_error("Oops", "x"), "LambdaUnhandled"),
        (Invoked::TimedOut { message: "m".into() }, "LambdaUnhandled"),
        (Invoked::Crashed { message: "m".into() }, "LambdaUnhandled"),
        (Invoked::InitFailed(init), "LambdaUnhandled"),
        (Invoked::Throttled, "LambdaThrottling"),
        (
            Invoked::Response("{}".into()),
            "LambdaInvalidResponse: statusCode is missing",
        ),
    ] {
        let function = always(outcome.clone());
        let alb = start(AlbOptions::new(function.clone(), HeaderMode::Multi)).await;
        is_page(
            &raw(&alb, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await,
            "502 Bad Gateway",
        );
        assert_eq!(
            function.log().text(),
            format!("load balancer: 502, {reason}\n"),
            "{outcome:?}"
        );
        assert_eq!(alb.health_check("/").await, StatusCode::BAD_GATEWAY);
    }
}

#[tokio::test]
async fn a_slow_function_is_a_gateway_timeout() {
    let function = Function::from_fn("slow", |_| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Invoked::Throttled
    });
    let idle_timeout = Duration::from_millis(50);
    let alb = start(AlbOptions {
        idle_timeout,
        ..AlbOptions::new(function, HeaderMode::Multi)
    })
    .await;
    is_page(
        &raw(&alb, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await,
        "504 Gateway Time-out",
    );
}

#[tokio::test]
async fn limits_and_upgrades_never_reach_the_function() {
    let function = Function::from_fn("never", |event| async move { panic!("invoked with {event:?}") });
    let alb = start(AlbOptions::new(function.clone(), HeaderMode::Multi)).await;
    let head =
        |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n").into_bytes();
    let websocket = head("GET /", "Upgrade: websocket\r\n");
    is_page(&raw(&alb, &websocket).await, "400 Bad Request");
    is_page(
        &raw(
            &alb,
            b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\nConnection: close\r\n\r\n",
        )
        .await,
        "400 Bad Request",
    );
    is_page(
        &raw(
            &alb,
            &head("POST /", "Expect: 100-continue\r\nContent-Length: 1048577\r\n"),
        )
        .await,
        "413 Request Entity Too Large",
    );
    let whole = [head("POST /", "Content-Length: 1048577\r\n"), vec![b'x'; 1_048_577]].concat();
    is_page(&raw(&alb, &whole).await, "413 Request Entity Too Large");
    let chunked = [
        head("POST /", "Transfer-Encoding: chunked\r\n"),
        b"100001\r\n".to_vec(),
        vec![b'x'; 1_048_577],
        b"\r\n0\r\n\r\n".to_vec(),
    ]
    .concat();
    is_page(&raw(&alb, &chunked).await, "413 Request Entity Too Large");
    is_page(
        &raw(&alb, &head(&format!("GET /{}", "x".repeat(16 * 1024)), "")).await,
        "414 Request-URI Too Large",
    );
    is_page(
        &raw(&alb, &head("GET /", &format!("X-Long: {}\r\n", "x".repeat(16 * 1024)))).await,
        "400 Bad Request",
    );
    assert_eq!(function.log().text(), "");
}

#[tokio::test]
async fn who_sends_far_too_much_still_gets_the_answer() {
    let alb = start(AlbOptions::new(echo(), HeaderMode::Multi)).await;
    let mut request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20971520\r\n\r\n".to_vec();
    request.resize(request.len() + 20 * MAX_BYTES, b'x');
    is_page(&raw(&alb, &request).await, "413 Request Entity Too Large");
}

#[tokio::test]
async fn a_body_of_one_megabyte_passes() {
    let function = Function::from_fn("length", |event| async move {
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        let length = event["body"].as_str().expect("a body").len();
        Invoked::Response(
            json!({"statusCode": 200, "body": length.to_string()})
                .to_string()
                .into(),
        )
    });
    let alb = start(AlbOptions::new(function, HeaderMode::Multi)).await;
    let mut request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 1048576\r\n\r\n".to_vec();
    request.resize(request.len() + MAX_BYTES, b'x');
    assert!(raw(&alb, &request).await.ends_with("\r\n\r\n1048576"));
}

#[tokio::test]
async fn https_with_the_authority_of_the_start() {
    let authority = Authority::new(&SERVER_NAMES).expect("an authority");
    let tls = Some(authority.server_config());
    let alb = start(AlbOptions {
        tls,
        ..AlbOptions::new(echo(), HeaderMode::Single)
    })
    .await;
    let address = alb.server.address();
    let ca = reqwest::Certificate::from_pem(authority.ca_pem().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([ca])
        .resolve("api.hipchat.com", address)
        .build()
        .expect("a client");
    for host in ["127.0.0.1", "localhost", "api.hipchat.com"] {
        let url = format!("https://{host}:{}/v1/", address.port());
        let event: Value = client
            .get(url)
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        assert_eq!(event["headers"]["x-forwarded-proto"], "https", "{host}");
        assert_eq!(event["headers"]["host"], json!(format!("{host}:{}", address.port())));
    }
    let strangers = reqwest::Client::new().get(alb.url()).send().await;
    assert!(strangers.is_err(), "nobody else trusts the authority");
}
