//! API keys, signatures and what the client brought.

use serde_json::json;
use shared::testing::MemorySecrets;

use crate::connection::{ca_file, proxy};
use crate::endpoint::{SCOPE, signed, verified};
use crate::support::event::{get, post};
use crate::support::oracle::{Verified, verify};
use crate::support::upstream::{Upstream, http};
use crate::support::{ACCESS_KEY, SECRET_KEY, env, function, start, table};
use crate::tls::tls_upstream;

#[tokio::test]
async fn case_01_an_api_key_travels_and_the_answer_comes_back() {
    let upstream = Upstream::sending(http("201 Created", "Content-Type: text/plain\r\nX-Own: a\r\n", b"made")).await;
    let route = json!({"uri": "/aws", "function_uri": upstream.url("/prod"), "authorization": {"apikey": "k-1"}});
    let function = function(json!([route])).await;
    let answer = function.call(&get("/aws?name=A").v2()).await;
    assert_eq!((answer.status, answer.text()), (201, "made"));
    assert_eq!(answer.header("x-own").as_deref(), Some("a"));
    let seen = upstream.last();
    assert_eq!(seen.line, "GET /prod?name=A HTTP/1.1");
    assert_eq!(seen.header("x-api-key"), Some("k-1"));
    assert_eq!(
        seen.header("host"),
        Some(format!("127.0.0.1:{}", upstream.port).as_str())
    );
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn case_02_the_clients_own_api_key_stands_unless_the_route_says_otherwise() {
    let upstream = Upstream::fine().await;
    for (over, expected) in [(false, "theirs"), (true, "ours")] {
        let authorization = json!({"apikey": "ours", "apikey_override": over});
        let route = json!({"uri": "/", "function_uri": upstream.url("/"), "authorization": authorization});
        let function = function(json!([route])).await;
        function.call(&get("/").header("X-Api-Key", "theirs").alb()).await;
        assert_eq!(upstream.last().header("x-api-key"), Some(expected));
    }
}

#[tokio::test]
async fn case_03_a_get_is_signed_for_its_region_and_service_now() {
    let (upstream, function) = signed().await;
    let answer = function.call(&get("/aws/x").alb()).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let seen = upstream.last();
    let expected = Verified {
        region: "eu-west-1".to_owned(),
        service: SCOPE.to_owned(),
        signed_headers: vec!["host".to_owned(), "x-amz-date".to_owned()],
    };
    assert_eq!(verified(&seen), expected);
    assert_eq!(seen.header("x-amz-date"), Some("20260301T120000Z"));
    assert_eq!(seen.header("x-amz-content-sha256"), None);
    let line = function.line();
    assert_eq!(line["Signed"], 1);
    assert!(line["sign_ms"].as_f64().unwrap() >= 0.0);
    // A signature that was made with another secret, or over something else, does not pass the check.
    assert!(verify(&seen, ACCESS_KEY, "other", None).is_err());
    let mut changed = seen.clone();
    changed.line = changed.line.replace("/base", "/other");
    assert!(verify(&changed, ACCESS_KEY, SECRET_KEY, None).is_err());
    let mut changed = seen;
    changed.body = b"x".to_vec();
    assert!(verify(&changed, ACCESS_KEY, SECRET_KEY, None).is_err());
}

#[tokio::test]
async fn case_04_key_and_signature_go_together() {
    let upstream = Upstream::fine().await;
    let authorization = json!({"apikey": "k-1", "iam": {"service": "lambda", "aws_region": "us-east-2"}});
    let route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": authorization});
    let function = function(json!([route])).await;
    function.call(&get("/").alb()).await;
    let seen = upstream.last();
    assert_eq!(seen.header("x-api-key"), Some("k-1"));
    let verified = verified(&seen);
    assert_eq!(
        (verified.region.as_str(), verified.service.as_str()),
        ("us-east-2", "lambda")
    );
}

#[tokio::test]
async fn case_05_the_clients_authorization_stands_unless_the_route_replaces_it() {
    let upstream = Upstream::fine().await;
    let request = get("/")
        .header("Authorization", "Bearer theirs")
        .header("x-amz-date", "20200101T000000Z")
        .header("x-amz-invocation-type", "Event");
    for mode in ["keep", "replace"] {
        let authorization = json!({"iam": {"service": "lambda"}, "client_authorization": mode});
        let route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": authorization});
        let function = function(json!([route])).await;
        function.call(&request.alb()).await;
        let seen = upstream.last();
        if mode == "keep" {
            assert_eq!(seen.header("authorization"), Some("Bearer theirs"));
            assert_eq!(seen.header("x-amz-date"), Some("20200101T000000Z"));
            assert_eq!(function.line().get("Signed"), None);
        } else {
            verified(&seen);
            assert_eq!(seen.header("x-amz-date"), Some("20260301T120000Z"));
            assert_eq!(seen.header("x-amz-invocation-type"), None);
        }
    }
}

#[tokio::test]
async fn case_14_a_session_token_is_sent_and_signed() {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": SCOPE}});
    let route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": iam});
    let env = env(&table(json!([route]))).with("AWS_SESSION_TOKEN", "token+/=1");
    let function = start(env, MemorySecrets::default()).await.unwrap();
    // A client's own token has no chance.
    function
        .call(&get("/").header("x-amz-security-token", "theirs").alb())
        .await;
    let verified = verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, Some("token+/=1")).unwrap();
    assert_eq!(verified.signed_headers, ["host", "x-amz-date", "x-amz-security-token"]);
}

