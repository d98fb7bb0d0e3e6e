//! Whatever the function forwards is signed as botocore signs it: an oracle on botocore's `SigV4Auth` recomputes each
//! signature from the bytes that arrived.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::function::Function;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};

use super::super::environment::Environment;
use super::{Server, answer, invoker};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", ""),
];
const TEMPORARY_KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI+"),
    ("AWS_SESSION_TOKEN", "token/with+odd=characters"),
];

/// The oracle, and the function in front of it: everything below `/base`, signed for the oracle's own scope.
async fn stage(keys: &[(&str, &str)], service: &str) -> (Server, Function) {
    let mut oracle = Environment::new("signers").python("oracle.py");
    oracle.args(["eu-west-1", service]);
    let oracle = Server::start(oracle).await;
    let authorization = json!({"iam": {"service": service}, "client_authorization": "replace"});
    let url = format!("http://127.0.0.1:{}/base", oracle.port);
    let route = json!({"uri": "/*", "function_uri": url, "authorization": authorization, "timeout": 2500});
    let function = invoker(&json!([route]), keys);
    (oracle, function)
}

/// A request, as it may stand in an event.
#[derive(Debug, Clone)]
struct Request {
    front: Front,
    method: String,
    path: String,
    query: Vec<(String, Option<String>)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    FunctionUrl,
    HttpApi,
    RestApi,
    Alb,
    AlbMultiValue,
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

fn text(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

impl Request {
    fn event(&self) -> Value {
        let elb =
            json!({"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1"}});
        let mut event = match self.front {
            Front::FunctionUrl | Front::HttpApi => {
                let domain = if self.front == Front::HttpApi {
                    "execute-api"
                } else {
                    "lambda-url"
                };
                json!({
                    "version": "2.0", "rawPath": self.path, "rawQueryString": self.raw_query(),
                    "headers": joined(&self.headers),
                    "requestContext": {"domainName": format!("a1.{domain}.eu-west-1.on.aws"), "stage": "$default",
                        "http": {"method": self.method, "path": self.path, "sourceIp": "192.0.2.7"}},
                })
            }
            Front::RestApi => {
                let pairs = self.query.iter();
                let pairs = pairs.map(|(name, value)| (text(name), text(value.as_deref().unwrap_or_default())));
                let pairs: Vec<_> = pairs.collect();
                json!({
                    "httpMethod": self.method, "path": self.path, "requestContext": {"stage": "prod"},
                    "multiValueQueryStringParameters": lists(&pairs), "multiValueHeaders": lists(&self.headers),
                })
            }
            Front::Alb => json!({
                "requestContext": elb, "httpMethod": self.method, "path": self.path,
                "queryStringParameters": last(&self.raw_pairs()), "headers": last(&self.headers),
            }),
            Front::AlbMultiValue => json!({
                "requestContext": elb, "httpMethod": self.method, "path": self.path,
                "multiValueQueryStringParameters": lists(&self.raw_pairs()),
                "multiValueHeaders": lists(&self.headers),
            }),
        };
        event["body"] = json!(STANDARD.encode(&self.body));
        event["isBase64Encoded"] = json!(true);
        event
    }

    fn raw_query(&self) -> String {
        let pairs = self.query.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name.clone(),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    fn raw_pairs(&self) -> Vec<(String, String)> {
        let pairs = self.query.iter();
        pairs
            .map(|(name, value)| (name.clone(), value.clone().unwrap_or_default()))
            .collect()
    }

    /// The pairs that the target must see, decoded and sorted.
    fn meant(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = match self.front {
            Front::Alb => last(&self.raw_pairs())
                .iter()
                .map(|(name, value)| (text(name), text(value.as_str().unwrap())))
                .collect(),
            _ => self
                .raw_pairs()
                .iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        };
        pairs.sort();
        pairs
    }
}

/// What the target saw, decoded and sorted.
fn seen(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').expect("every pair has its ="))
        .map(|(name, value)| (text(name), text(value)))
        .collect();
    pairs.sort();
    pairs
}

fn last(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

fn lists(pairs: &[(String, String)]) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let values = map.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    Value::Object(map)
}

fn joined(pairs: &[(String, String)]) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let known = map.get(name).and_then(Value::as_str);
        let value = known.map_or_else(|| value.clone(), |known| format!("{known},{value}"));
        map.insert(name.clone(), json!(value));
    }
    Value::Object(map)
}

