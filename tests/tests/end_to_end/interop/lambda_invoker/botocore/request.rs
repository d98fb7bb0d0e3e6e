//! Requests, and the events in which the fronts of Lambda hand them over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A request, as it may stand in an event.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) front: Front,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, Option<String>)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    FunctionUrl,
    HttpApi,
    RestApi,
    Alb,
    AlbMultiValue,
}

pub(super) fn text(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

impl Request {
    pub(super) fn event(&self) -> Value {
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
    pub(super) fn meant(&self) -> Vec<(String, String)> {
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

/// Requests as odd as they come.
pub(super) fn requests() -> impl Strategy<Value = Request> {
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