#[tokio::test]
async fn a_routes_own_keys_come_from_wherever_the_table_says() {
    let upstream = Upstream::fine().await;
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf";
    let iam = json!({
        "accesskey": {"env": "OTHER_KEY"}, "secretkey": {"secret_arn": format!("{arn}:secret::")},
        "sessiontoken": "t", "service": "lambda",
    });
    let route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": {"iam": iam}});
    let store = MemorySecrets::default();
    store.put(arn, r#"{"secret":"s3cret"}"#);
    let env = env(&table(json!([route]))).with("OTHER_KEY", "AKIDOTHER");
    let function = start(env, store).await.unwrap();
    function.call(&get("/").alb()).await;
    verify(&upstream.last(), "AKIDOTHER", "s3cret", Some("t")).unwrap();
    assert!(!function.log.lock().unwrap().join("").contains("s3cret"));
}

#[tokio::test]
async fn another_host_header_is_sent_and_signed() {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": SCOPE}});
    let mut route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": iam});
    route["host_header"] = json!("api.example.com:8443");
    let function = function(json!([route])).await;
    function.call(&get("/").alb()).await;
    let seen = upstream.last();
    assert_eq!(seen.header("host"), Some("api.example.com:8443"));
    verified(&seen);
}

#[tokio::test]
async fn headers_that_change_on_the_way_are_not_signed_and_the_others_arrive() {
    let (upstream, function) = signed().await;
    let request = post("/aws/x", b"{}")
        .header("content-type", "application/json;  charset=utf-8")
        .header("user-agent", "test/1")
        .header("accept-encoding", "gzip")
        .header("x-amz-target", "Service.Operation")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-own", "a")
        .header("x-own", "b");
    let answer = function.call(&request.alb_multi()).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let seen = upstream.last();
    assert_eq!(
        verified(&seen).signed_headers,
        ["content-type", "host", "x-amz-date", "x-amz-target"]
    );
    assert_eq!(seen.all("x-own"), ["a", "b"]);
    for (name, value) in [
        ("user-agent", "test/1"),
        ("accept-encoding", "gzip"),
        ("via", "1.1 lambda-invoker-front-door"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-host", "front.example.com"),
        ("x-request-id", "request-1"),
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_header_that_would_have_to_be_signed_but_cannot_is_refused() {
    let (upstream, function) = signed().await;
    for value in ["a\tb", "é"] {
        let answer = function.call(&get("/aws/x").header("x-amz-meta", value).alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "bad_header"));
    }
    let request = post("/aws/x", b"{}").header("content-type", "text/plain; x=\té");
    assert_eq!(function.call(&request.alb()).await.status, 200);
    assert_eq!(verified(&upstream.last()).signed_headers, ["host", "x-amz-date"]);
    // Repeats stand and fall together.
    let request = request.header("content-type", "text/plain");
    assert_eq!(function.call(&request.alb_multi()).await.status, 200);
    assert_eq!(verified(&upstream.last()).signed_headers, ["host", "x-amz-date"]);
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn case_16_service_and_region_come_from_the_host() {
    let hosts = [
        ("abc.lambda-url.eu-central-1.on.aws", "lambda", "eu-central-1"),
        ("a1.execute-api.us-east-2.amazonaws.com", "execute-api", "us-east-2"),
    ];
    let (upstream, ca) = tls_upstream(&hosts.map(|(host, ..)| host)).await;
    let (proxy, _) = proxy(upstream.port, "HTTP/1.1 200 OK\r\n\r\n").await;
    let file = ca_file("hosts", &ca);
    for (host, service, region) in hosts {
        let mut route = json!({"uri": "/", "function_uri": format!("https://{host}/"), "authorization": {"iam": {}}});
        route["proxy_url"] = json!(proxy);
        route["ca_file"] = json!(file);
        let function = function(json!([route])).await;
        let answer = function.call(&get("/").alb()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = upstream.last();
        assert_eq!(seen.header("host"), Some(host));
        let verified = verified(&seen);
        assert_eq!((verified.service.as_str(), verified.region.as_str()), (service, region));
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_route_may_have_more_headers_signed() {
    let upstream = Upstream::fine().await;
    let iam = json!({"service": SCOPE, "signed_headers": ["X-Own"]});
    let function =
        function(json!([{"uri": "/", "function_uri": upstream.url(""), "authorization": {"iam": iam}}])).await;
    let names = |seen: &crate::support::upstream::Seen| {
        let authorization = seen.header("authorization").unwrap();
        let (_, rest) = authorization.split_once("SignedHeaders=").unwrap();
        rest.split_once(',').unwrap().0.to_owned()
    };
    function.call(&get("/").header("x-own", "a").alb()).await;
    assert_eq!(names(&upstream.last()), "host;x-amz-date;x-own");
    function.call(&get("/").header("x-other", "a").alb()).await;
    assert_eq!(names(&upstream.last()), "host;x-amz-date");
    // What has to be signed and cannot be is refused.
    let answer = function.call(&get("/").header("x-own", "a\tb").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (400, "bad_header"));
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn an_authorization_that_is_dropped_on_the_way_does_not_keep_us_from_signing() {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": "lambda", "aws_region": "us-east-2"}});
    let plain = json!({"uri": "/plain", "function_uri": upstream.url(""), "authorization": iam});
    let mut removing = plain.clone();
    removing["uri"] = json!("/removing");
    removing["request_headers"] = json!({"remove": ["authorization"]});
    let function = function(json!([plain, removing])).await;
    for (path, connection) in [("/plain", "keep-alive, Authorization"), ("/removing", "close")] {
        let request = get(path)
            .header("Authorization", "Bearer theirs")
            .header("Connection", connection)
            .header("X-Amz-Security-Token", "theirs");
        assert_eq!(function.call(&request.alb()).await.status, 200);
        let seen = upstream.last();
        assert_eq!(verified(&seen).service, "lambda", "{path}");
        assert_eq!(seen.header("x-amz-security-token"), None);
    }
}
