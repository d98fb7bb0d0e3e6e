//! Settings of the authorization server: where it is, how we show ourselves to it, how patient we are.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use shared::SecretSource;
use shared::env::Reader;
use url::Url;

use super::names::Names;
use crate::upstream::UpstreamRules;

/// The introspection endpoint.
#[derive(Debug, Clone)]
pub struct IntrospectionConfig {
    /// Its URL.
    pub url: Url,
    /// How we show ourselves to it.
    pub auth: CallerConfig,
    /// Further headers of requests to it.
    pub headers: HeaderMap,
    /// Certificate authorities that are trusted beside the system's: PEM text, or the path of a file.
    pub ca_bundle: Option<SecretSource>,
}

/// How we show ourselves to the introspection endpoint.
#[derive(Debug, Clone)]
pub enum CallerConfig {
    /// Not at all.
    None,
    /// As a client, by id and secret.
    Basic(ClientConfig),
    /// With a token that does not change.
    Bearer(SecretSource),
    /// With a token that this client gets at a token endpoint.
    ClientCredentials {
        /// The client.
        client: ClientConfig,
        /// The token endpoint.
        token_url: Url,
        /// The scopes to ask for, separated by spaces; may be empty.
        scope: String,
        /// The audience to ask for; may be empty.
        audience: String,
    },
}

/// An OAuth client.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretSource,
    /// Whether id and secret are form-encoded inside `Basic` (RFC 6749, section 2.3.1).
    pub form_encoded: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthKind {
    None,
    Basic,
    Bearer,
    ClientCredentials,
}

const AUTH: &str = "AUTHZ_INTROSPECTION_AUTH";

const AUTH_KINDS: [(&str, AuthKind); 4] = [
    ("none", AuthKind::None),
    ("basic", AuthKind::Basic),
    ("bearer", AuthKind::Bearer),
    ("client_credentials", AuthKind::ClientCredentials),
];

impl AuthKind {
    fn word(self) -> &'static str {
        AUTH_KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(word, _)| word)
    }

    fn shows_client(self) -> bool {
        matches!(self, Self::Basic | Self::ClientCredentials)
    }
}

/// All settings are read and checked, whichever of them the chosen way needs. `None` after a problem was told.
pub(super) fn caller(reader: &mut Reader<'_>, names: Names, allow_http: bool) -> Option<CallerConfig> {
    let kind = reader.choice(&names.of(AUTH), AuthKind::None, &AUTH_KINDS);
    let word = reader.text(&names.of(AUTH));
    let is_known = word.is_none_or(|word| AUTH_KINDS.iter().any(|(known, _)| *known == word));
    if is_known {
        tell_unused(reader, names, kind);
    }
    let client = client(reader, names, kind);
    let bearer = secret_for(reader, names, "AUTHZ_BEARER", kind, kind == AuthKind::Bearer);
    if kind == AuthKind::ClientCredentials {
        needed(reader, names, "AUTHZ_TOKEN_URL", kind);
    }
    let token_url = reader.url(&names.of("AUTHZ_TOKEN_URL"), allow_http);
    match kind {
        AuthKind::None => Some(CallerConfig::None),
        AuthKind::Basic => client.map(CallerConfig::Basic),
        AuthKind::Bearer => bearer.map(CallerConfig::Bearer),
        AuthKind::ClientCredentials => Some(CallerConfig::ClientCredentials {
            scope: reader.list(&names.of("AUTHZ_TOKEN_SCOPE")).join(" "),
            audience: reader.text_or(&names.of("AUTHZ_TOKEN_AUDIENCE"), ""),
            client: client?,
            token_url: token_url?,
        }),
    }
}

