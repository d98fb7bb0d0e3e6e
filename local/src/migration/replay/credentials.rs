//! The credentials of a recorded request, and those of the stage that take their place.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde_json::Value;
use shared::Secret;

use super::super::Exchange;
use super::fields::{Field, Spelling, form, json, multipart};

const TOKENS: [&str; 3] = ["auth_token", "token", "access_token"];
const CLIENT_ID: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";
/// Secrets that a stage has no counterpart for.
const OTHERS: [&str; 2] = ["password", "refresh_token"];

/// What the stage is shown.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    pub(super) token: Option<Secret>,
    /// Id and secret of an OAuth client.
    pub(super) client: Option<(String, Secret)>,
    /// Recorded secrets without a counterpart are sent as they are.
    pub(super) sends_recorded: bool,
}

/// Whether values of this name are shown nowhere.
pub(super) fn is_secret(name: &str) -> bool {
    TOKENS.contains(&name) || name == CLIENT_SECRET || OTHERS.contains(&name)
}

fn is_credential(name: &str) -> bool {
    is_secret(name) || name == CLIENT_ID
}

impl Credentials {
    /// Whether all that a request must not show to a stage has something to take its place.
    ///
    /// # Errors
    /// A sentence with the request's line.
    pub(super) fn check(&self, exchange: &Exchange) -> Result<(), String> {
        if self.sends_recorded {
            return Ok(());
        }
        let line = exchange.line;
        let (_, query) = split(&exchange.target);
        let fields = [form(query.as_bytes()), in_body(&exchange.body)].concat();
        let mut names = fields.iter().filter(|field| !field.value.is_empty());
        let has = |name: &str| fields.iter().any(|field| field.name == name && !field.value.is_empty());
        let is_basic = authorizations(exchange).any(|value| basic(value).is_some());
        if self.client.is_none() && (is_basic || has(CLIENT_SECRET)) {
            return Err(format!(
                "line {line}: it holds a client's secret; give HIPCHAT_OAUTH_ID and HIPCHAT_OAUTH_SECRET, or --send-recorded-secrets"
            ));
        }
        match names.find(|field| OTHERS.contains(&field.name.as_str())) {
            Some(field) => Err(format!(
                "line {line}: it holds a {}, which is not sent without --send-recorded-secrets",
                field.name
            )),
            None => Ok(()),
        }
    }

    /// Path and query with the stage's credentials.
    pub(super) fn target(&self, target: &str) -> String {
        let (path, query) = split(target);
        let path = match (&self.token, token_in_path(path)) {
            (Some(token), Some(at)) => {
                let field = Field {
                    name: "token".to_owned(),
                    value: String::new(),
                    at,
                    spelling: Spelling::Form,
                };
                spliced(path.as_bytes(), &[(field, token.reveal())])
            }
            _ => path.as_bytes().to_vec(),
        };
        let query = self.rewritten(query.as_bytes(), form(query.as_bytes()));
        let mark = if target.contains('?') { "?" } else { "" };
        format!(
            "{}{mark}{}",
            String::from_utf8_lossy(&path),
            String::from_utf8_lossy(&query)
        )
    }

    /// A body with the stage's credentials; all else stays byte for byte.
    pub(super) fn body(&self, body: &[u8]) -> Vec<u8> {
        self.rewritten(body, in_body(body))
    }

