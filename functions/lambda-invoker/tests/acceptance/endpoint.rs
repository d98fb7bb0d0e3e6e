//! Routes to HTTP endpoints: what goes out, byte for byte, and that it is what was signed.

use serde_json::{Value, json};
use shared::testing::MemorySecrets;

use crate::support::event::{Request, get, post};
use crate::support::oracle::{Verified, verify};
use crate::support::upstream::{Seen, Upstream, http};
use crate::support::{ACCESS_KEY, Function, SECRET_KEY, env, function, start, table};

const SCOPE: &str = "execute-api";

/// A function with a signed route from `/aws/*` to `/base` of an upstream.
async fn signed() -> (Upstream, Function) {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": SCOPE}});
    let route = json!({"uri": "/aws/*", "function_uri": upstream.url("/base"), "authorization": iam});
    let function = function(json!([route])).await;
    (upstream, function)
}

fn verified(seen: &Seen) -> Verified {
    verify(seen, ACCESS_KEY, SECRET_KEY, None).unwrap()
}

/// Sends a request through a signed route; gives the target that arrived after the signature was checked.
async fn sent(request: Request) -> String {
    let (upstream, function) = signed().await;
    let answer = function.call(&request.url()).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let seen = upstream.last();
    verified(&seen);
    seen.target().to_owned()
}

