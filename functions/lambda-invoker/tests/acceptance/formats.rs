//! What functions are given in formats other than 2.0, field by field.

use serde_json::{Value, json};

use crate::support::event::{Request, get, post};
use crate::support::function;
use crate::support::upstream::{Upstream, http};

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";

/// The payload that the function is given for an event, on a route with these members of `function`.
pub(crate) async fn given(members: &Value, event: &Value) -> Value {
    let upstream = Upstream::sending(http("200 OK", "", b"{\"statusCode\": 200}")).await;
    let mut to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    for (name, value) in members.as_object().unwrap() {
        to[name.as_str()] = value.clone();
    }
    let function = function(json!([{"uri": "/hello/*", "function": to}])).await;
    let answer = function.call(event).await;
    assert_eq!(answer.status, 200, "{members} {event}");
    serde_json::from_slice(&upstream.last().body).unwrap()
}

/// A request with everything that formats tell in different ways.
fn odd() -> Request {
    post("/hello/a%20b/%E2%82%AC?x=1&x=2&y=%C3%A9%26&flag=", b"{\"n\":1}")
        .header("content-type", "application/json")
        .header("user-agent", "curl/8")
        .header("x-forwarded-for", "203.0.113.9, 192.0.2.7")
        .header("x-own", "a")
        .header("x-own", "b")
        .header("cookie", "s=1; t=2")
}

/// The headers that stand beside the client's own.
fn beside() -> Value {
    json!({
        "content-length": "7", "content-type": "application/json", "cookie": "s=1; t=2", "host": "front.example.com",
        "user-agent": "curl/8", "via": "1.1 lambda-invoker-front-door", "x-amzn-trace-id": TRACE,
        "x-forwarded-for": "203.0.113.9, 192.0.2.7", "x-forwarded-host": "front.example.com",
        "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-own": "b", "x-request-id": "request-1",
    })
}

fn lists(single: &Value) -> Value {
    let mut lists = single.clone();
    for (_, value) in lists.as_object_mut().unwrap() {
        *value = json!([value]);
    }
    lists["x-own"] = json!(["a", "b"]);
    lists
}

