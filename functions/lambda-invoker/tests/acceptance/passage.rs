//! A route's rules for what passes: headers both ways, what the target is told about the way, APISIX's habits.

use serde_json::{Value, json};

use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, env, function, start, table};
use shared::testing::MemorySecrets;

async fn with(upstream: &Upstream, members: Value) -> Function {
    let mut route = json!({"uri": "/aws/*", "function_uri": upstream.url("/base")});
    for (name, value) in members.as_object().unwrap() {
        route[name.as_str()] = value.clone();
    }
    function(json!([route])).await
}

#[tokio::test]
async fn headers_are_duplicated_removed_set_and_added() {
    let headers = "Server: theirs\r\nETag: \"1\"\r\nX-Kept: 1\r\nX-Original-ETag: forged\r\n";
    let upstream = Upstream::sending(http("200 OK", headers, b"ok")).await;
    let rules = json!({
        "request_headers": {
            "duplicate": ["Authorization", "X-Absent"],
            "remove": ["Cookie", "x-forwarded-host"],
            "set": {"X-Tenant": "blue", "user-agent": "invoker"},
            "add": {"X-Many": "2"},
        },
        "response_headers": {
            "duplicate": ["etag"],
            "remove": ["server", "etag"],
            "set": {"Strict-Transport-Security": "max-age=1"},
            "add": {"X-Kept": "2"},
        },
        "authorization": {"client_authorization": "replace"},
    });
    let function = with(&upstream, rules).await;
    let request = get("/aws/x")
        .header("authorization", "Bearer theirs")
        .header("x-original-authorization", "forged")
        .header("x-original-x-absent", "forged")
        .header("cookie", "a=1")
        .header("x-tenant", "red")
        .header("user-agent", "curl")
        .header("x-many", "1");
    let answer = function.call(&request.alb_multi()).await;
    let seen = upstream.last();
    for (name, values) in [
        ("authorization", vec![]),
        ("x-original-authorization", vec!["Bearer theirs"]),
        ("x-original-x-absent", vec![]),
        ("cookie", vec![]),
        ("x-forwarded-host", vec![]),
        ("x-tenant", vec!["blue"]),
        ("user-agent", vec!["invoker"]),
        ("x-many", vec!["1", "2"]),
        ("via", vec!["1.1 lambda-invoker-front-door"]),
    ] {
        assert_eq!(seen.all(name), values, "{name}");
    }
    for (name, values) in [
        ("server", vec![]),
        ("etag", vec![]),
        ("x-original-etag", vec!["\"1\""]),
        ("strict-transport-security", vec!["max-age=1"]),
        ("x-kept", vec!["1", "2"]),
    ] {
        assert_eq!(answer.headers(name), values, "{name}");
    }
}

