//! An HTTP API's event for its authorizer, payload format 2.0.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::Call;

/// The event of a request. Members that have nothing to hold are absent.
pub(super) fn event(call: &Call<'_>, identity: &[&str]) -> Value {
    let mut headers = joined(call.header_values());
    // Hop-by-hop headers end at the gateway; cookies have a member of their own.
    for name in ["connection", "transfer-encoding"] {
        headers.remove(name);
    }
    let cookies: Vec<String> = headers
        .remove("cookie")
        .map(|line| {
            line.split([';', ','])
                .map(|cookie| cookie.trim().to_owned())
                .filter(|cookie| !cookie.is_empty())
                .collect()
        })
        .unwrap_or_default();
    let query = joined(call.query_values());
    let host = call.host.split(':').next().unwrap_or_default();
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
    set("version", json!("2.0"));
    set("type", json!("REQUEST"));
    set("routeArn", json!(call.arn().to_string()));
    set("identitySource", json!(identity));
    set("routeKey", json!(call.route_key));
    set("rawPath", json!(call.path));
    set("rawQueryString", json!(call.query));
    if !cookies.is_empty() {
        set("cookies", json!(cookies));
    }
    set("headers", json!(headers));
    if !query.is_empty() {
        set("queryStringParameters", json!(query));
    }
    if !call.parameters.is_empty() {
        set("pathParameters", json!(call.parameters));
    }
    set(
        "requestContext",
        json!({
            "accountId": crate::ACCOUNT_ID,
            "apiId": call.options.api_id,
            "domainName": host,
            "domainPrefix": host.split('.').next().unwrap_or_default(),
            "http": {
                "method": call.method,
                "path": call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.peer.ip().to_string(),
                "userAgent": call.header("user-agent").unwrap_or_default(),
            },
            "requestId": call.request_id,
            "routeKey": call.route_key,
            "stage": call.options.stage,
            "time": crate::clock::request_time(call.epoch_millis),
            "timeEpoch": call.epoch_millis,
        }),
    );
    Value::Object(event)
}

/// Repeated values become one string.
fn joined(values: BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    values
        .into_iter()
        .map(|(name, values)| (name, values.join(",")))
        .collect()
}
