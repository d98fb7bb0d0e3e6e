//! Settings of the authorization server: where it is, how we show ourselves to it, how patient we are.

use std::collections::BTreeMap;
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

#[derive(Clone, Copy)]
enum AuthKind {
    None,
    Basic,
    Bearer,
    ClientCredentials,
}

/// `None` after a problem was told.
pub(super) fn caller(reader: &mut Reader<'_>, names: Names, allow_http: bool) -> Option<CallerConfig> {
    let kinds = [
        ("none", AuthKind::None),
        ("basic", AuthKind::Basic),
        ("bearer", AuthKind::Bearer),
        ("client_credentials", AuthKind::ClientCredentials),
    ];
    let kind = reader.choice(&names.of("AUTHZ_INTROSPECTION_AUTH"), AuthKind::None, &kinds);
    match kind {
        AuthKind::None => Some(CallerConfig::None),
        AuthKind::Basic => client(reader, names, "basic").map(CallerConfig::Basic),
        AuthKind::Bearer => secret_for(reader, names, "AUTHZ_BEARER", "bearer").map(CallerConfig::Bearer),
        AuthKind::ClientCredentials => {
            let client = client(reader, names, "client_credentials");
            needed(reader, names, "AUTHZ_TOKEN_URL", "client_credentials");
            let token_url = reader.url(&names.of("AUTHZ_TOKEN_URL"), allow_http);
            Some(CallerConfig::ClientCredentials {
                scope: reader.list(&names.of("AUTHZ_TOKEN_SCOPE")).join(" "),
                audience: reader.text_or(&names.of("AUTHZ_TOKEN_AUDIENCE"), ""),
                client: client?,
                token_url: token_url?,
            })
        }
    }
}

fn client(reader: &mut Reader<'_>, names: Names, mode: &str) -> Option<ClientConfig> {
    needed(reader, names, "AUTHZ_CLIENT_ID", mode);
    let id = reader.text(&names.of("AUTHZ_CLIENT_ID"));
    let secret = secret_for(reader, names, "AUTHZ_CLIENT_SECRET", mode);
    let encoding = names.of("AUTHZ_CLIENT_AUTH_ENCODING");
    let form_encoded = reader.choice(&encoding, true, &[("form", true), ("raw", false)]);
    Some(ClientConfig {
        id: id?,
        secret: secret?,
        form_encoded,
    })
}

fn secret_for(reader: &mut Reader<'_>, names: Names, variable: &str, mode: &str) -> Option<SecretSource> {
    let (name, twin) = (names.of(variable), names.twin(variable));
    if reader.text(&name).is_none() && reader.text(&twin).is_none() {
        let auth = names.of("AUTHZ_INTROSPECTION_AUTH");
        let what = format_args!("or {twin} is required with {auth}={mode}").to_string();
        reader.problem(&name, what);
    }
    names.secret(variable, reader)
}

fn needed(reader: &mut Reader<'_>, names: Names, variable: &str, mode: &str) {
    let name = names.of(variable);
    if reader.text(&name).is_none() {
        let auth = names.of("AUTHZ_INTROSPECTION_AUTH");
        reader.problem(&name, format_args!("is required with {auth}={mode}"));
    }
}

/// Headers of the operator's for requests to a server.
pub(super) fn headers(reader: &mut Reader<'_>, name: &str, given: BTreeMap<String, String>) -> HeaderMap {
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
        headers.insert(header, value);
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
