//! A request as the event of a Function URL or of a REST API.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, USER_AGENT},
    request::Parts,
};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{Kind, STAGE};

const URL_ID: &str = "x7yqpz4n3kd2wq5v6tms8jrhbc0aflge";
const API_ID: &str = "r3s7t9u1v5";

/// The event; nothing when the path does not begin with the REST API's stage.
pub(super) fn build(kind: Kind, head: &Parts, body: &[u8], peer: SocketAddr) -> Option<Value> {
    let mut headers = head.headers.clone();
    for name in ["connection", "transfer-encoding"] {
        headers.remove(name);
    }
    let host = match kind {
        Kind::FunctionUrl => format!("{URL_ID}.lambda-url.eu-west-1.on.aws"),
        Kind::RestApi => format!("{API_ID}.execute-api.eu-west-1.amazonaws.com"),
    };
    let before = headers.get_all("x-forwarded-for").iter().map(text);
    let chain: Vec<String> = before.chain([peer.ip().to_string()]).collect();
    for (name, value) in [
        ("host", host.as_str()),
        ("x-forwarded-for", &chain.join(", ")),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        // Addresses and names of hosts are made of letters that a header takes.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    let (body, is_encoded) = match std::str::from_utf8(body) {
        Ok("") => (Value::Null, false),
        Ok(text) if is_text(&headers) => (json!(text), false),
        _ => (json!(STANDARD.encode(body)), true),
    };
    let call = Call {
        head,
        headers,
        host,
        peer,
        body,
        is_encoded,
    };
    match kind {
        Kind::FunctionUrl => Some(call.format_2()),
        Kind::RestApi => call.format_1(),
    }
}

struct Call<'a> {
    head: &'a Parts,
    headers: HeaderMap,
    host: String,
    peer: SocketAddr,
    body: Value,
    is_encoded: bool,
}

impl Call<'_> {
    /// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>
    fn format_2(self) -> Value {
        let now = crate::clock::epoch_millis();
        let query = self.head.uri.query().unwrap_or_default();
        let path = self.head.uri.path();
        let cookies: Vec<String> = self
            .headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|line| {
                text(line)
                    .split(';')
                    .map(|cookie| cookie.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut headers = self.headers.clone();
        headers.remove(COOKIE);
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": joined(several(&headers)),
            "requestContext": {
                "accountId": "anonymous",
                "apiId": URL_ID,
                "domainName": self.host,
                "domainPrefix": URL_ID,
                "http": {
                    "method": self.head.method.as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.peer.ip().to_string(),
                    "userAgent": self.user_agent(),
                },
                "requestId": crate::random::uuid(),
                "routeKey": "$default",
                "stage": "$default",
                "time": crate::clock::request_time(now),
                "timeEpoch": now,
            },
            "isBase64Encoded": self.is_encoded,
        });
        let mut set = |name: &str, value: Value| {
            if let Some(members) = event.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        if !cookies.is_empty() {
            set("cookies", json!(cookies));
        }
        if !query.is_empty() {
            set("queryStringParameters", joined(parameters(query)));
        }
        if !self.body.is_null() {
            set("body", self.body);
        }
        event
    }

    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>
    fn format_1(self) -> Option<Value> {
        let path = self
            .head
            .uri
            .path()
            .strip_prefix(STAGE)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let path = if path.is_empty() { "/" } else { path };
        let now = crate::clock::epoch_millis();
        let (headers, query) = (
            several(&self.headers),
            parameters(self.head.uri.query().unwrap_or_default()),
        );
        Some(json!({
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": self.head.method.as_str(),
            "headers": last(&headers),
            "multiValueHeaders": headers,
            "queryStringParameters": or_null(last(&query)),
            "multiValueQueryStringParameters": or_null(json!(query)),
            "pathParameters": {"proxy": percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy()},
            "stageVariables": null,
            "requestContext": {
                "resourceId": "5j6kz1",
                "resourcePath": "/{proxy+}",
                "httpMethod": self.head.method.as_str(),
                "path": self.head.uri.path(),
                "accountId": crate::ACCOUNT_ID,
                "apiId": API_ID,
                "stage": STAGE.trim_start_matches('/'),
                "domainName": self.host,
                "domainPrefix": API_ID,
                "protocol": "HTTP/1.1",
                "requestId": crate::random::uuid(),
                "requestTime": crate::clock::request_time(now),
                "requestTimeEpoch": now,
                "identity": {"sourceIp": self.peer.ip().to_string(), "userAgent": self.user_agent()},
            },
            "body": self.body,
            "isBase64Encoded": self.is_encoded,
        }))
    }

    fn user_agent(&self) -> String {
        self.head.headers.get(USER_AGENT).map(text).unwrap_or_default()
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .map(text)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let known = matches!(
        essence,
        "application/json" | "application/javascript" | "application/xml"
    );
    (known || essence.starts_with("text/")) && !headers.contains_key(CONTENT_ENCODING)
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn several(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        all.entry(name.as_str().to_owned()).or_default().push(text(value));
    }
    all
}

fn parameters(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        all.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    all
}

fn joined(values: BTreeMap<String, Vec<String>>) -> Value {
    let joined: Map<String, Value> = values
        .into_iter()
        .map(|(name, values)| (name, json!(values.join(","))))
        .collect();
    Value::Object(joined)
}

fn last(values: &BTreeMap<String, Vec<String>>) -> Value {
    let last: Map<String, Value> = values
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), json!(values.last()?))))
        .collect();
    Value::Object(last)
}

fn or_null(map: Value) -> Value {
    match map.as_object().is_some_and(Map::is_empty) {
        true => Value::Null,
        false => map,
    }
}
