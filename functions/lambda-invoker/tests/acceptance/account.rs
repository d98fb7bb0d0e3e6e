//! The one line of an invocation: what operators look for, and its metrics.

use serde_json::{Value, json};

use crate::support::event::get;
use crate::support::function;
use crate::support::upstream::{Upstream, http};

fn names(line: &Value) -> Vec<&str> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let metrics = directives.flat_map(|directive| directive["Metrics"].as_array().unwrap());
    let mut names: Vec<&str> = metrics.map(|metric| metric["Name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_line_tells_attempts_times_and_the_circuit() {
    let upstream = Upstream::sending(http("503 Busy", "", b"busy")).await;
    let function = function(json!([{
        "name": "orders", "uri": "/*", "function_uri": upstream.url(""),
        "authorization": {"iam": {"service": "lambda"}},
        "retry": {"attempts": 2, "base_ms": 1}, "circuit": {"failures": 2},
    }]))
    .await;
    assert_eq!(function.call(&get("/x").alb()).await.status, 503);
    let line = function.line();
    for (key, value) in [
        ("level", json!("WARN")),
        ("message", json!("forwarded")),
        ("function_request_id", json!("request-1")),
        ("front", json!("alb_single_value")),
        ("route", json!("orders")),
        ("target", json!("endpoint")),
        ("status", json!(503)),
        ("outcome", json!("upstream_error")),
        ("reason", json!("upstream_5xx")),
        ("attempts", json!(2)),
        ("upstream_status", json!(503)),
        ("upstream_body", json!("busy")),
        ("circuit", json!("closed")),
        ("Retries", json!(1)),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    for key in ["sign_ms", "upstream_ms", "duration_ms", "UpstreamMs", "DurationMs"] {
        assert!(line[key].as_f64().is_some_and(|ms| ms > 0.0), "{key}");
    }
    assert!(line["sign_ms"].as_f64() < line["duration_ms"].as_f64());
    assert_eq!(
        names(&line),
        [
            "ColdStarts",
            "DurationMs",
            "Requests",
            "Retries",
            "Signed",
            "UpstreamMs"
        ]
    );

    // What never left has no attempt and no time of a target.
    while function.call(&get("/x").alb()).await.text() == "busy" {}
    let line = function.line();
    assert_eq!(
        (&line["reason"], &line["circuit"]),
        (&json!("circuit_open"), &json!("open"))
    );
    for key in ["attempts", "upstream_status", "upstream_ms", "sign_ms", "upstream_body"] {
        assert_eq!(line.get(key), None, "{key}");
    }
    assert_eq!(names(&line), ["DurationMs", "Requests"]);
}
