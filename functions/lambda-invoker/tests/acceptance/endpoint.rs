//! Routes to HTTP endpoints: what goes out, byte for byte, and that it is what was signed.

use serde_json::{Value, json};

use crate::support::event::{Request, get, post};
use crate::support::oracle::{Verified, verify};
use crate::support::upstream::{Seen, Upstream, http};
use crate::support::{ACCESS_KEY, Function, SECRET_KEY, function};

pub(crate) const SCOPE: &str = "execute-api";

/// A function with a signed route from `/aws/*` to `/base` of an upstream.
pub(crate) async fn signed() -> (Upstream, Function) {
    let upstream = Upstream::fine().await;
    let iam = json!({"iam": {"service": SCOPE}});
    let route = json!({"uri": "/aws/*", "function_uri": upstream.url("/base"), "authorization": iam});
    let function = function(json!([route])).await;
    (upstream, function)
}

/// Checks the signature of what arrived.
pub(crate) fn verified(seen: &Seen) -> Verified {
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
async fn case_06_and_07_the_query_arrives_as_it_was_signed() {
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
async fn case_08_to_10_the_path_arrives_as_it_was_signed() {
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
async fn case_11_there_is_exactly_one_slash_between_base_and_tail() {
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
async fn case_12_bytes_stay_bytes_both_ways() {
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
async fn case_13_an_empty_post_says_so() {
    let (upstream, function) = signed().await;
    function.call(&post("/aws/x", b"").alb()).await;
    let seen = upstream.last();
    assert_eq!(seen.header("content-length"), Some("0"));
    verified(&seen);
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
