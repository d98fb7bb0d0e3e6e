//! What a target answered -> what the client gets.

mod begun;

use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use shared::Deadline;
use shared::http::{Front, FrontAnswer, Inbound, Unreadable};

use crate::error::Failure;
use crate::mask::Brought;
use crate::request::headers::{self, X_REQUEST_ID};
use crate::routes::{Compat, Route};
pub use begun::Begun;

pub(crate) const X_AMZN_REQUESTID: HeaderName = HeaderName::from_static("x-amzn-requestid");
pub(crate) const X_UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-upstream-request-id");

/// Who waits for an answer: what shapes it and what it is marked with.
#[derive(Debug)]
pub struct Caller<'a> {
    front: Front,
    method: Method,
    /// Lambda's id of the invocation.
    invocation_id: String,
    /// The client's own `x-request-id` if it is of a sane length, or else Lambda's.
    request_id: Option<HeaderValue>,
    route: Option<&'a Route>,
    /// What the client brought, in case that the target quotes it.
    brought: Brought,
    deadline: Option<Deadline>,
}

impl<'a> Caller<'a> {
    /// The caller of an invocation, as far as its event could be read.
    pub fn of(read: &Result<Inbound, Unreadable>, invocation_id: &str) -> Self {
        let (front, request) = match read {
            Ok(inbound) => (inbound.context.front, Some(&inbound.request)),
            Err(unreadable) => (unreadable.front, None),
        };
        let own_id = request.and_then(|request| headers::request_id(request.headers()).cloned());
        Self {
            front,
            method: request.map_or(Method::GET, |request| request.method().clone()),
            invocation_id: invocation_id.to_owned(),
            request_id: own_id.or_else(|| HeaderValue::from_str(invocation_id).ok()),
            route: None,
            brought: request.map(Brought::by).unwrap_or_default(),
            deadline: None,
        }
    }

    /// The answer has to be there by then.
    pub fn has_until(&mut self, deadline: Deadline) {
        self.deadline = Some(deadline);
    }

    /// Until when the answer has to be there, where the route has a say.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// What is left of the invocation's time when the answer has arrived, as far as the route has a say.
    pub fn margin(&self) -> Duration {
        self.route.map_or(Duration::ZERO, |route| route.deadline_margin)
    }

    /// The request took a route: its rules hold for the answer, whoever gives it.
    pub fn took(&mut self, route: &'a Route) {
        self.route = Some(route);
    }

    /// What the client brought and would not like to see in a log.
    pub fn brought(&self) -> &Brought {
        &self.brought
    }

    /// The same, for one that has its answer but for the rest of a stream.
    pub fn into_brought(self) -> Brought {
        self.brought
    }

    /// What stands before this function.
    pub fn front(&self) -> Front {
        self.front
    }

    /// Shapes a result for the front, and tells what failed. An answer that the front would not take for its size, or not
    /// with all its cookies, has failed too.
    pub fn answer(&self, result: Result<Response<Bytes>, Failure>) -> (FrontAnswer, Option<Failure>) {
        let failure = match result {
            Ok(response) => {
                let answer = self.shape(response);
                if answer.fits(self.front) {
                    return (answer, None);
                }
                Failure::ResponseTooLarge
            }
            Err(failure) => failure,
        };
        let answer = self.shape(self.failed(&failure));
        if answer.fits(self.front) {
            return (answer, Some(failure));
        }
        let failure = failure.bare();
        (self.shape(self.failed(&failure)), Some(failure))
    }

    fn failed(&self, failure: &Failure) -> Response<Bytes> {
        let mut response = failure.answer(&self.invocation_id, &self.method);
        if self.route.and_then(|route| route.compat) == Some(Compat::Apisix)
            && let Some(status) = failure.apisix_status()
        {
            *response.status_mut() = status;
        }
        response
    }

    fn shape(&self, mut response: Response<Bytes>) -> FrontAnswer {
        self.dress(&mut response);
        FrontAnswer::new(self.front, response)
    }

    /// The request's id goes with every answer, unless the target told one of its own.
    fn dress(&self, response: &mut Response<Bytes>) {
        if let Some(id) = &self.request_id {
            response.headers_mut().entry(X_REQUEST_ID).or_insert_with(|| id.clone());
        }
        if let Some(route) = self.route {
            headers::apply(&route.response_headers, response.headers_mut());
        }
    }
}

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
    headers::remove(&mut headers, |name| {
        name == "content-length" || name.starts_with("x-amzn-remapped-")
    });
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