/// Whoever gives credentials means that they are shown, and would not notice that nobody asks in their name.
fn tell_unused(reader: &mut Reader<'_>, names: Names, kind: AuthKind) {
    for (variable, is_used) in [
        ("AUTHZ_CLIENT_ID", kind.shows_client()),
        ("AUTHZ_CLIENT_SECRET", kind.shows_client()),
        ("AUTHZ_BEARER", kind == AuthKind::Bearer),
    ] {
        for name in [names.of(variable), names.twin(variable)] {
            if !is_used && reader.text(&name).is_some() {
                let (auth, word) = (names.of(AUTH), kind.word());
                let what =
                    format_args!("is of no use with {auth}={word}: set that to what shows it, or leave this out");
                reader.problem(&name, what);
            }
        }
    }
}

fn client(reader: &mut Reader<'_>, names: Names, kind: AuthKind) -> Option<ClientConfig> {
    if kind.shows_client() {
        needed(reader, names, "AUTHZ_CLIENT_ID", kind);
    }
    let id = reader.text(&names.of("AUTHZ_CLIENT_ID"));
    let secret = secret_for(reader, names, "AUTHZ_CLIENT_SECRET", kind, kind.shows_client());
    let encoding = names.of("AUTHZ_CLIENT_AUTH_ENCODING");
    let form_encoded = reader.choice(&encoding, true, &[("form", true), ("raw", false)]);
    Some(ClientConfig {
        id: id?,
        secret: secret?,
        form_encoded,
    })
}

fn secret_for(
    reader: &mut Reader<'_>,
    names: Names,
    variable: &str,
    kind: AuthKind,
    is_needed: bool,
) -> Option<SecretSource> {
    let (name, twin) = (names.of(variable), names.twin(variable));
    if is_needed && reader.text(&name).is_none() && reader.text(&twin).is_none() {
        let (auth, word) = (names.of(AUTH), kind.word());
        let what = format_args!("or {twin} is required with {auth}={word}").to_string();
        reader.problem(&name, what);
    }
    names.secret(variable, reader)
}

fn needed(reader: &mut Reader<'_>, names: Names, variable: &str, kind: AuthKind) {
    let name = names.of(variable);
    if reader.text(&name).is_none() {
        let (auth, word) = (names.of(AUTH), kind.word());
        reader.problem(&name, format_args!("is required with {auth}={word}"));
    }
}

/// Headers of the operator's for requests to a server.
pub(super) fn headers(reader: &mut Reader<'_>, name: &str, given: Vec<(String, String)>) -> HeaderMap {
    /// Set by the function itself, or by the HTTP client to frame the request.
    const OURS: [&str; 6] = [
        "authorization",
        "content-type",
        "content-length",
        "host",
        "transfer-encoding",
        "connection",
    ];
    let mut headers = HeaderMap::new();
    for (header, value) in given {
        let (Ok(header), Ok(mut value)) = (HeaderName::try_from(&header), HeaderValue::try_from(&value)) else {
            reader.problem(name, "holds a name or value that cannot stand in a request");
            continue;
        };
        if OURS.contains(&header.as_str()) {
            reader.problem(name, format_args!("must not set {header}"));
            continue;
        }
        value.set_sensitive(true);
        if headers.insert(header, value).is_some() {
            reader.problem(name, "names a header twice, be it in another case");
        }
    }
    headers
}

pub(super) fn upstream(reader: &mut Reader<'_>) -> UpstreamRules {
    let mut time = |name, default| Duration::from_millis(reader.number(name, default, 1..=9999));
    UpstreamRules {
        connect_timeout: time("AUTHZ_CONNECT_TIMEOUT_MS", 500),
        request_timeout: time("AUTHZ_REQUEST_TIMEOUT_MS", 1500),
        total_budget: time("AUTHZ_TOTAL_BUDGET_MS", 4000),
        retries: u32::try_from(reader.number("AUTHZ_RETRIES", 1, 0..=3)).unwrap_or_default(),
        backoff: Duration::from_millis(reader.number("AUTHZ_RETRY_BACKOFF_MS", 100, 0..=5000)),
        max_bytes: super::count(reader, "AUTHZ_MAX_UPSTREAM_BYTES", 65_536, 64, 1_048_576),
    }
}

#[cfg(test)]
mod tests;
