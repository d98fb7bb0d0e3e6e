//! Settings of the authorization server: where it is, how we show ourselves to it, how patient we are.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use shared::SecretSource;
use shared::env::Reader;
use url::Url;

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
pub(super) fn caller(reader: &mut Reader<'_>, allow_http: bool) -> Option<CallerConfig> {
    let kinds = [
        ("none", AuthKind::None),
        ("basic", AuthKind::Basic),
        ("bearer", AuthKind::Bearer),
        ("client_credentials", AuthKind::ClientCredentials),
    ];
    let kind = reader.choice("AUTHZ_INTROSPECTION_AUTH", AuthKind::None, &kinds);
    match kind {
        AuthKind::None => Some(CallerConfig::None),
        AuthKind::Basic => client(reader, "basic").map(CallerConfig::Basic),
        AuthKind::Bearer => secret_for(reader, "AUTHZ_BEARER", "bearer").map(CallerConfig::Bearer),
        AuthKind::ClientCredentials => {
            let client = client(reader, "client_credentials");
            needed(reader, "AUTHZ_TOKEN_URL", "client_credentials");
            let token_url = reader.url("AUTHZ_TOKEN_URL", allow_http);
            Some(CallerConfig::ClientCredentials {
                scope: reader.list("AUTHZ_TOKEN_SCOPE").join(" "),
                audience: reader.text_or("AUTHZ_TOKEN_AUDIENCE", ""),
                client: client?,
                token_url: token_url?,
            })
        }
    }
}

fn client(reader: &mut Reader<'_>, mode: &str) -> Option<ClientConfig> {
    needed(reader, "AUTHZ_CLIENT_ID", mode);
    let id = reader.text("AUTHZ_CLIENT_ID");
    let secret = secret_for(reader, "AUTHZ_CLIENT_SECRET", mode);
    let form_encoded = reader.choice("AUTHZ_CLIENT_AUTH_ENCODING", true, &[("form", true), ("raw", false)]);
    Some(ClientConfig {
        id: id?,
        secret: secret?,
        form_encoded,
    })
}

fn secret_for(reader: &mut Reader<'_>, name: &str, mode: &str) -> Option<SecretSource> {
    let twin = format!("{name}_SECRET_ARN");
    if reader.text(name).is_none() && reader.text(&twin).is_none() {
        let what = format_args!("or {twin} is required with AUTHZ_INTROSPECTION_AUTH={mode}").to_string();
        reader.problem(name, what);
    }
    reader.secret(name)
}

fn needed(reader: &mut Reader<'_>, name: &str, mode: &str) {
    if reader.text(name).is_none() {
        reader.problem(name, format_args!("is required with AUTHZ_INTROSPECTION_AUTH={mode}"));
    }
}

pub(super) fn headers(reader: &mut Reader<'_>) -> HeaderMap {
    const NAME: &str = "AUTHZ_INTROSPECTION_HEADERS";
    /// Set by the function itself, or by the HTTP client to frame the request.
    const OURS: [&str; 6] = [
        "authorization",
        "content-type",
        "content-length",
        "host",
        "transfer-encoding",
        "connection",
    ];
    let given: BTreeMap<String, String> = reader.json(NAME).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(&name), HeaderValue::try_from(&value)) else {
            reader.problem(NAME, "holds a name or value that cannot stand in a request");
            continue;
        };
        if OURS.contains(&name.as_str()) {
            reader.problem(NAME, format_args!("must not set {name}"));
            continue;
        }
        value.set_sensitive(true);
        headers.insert(name, value);
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