fn requests() -> impl Strategy<Value = Request> {
    let front = prop_oneof![
        Just(Front::FunctionUrl),
        Just(Front::HttpApi),
        Just(Front::RestApi),
        Just(Front::Alb),
        Just(Front::AlbMultiValue),
    ];
    // botocore writes a method in upper case before it signs it, other signers take it as it is: no small letters here.
    let method = prop_oneof![
        6 => prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).prop_map(str::to_owned),
        1 => "[A-Z0-9!#$%&'*+.^_`|~-]{1,9}",
    ];
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9._~-]{1,6}",
        3 => "[!$'()*,:;@+ |^`{}<>\"%\\[\\]-]{1,3}",
        2 => "%[0-9A-Fa-f]{2}",
        2 => prop::sample::select(vec!["%2F", "%2f", "%25", "%20", "%C3%A9", "%E1%88%B4", "%", "%z"]).prop_map(str::to_owned),
        1 => "[é-ü\u{1234}\u{1f600}]{1,2}",
    ];
    let pieces = |most| prop::collection::vec(piece.clone(), 0..most).prop_map(|pieces| pieces.concat());
    let path = prop::collection::vec(pieces(4), 1..5).prop_map(|segments| format!("/{}", segments.join("/")));
    let word = prop_oneof![5 => pieces(4), 1 => Just("a".to_owned()), 1 => Just("X-Own".to_owned())];
    let query = prop::collection::vec((word.clone(), prop::option::weighted(0.8, word)), 0..5);
    let name = prop::sample::select(vec![
        "content-type",
        "Content-Type",
        "content-encoding",
        "x-amz-meta-a",
        "X-Amz-Meta-A",
        "x-amz-target",
        "x-own",
        "cookie",
        "user-agent",
        "accept",
        "accept-encoding",
        "x-forwarded-for",
        "connection",
        "te",
        "expect",
        "authorization",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-api-key",
        "range",
        "date",
    ]);
    let value = prop_oneof![
        4 => "[ -~]{0,12}",
        2 => "[a-z \t]{0,8}",
        1 => "text/[a-z]{1,6}; {0,3}charset=\"[a-z]{1,3} {0,4}[a-z]\"",
        1 => "[é-ü]{1,3}",
        1 => "x-amz-meta-a|content-type|x-own",
    ];
    let headers = prop::collection::vec((name.prop_map(str::to_owned), value), 0..7);
    let body = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..300),
        "[ -~]{1,40}".prop_map(String::into_bytes),
    ];
    (front, method, path, query, headers, body).prop_map(|(front, method, path, query, headers, body)| {
        let query = query.into_iter().map(|(name, value)| {
            // Where a pair ends and where a name ends is the generator's to say.
            let clean = |text: String| text.replace(['&', '=', '#', '?'], "");
            (clean(name), value.map(clean))
        });
        // A pair without anything is no pair.
        let query = query
            .filter(|(name, value)| !name.is_empty() || value.is_some())
            .collect();
        Request {
            front,
            method,
            path,
            query,
            headers,
            body,
        }
    })
}

/// Whether the function refused the request itself, in a way that it may.
fn is_refused(answer: &Value) -> bool {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let known = [
        "bad_path",
        "bad_header",
        "invalid_query_encoding",
        "bad_method",
        "method_not_implemented",
    ];
    body["error"].as_str().is_some_and(|word| known.contains(&word)) && body["request_id"].is_string()
}

