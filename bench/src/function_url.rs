//! A POST as a Lambda Function URL passes it on, in payload format 2.0.

use serde_json::{Value, json};

/// What differs from one POST to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    pub(crate) path: &'a str,
    /// A query of one name and one value.
    pub(crate) query: Option<(&'a str, &'a str)>,
    pub(crate) content_type: &'a str,
    /// The body as the event has it: in Base64 if it `is_base64`.
    pub(crate) body: &'a str,
    pub(crate) is_base64: bool,
}

impl Post<'_> {
    /// A document without a query.
    pub(crate) fn json<'a>(path: &'a str, body: &'a str) -> Post<'a> {
        Post {
            path,
            query: None,
            content_type: "application/json",
            body,
            is_base64: false,
        }
    }

    /// The event's JSON; `more` are headers beside those that every request has.
    pub(crate) fn event(&self, more: &[(&str, &str)]) -> String {
        let path = self.path;
        let mut headers = json!({
            "accept": "application/json",
            "content-type": self.content_type,
            "host": "abc.lambda-url.eu-west-1.on.aws",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        });
        if let Some(members) = headers.as_object_mut() {
            members.extend(more.iter().map(text));
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": self.query.map_or_else(String::new, |(name, value)| format!("{name}={value}")),
            "headers": headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abc",
                "domainName": "abc.lambda-url.eu-west-1.on.aws",
                "domainPrefix": "abc",
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "curl/8.9.1"},
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "routeKey": "$default",
                "stage": "$default",
                "time": "09/Oct/2025:08:53:20 +0000",
                "timeEpoch": 1_760_000_000_000_u64,
            },
            "body": self.body,
            "isBase64Encoded": self.is_base64,
        });
        if let (Some(query), Some(members)) = (self.query, event.as_object_mut()) {
            members.insert("queryStringParameters".to_owned(), Value::from_iter([text(&query)]));
        }
        event.to_string()
    }
}

fn text((name, value): &(&str, &str)) -> (String, Value) {
    ((*name).to_owned(), json!(value))
}
