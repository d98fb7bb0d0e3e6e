//! Sessions with functions that do not behave: each fault is noticed and told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::event::Event;
use crate::runtime_api::RuntimeApi;
use crate::session::{Expected, Session};

const LIMIT: Duration = Duration::from_secs(10);
const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";

/// A function as a script: what it sends, one exchange after the other. `ID` stands for the newest request id.
fn play(address: SocketAddr, script: &[String]) {
    let script = script.to_vec();
    thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut id = String::new();
        for message in script {
            stream.write_all(message.replace("ID", &id).as_bytes()).unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap_or_default();
            let answer = String::from_utf8_lossy(&buffer[..read]).into_owned();
            if let Some((_, rest)) = answer.split_once("lambda-runtime-aws-request-id: ") {
                id = rest[..36].to_owned();
            }
        }
        // The connection stays open: a function that stops talking is not one that hangs up.
        thread::sleep(LIMIT);
    });
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn session(script: &[String]) -> Arc<Session> {
    let (api, address) = RuntimeApi::start().unwrap();
    let session = api.open(
        Event::new("{}"),
        Expected {
            error: false,
            needle: "\"ok\"",
        },
    );
    play(address, script);
    session
}

fn outcome(script: &[String]) -> Result<usize, String> {
    let session = session(script);
    session.first_next(LIMIT, &mut || Ok(()))?;
    let batch = session.run(1, LIMIT, &mut || Ok(()))?;
    assert!(batch.wall >= batch.latencies[0]);
    assert_eq!(batch.first_answer, b"\"ok\"");
    Ok(batch.latencies.len())
}

#[test]
fn a_right_answer_counts() {
    let script = [
        NEXT.to_owned(),
        post("invocation/ID/response", "\"ok\""),
        NEXT.to_owned(),
    ];
    assert_eq!(outcome(&script), Ok(1));
}

#[test]
fn a_wrong_answer_is_told() {
    let script = [
        NEXT.to_owned(),
        post("invocation/ID/response", "\"no\""),
        NEXT.to_owned(),
    ];
    assert_eq!(outcome(&script).unwrap_err(), "no \"ok\" in the answer: \"no\"");
}

#[test]
fn an_error_in_place_of_an_answer_is_told() {
    let script = [NEXT.to_owned(), post("invocation/ID/error", "\"ok\""), NEXT.to_owned()];
    let told = outcome(&script).unwrap_err();
    assert!(
        told.starts_with("answered at /2018-06-01/runtime/invocation/8476a536-"),
        "{told}"
    );
    assert!(told.ends_with("/error: \"ok\""), "{told}");
}

#[test]
fn an_answer_to_another_invocation_is_told() {
    let script = [
        NEXT.to_owned(),
        post("invocation/8476a536/response", "\"ok\""),
        NEXT.to_owned(),
    ];
    assert!(outcome(&script).unwrap_err().starts_with("answered at "));
}

#[test]
fn a_skipped_event_is_told() {
    let script = [NEXT.to_owned(), NEXT.to_owned()];
    assert!(outcome(&script).unwrap_err().starts_with("asked for the next event "));
}

#[test]
fn an_answer_without_an_event_is_told() {
    let told = outcome(&[post("invocation/1/response", "\"ok\"")]).unwrap_err();
    assert_eq!(told, "an answer to an event that was not sent");
}

#[test]
fn a_failed_start_is_told() {
    let told = outcome(&[post("init/error", "AUTHZ_X: is required")]).unwrap_err();
    assert_eq!(told, "failed to start: AUTHZ_X: is required");
}

#[test]
fn a_function_that_died_is_not_waited_for() {
    let session = session(&[]);
    let told = session.first_next(LIMIT, &mut || Err("the function ended: signal: 9".to_owned()));
    assert_eq!(told.unwrap_err(), "the function ended: signal: 9");
    let told = session.first_next(Duration::ZERO, &mut || Ok(()));
    assert_eq!(told.unwrap_err(), "no progress within 0 s");
}
