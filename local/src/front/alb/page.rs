//! The pages that a load balancer writes itself.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, SERVER},
};
use http_body_util::Full;

/// What the load balancer calls itself.
pub(super) const SERVER_NAME: HeaderValue = HeaderValue::from_static("awselb/2.0");

/// The page of a status code, as `awselb/2.0` writes it.
pub(super) fn of(status: StatusCode) -> Response<Full<Bytes>> {
    let title = format!("{} {}", status.as_u16(), phrase(status));
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(Full::new(page.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(SERVER, SERVER_NAME);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// nginx's names, which the load balancer's pages carry.
fn phrase(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        StatusCode::URI_TOO_LONG => "Request-URI Too Large",
        StatusCode::GATEWAY_TIMEOUT => "Gateway Time-out",
        other => other.canonical_reason().unwrap_or("Unknown"),
    }
}
