//! A REST API's events for its authorizer, TOKEN and REQUEST.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::Call;

/// The event of a TOKEN authorizer: the header's whole value and the method's ARN.
pub(super) fn token_event(call: &Call<'_>, token: &str) -> Value {
    json!({ "type": "TOKEN", "authorizationToken": token, "methodArn": call.arn().to_string() })
}

/// The event of a REQUEST authorizer.
///
/// Header names are written as HTTP/1.1 clients mostly write them: their own spelling is lost on the way here.
pub(super) fn request_event(call: &Call<'_>) -> Value {
    let headers: BTreeMap<String, Vec<String>> = call
        .header_values()
        .into_iter()
        .map(|(name, values)| (title_case(&name), values))
        .collect();
    let query = call.query_values();
    let stage_path = format!("/{}{}", call.options.stage, call.path);
    json!({
        "type": "REQUEST",
        "methodArn": call.arn().to_string(),
        "resource": call.resource,
        "path": call.path,
        "httpMethod": call.method,
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(&query),
        "multiValueQueryStringParameters": query,
        "pathParameters": call.decoded_parameters(),
        "stageVariables": {},
        "requestContext": {
            "path": stage_path,
            "accountId": crate::ACCOUNT_ID,
            "resourceId": "05c7jb",
            "stage": call.options.stage,
            "requestId": call.request_id,
            "extendedRequestId": extended_id(call.request_id),
            "requestTime": crate::clock::request_time(call.epoch_millis),
            "requestTimeEpoch": call.epoch_millis,
            "protocol": "HTTP/1.1",
            "domainName": call.host,
            "resourcePath": call.resource,
            "httpMethod": call.method,
            "apiId": call.options.api_id,
            "identity": {
                "apiKey": null,
                "apiKeyId": null,
                "sourceIp": call.peer.ip().to_string(),
                "userAgent": call.header("user-agent"),
            },
        },
    })
}

/// The id in `x-amz-apigw-id`: 12 characters of Base64, of which the last is padding.
pub(super) fn extended_id(request_id: &str) -> String {
    let letters: String = request_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .rev()
        .take(15)
        .collect();
    letters + "="
}

fn last(values: &BTreeMap<String, Vec<String>>) -> BTreeMap<&str, &str> {
    values
        .iter()
        .filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str())))
        .collect()
}

/// `x-forwarded-for` as `X-Forwarded-For`.
fn title_case(name: &str) -> String {
    let mut first = true;
    name.chars()
        .map(|character| {
            let cased = if first {
                character.to_ascii_uppercase()
            } else {
                character
            };
            first = character == '-';
            cased
        })
        .collect()
}
