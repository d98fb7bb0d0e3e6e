//! Requests as each front hands them over, and answers as each front wants them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    AlbSingle,
    AlbMulti,
    ApiGatewayV1,
    ApiGatewayV2,
    FunctionUrl,
}

pub(crate) const FRONTS: [Front; 5] = [
    Front::AlbSingle,
    Front::AlbMulti,
    Front::ApiGatewayV1,
    Front::ApiGatewayV2,
    Front::FunctionUrl,
];

#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) front: Front,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request by a load balancer in single-value mode; `target` is path and query as the client sends them.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            front: Front::AlbSingle,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![
                ("host".to_owned(), "api.hipchat.com".to_owned()),
                ("x-forwarded-proto".to_owned(), "https".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// A notification with tokA as Bearer.
    pub(crate) fn notify(room: &str, body: &Value) -> Self {
        Self::post(&format!("/v2/room/{room}/notification"))
            .bearer("tokA")
            .json(&body.to_string())
    }

    pub(crate) fn through(mut self, front: Front) -> Self {
        self.front = front;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_lowercase(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body.as_bytes())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body.as_bytes())
    }

    /// Bodies are text for the content types that a load balancer takes for text, else Base64.
    fn body_members(&self) -> (Value, bool) {
        let kind = self
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map_or("", |(_, value)| value);
        let is_text = kind.starts_with("text/") || kind.starts_with("application/json");
        match std::str::from_utf8(&self.body) {
            Ok(text) if is_text || text.is_empty() => (json!(text), false),
            _ => (json!(STANDARD.encode(&self.body)), true),
        }
    }

    /// The event. Load balancers leave the query as it was sent, API Gateway's format 1.0 decodes it.
    pub(crate) fn event(&self) -> Value {
        let (body, is_base64) = self.body_members();
        let raw: Vec<(String, String)> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let decoded: Vec<(String, String)> = shared::http::pairs(self.query.as_bytes()).collect();
        let elb = json!({"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/h/6d0ecf831eec9f09"}});
        match self.front {
            Front::AlbSingle => json!({
                "requestContext": elb, "httpMethod": self.method, "path": self.path,
                "queryStringParameters": single(&raw), "headers": single(&self.headers),
                "body": body, "isBase64Encoded": is_base64,
            }),
            Front::AlbMulti => json!({
                "requestContext": elb, "httpMethod": self.method, "path": self.path,
                "multiValueQueryStringParameters": several(&raw), "multiValueHeaders": several(&self.headers),
                "body": body, "isBase64Encoded": is_base64,
            }),
            Front::ApiGatewayV1 => json!({
                "version": "1.0", "requestContext": {"stage": "prod", "requestId": "r"}, "httpMethod": self.method,
                "path": self.path, "queryStringParameters": single(&decoded),
                "multiValueQueryStringParameters": several(&decoded), "headers": single(&self.headers),
                "multiValueHeaders": several(&self.headers), "body": body, "isBase64Encoded": is_base64,
            }),
            Front::ApiGatewayV2 | Front::FunctionUrl => {
                let domain = if self.front == Front::FunctionUrl {
                    "x.lambda-url.eu-west-1.on.aws"
                } else {
                    "x.example.com"
                };
                json!({
                    "version": "2.0", "rawPath": self.path, "rawQueryString": self.query,
                    "headers": single(&self.headers), "body": body, "isBase64Encoded": is_base64,
                    "requestContext": {"domainName": domain, "stage": "$default",
                        "http": {"method": self.method, "path": self.path, "sourceIp": "10.0.0.1"}},
                })
            }
        }
    }
}

fn single(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
}

fn several(pairs: &[(String, String)]) -> Value {
    let mut out: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let values = out.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    Value::Object(out)
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads an answer as `front` would, and fails where that front would not take it.
    #[track_caller]
    pub(crate) fn read(front: Front, answer: &Value) -> Self {
        let multi = matches!(front, Front::AlbMulti | Front::ApiGatewayV1);
        let (used, unused) = if multi {
            ("multiValueHeaders", "headers")
        } else {
            ("headers", "multiValueHeaders")
        };
        assert!(answer.get(unused).is_none(), "{answer}");
        let headers = answer[used]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let value = if multi { &value[0] } else { value };
                (name.to_lowercase(), value.as_str().unwrap().to_owned())
            })
            .collect();
        let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
        if matches!(front, Front::AlbSingle | Front::AlbMulti) {
            let description = answer["statusDescription"].as_str().unwrap();
            assert!(description.starts_with(&format!("{status} ")), "{description}");
        }
        assert_eq!(answer["isBase64Encoded"], json!(false));
        Self {
            status,
            headers,
            body: answer["body"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) fn number(&self, header: &str) -> u64 {
        self.headers[header].parse().unwrap()
    }

    /// The body, which must be JSON and declared as such.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_str(&self.body).unwrap()
    }

    /// HipChat's error: code, type and message agree with the status, and the rate headers are there.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.has_rate_headers();
        let body = self.json();
        assert_eq!(body["error"]["code"], json!(status));
        assert_eq!(body["error"]["type"], json!(kind));
        assert!(!self.body.contains('\n'));
        body["error"]["message"].as_str().unwrap().to_owned()
    }

    /// 204 without body and content type.
    #[track_caller]
    pub(crate) fn is_no_content(&self) {
        assert_eq!((self.status, self.body.as_str()), (204, ""));
        assert!(!self.headers.contains_key("content-type"));
        self.has_rate_headers();
    }

    /// 200 `{"status":"sent"}`.
    #[track_caller]
    pub(crate) fn is_sent(&self) {
        assert_eq!((self.status, self.body.as_str()), (200, r#"{"status":"sent"}"#));
        self.has_rate_headers();
    }

    #[track_caller]
    pub(crate) fn has_rate_headers(&self) {
        for kind in ["x-ratelimit", "x-floodcontrol"] {
            let limit = self.number(&format!("{kind}-limit"));
            assert!(self.number(&format!("{kind}-remaining")) <= limit);
            assert!(self.number(&format!("{kind}-reset")) > super::NOW);
        }
    }
}
