//! Streamed answers of the real lambda-invoker, through a Function URL and a REST API: they arrive while they are made,
//! never lie whole in its memory, and break off visibly.

mod concurrency;
mod functions;
mod in_a_row;
mod theatre;

use std::time::{Duration, Instant};

use bytes::Bytes;
use local::front::{Kind, Transfer, WebFront};
use local::function::{Function, FunctionOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{binaries, listener};

const PIECE: usize = 64 * 1024;
const PIECES: usize = 800;

/// What one test talks to.
struct Streaming {
    function: Function,
    front: WebFront,
    client: reqwest::Client,
    /// Stands in the environment of the function's process and in no other.
    mark: String,
}

impl Streaming {
    async fn start(kind: Kind) -> Self {
        let upstream = listener().await;
        let mark = format!("http://{}/", upstream.local_addr().unwrap());
        tokio::spawn(serve(upstream));
        let routes = json!({"version": 1, "routes": [
            {"uri": "/*", "function_uri": mark, "timeout": 20_000},
            {"uri": "/stalled", "function_uri": format!("{mark}stalled"), "timeout": 1000},
            {"uri": "/limited", "function_uri": format!("{mark}big"), "max_resp_body_size": 1_000_000},
        ]});
        let function = Function::new(FunctionOptions {
            timeout: Duration::from_secs(25),
            ..FunctionOptions::new("lambda-invoker", binaries().join("lambda-invoker"))
                .env("INVOKER_CONFIG", routes.to_string())
                .env("INVOKER_STREAMING_FRONTS", "function-url,rest-api")
        });
        function.warm().await.unwrap();
        let listener = listener().await;
        let front = WebFront::start(listener, kind, Transfer::Streamed, function.clone()).unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30));
        Self {
            function,
            front,
            client: client.build().unwrap(),
            mark,
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let url = format!("{}{path}", self.front.url());
        self.client.get(url).send().await.unwrap()
    }

    /// The line of the invocation that ended with this reason.
    async fn line(&self, reason: &str) -> Value {
        let reason = format!("\"reason\":\"{reason}\"");
        let log = self.function.log();
        let found = log.wait_for(Duration::from_secs(5), |line| line.text.contains(&reason));
        let line = found.await.unwrap_or_else(|| panic!("{reason}\n{}", log.text()));
        serde_json::from_str(&line.text).unwrap()
    }

    /// The most memory that the function's process has had, in bytes.
    fn peak(&self) -> usize {
        let status = |entry: std::io::Result<std::fs::DirEntry>| {
            let folder = entry.ok()?.path();
            let is_invoker = std::fs::read_link(folder.join("exe")).ok()?.ends_with("lambda-invoker");
            let environment = std::fs::read(folder.join("environ")).ok().filter(|_| is_invoker)?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let status = std::fs::read_to_string(folder.join("status")).ok()?;
            environment.contains(&self.mark).then_some(status)
        };
        let status = std::fs::read_dir("/proc").unwrap().find_map(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024
    }
}

/// An upstream whose paths say how it answers.
async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?;
    let start = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
                 Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(start.as_bytes()).await.ok()?;
    let pieces = if path == "/big" { PIECES } else { 1 };
    for _ in 0..pieces {
        chunk(&mut stream, &[b'x'; PIECE]).await?;
    }
    match path {
        "/half" => return None,
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            chunk(&mut stream, b"late").await?;
        }
        "/stalled" => tokio::time::sleep(Duration::from_secs(20)).await,
        _ => {}
    }
    stream.write_all(b"0\r\n\r\n").await.ok()
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    stream
        .write_all(format!("{:x}\r\n", bytes.len()).as_bytes())
        .await
        .ok()?;
    stream.write_all(bytes).await.ok()?;
    stream.write_all(b"\r\n").await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_megabytes_pass_through_a_flat_memory() {
    for kind in [Kind::FunctionUrl, Kind::RestApi] {
        let streaming = Streaming::start(kind).await;
        assert_eq!(streaming.get("/small").await.bytes().await.unwrap().len(), PIECE);
        let before = streaming.peak();
        let mut answer = streaming.get("/big").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await.unwrap() {
            // Who reads slowly does not make it pile up on the way.
            if bytes == 0 {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            bytes += piece.len();
        }
        assert_eq!(bytes, PIECES * PIECE);
        let grown = streaming.peak().saturating_sub(before);
        assert!(grown < 12 * 1024 * 1024, "{grown} bytes more for {bytes}");
        let line = streaming.function.log();
        let told = format!("\"response_bytes\":{bytes}");
        let line = line
            .wait_for(Duration::from_secs(5), |line| line.text.contains(&told))
            .await;
        assert!(line.is_some(), "{}", streaming.function.log().text());
        streaming.function.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_bytes_arrive_before_the_last_are_made() {
    let streaming = Streaming::start(Kind::FunctionUrl).await;
    let started = Instant::now();
    let mut answer = streaming.get("/slow").await;
    let mut bytes = Vec::new();
    while bytes.len() < PIECE {
        bytes.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
    }
    assert!(
        started.elapsed() < Duration::from_millis(1200),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(answer.bytes().await.unwrap(), Bytes::from_static(b"late"));
    assert!(started.elapsed() > Duration::from_millis(1400));
    let line = streaming.line("forwarded").await;
    assert!(line["duration_ms"].as_f64() > Some(1400.0), "{line}");
    assert!(line["first_byte_ms"].as_f64() < Some(1200.0), "{line}");
    streaming.function.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_is_no_whole_answer() {
    let streaming = Streaming::start(Kind::FunctionUrl).await;
    for (path, reason) in [
        ("/half", "bad_upstream_response"),
        ("/stalled", "stream_timeout"),
        ("/limited", "upstream_response_too_large"),
    ] {
        let answer = streaming.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.bytes().await.is_err(), "{path}");
        let line = streaming.line(reason).await;
        assert_eq!((&line["cut"], &line["CutStreams"]), (&json!(true), &json!(1)), "{line}");
    }
    // The environment has survived it all, and errors before the first byte are answers.
    assert_eq!(streaming.get("/small").await.bytes().await.unwrap().len(), PIECE);
    assert_eq!(streaming.function.environments(), 1);
    assert!(!streaming.function.log().text().contains("environment ended"));
    streaming.function.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_does_not_harm_the_next() {
    let streaming = Streaming::start(Kind::FunctionUrl).await;
    let mut answer = streaming.get("/slow").await;
    assert!(answer.chunk().await.unwrap().is_some());
    drop(answer);
    // Lambda lets the function go on.
    let answer = streaming.get("/small").await;
    assert_eq!(answer.bytes().await.unwrap().len(), PIECE);
    assert_eq!(streaming.line("forwarded").await["response_bytes"], PIECE + 4);
    streaming.function.stop().await;
}