    /// The value of `Authorization` with the stage's credentials.
    pub(super) fn authorization<'a>(&self, value: &'a str) -> Cow<'a, str> {
        let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
        match (scheme, &self.token, &self.client) {
            (Some(scheme), _, Some(client)) if basic(value).is_some() => format!("{scheme} {}", encoded(client)).into(),
            _ if basic(value).is_some() => value.into(),
            (Some(scheme), Some(token), _) => format!("{scheme} {}", token.reveal()).into(),
            (None, Some(token), _) => token.reveal().to_owned().into(),
            (_, None, _) => value.into(),
        }
    }

    fn rewritten(&self, text: &[u8], fields: Vec<Field>) -> Vec<u8> {
        let mut replaced: Vec<(Field, &str)> = fields
            .into_iter()
            .filter(|field| !field.value.is_empty())
            .filter_map(|field| Some((self.counterpart(&field.name)?, field)))
            .map(|(value, field)| (field, value))
            .collect();
        replaced.sort_by_key(|(field, _)| field.at.start);
        spliced(text, &replaced)
    }

    fn counterpart(&self, name: &str) -> Option<&str> {
        match (name, &self.client) {
            (CLIENT_ID, Some((id, _))) => Some(id),
            (CLIENT_SECRET, Some((_, secret))) => Some(secret.reveal()),
            _ if TOKENS.contains(&name) => self.token.as_ref().map(Secret::reveal),
            _ => None,
        }
    }

    /// All secrets of a request and of its answers, and those that take their place, as they are written and decoded.
    pub(super) fn secrets(&self, exchange: &Exchange, answers: &[&str]) -> Vec<Secret> {
        let (path, query) = split(&exchange.target);
        let mut found = Vec::new();
        let mut take = |text: &[u8], fields: Vec<Field>| {
            for field in fields.into_iter().filter(|field| is_secret(&field.name)) {
                let written = text.get(field.at).unwrap_or_default();
                found.push(String::from_utf8_lossy(written).trim_matches('"').to_owned());
                found.push(field.value);
            }
        };
        take(query.as_bytes(), form(query.as_bytes()));
        take(&exchange.body, in_body(&exchange.body));
        for answer in answers {
            take(answer.as_bytes(), json(answer.as_bytes(), is_secret));
        }
        if let Some(token) = token_in_path(path).and_then(|at| path.get(at)) {
            found.extend([
                token.to_owned(),
                percent_decode(token.as_bytes()).decode_utf8_lossy().into_owned(),
            ]);
        }
        for value in authorizations(exchange) {
            let shown = value.trim();
            found.push(shown.split_once(' ').map_or(shown, |(_, rest)| rest.trim()).to_owned());
            found.extend(basic(value).and_then(|pair| Some(pair.split_once(':')?.1.to_owned())));
        }
        if let Some(client) = &self.client {
            found.extend([encoded(client), client.1.reveal().to_owned()]);
        }
        let found = found.into_iter().filter(|secret| !secret.is_empty());
        found.map(Secret::new).chain(self.token.clone()).collect()
    }
}

fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// Where the token of `oauth/token/{token}` stands in a path.
fn token_in_path(path: &str) -> Option<Range<usize>> {
    let mut last = ["", ""];
    let mut start = 0;
    for segment in path.split('/') {
        let at = start..start + segment.len();
        start = at.end + 1;
        if segment.is_empty() {
            continue;
        }
        if last == ["oauth", "token"] {
            return Some(at);
        }
        let [_, before] = last;
        last = [before, segment];
    }
    None
}

/// The credentials in a body. Clients of the first API did not always say that they sent a form.
fn in_body(body: &[u8]) -> Vec<Field> {
    let mut fields = json(body, is_credential);
    let start = body.trim_ascii_start();
    if start.starts_with(b"--") {
        fields.extend(multipart(body));
    } else if !start.starts_with(b"{") && !start.starts_with(b"[") {
        fields.extend(form(body));
    }
    fields.retain(|field| is_credential(&field.name));
    fields
}

fn authorizations(exchange: &Exchange) -> impl Iterator<Item = &str> {
    let headers = exchange.headers.iter();
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.as_str())
}

/// What stands in `Authorization: Basic` (RFC 7617), decoded as far as it can be.
fn basic(value: &str) -> Option<String> {
    let (scheme, pair) = value.trim().split_once(' ')?;
    let decoded = STANDARD.decode(pair.trim()).unwrap_or_default();
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| String::from_utf8_lossy(&decoded).into_owned())
}

fn encoded((id, secret): &(String, Secret)) -> String {
    STANDARD.encode(format!("{id}:{}", secret.reveal()))
}

/// A text with other values in the places of these fields, which stand in order.
fn spliced(text: &[u8], fields: &[(Field, &str)]) -> Vec<u8> {
    let mut done = Vec::with_capacity(text.len());
    let mut end = 0;
    for (field, value) in fields.iter().filter(|(field, _)| !field.at.is_empty()) {
        let Some(kept) = text.get(end..field.at.start) else {
            continue;
        };
        done.extend_from_slice(kept);
        let written = match field.spelling {
            Spelling::Form => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
            Spelling::Json => Value::from(*value).to_string(),
            Spelling::Plain => (*value).to_owned(),
        };
        done.extend_from_slice(written.as_bytes());
        end = field.at.end;
    }
    done.extend_from_slice(text.get(end..).unwrap_or_default());
    done
}
