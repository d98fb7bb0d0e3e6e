//! Sends a recorded request to a stage, and tells how the answer differs from the recorded one, without secrets.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Client;
use serde_json::Value;
use shared::Secret;

use super::{Exchange, Recorded};

/// The longest wait for an answer: a cold start behind a load balancer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Headers that belong to one connection or are made anew.
const OWN: [&str; 8] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
];
const MASK: &str = "***";

/// Where requests go.
#[derive(Debug)]
pub struct Stage {
    client: Client,
    url: String,
    host: Option<HeaderValue>,
    token: Option<Secret>,
}

/// What became of one request, ready to print.
#[derive(Debug)]
pub struct Replay {
    /// Request, status, headers and body; the marks are `=` as recorded, `~` other, `+` new, `-` missing.
    pub text: String,
    /// Whether the status is the recorded one, where one was recorded.
    pub is_same: bool,
}

impl Stage {
    /// `url` is the stage's base, `host` the name to ask it for in place of the URL's own, `token` takes the place of the
    /// recorded ones, `ca` is a PEM of authorities that are trusted beside the system's.
    ///
    /// # Errors
    /// A sentence.
    pub fn new(url: &str, host: Option<&str>, token: Option<Secret>, ca: Option<&[u8]>) -> Result<Self, String> {
        let mut client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = ca {
            let authorities = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
            if authorities.is_empty() {
                return Err("the authority's certificate is no PEM".to_owned());
            }
            client = authorities
                .into_iter()
                .fold(client, reqwest::ClientBuilder::add_root_certificate);
        }
        let host = host.map(HeaderValue::from_str).transpose();
        Ok(Self {
            client: client.build().map_err(|error| error.to_string())?,
            url: url.trim_end_matches('/').to_owned(),
            host: host.map_err(|_| "the host is no host".to_owned())?,
            token,
        })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// A sentence, where it cannot be sent or nothing comes back.
    pub async fn replay(&self, exchange: &Exchange) -> Result<Replay, String> {
        let line = exchange.line;
        let secrets = self.secrets(exchange);
        let url = url::Url::parse(&format!(
            "{}{}",
            self.url,
            self.replaced(&exchange.target, &secrets, true)
        ))
        .map_err(|_| format!("line {line}: its target and the URL make no URL"))?;
        let method =
            Method::from_bytes(exchange.method.as_bytes()).map_err(|_| format!("line {line}: no method of HTTP"))?;
        let body = match std::str::from_utf8(&exchange.body) {
            Ok(text) => self
                .replaced(text, &secrets, is_form(exchange))
                .into_owned()
                .into_bytes(),
            Err(_) => exchange.body.clone(),
        };
        let mut request = self
            .client
            .request(method, url)
            .headers(self.headers(exchange, &secrets)?);
        if !body.is_empty() || exchange.method != "GET" {
            request = request.body(body);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| masked(&format!("line {line}: {}", cause(&error.without_url())), &secrets))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| error.without_url().to_string())?;
        let mut text = format!("{} {}\n", exchange.method, exchange.target);
        let recorded = exchange.recorded.as_ref();
        let is_same = recorded.is_none_or(|recorded| recorded.status == status);
        compare(&mut text, status, &headers, &String::from_utf8_lossy(&body), recorded);
        Ok(Replay {
            text: masked(&text, &secrets),
            is_same,
        })
    }

    /// The tokens in a request, decoded, and the one that takes their place.
    fn secrets(&self, exchange: &Exchange) -> Vec<Secret> {
        let query = exchange.target.split_once('?').map_or("", |(_, query)| query);
        let body = String::from_utf8_lossy(&exchange.body);
        let form = if is_form(exchange) { body.as_ref() } else { "" };
        let pairs = [query, form]
            .into_iter()
            .flat_map(|text| url::form_urlencoded::parse(text.as_bytes()));
        let named = pairs
            .filter(|(name, _)| is_token(name))
            .map(|(_, value)| value.into_owned());
        let json = serde_json::from_str::<Value>(&body).ok();
        let member = json.iter().filter_map(Value::as_object).flatten();
        let members = member
            .filter(|(name, _)| is_token(name))
            .filter_map(|(_, value)| value.as_str().map(str::to_owned));
        let headers = exchange
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let credentials = headers.map(|(_, value)| {
            value
                .split_once(' ')
                .map_or(value.as_str(), |(_, rest)| rest.trim())
                .to_owned()
        });
        let found = named
            .chain(members)
            .chain(credentials)
            .filter(|token| !token.is_empty());
        found.map(Secret::new).chain(self.token.clone()).collect()
    }