fn agrees(request: &Request, answer: &Value) -> Result<bool, TestCaseError> {
    if answer["statusCode"] != 200 {
        let refused = is_refused(answer) || request.method == "HEAD" && answer["statusCode"] == 400;
        prop_assert!(refused, "{answer}");
        return Ok(false);
    }
    if request.method == "HEAD" {
        return Ok(true);
    }
    let echo: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    prop_assert_eq!(&echo["method"], &json!(request.method));
    prop_assert_eq!(&echo["body"], &json!(STANDARD.encode(&request.body)));
    let target = echo["target"].as_str().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // What the route's `*` took stands behind one slash; nothing leaves the target's path as it is.
    let expected = match &request.path[1..] {
        "" => "/base".to_owned(),
        tail => format!("/base/{}", tail.trim_start_matches('/')),
    };
    prop_assert_eq!(decoded(path), decoded(&expected));
    prop_assert_eq!(seen(query), request.meant());
    Ok(true)
}

#[test]
fn whatever_is_forwarded_is_signed_as_botocore_signs_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for keys in [KEYS, TEMPORARY_KEYS] {
        let (oracle, function) = runtime.block_on(stage(&keys, "execute-api"));
        let mut runner = TestRunner::new(Config {
            cases: 250,
            failure_persistence: None,
            ..Config::default()
        });
        let forwarded = std::cell::Cell::new(0);
        let checked = runner.run(&requests(), |request| {
            let answer = runtime.block_on(answer(&function, &request.event()));
            if agrees(&request, &answer)? {
                forwarded.set(forwarded.get() + 1);
            }
            Ok(())
        });
        runtime.block_on(function.stop());
        drop(oracle);
        checked.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(
            forwarded.get() > 120,
            "only {} requests were forwarded",
            forwarded.get()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_knows_good_from_bad() {
    let output = Environment::new("signers")
        .python("oracle.py")
        .arg("--self-test")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_another_scope_or_secret_is_refused() {
    for (keys, iam) in [
        (KEYS, json!({"service": "lambda"})),
        (KEYS, json!({"service": "execute-api", "aws_region": "us-east-1"})),
        (
            KEYS,
            json!({"service": "execute-api", "accesskey": "AKIDEXAMPLE", "secretkey": "wrong"}),
        ),
        (
            TEMPORARY_KEYS,
            json!({"service": "execute-api", "accesskey": "ASIAEXAMPLE", "secretkey": "K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI+"}),
        ),
    ] {
        let (oracle, _) = stage(&keys, "execute-api").await;
        let url = format!("http://127.0.0.1:{}/", oracle.port);
        let route = json!({"uri": "/", "function_uri": url, "authorization": {"iam": iam}});
        let function = invoker(&json!([route]), &keys);
        let request = Request {
            front: Front::FunctionUrl,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        assert_eq!(answer(&function, &request.event()).await["statusCode"], 403, "{iam}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_are_signed_and_a_payload_is_not_if_the_route_has_it_so() {
    let (oracle, _) = stage(&KEYS, "execute-api").await;
    let url = format!("http://127.0.0.1:{}/", oracle.port);
    let iam = json!({"service": "execute-api", "signed_headers": ["x-own", "Date"], "unsigned_payload": true});
    let route = json!({"uri": "/", "function_uri": url, "authorization": {"iam": iam}});
    let function = invoker(&json!([route]), &KEYS);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        front: Front::AlbMultiValue,
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![header("x-own", " a  b"), header("x-own", "c"), header("x-other", "d")],
        body: b"anything".to_vec(),
    };
    let answer = answer(&function, &request.event()).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let echo: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let headers = echo["headers"].as_array().unwrap();
    let value = |name: &str| {
        headers.iter().find(|pair| pair[0] == name).unwrap()[1]
            .as_str()
            .unwrap()
    };
    assert!(value("authorization").contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-own,"));
    assert_eq!(value("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
}
