//! The answers of both APIs, in JSON or, where a client of the first one asks for it, in XML.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::xml;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// `application/json`, the default.
    Json,
    /// `application/xml`, with `format=xml` in the first API.
    Xml,
}

/// A finished answer but for its rate-limit headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    body: String,
    markup: Markup,
    allow: Option<HeaderValue>,
    retry_after: Option<u64>,
    unstored: bool,
    is_head: bool,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: Notice<'a>,
}

#[derive(Serialize)]
struct SuccessBody<'a> {
    success: Notice<'a>,
}

/// The three members that every client reads.
#[derive(Serialize)]
struct Notice<'a> {
    code: u16,
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

impl<'a> Notice<'a> {
    fn new(status: StatusCode, message: &'a str) -> Self {
        Self {
            code: status.as_u16(),
            kind: status.canonical_reason().unwrap_or("Unknown"),
            message,
        }
    }

    fn xml(&self, root: &str) -> String {
        format!(
            "{}<{root}><code>{}</code><type>{}</type><message>{}</message></{root}>",
            xml::DECLARATION,
            self.code,
            self.kind,
            xml::escape(self.message)
        )
    }
}

impl Answer {
    fn new(status: StatusCode, markup: Markup, body: String) -> Self {
        Self {
            status,
            body,
            markup,
            allow: None,
            retry_after: None,
            unstored: false,
            is_head: false,
        }
    }

    /// 204 without a body and without a content type, as every write of the second API ends.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Markup::Json, String::new())
    }

    /// 200 `{"status":"sent"}`, as a message of the first API ends.
    pub fn sent(markup: Markup) -> Self {
        let body = match markup {
            Markup::Json => r#"{"status":"sent"}"#.to_owned(),
            Markup::Xml => format!("{}<response><status>sent</status></response>", xml::DECLARATION),
        };
        Self::new(StatusCode::OK, markup, body)
    }

    /// An answer that tells something.
    pub fn document(status: StatusCode, document: &Value, markup: Markup) -> Self {
        let body = match markup {
            Markup::Json => to_json(document),
            Markup::Xml => xml::write(document),
        };
        Self::new(status, markup, body)
    }

    /// 202: the token may do what was asked with `auth_test`, which was not done.
    pub fn accepted(markup: Markup) -> Self {
        let notice = Notice::new(StatusCode::ACCEPTED, "This auth_token has access to use this method.");
        let body = match markup {
            Markup::Xml => notice.xml("success"),
            Markup::Json => to_json(&SuccessBody { success: notice }),
        };
        Self::new(StatusCode::ACCEPTED, markup, body)
    }

    /// 200 for a load balancer's health check.
    pub fn healthy() -> Self {
        Self::new(StatusCode::OK, Markup::Json, r#"{"status":"ok"}"#.to_owned())
    }

    /// HipChat's error body.
    pub fn error(status: StatusCode, message: &str, markup: Markup) -> Self {
        let notice = Notice::new(status, message);
        let body = match markup {
            Markup::Xml => notice.xml("error"),
            Markup::Json => to_json(&ErrorBody { error: notice }),
        };
        Self::new(status, markup, body)
    }

    /// Adds `Allow`, for a 405.
    #[must_use]
    pub fn allowing(mut self, methods: &str) -> Self {
        self.allow = HeaderValue::from_str(methods).ok();
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds `Cache-Control: no-store`, as an answer with a token has it (RFC 6749, section 5.1).
    #[must_use]
    pub fn unstored(mut self) -> Self {
        self.unstored = true;
        self
    }

    /// Leaves the body out but not what is told of it, as the answer to `HEAD` does (RFC 9110, section 9.3.2).
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.is_head = true;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The response.
    pub fn into_response(self) -> Response<Bytes> {
        let has_body = !self.body.is_empty();
        let body = if self.is_head { String::new() } else { self.body };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            let kind = match self.markup {
                Markup::Json => "application/json",
                Markup::Xml => "application/xml",
            };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if self.unstored {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, allow);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn to_json(body: &impl Serialize) -> String {
    // Numbers and texts always serialise; an empty body would be the worst that could come of it.
    serde_json::to_string(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: Answer) -> String {
        String::from_utf8(answer.into_response().into_body().to_vec()).unwrap()
    }

    #[test]
    fn errors_are_what_clients_read() {
        let message = "Room '\"<a>' not found";
        assert_eq!(
            body(Answer::error(StatusCode::NOT_FOUND, message, Markup::Json)),
            r#"{"error":{"code":404,"type":"Not Found","message":"Room '\"<a>' not found"}}"#
        );
        assert!(
            body(Answer::error(StatusCode::NOT_FOUND, message, Markup::Xml)).ends_with(
                "<error><code>404</code><type>Not Found</type><message>Room '\"&lt;a&gt;' not found</message></error>"
            )
        );
    }

    #[test]
    fn a_write_ends_in_204_without_body_and_type() {
        let response = Answer::no_content().into_response();
        assert_eq!(response.status(), 204);
        assert!(response.body().is_empty() && response.headers().is_empty());
    }

    #[test]
    fn xml_is_declared_as_such() {
        let response = Answer::sent(Markup::Xml).into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], "application/xml");
        assert_eq!(
            body(Answer::accepted(Markup::Json)),
            r#"{"success":{"code":202,"type":"Accepted","message":"This auth_token has access to use this method."}}"#
        );
    }
}
