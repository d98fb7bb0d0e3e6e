//! lambda-invoker: bodies both ways, routes, and invocations at a time, all with a signed endpoint behind a Function URL.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CONCURRENCY, Called, Point, Series};
use crate::function_url::Post;
use crate::growth::fit::Word;
use crate::upstream::Route;

const BINARY: &str = "lambda-invoker";
/// As [`crate::replies::SIZES`].
const BYTES: &[u64] = &crate::replies::SIZES;
/// How long the endpoint takes while invocations are counted that run at a time.
const DELAY: Duration = Duration::from_millis(20);

pub(super) const SERIES: &[Series] = &[
    Series {
        name: "lambda-invoker, body of the request",
        unit: "bytes",
        binary: BINARY,
        sizes: BYTES,
        goal: Word::Linear,
        point: request,
        check: |_, answer| orders(answer).map(drop),
    },
    Series {
        name: "lambda-invoker, body of the answer",
        unit: "bytes",
        binary: BINARY,
        sizes: BYTES,
        goal: Word::Linear,
        point: answer,
        check: whole,
    },
    Series {
        name: "lambda-invoker, routes",
        unit: "routes",
        binary: BINARY,
        sizes: &[1, 10, 50, 100, 200],
        goal: Word::Linear,
        point: routes,
        check: |_, answer| orders(answer).map(drop),
    },
    Series {
        name: "lambda-invoker, invocations at a time",
        unit: "invocations",
        binary: BINARY,
        sizes: CONCURRENCY,
        goal: Word::Flat,
        point: concurrent,
        check: |_, answer| orders(answer).map(drop),
    },
];

/// A table of so many routes, all to the signed endpoint; the last one takes the requests.
fn table(count: u64) -> String {
    let route = |name: &str, uri: &str| {
        json!({
            "name": name,
            "uri": uri,
            "function_uri": "{upstream}/signed",
            "keepalive_pool": 32,
            "authorization": {"iam": {"aws_region": "eu-west-1", "service": "lambda"}},
        })
    };
    let others = (1..count).map(|number| route(&format!("r{number}"), &format!("/r{number}/*")));
    let routes: Vec<Value> = others.chain([route("signed", "/signed/*")]).collect();
    json!({"version": 1, "allow_http": true, "routes": routes}).to_string()
}

/// A small JSON POST to a path of the table with one route.
fn to(path: &str) -> Point {
    posted(&Post::json(path, r#"{"item":"tea","count":3}"#))
}

fn posted(post: &Post<'_>) -> Point {
    Point {
        variables: vec![("INVOKER_CONFIG", table(1))],
        event: post.event(&[]),
        keys: 1,
        workers: 1,
        delay: Duration::ZERO,
        needle: r#""statusCode":200"#,
        sent: "",
        sent_bytes: 0,
        calls: (Route::Signed, Called::Each),
    }
}

/// A binary body, which a Function URL passes on in Base64: three bytes in four characters.
fn request(bytes: u64) -> Point {
    let body = "aG9y".repeat((bytes / 3) as usize);
    Point {
        sent_bytes: bytes / 3 * 3,
        ..posted(&Post {
            content_type: "application/octet-stream",
            body: &body,
            is_base64: true,
            ..Post::json("/signed/orders", "")
        })
    }
}

fn answer(bytes: u64) -> Point {
    to(&format!("/signed/sized/{bytes}"))
}

fn routes(count: u64) -> Point {
    Point {
        variables: vec![("INVOKER_CONFIG", table(count))],
        ..to("/signed/orders")
    }
}

fn concurrent(workers: u64) -> Point {
    Point {
        workers: workers as usize,
        delay: DELAY,
        ..to("/signed/orders")
    }
}

fn whole(bytes: u64, answer: &Value) -> Result<(), String> {
    match orders(answer)? {
        length if length == bytes as usize => Ok(()),
        length => Err(format!("the body has {length} bytes, not {bytes}")),
    }
}

/// Checks the body, and gives its length in bytes.
fn orders(answer: &Value) -> Result<usize, String> {
    let body = answer.get("body").and_then(Value::as_str).ok_or("no body")?;
    let document: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match document.pointer("/orders/0/id").and_then(Value::as_u64) {
        Some(42) => Ok(body.len()),
        _ => Err("not the endpoint's document".to_owned()),
    }
}
