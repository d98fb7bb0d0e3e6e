//! The protocol: AWS JSON 1.1 requests in, results and errors out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::wire::typed_answer;
use super::vault::{Vault, Version, arn};

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
/// The longest value that Secrets Manager stores, in bytes.
const MAX_VALUE: usize = 65_536;

/// The name of an AWS error and its message.
type ApiError = (&'static str, String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: Option<String>,
    version_stage: Option<String>,
    version_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: Option<String>,
    secret_string: Option<String>,
}

pub(super) async fn answer(
    State(vault): State<Arc<Vault>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match call(&vault, &method, &headers, &body) {
        Ok(result) => typed_answer(StatusCode::OK, MEDIA_TYPE, result.to_string()),
        Err((name, message)) => {
            let body = json!({"__type": name, "message": message});
            let mut response = typed_answer(StatusCode::BAD_REQUEST, MEDIA_TYPE, body.to_string());
            response.headers_mut().insert(
                HeaderName::from_static("x-amzn-errortype"),
                HeaderValue::from_static(name),
            );
            response
        }
    }
}

fn call(vault: &Vault, method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<Value, ApiError> {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let operation = target.strip_prefix("secretsmanager.").unwrap_or_default();
    if method != Method::POST || operation.is_empty() {
        return Err((
            "UnknownOperationException",
            "Send a POST with an X-Amz-Target of secretsmanager.".to_owned(),
        ));
    }
    check_credentials(headers)?;
    match operation {
        "GetSecretValue" => get(vault, read(body)?),
        "PutSecretValue" => put(vault, read(body)?),
        _ => Err(("UnknownOperationException", format!("{operation} is not offered here."))),
    }
}

fn check_credentials(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Err((
            "MissingAuthenticationTokenException",
            "Missing Authentication Token".to_owned(),
        ));
    };
    let text = value.to_str().unwrap_or_default();
    let complete = ["Credential=", "SignedHeaders=", "Signature="]
        .iter()
        .all(|part| text.contains(part));
    if !text.starts_with("AWS4-HMAC-SHA256 ") || !complete {
        let message = "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.";
        return Err(("IncompleteSignatureException", message.to_owned()));
    }
    if !text.contains("/secretsmanager/aws4_request") {
        let message = "Credential should be scoped to correct service: 'secretsmanager'.";
        return Err(("InvalidSignatureException", message.to_owned()));
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, ApiError> {
    // The parser's own message could quote the document, which may hold a secret.
    serde_json::from_slice(body).map_err(|_| {
        (
            "SerializationException",
            "The request is not the expected JSON.".to_owned(),
        )
    })
}

fn required(secret_id: Option<String>) -> Result<String, ApiError> {
    match secret_id {
        Some(secret_id) if !secret_id.is_empty() => Ok(secret_id),
        _ => Err((
            "InvalidParameterException",
            "You must provide a value for SecretId.".to_owned(),
        )),
    }
}

fn get(vault: &Vault, request: GetSecretValue) -> Result<Value, ApiError> {
    let secret_id = required(request.secret_id)?;
    let version = vault.get(
        &secret_id,
        request.version_stage.as_deref(),
        request.version_id.as_deref(),
    )?;
    Ok(json!({
        "ARN": arn(&version.name),
        "CreatedDate": version.created,
        "Name": version.name,
        "SecretString": version.value,
        "VersionId": version.id,
        "VersionStages": version.stages,
    }))
}

fn put(vault: &Vault, request: PutSecretValue) -> Result<Value, ApiError> {
    let secret_id = required(request.secret_id)?;
    let Some(value) = request.secret_string else {
        return Err(("InvalidRequestException", "You must provide SecretString.".to_owned()));
    };
    if value.is_empty() || value.len() > MAX_VALUE {
        return Err((
            "InvalidParameterException",
            format!("SecretString must have 1 to {MAX_VALUE} bytes."),
        ));
    }
    let Some(name) = vault.name_of(&secret_id) else {
        return Err((
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.".to_owned(),
        ));
    };
    let Version { name, id, stages, .. } = vault.put(&name, value);
    Ok(json!({"ARN": arn(&name), "Name": name, "VersionId": id, "VersionStages": stages}))
}