#[tokio::test]
async fn an_api_key_travels_and_the_answer_comes_back() {
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
async fn the_clients_own_api_key_stands_unless_the_route_says_otherwise() {
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
async fn a_get_is_signed_for_its_region_and_service_now() {
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
async fn key_and_signature_go_together() {
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
async fn the_clients_authorization_stands_unless_the_route_replaces_it() {
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
async fn the_query_arrives_as_it_was_signed() {
    for (query, expected) in [
        (
            "with%20space=a%2Fb%20c&multi=m2&multi=m1&flag&a=*&a-=x",
            "with%20space=a%2Fb%20c&multi=m2&multi=m1&flag=&a=%2A&a-=x",
        ),
        ("a=b+c", "a=b%20c"),
        ("a=%2B&b=%2b", "a=%2B&b=%2B"),
        ("q=it's|a;b~c\"<>^`{}\\", "q=it%27s%7Ca%3Bb~c%22%3C%3E%5E%60%7B%7D%5C"),
        ("u=%E1%88%B4&v=é", "u=%E1%88%B4&v=%C3%A9"),
        ("p=100%&q=%zz", "p=100%25&q=%25zz"),
        ("=v&&x=a=b", "=v&x=a%3Db"),
        ("X-Amz-Signature=1&x=1&x-amz-date=2", "x=1"),
        ("u=http%3A%2F%2F169.254.169.254%2F", "u=http%3A%2F%2F169.254.169.254%2F"),
    ] {
        let target = sent(get(&format!("/aws/x?{query}"))).await;
        assert_eq!(target, format!("/base/x?{expected}"), "{query}");
    }
}

#[tokio::test]
async fn the_path_arrives_as_it_was_signed() {
    for (path, expected) in [
        ("/aws/a%20b/%E1%88%B4", "/base/a%20b/%E1%88%B4"),
        ("/aws/a b/\u{1234}", "/base/a%20b/%E1%88%B4"),
        ("/aws/@(x):;,=!$&'*+~", "/base/@(x):;,=!$&'*+~"),
        ("/aws/a%2Fb%2fc", "/base/a%2Fb%2Fc"),
        ("/aws/100%/%zz", "/base/100%25/%25zz"),
        (
            "/aws/it's|x^y`z{1}[2]<3>\"",
            "/base/it's%7Cx%5Ey%60z%7B1%7D%5B2%5D%3C3%3E%22",
        ),
        ("/aws/%252e%252e/x", "/base/%252e%252e/x"),
        ("/aws/a//b/", "/base/a//b/"),
        ("/aws/.../.well-known", "/base/.../.well-known"),
        ("/aws/?", "/base"),
        ("/aws//x", "/base/x"),
    ] {
        assert_eq!(sent(get(path)).await, expected, "{path}");
    }
}

#[tokio::test]
async fn there_is_exactly_one_slash_between_base_and_tail() {
    let upstream = Upstream::fine().await;
    for (base, uri, path, expected) in [
        ("/base", "/aws/*", "/aws/x", "/base/x"),
        ("/base/", "/aws/*", "/aws/x", "/base/x"),
        ("/base", "/aws*", "/aws/x", "/base/x"),
        ("/base/", "/aws*", "/aws/x", "/base/x"),
        ("/base", "/aws/*", "/aws/", "/base"),
        ("/base/", "/aws/*", "/aws/", "/base/"),
        ("", "/aws/*", "/aws/x/", "/x/"),
        ("", "/aws", "/aws", "/"),
        ("/base", "/aws", "/aws", "/base"),
        ("?k=1", "/aws", "/aws", "/?k=1"),
    ] {
        let route = json!({"uri": uri, "function_uri": upstream.url(base)});
        let function = function(json!([route])).await;
        function.call(&get(path).alb()).await;
        assert_eq!(upstream.last().target(), expected, "{base} {uri} {path}");
    }
}

#[tokio::test]
async fn path_and_query_follow_the_routes_rules() {
    let upstream = Upstream::fine().await;
    let event = json!({"path": {}, "query": {}});
    for (members, target, expected) in [
        (event.clone(), "/aws/x?a=1&v=2", "/base/x?v=1&a=1&v=2"),
        (json!({"path": {"append_tail": false}}), "/aws/x", "/base?v=1"),
        (json!({"path": {"strip_prefix": "/aws/x"}}), "/aws/x/y", "/base/y?v=1"),
        (json!({"path": {"strip_prefix": "/other"}}), "/aws/x", "/base/aws/x?v=1"),
        (json!({"query": {"forward": false}}), "/aws/x?a=1", "/base/x?v=1"),
        (
            json!({"query": {"override": false}}),
            "/aws/x?a=1&v=2",
            "/base/x?v=1&a=1",
        ),
        (json!({"query": {"allow": ["a"]}}), "/aws/x?a=1&b=2", "/base/x?v=1&a=1"),
        (json!({"query": {"deny": ["a"]}}), "/aws/x?a=1&b=2", "/base/x?v=1&b=2"),
        (
            json!({"query": {"plus_as_space": false}}),
            "/aws/x?a=b+c",
            "/base/x?v=1&a=b%2Bc",
        ),
    ] {
        let mut route = members.clone();
        route["uri"] = json!("/aws/*");
        route["function_uri"] = json!(upstream.url("/base?v=1"));
        let function = function(json!([route])).await;
        function.call(&get(target).url()).await;
        assert_eq!(upstream.last().target(), expected, "{members} {target}");
    }
}

#[tokio::test]
async fn a_stage_stays_out_of_the_path_unless_it_is_wanted() {
    let upstream = Upstream::fine().await;
    for (path_rules, raw_path, expected) in [
        (json!({}), "/prod/aws/a%20b", "/base/a%20b"),
        (json!({"include_stage": true}), "/prod/aws/x", "/base/prod/x"),
        (
            json!({"encoding": "decoded"}),
            "/prod/aws/100%25 a",
            "/base/100%2525%20a",
        ),
    ] {
        let route = json!({"uri": "/aws/*", "function_uri": upstream.url("/base"), "path": path_rules});
        let function = function(json!([route])).await;
        let mut event = get(raw_path).v2();
        event["requestContext"]["stage"] = json!("prod");
        let answer = function.call(&event).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(upstream.last().target(), expected, "{path_rules} {raw_path}");
    }
}

#[tokio::test]
async fn bytes_stay_bytes_both_ways() {
    let bytes: Vec<u8> = (0..=255).collect();
    let upstream = Upstream::sending(http("200 OK", "Content-Type: application/octet-stream\r\n", &bytes)).await;
    let iam = json!({"iam": {"service": SCOPE}});
    let route = json!({"uri": "/", "function_uri": upstream.url(""), "authorization": iam});
    let function = function(json!([route])).await;
    let request = post("/", &bytes).header("content-type", "application/octet-stream");
    let answer = function.call(&request.url()).await;
    assert_eq!(answer.raw["isBase64Encoded"], true);
    assert_eq!(answer.body, bytes);
    let seen = upstream.last();
    assert_eq!(seen.body, bytes);
    assert_eq!(verified(&seen).signed_headers, ["content-type", "host", "x-amz-date"]);
}

#[tokio::test]
async fn an_empty_post_says_so() {
    let (upstream, function) = signed().await;
    function.call(&post("/aws/x", b"").alb()).await;
    let seen = upstream.last();
    assert_eq!(seen.header("content-length"), Some("0"));
    verified(&seen);
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
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
async fn connections_are_used_again() {
    let upstream = Upstream::fine().await;
    let function = function(json!([
        {"uri": "/a", "function_uri": upstream.url("/a")},
        {"uri": "/b", "function_uri": upstream.url("/b"), "authorization": {"iam": {"service": "lambda"}}},
    ]))
    .await;
    for path in ["/a", "/b", "/a", "/b"] {
        assert_eq!(function.call(&get(path).alb()).await.status, 200);
    }
    assert_eq!((upstream.calls(), upstream.connections()), (4, 1));
}

#[test]
fn defaults_stand_in_for_what_a_route_does_not_say() {
    struct Nothing;
    impl lambda_invoker::routes::Surroundings for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
        fn secret(&self, _: &str) -> Result<shared::Secret, shared::secrets::SecretError> {
            Err(shared::secrets::SecretError::new("none"))
        }
        fn file(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("none".to_owned())
        }
    }
    let document: Value = json!({
        "version": 1,
        "defaults": {
            "timeout": 5000, "authorization": {"apikey": "default", "iam": {}},
            "query": {"forward": false, "deny": ["x"]}, "function": {"name": "fallback", "region": "eu-west-3"},
        },
        "routes": [
            {"uri": "/url", "function_uri": "https://abc.lambda-url.eu-west-1.on.aws/"},
            {"uri": "/api", "function_uri": "https://a1.execute-api.us-east-2.amazonaws.com/prod",
             "timeout": 700, "authorization": {"iam": {}}, "query": {"forward": true}},
            {"uri": "/own", "function": {"name": "own"}},
            {"uri": "/fallback"},
        ],
    });
    use lambda_invoker::routes::{Destination, RouteTable};
    let table = RouteTable::read(&document, &Nothing).unwrap();
    let routes = table.routes();
    let signing = |at: usize| match &routes[at].destination {
        Destination::Endpoint(endpoint) => {
            let signing = endpoint.signing.clone().unwrap();
            (signing.service, signing.region)
        }
        Destination::Function(function) => (function.name.clone(), function.region.clone()),
    };
    let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
    assert_eq!(signing(0), pair("lambda", "eu-west-1"));
    assert_eq!(signing(1), pair("execute-api", "us-east-2"));
    assert_eq!(signing(2), pair("own", "eu-west-3"));
    assert_eq!(signing(3), pair("fallback", "eu-west-3"));
    // `authorization` is replaced whole, everything else member by member.
    assert!(routes[0].authorization.api_key.is_some());
    assert!(routes[1].authorization.api_key.is_none());
    assert_eq!(routes[1].query_rules.deny, ["x"]);
    assert!(routes[1].query_rules.forward && !routes[0].query_rules.forward);
    let millis = |at: usize| (routes[at].timeout.as_millis(), routes[at].connect_timeout.as_millis());
    assert_eq!((millis(0), millis(1)), ((5000, 1000), (700, 700)));
}
