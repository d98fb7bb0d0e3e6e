//! The same request as the events of all fronts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A request, as a client sends it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn get(target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: "GET",
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("host".to_owned(), "front.example.com".to_owned())],
        body: Vec::new(),
    }
}

pub(crate) fn post(target: &str, body: &[u8]) -> Request {
    Request {
        method: "POST",
        body: body.to_vec(),
        ..get(target)
    }
}

impl Request {
    #[must_use]
    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.query
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
            .collect()
    }

    fn body(&self) -> (Value, bool) {
        match std::str::from_utf8(&self.body) {
            _ if self.body.is_empty() => (json!(""), false),
            Ok(text) => (json!(text), false),
            Err(_) => (json!(STANDARD.encode(&self.body)), true),
        }
    }

    /// A load balancer's event, single values.
    pub(crate) fn alb(&self) -> Value {
        let (body, encoded) = self.body();
        json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1"}},
            "httpMethod": self.method, "path": self.path,
            "queryStringParameters": last(self.pairs()),
            "headers": last(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
            "body": body, "isBase64Encoded": encoded,
        })
    }

    /// A load balancer's event, multiple values.
    pub(crate) fn alb_multi(&self) -> Value {
        let (body, encoded) = self.body();
        json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1"}},
            "httpMethod": self.method, "path": self.path,
            "multiValueQueryStringParameters": all(self.pairs()),
            "multiValueHeaders": all(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
            "body": body, "isBase64Encoded": encoded,
        })
    }

    /// API Gateway's payload format 1.0: the query is decoded, both kinds of maps are there.
    pub(crate) fn v1(&self) -> Value {
        let (body, encoded) = self.body();
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let decoded: Vec<_> = self
            .pairs()
            .iter()
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        let pairs: Vec<_> = decoded
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        json!({
            "resource": "/{proxy+}", "httpMethod": self.method, "path": self.path,
            "queryStringParameters": last(pairs.clone()), "multiValueQueryStringParameters": all(pairs),
            "headers": last(headers.clone()), "multiValueHeaders": all(headers),
            "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.7"}, "requestId": "api-1"},
            "body": body, "isBase64Encoded": encoded,
        })
    }

    /// API Gateway's payload format 2.0.
    pub(crate) fn v2(&self) -> Value {
        self.format_2("abc.execute-api.eu-west-1.amazonaws.com")
    }

    /// A Function URL's event.
    pub(crate) fn url(&self) -> Value {
        self.format_2("abc.lambda-url.eu-west-1.on.aws")
    }

    fn format_2(&self, domain: &str) -> Value {
        let (body, encoded) = self.body();
        let mut headers = Map::new();
        let mut cookies = Vec::new();
        for (name, value) in &self.headers {
            if name.eq_ignore_ascii_case("cookie") {
                cookies.extend(value.split("; ").map(|cookie| json!(cookie)));
            } else {
                let joined = match headers.get(name).and_then(Value::as_str) {
                    Some(known) => format!("{known},{value}"),
                    None => value.clone(),
                };
                headers.insert(name.clone(), json!(joined));
            }
        }
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path, "rawQueryString": self.query,
            "cookies": cookies, "headers": headers,
            "requestContext": {
                "domainName": domain, "stage": "$default", "requestId": "api-1",
                "http": {"method": self.method, "path": self.path, "sourceIp": "192.0.2.7"},
            },
            "body": body, "isBase64Encoded": encoded,
        })
    }
}

fn last(pairs: Vec<(&str, &str)>) -> Value {
    let map: Map<String, Value> = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Value::Object(map)
}

fn all(pairs: Vec<(&str, &str)>) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        if let Value::Array(values) = map.entry(name).or_insert_with(|| json!([])) {
            values.push(json!(value));
        }
    }
    Value::Object(map)
}
