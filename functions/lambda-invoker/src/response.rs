//! What a target answered -> what the client gets.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName};
use http::{Method, Response, StatusCode};

use crate::error::Failure;
use crate::request::headers::remove_hop_by_hop;

const X_AMZN_REQUESTID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const X_UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-upstream-request-id");

/// Makes the answer to a client from a target's: headers of the connection and of the target's own front are left out,
/// the target's request id keeps a name of its own, everything else stays. No body where HTTP allows none.
///
/// # Errors
/// [`Failure::BadResponse`] for a status that is no final answer.
pub fn answer(
    status: StatusCode,
    mut headers: HeaderMap,
    body: Bytes,
    method: &Method,
) -> Result<Response<Bytes>, Failure> {
    if status.is_informational() {
        return Err(Failure::BadResponse);
    }
    remove_hop_by_hop(&mut headers);
    headers.remove(CONTENT_LENGTH);
    let remapped: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amzn-remapped-"))
        .cloned()
        .collect();
    for name in remapped {
        headers.remove(name);
    }
    if let Some(id) = headers.remove(X_AMZN_REQUESTID) {
        headers.insert(X_UPSTREAM_REQUEST_ID, id);
    }
    let body = if has_body(status, method) { body } else { Bytes::new() };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Whether an answer of this status to this method has a body (RFC 9110, section 6.4.1).
pub fn has_body(status: StatusCode, method: &Method) -> bool {
    *method != Method::HEAD && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
}