#[tokio::test]
async fn format_1_has_every_field() {
    let event = given(&json!({"payload_format": "v1"}), &odd().alb_multi()).await;
    let expected = json!({
        "version": "1.0", "resource": "/hello/{proxy+}", "path": "/hello/a%20b/%E2%82%AC", "httpMethod": "POST",
        "headers": beside(), "multiValueHeaders": lists(&beside()),
        "queryStringParameters": {"x": "2", "y": "é&", "flag": ""},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["é&"], "flag": [""]},
        "pathParameters": {"proxy": "a b/€"}, "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "front", "domainName": "front.example.com", "domainPrefix": "front",
            "stage": "$default", "path": "/hello/a%20b/%E2%82%AC", "protocol": "HTTP/1.1", "httpMethod": "POST",
            "requestId": "request-1", "requestTime": "01/Mar/2026:12:00:00 +0000",
            "requestTimeEpoch": 1_772_366_400_000_u64, "resourcePath": "/hello/{proxy+}", "resourceId": null,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "curl/8"},
        },
        "body": "{\"n\":1}", "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn format_1_says_null_where_there_is_nothing() {
    let event = given(&json!({"payload_format": "v1"}), &get("/hello/").url()).await;
    for name in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "body",
    ] {
        assert_eq!(event.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(event["pathParameters"], json!({"proxy": ""}));
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_route_without_a_tail_is_a_resource_without_parameters() {
    let upstream = Upstream::sending(http("200 OK", "", b"{\"statusCode\": 200}")).await;
    let to = json!({"name": "hello", "endpoint_url": upstream.url(""), "payload_format": "v1"});
    let function = function(json!([{"uri": "/exact", "function": to}])).await;
    assert_eq!(function.call(&get("/exact").v1()).await.status, 200);
    let event: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(event["resource"], "/exact");
    assert_eq!(event.get("pathParameters"), Some(&Value::Null));
}

#[tokio::test]
async fn a_load_balancers_event_has_single_values_or_lists_and_an_encoded_query() {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/front-door/0000000000000000";
    let event = given(&json!({"payload_format": "alb"}), &odd().alb_multi()).await;
    assert_eq!(
        event,
        json!({
            "requestContext": {"elb": {"targetGroupArn": group}},
            "httpMethod": "POST", "path": "/hello/a%20b/%E2%82%AC",
            "queryStringParameters": {"x": "2", "y": "%C3%A9%26", "flag": ""}, "headers": beside(),
            "body": "{\"n\":1}", "isBase64Encoded": false,
        })
    );
    let several = json!({"payload_format": "alb", "multi_value_headers": true});
    let event = given(&several, &odd().alb_multi()).await;
    assert_eq!(
        event,
        json!({
            "requestContext": {"elb": {"targetGroupArn": group}},
            "httpMethod": "POST", "path": "/hello/a%20b/%E2%82%AC",
            "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["%C3%A9%26"], "flag": [""]},
            "multiValueHeaders": lists(&beside()),
            "body": "{\"n\":1}", "isBase64Encoded": false,
        })
    );
    let bare = given(&json!({"payload_format": "alb"}), &get("/hello/x").url()).await;
    assert_eq!((&bare["body"], &bare["isBase64Encoded"]), (&json!(""), &json!(false)));
    assert_eq!(bare["queryStringParameters"], json!({}));
}

#[tokio::test]
async fn an_envelope_holds_the_parts_that_are_wanted() {
    let mut headers = beside();
    headers["x-own"] = json!(["a", "b"]);
    let whole = json!({
        "request_method": "POST", "request_uri": "/hello/a%20b/%E2%82%AC?flag=&x=1&x=2&y=%C3%A9%26",
        "request_uri_args": {"x": ["1", "2"], "y": "é&", "flag": ""}, "request_headers": headers,
        "request_body": "{\"n\":1}", "request_body_base64": false, "request_body_args": {"n": 1},
    });
    let event = given(&json!({"payload_format": "envelope"}), &odd().alb_multi()).await;
    assert_eq!(event, whole);
    for (part, with_it) in [
        ("request_method", &["request_method"][..]),
        ("request_uri", &["request_uri"]),
        ("request_uri_args", &["request_uri_args"]),
        ("request_headers", &["request_headers"]),
        ("request_body", &["request_body", "request_body_base64"]),
        ("request_body_args", &["request_body_args"]),
    ] {
        let members = json!({"payload_format": "envelope", "envelope": {part: false}});
        let event = given(&members, &odd().alb_multi()).await;
        let mut expected = whole.clone();
        for name in with_it {
            expected.as_object_mut().unwrap().remove(*name);
        }
        assert_eq!(event, expected, "without {part}");
    }
}

#[tokio::test]
async fn an_envelopes_body_is_taken_apart_where_it_can_be() {
    for (kind, body, text, is_base64, arguments) in [
        (
            "application/x-www-form-urlencoded",
            &b"a=1&a=2&b=c+d%C3%A9&e"[..],
            "a=1&a=2&b=c+d%C3%A9&e",
            false,
            json!({"a": ["1", "2"], "b": "c dé", "e": ""}),
        ),
        (
            "application/json; charset=utf-8",
            b"[1, 2.50]",
            "[1, 2.50]",
            false,
            json!([1, 2.50]),
        ),
        ("application/json", b"{", "{", false, json!({})),
        ("text/plain", b"a=1", "a=1", false, json!({})),
        ("image/png", b"\x00\xff", "AP8=", true, json!({})),
        ("text/plain", b"", "", false, json!({})),
    ] {
        let request = post("/hello/x", body).header("content-type", kind);
        let event = given(&json!({"payload_format": "envelope"}), &request.url()).await;
        assert_eq!(
            (
                &event["request_body"],
                &event["request_body_base64"],
                &event["request_body_args"]
            ),
            (&json!(text), &json!(is_base64), &arguments),
            "{kind}"
        );
    }
}

/// Every front tells the same request in its own way; a function cannot tell the difference.
#[tokio::test]
async fn the_front_does_not_show_in_what_a_function_is_given() {
    let request = post("/hello/a%20b?x=1&y=%C3%A9&z=a%20b", &(0..=255).collect::<Vec<u8>>())
        .header("content-type", "image/png")
        .header("x-forwarded-for", "192.0.2.7")
        .header("x-forwarded-port", "443")
        .header("x-forwarded-proto", "https")
        .header("cookie", "s=1; t=2");
    for members in [
        json!({"payload_format": "v2"}),
        json!({"payload_format": "v1"}),
        json!({"payload_format": "alb"}),
        json!({"payload_format": "alb", "multi_value_headers": true}),
        json!({"payload_format": "envelope"}),
    ] {
        let expected = given(&members, &request.alb_multi()).await;
        let body = if members["payload_format"] == "envelope" {
            (&expected["request_body"], &expected["request_body_base64"])
        } else {
            (&expected["body"], &expected["isBase64Encoded"])
        };
        assert!(
            body.0.as_str().unwrap().starts_with("AAECAwQF") && *body.1 == true,
            "{members}"
        );
        for event in [request.alb(), request.v1(), request.v2(), request.url()] {
            assert_eq!(given(&members, &event).await, expected, "{members}");
        }
    }
}

/// Cookies of an HTTP/2 client may come in several lines, which are one header.
#[tokio::test]
async fn no_cookie_is_lost_where_one_value_stands_for_all() {
    let request = get("/hello/x").header("cookie", "a=1").header("cookie", "b=2; c=3");
    for (members, expected) in [
        (json!({"payload_format": "v1"}), json!("a=1; b=2; c=3")),
        (json!({"payload_format": "alb"}), json!("a=1; b=2; c=3")),
    ] {
        let event = given(&members, &request.alb_multi()).await;
        assert_eq!(event["headers"]["cookie"], expected, "{members}");
    }
    let several = json!({"payload_format": "alb", "multi_value_headers": true});
    let event = given(&several, &request.alb_multi()).await;
    assert_eq!(event["multiValueHeaders"]["cookie"], json!(["a=1", "b=2; c=3"]));
}
