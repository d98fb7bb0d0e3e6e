//! The exact line of each member of `function` that can be wrong, and what is taken.

use serde_json::{Value, json};

use crate::support::table;
use crate::table::lines;

/// The lines for a route to a function with these members beside its name.
async fn told(members: &Value) -> Vec<String> {
    let mut function = json!({"name": "hello"});
    for (name, value) in members.as_object().unwrap() {
        function[name.as_str()] = value.clone();
    }
    lines(&table(json!([{"uri": "/", "function": function}]))).await
}

#[tokio::test]
async fn each_wrong_member_of_a_function_has_its_line() {
    let long_context = json!({"custom": {"a": "b".repeat(2700)}});
    for (members, line) in [
        (
            json!({"invocation": "async"}),
            "invocation: must be one of \"request_response\", \"response_stream\", \"event\", \"dry_run\"",
        ),
        (
            json!({"log_type": "Tail"}),
            "log_type: must be one of \"none\", \"tail\"",
        ),
        (
            json!({"log_type": "tail", "invocation": "event"}),
            "log_type: needs an invocation that waits for the function",
        ),
        (
            json!({"log_type": "tail", "invocation": "dry_run"}),
            "log_type: needs an invocation that waits for the function",
        ),
        (json!({"client_context": "e30="}), "client_context: must be an object"),
        (
            json!({"client_context": long_context}),
            "client_context: 3628 bytes of Base64 are more than 3583",
        ),
        (
            json!({"client_context": {}, "invocation": "event"}),
            "client_context: needs an invocation that waits for the function",
        ),
        (
            json!({"tenant_id": "a\nb"}),
            "tenant_id: must be 1 to 256 letters, digits, spaces within and \"._:/=+-@\"",
        ),
        (
            json!({"tenant_id": " a"}),
            "tenant_id: must be 1 to 256 letters, digits, spaces within and \"._:/=+-@\"",
        ),
        (
            json!({"tenant_id": "a".repeat(257)}),
            "tenant_id: must be 1 to 256 letters, digits, spaces within and \"._:/=+-@\"",
        ),
        (
            json!({"tenant_id": ""}),
            "tenant_id: must be a string that is not empty",
        ),
        (
            json!({"durable_execution_header": "x y"}),
            "durable_execution_header: must be a header's name",
        ),
        (
            json!({"payload_format": "v3"}),
            "payload_format: must be one of \"v2\", \"v1\", \"alb\", \"raw\", \"envelope\"",
        ),
        (
            json!({"payload_format": "v1", "reply_format": "alb"}),
            "reply_format: must be \"raw\" or the payload_format, \"v1\"",
        ),
        (
            json!({"reply_format": "v1"}),
            "reply_format: must be \"raw\" or the payload_format, \"v2\"",
        ),
        (
            json!({"reply_format": "xml"}),
            "reply_format: must be one of \"v2\", \"v1\", \"alb\", \"raw\", \"envelope\"",
        ),
        (
            json!({"multi_value_headers": true}),
            "multi_value_headers: needs payload_format \"alb\"",
        ),
        (
            json!({"payload_format": "alb", "multi_value_headers": "yes"}),
            "multi_value_headers: must be true or false",
        ),
        (
            json!({"envelope": {"request_body": false}}),
            "envelope: needs payload_format \"envelope\"",
        ),
        (
            json!({"payload_format": "envelope", "envelope": {"request_method": 1}}),
            "envelope.request_method: must be true or false",
        ),
        (
            json!({"payload_format": "envelope", "envelope": {"request_metod": true}}),
            "envelope.request_metod: unknown field, did you mean \"request_method\"?",
        ),
        (
            json!({"function_error_status": 200}),
            "function_error_status: 200 is less than 400",
        ),
        (
            json!({"function_error_status": 600}),
            "function_error_status: 600 is more than 599",
        ),
        (
            json!({"function_error_body": "show"}),
            "function_error_body: must be one of \"hide\", \"pass\"",
        ),
        (
            json!({"name": "hello:live", "qualifier": "7"}),
            "qualifier: the name says \"live\" already",
        ),
    ] {
        assert_eq!(
            told(&members).await,
            [format!("routes[0].function.{line}")],
            "{members}"
        );
    }
}

#[tokio::test]
async fn every_member_of_a_function_is_taken() {
    for members in [
        json!({
            "qualifier": "$LATEST", "invocation": "request_response", "log_type": "tail", "tenant_id": "acme: blue/7",
            "client_context": {"custom": {"a": "b".repeat(2600)}}, "durable_execution_header": "Idempotency-Key",
            "payload_format": "v2", "reply_format": "raw", "function_error_status": 599, "function_error_body": "pass",
        }),
        json!({"name": "hello:live", "qualifier": "live", "invocation": "event", "log_type": "none"}),
        json!({"invocation": "dry_run", "payload_format": "v1", "reply_format": "v1"}),
        json!({"payload_format": "alb", "multi_value_headers": true, "reply_format": "alb"}),
        json!({"payload_format": "raw", "reply_format": "raw", "function_error_status": 400}),
        json!({
            "payload_format": "envelope", "reply_format": "envelope",
            "envelope": {
                "request_method": false, "request_uri": false, "request_uri_args": false, "request_headers": false,
                "request_body": false, "request_body_args": false,
            },
        }),
    ] {
        assert_eq!(told(&members).await, [""; 0], "{members}");
    }
}

#[tokio::test]
async fn a_default_for_functions_is_no_blame_for_those_that_it_does_not_fit() {
    let mut document = table(json!([
        {"uri": "/envelope", "function": {"name": "a"}},
        {"uri": "/v1", "function": {"name": "b", "payload_format": "v1", "reply_format": null}},
        {"uri": "/alb", "function": {"name": "c", "payload_format": "alb", "reply_format": "raw"}},
    ]));
    document["defaults"] = json!({
        "function": {
            "payload_format": "envelope", "envelope": {"request_body": false}, "multi_value_headers": null,
            "reply_format": "envelope",
        },
    });
    assert_eq!(lines(&document).await, [""; 0]);
}