#[tokio::test]
async fn rules_for_the_answer_hold_for_our_own_errors_too() {
    let rules = json!({"response_headers": {"set": {"Access-Control-Allow-Origin": "*"}}, "max_req_body_size": 1});
    let function = with(&Upstream::fine().await, rules).await;
    let answer = function.call(&post("/aws/x", b"ab").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
}

/// What the target is told about the way, for a client that tells lies.
#[tokio::test]
async fn the_way_is_told_as_the_route_says() {
    let lies = |request: crate::support::event::Request| {
        request
            .header("x-forwarded-for", "203.0.113.9, 198.51.100.4")
            .header("x-forwarded-proto", "http")
            .header("x-forwarded-port", "8080")
            .header("x-forwarded-host", "forged.example.com")
            .header("x-forwarded-prefix", "/forged")
            .header("forwarded", "for=forged")
    };
    let names = [
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "forwarded",
    ];
    let request = lies(get("/aws/x"));
    let client = [
        Some("203.0.113.9, 198.51.100.4"),
        Some("http"),
        Some("8080"),
        Some("forged.example.com"),
        Some("/forged"),
        Some("for=forged"),
    ];
    let mut appended = client;
    appended[0] = Some("203.0.113.9, 198.51.100.4, 192.0.2.7");
    let host = Some("front.example.com");
    let gateway = [Some("192.0.2.7"), Some("https"), Some("443"), host, None, None];
    // A load balancer appends the address, and overwrites protocol and port.
    let balancer = [Some("198.51.100.4"), Some("http"), Some("8080"), host, None, None];
    for (forwarded, event, expected) in [
        ("append", request.alb(), client),
        ("append", request.v2(), client),
        ("append", request.url(), appended),
        ("replace", request.alb(), balancer),
        ("replace", request.alb_multi(), balancer),
        ("replace", request.v1(), gateway),
        ("replace", request.v2(), gateway),
        ("replace", request.url(), gateway),
        ("drop", request.alb(), [None; 6]),
        ("drop", request.url(), [None; 6]),
    ] {
        let upstream = Upstream::fine().await;
        let function = with(&upstream, json!({"forwarded": forwarded})).await;
        assert_eq!(function.call(&event).await.status, 200);
        let seen = upstream.last();
        let told: Vec<_> = names.iter().map(|name| seen.header(name)).collect();
        assert_eq!(told, expected, "{forwarded}");
        assert_eq!(
            seen.header("x-amzn-trace-id"),
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
        );
        assert_eq!(seen.header("x-request-id"), Some("request-1"));
    }
}

/// Whether a request is signed and which key it has, as APISIX decides it.
#[tokio::test]
async fn apisix_takes_the_key_in_place_of_a_signature() {
    let key = json!("ours");
    let iam = json!({"service": "lambda"});
    for (apikey, iam, client_key, client_authorization, expected) in [
        (&key, &iam, None, None, (Some("ours"), false)),
        (&key, &iam, None, Some("Bearer c"), (Some("ours"), false)),
        (&key, &iam, Some("theirs"), None, (Some("theirs"), true)),
        (&key, &Value::Null, Some("theirs"), None, (Some("theirs"), false)),
        (&Value::Null, &iam, None, None, (None, true)),
        (&Value::Null, &iam, Some("theirs"), None, (Some("theirs"), true)),
        (&Value::Null, &iam, None, Some("Bearer c"), (None, false)),
        (&Value::Null, &Value::Null, None, None, (None, false)),
    ] {
        let upstream = Upstream::fine().await;
        let members = json!({"compat": "apisix", "authorization": {"apikey": apikey, "iam": iam}});
        let function = with(&upstream, members.clone()).await;
        let mut request = get("/aws/x");
        if let Some(key) = client_key {
            request = request.header("x-api-key", key);
        }
        if let Some(value) = client_authorization {
            request = request.header("authorization", value);
        }
        assert_eq!(function.call(&request.alb()).await.status, 200);
        let seen = upstream.last();
        let authorization = seen.header("authorization").unwrap_or_default();
        let signed = authorization.starts_with("AWS4-HMAC-SHA256 ");
        assert_eq!((seen.header("x-api-key"), signed), expected, "{members}");
        if !signed {
            assert_eq!(seen.header("authorization"), client_authorization, "{members}");
        }
    }
}

#[tokio::test]
async fn apisix_has_statuses_and_defaults_of_its_own() {
    for (reaction, members, status, code) in [
        (Reaction::Close(Vec::new()), json!({}), 503, "upstream_connect"),
        (
            Reaction::Stall(Vec::new()),
            json!({"timeout": 100}),
            503,
            "upstream_timeout",
        ),
        (
            Reaction::Close(b"nonsense\r\n\r\n".to_vec()),
            json!({}),
            503,
            "bad_upstream_response",
        ),
        (
            Reaction::Send(http("200 OK", "", b"ok")),
            json!({"max_req_body_size": 1}),
            400,
            "request_too_large",
        ),
        (
            Reaction::Send(http("200 OK", "", b"too much")),
            json!({"max_resp_body_size": 1}),
            502,
            "upstream_response_too_large",
        ),
    ] {
        let upstream = Upstream::reacting(reaction).await;
        let mut members = members.clone();
        members["compat"] = json!("apisix");
        let function = with(&upstream, members).await;
        let answer = function.call(&post("/aws/x", b"ab").alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, code));
        assert_eq!(function.line()["reason"], code);
    }
    // The table's own, which a route can do without; 64 MiB, us-east-1 and execute-api.
    let upstream = Upstream::fine().await;
    let mut document = table(json!([
        {"uri": "/theirs", "function_uri": upstream.url(""), "authorization": {"iam": {}}},
        {"uri": "/ours", "function_uri": upstream.url(""), "compat": null},
    ]));
    document["compat"] = json!("apisix");
    let function = start(env(&document), MemorySecrets::default()).await.unwrap();
    let large = vec![b'x'; 6_291_457];
    assert_eq!(function.call(&post("/ours", &large).alb()).await.status, 413);
    assert_eq!(function.call(&post("/theirs", &large).alb()).await.status, 200);
    let seen = upstream.last();
    assert!(
        seen.header("authorization")
            .unwrap()
            .contains("/20260301/us-east-1/execute-api/aws4_request")
    );
}

#[tokio::test]
async fn an_error_of_the_target_is_logged_as_it_is_read() {
    let long = format!("{{\"message\":\"{}\"}}", "no. ".repeat(2000));
    for (status, headers, body, logged) in [
        (
            "403 Forbidden",
            "",
            "{\"message\":\"Forbidden\"}",
            Some("{\"message\":\"Forbidden\"}"),
        ),
        ("500 Oops", "", long.as_str(), Some(&long[..2048])),
        ("404 Not Found", "", "", None),
        ("500 Oops", "Content-Encoding: gzip\r\n", "squeezed", None),
        ("200 OK", "", "fine", None),
    ] {
        let upstream = Upstream::sending(http(status, headers, body.as_bytes())).await;
        let function = with(&upstream, json!({})).await;
        assert_eq!(function.call(&get("/aws/x").alb()).await.text(), body);
        let line = function.line();
        assert_eq!(line.get("upstream_body").and_then(Value::as_str), logged, "{status}");
        let level = if status.starts_with('2') { "INFO" } else { "WARN" };
        assert_eq!(line["level"], level);
    }
}

#[tokio::test]
async fn metrics_go_where_the_table_says() {
    let upstream = Upstream::fine().await;
    let mut document = table(json!([{"uri": "/", "function_uri": upstream.url("")}]));
    document["metrics_namespace"] = json!("Example/Invoker");
    let function = start(env(&document), MemorySecrets::default()).await.unwrap();
    function.call(&get("/").alb()).await;
    assert_eq!(
        function.line()["_aws"]["CloudWatchMetrics"][0]["Namespace"],
        "Example/Invoker"
    );
}
