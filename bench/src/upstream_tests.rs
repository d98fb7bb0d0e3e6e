//! The stand-ins refuse what a function must not send, count what it sends, and hold back when told to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::upstream::{self, API_KEY, GOOD_TOKEN, Route, SLACK_TOKEN};

fn call(address: SocketAddr, target: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!("POST {target} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

#[test]
fn right_calls_are_answered_and_counted() {
    let (stand_ins, address) = upstream::start().unwrap();
    stand_ins.reset(Duration::ZERO, "");
    let form = format!("token={GOOD_TOKEN}&token_type_hint=access_token");
    assert!(call(address, "/introspect", FORM, &form).contains(r#""active":true"#));
    let slack = format!("authorization: Bearer {SLACK_TOKEN}\r\n");
    for _ in 0..2 {
        assert!(call(address, "/slack/chat.postMessage", &slack, r#"{"channel":"C0BENCH"}"#).contains(r#""ok":true"#));
    }
    assert!(call(address, "/keyed/orders", &format!("x-api-key: {API_KEY}\r\n"), "").contains("orders"));
    let calls = stand_ins.finish().unwrap();
    assert_eq!(
        (
            calls.calls(Route::Introspection),
            calls.calls(Route::Slack),
            calls.calls(Route::Keyed)
        ),
        (1, 2, 1)
    );
    assert_eq!(calls.others(Some(Route::Slack)), 2);
    stand_ins.reset(Duration::ZERO, "");
    assert_eq!(stand_ins.finish().unwrap().others(None), 0);
}

#[test]
fn wrong_calls_are_refused_and_told() {
    let (stand_ins, address) = upstream::start().unwrap();
    let basic = format!("{FORM}authorization: Basic d3Jvbmc6d3Jvbmc=\r\n");
    for (target, headers, body, told) in [
        ("/elsewhere", "", "", "POST is not expected there"),
        (
            "/introspect",
            "",
            "token=x",
            "content-type is absent, not application/x-www-form-urlencoded",
        ),
        (
            "/introspect",
            basic.as_str(),
            "token=x&token_type_hint=access_token",
            "wrong client credentials",
        ),
        (
            "/introspect",
            FORM,
            "token=x&token_type_hint=access_token",
            "an unknown token in token=x",
        ),
        (
            "/keyed/orders",
            "x-api-key: other\r\n",
            "",
            "x-api-key is other, not bench-api-key",
        ),
        ("/signed/orders", "", "", "no authorization"),
        ("/2015-03-31/functions/target/invocations", "", "", "no authorization"),
        (
            "/",
            "x-amz-target: secretsmanager.GetSecretValue\r\n",
            "{}",
            "no authorization",
        ),
        (
            "/",
            "x-amz-target: secretsmanager.PutSecretValue\r\n",
            "{}",
            "POST is not expected there",
        ),
    ] {
        stand_ins.reset(Duration::ZERO, "");
        assert!(
            call(address, target, headers, body).starts_with("HTTP/1.1 400 "),
            "{target}"
        );
        let complaint = stand_ins.finish().unwrap_err();
        assert!(
            complaint.starts_with(&format!("a call to {target}: {told}")),
            "{complaint}"
        );
    }
}

#[test]
fn answers_are_held_back_when_told() {
    let (stand_ins, address) = upstream::start().unwrap();
    stand_ins.reset(Duration::from_millis(30), "");
    let before = Instant::now();
    call(address, "/floor", "", "{}");
    assert!(before.elapsed() >= Duration::from_millis(30));
}

#[test]
fn every_call_must_contain_what_is_said() {
    let (stand_ins, address) = upstream::start().unwrap();
    stand_ins.reset(Duration::ZERO, "*bold*");
    assert!(call(address, "/floor", "", "a *bold* word").starts_with("HTTP/1.1 200 "));
    assert!(stand_ins.finish().is_ok());
    assert!(call(address, "/floor", "", "a <b>bold</b> word").starts_with("HTTP/1.1 400 "));
    assert_eq!(
        stand_ins.finish().unwrap_err(),
        "a call to /floor: no *bold* in a <b>bold</b> word"
    );
}