    /// A text with the stage's token in place of the recorded ones.
    fn replaced<'a>(&self, text: &'a str, secrets: &[Secret], is_encoded: bool) -> Cow<'a, str> {
        let Some(token) = &self.token else {
            return Cow::Borrowed(text);
        };
        if !is_encoded {
            let recorded = secrets.iter().filter(|secret| secret.reveal() != token.reveal());
            let quoted = |secret: &Secret| Value::from(secret.reveal()).to_string();
            let done = recorded.fold(text.to_owned(), |text, secret| {
                text.replace(&quoted(secret), &quoted(token))
            });
            return Cow::Owned(done);
        }
        let encoded = utf8_percent_encode(token.reveal(), NON_ALPHANUMERIC).to_string();
        let (path, pairs) = text
            .split_once('?')
            .map_or((None, text), |(path, query)| (Some(path), query));
        if path.is_none() && text.starts_with('/') {
            return Cow::Borrowed(text);
        }
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_token(&percent_decode_str(name).decode_utf8_lossy()) => {
                format!("{name}={encoded}")
            }
            _ => pair.to_owned(),
        };
        let pairs: Vec<String> = pairs.split('&').map(pair).collect();
        let path = path.map(|path| format!("{path}?")).unwrap_or_default();
        Cow::Owned(format!("{path}{}", pairs.join("&")))
    }

    fn headers(&self, exchange: &Exchange, secrets: &[Secret]) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &exchange.headers {
            let lower = name.to_ascii_lowercase();
            if OWN.contains(&lower.as_str()) {
                continue;
            }
            let is_credential = lower == "authorization";
            let value = match (&self.token, value.split_once(' ')) {
                (Some(token), Some((scheme, _))) if is_credential => format!("{scheme} {}", token.reveal()),
                _ => value.clone(),
            };
            let bad = |_| {
                masked(
                    &format!("line {}: the header {name} cannot be sent", exchange.line),
                    secrets,
                )
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(()))?;
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad(()))?);
        }
        if let Some(host) = &self.host {
            headers.insert(HOST, host.clone());
        }
        Ok(headers)
    }
}

fn is_token(name: &str) -> bool {
    ["auth_token", "token", "access_token", "client_secret"].contains(&name)
}

/// What a client of HipChat's first API sends, with or without saying so.
fn is_form(exchange: &Exchange) -> bool {
    let kind = exchange
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_json =
        exchange.body.trim_ascii_start().starts_with(b"{") || exchange.body.trim_ascii_start().starts_with(b"--");
    !is_json
        && kind.is_none_or(|(_, value)| {
            value
                .to_ascii_lowercase()
                .starts_with("application/x-www-form-urlencoded")
        })
}

/// The innermost reason of an error, which is the one that helps.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    format!("no answer: {innermost}")
}

fn compare(text: &mut String, status: u16, headers: &HeaderMap, body: &str, recorded: Option<&Recorded>) {
    // Writing to a text cannot fail.
    let _ = match recorded {
        None => writeln!(text, "+ {status}"),
        Some(recorded) if recorded.status == status => writeln!(text, "= {status}"),
        Some(recorded) => writeln!(text, "~ {status}, recorded {}", recorded.status),
    };
    let known = |name: &str| {
        let headers = recorded.iter().flat_map(|recorded| &recorded.headers);
        headers.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if is_hidden(name.as_str()) { MASK } else { value.as_ref() };
        let _ = match known(name.as_str()) {
            None => writeln!(text, "+ {name}: {value}"),
            Some((_, recorded)) if recorded == value => writeln!(text, "= {name}: {value}"),
            Some((_, recorded)) => writeln!(text, "~ {name}: {value}, recorded {recorded}"),
        };
    }
    let missing = recorded.iter().flat_map(|recorded| &recorded.headers);
    for (name, value) in missing.filter(|(name, _)| !headers.contains_key(name.as_str())) {
        let _ = writeln!(text, "- {name}: {}", if is_hidden(name) { MASK } else { value });
    }
    let _ = match recorded {
        None if body.is_empty() => Ok(()),
        None => writeln!(text, "+ {body}"),
        Some(recorded) if is_same_document(&recorded.body, body) => writeln!(text, "= {}", shown(body)),
        Some(recorded) => writeln!(text, "~ {}\n  recorded {}", shown(body), shown(&recorded.body)),
    };
}

fn is_hidden(name: &str) -> bool {
    ["set-cookie", "authorization", "www-authenticate"].contains(&name.to_ascii_lowercase().as_str())
}

fn shown(body: &str) -> &str {
    if body.is_empty() { "no body" } else { body }
}

fn is_same_document(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parsed(one).is_some_and(|document| Some(document) == parsed(other))
}

/// A text without the secrets, as they are and as URLs spell them.
fn masked(text: &str, secrets: &[Secret]) -> String {
    let plain = secrets.iter().map(|secret| secret.reveal().to_owned());
    let encoded = secrets
        .iter()
        .map(|secret| utf8_percent_encode(secret.reveal(), NON_ALPHANUMERIC).to_string());
    let form = secrets
        .iter()
        .map(|secret| url::form_urlencoded::byte_serialize(secret.reveal().as_bytes()).collect());
    let mut spellings: Vec<String> = plain.chain(encoded).chain(form).collect();
    // The longest first: one may be the beginning of another.
    spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    let masked = spellings
        .iter()
        .fold(text.to_owned(), |text, spelling| text.replace(spelling.as_str(), MASK));
    // What no list of ours knows in a query: by its name.
    masked
        .lines()
        .map(|line| {
            let words: Vec<String> = line.split(' ').map(hide_named).collect();
            words.join(" ") + "\n"
        })
        .collect()
}

fn hide_named(word: &str) -> String {
    let Some((before, query)) = word.split_once('?') else {
        return word.to_owned();
    };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_token(name) && !value.is_empty() => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    format!("{before}?{}", query.split('&').map(pair).collect::<Vec<_>>().join("&"))
}
