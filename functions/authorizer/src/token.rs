//! From a request to its access token: where it stands, its scheme, its grammar. Pure.
//!
//! Whatever is refused here never reaches the authorization server.

use std::fmt;

use crate::error::Problem;
use crate::event::{AuthorizationRequest, Kind, Presence};

/// What Ory Hydra's refresh tokens and authorization codes begin with; the first are introspected as active.
pub const NEVER_TAKEN: [&str; 2] = ["ory_rt_", "ory_ac_"];

/// A place of a request where a token may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A header, by its name in any case.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A cookie.
    Cookie(String),
    /// `Sec-WebSocket-Protocol` of a WebSocket connection: the item after `bearer`.
    Subprotocol,
}

/// How tokens are found and which are taken.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// Tried in this order; the first that holds anything decides. TOKEN events bring their token themselves.
    pub locations: Vec<Location>,
    /// The scheme of TOKEN events and of the header `Authorization`, in any case; `None` takes the raw value.
    pub scheme: Option<String>,
    /// What a token must begin with.
    pub prefix: String,
    /// The longest token, in bytes.
    pub max_bytes: usize,
}

/// An access token of the right form, nothing more. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessToken<'r>(&'r str);

impl<'r> AccessToken<'r> {
    /// The token itself. Name the place where it goes when calling this.
    pub fn reveal(&self) -> &'r str {
        self.0
    }
}

impl fmt::Debug for AccessToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TokenRules {
    /// The request's token.
    ///
    /// # Errors
    /// The refusals of a request without a presentable token; each is a 401.
    pub fn extract<'r>(&self, request: &'r AuthorizationRequest<'_>) -> Result<AccessToken<'r>, Problem> {
        let text = self.locate(request)?;
        // Length first: nothing else looks at a value of unbounded size.
        if text.len() > self.max_bytes {
            return Err(Problem::TokenTooLong(text.len()));
        }
        if !is_b64token(text) {
            return Err(Problem::MalformedToken(text.len()));
        }
        if NEVER_TAKEN.iter().any(|never| text.starts_with(never)) {
            return Err(Problem::NotAccessTokenByPrefix);
        }
        if !text.starts_with(&self.prefix) {
            return Err(Problem::TokenPrefix);
        }
        Ok(AccessToken(text))
    }

    fn locate<'r>(&self, request: &'r AuthorizationRequest<'_>) -> Result<&'r str, Problem> {
        if request.kind == Kind::RestToken {
            return match request.authorization_token() {
                Presence::Absent => Err(Problem::NoToken),
                Presence::One(value) => self.without_scheme(value),
                Presence::Many => Err(Problem::AmbiguousToken),
            };
        }
        for location in &self.locations {
            let presence = match location {
                Location::Header(name) => request.header(name),
                Location::Query(name) => request.query(name),
                Location::Cookie(name) => request.cookie(name),
                Location::Subprotocol if request.kind == Kind::WsConnect => request.header("sec-websocket-protocol"),
                Location::Subprotocol => Presence::Absent,
            };
            let value = match presence {
                Presence::Absent => continue,
                Presence::One(value) => value,
                Presence::Many => return Err(Problem::AmbiguousToken),
            };
            match location {
                Location::Header(name) if name.eq_ignore_ascii_case("authorization") => {
                    return self.without_scheme(value);
                }
                Location::Subprotocol => {
                    if let Some(found) = after_bearer(value) {
                        return found;
                    }
                }
                _ => return Ok(value),
            }
        }
        Err(Problem::NoToken)
    }

    /// Takes the scheme off a value that has no white space around it.
    fn without_scheme<'r>(&self, value: &'r str) -> Result<&'r str, Problem> {
        let Some(scheme) = &self.scheme else { return Ok(value) };
        match value.split_once([' ', '\t']) {
            Some((found, rest)) if found.eq_ignore_ascii_case(scheme) => Ok(rest.trim_start_matches([' ', '\t'])),
            _ => Err(Problem::BadScheme),
        }
    }
}

/// The item after `bearer` in a list of subprotocols; `None` when the list does not speak of a bearer at all.
fn after_bearer(list: &str) -> Option<Result<&str, Problem>> {
    let mut items = list.split(',').map(|item| item.trim_matches([' ', '\t']));
    items.by_ref().find(|item| item.eq_ignore_ascii_case("bearer"))?;
    let token = items.next().filter(|token| !token.is_empty()).ok_or(Problem::BadScheme);
    if items.any(|item| item.eq_ignore_ascii_case("bearer")) {
        return Some(Err(Problem::AmbiguousToken));
    }
    Some(token)
}

/// `b64token` of RFC 6750, section 2.1: one or more of letters, digits and `-._~+/`, then any number of `=`.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(plain)
}

#[cfg(test)]
mod tests;
