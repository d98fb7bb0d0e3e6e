//! The list of servers that answer for tokens, `AUTHZ_PROVIDERS`: each entry, and what they must not have in common.

pub(super) mod apart;

use std::time::Duration;

use jsonwebtoken::Algorithm;
use shared::env::{Reader, is_loopback};

use super::entry::{Entry, KINDS, Kind};
use super::json::Json;
use super::names::Names;
use super::provider::{JwksConfig, ProviderConfig, SourceConfig};
use super::server::{self, IntrospectionConfig};
use super::{ISSUER_MATCHES, MODES, lists};
use crate::claims::{ClaimRules, PrincipalRules};

const LIST: &str = "AUTHZ_PROVIDERS";
/// More servers than anyone has; each is compared with each other.
const MOST: usize = 32;

/// Settings of the only server of a configuration by variables, and what each says that is not set.
const BY_VARIABLE: [(&str, &str); 15] = [
    ("AUTHZ_INTROSPECTION_URL", ""),
    ("AUTHZ_INTROSPECTION_AUTH", "none"),
    ("AUTHZ_CLIENT_ID", ""),
    ("AUTHZ_CLIENT_SECRET", ""),
    ("AUTHZ_CLIENT_SECRET_SECRET_ARN", ""),
    ("AUTHZ_BEARER", ""),
    ("AUTHZ_BEARER_SECRET_ARN", ""),
    ("AUTHZ_TOKEN_URL", ""),
    ("AUTHZ_TOKEN_SCOPE", ""),
    ("AUTHZ_TOKEN_AUDIENCE", ""),
    ("AUTHZ_CLIENT_AUTH_ENCODING", "form"),
    ("AUTHZ_INTROSPECTION_HEADERS", "{}"),
    ("AUTHZ_CA_BUNDLE", ""),
    ("AUTHZ_CA_BUNDLE_SECRET_ARN", ""),
    ("AUTHZ_ISSUERS", ""),
];

/// Signature algorithms by their names (RFC 7518, section 3.1; RFC 8037). No secret is shared with an issuer, so none with
/// HMAC; and none is no signature.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// What holds for an entry that says nothing else.
pub(super) struct Defaults<'d> {
    pub(super) claims: &'d ClaimRules,
    pub(super) principal: &'d PrincipalRules,
    pub(super) allow_http: bool,
}

/// The servers of the list; `None` when there is no list.
pub(super) fn providers(
    reader: &mut Reader<'_>,
    defaults: &Defaults<'_>,
    warnings: &mut Vec<(String, &'static str)>,
) -> Option<Vec<ProviderConfig>> {
    reader.text(LIST)?;
    for (variable, default) in BY_VARIABLE {
        if reader.text(variable).is_some_and(|value| value != default) {
            reader.problem(
                variable,
                format_args!("must not be set together with {LIST}; its entries have such members"),
            );
        }
    }
    let entries = match reader.json(LIST) {
        Some(Json::List(entries)) if (1..=MOST).contains(&entries.len()) => entries,
        Some(_) => {
            reader.problem(LIST, format_args!("must be a list of 1 to {MOST} objects"));
            return Some(Vec::new());
        }
        None => return Some(Vec::new()),
    };
    let mut providers = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let Json::Object(members) = entry else {
            reader.problem(&format!("{LIST}[{at}]"), "must be an object");
            continue;
        };
        let entry = Entry::read(at, members);
        let mut own = Reader::new(&entry);
        let read = provider(&mut own, &entry, at, entries.len(), defaults);
        let others = own.finish().err().map(|error| error.problems().to_vec());
        for line in entry.lines(&others.unwrap_or_default()) {
            reader.line(line);
        }
        providers.extend(read);
    }
    apart::tell_shared(reader, &providers);
    for provider in &providers {
        if let SourceConfig::Jwks(jwks) = &provider.source
            && jwks.url.scheme() == "http"
            && !is_loopback(&jwks.url)
        {
            let what = "is plain HTTP: whoever stands between can put keys of their own into the answer, and then signs tokens \
                        that pass";
            warnings.push((provider.names.of("JWKS_URL"), what));
        }
    }
    if let [only] = providers.as_slice()
        && matches!(only.source, SourceConfig::Jwks(_))
        && only.claims.issuers.is_empty()
    {
        let what = "has a server of the kind jwks without issuers: every token that is signed with one of its keys passes as \
                    its own, whoever it says that it is from";
        warnings.push((LIST.to_owned(), what));
    }
    Some(providers)
}

fn provider(
    reader: &mut Reader<'_>,
    entry: &Entry,
    at: usize,
    count: usize,
    defaults: &Defaults<'_>,
) -> Option<ProviderConfig> {
    let names = Names::Entry(at);
    let path = |name: &str| entry.path(name);
    let name = reader.required(&path("name"));
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    if !name.bytes().all(is_letter) || name.len() > 64 {
        reader.problem(&path("name"), "must be of at most 64 letters, digits, - and _");
    }
    let words = KINDS.map(|(word, kind)| (word, Some(kind)));
    let kind = reader.choice(&path("kind"), None, &words);
    if reader.text(&path("kind")).is_none() {
        reader.problem(&path("kind"), "is required: introspection or jwks");
    }
    let prefix = match (entry.kind, reader.text(&path("token_prefix"))) {
        (Some(Kind::Jwks), Some(_)) => {
            reader.problem(
                &path("token_prefix"),
                "must not be set for the kind jwks: a signed token stands by itself",
            );
            String::new()
        }
        _ => lists::token_prefix(reader, &path("token_prefix")),
    };
    let mut claims = claim_rules(reader, entry, defaults.claims);
    if claims.issuers.is_empty() && entry.list("issuers").is_none() && count > 1 {
        reader.problem(
            &path("issuers"),
            "is required with more than one server, so that none answers for another's tokens",
        );
    }
    let principal = PrincipalRules {
        claims: entry
            .list("principal_claims")
            .unwrap_or_else(|| defaults.principal.claims.clone()),
        // Nothing, in so many words, takes back what is inherited.
        prefix: match entry.is_blank("principal_prefix") {
            true => String::new(),
            false => reader.text_or(&path("principal_prefix"), &defaults.principal.prefix),
        },
        default: match entry.is_blank("default_principal") {
            true => None,
            false => reader
                .text(&path("default_principal"))
                .or_else(|| defaults.principal.default.clone()),
        },
    };
    let source = match kind? {
        Kind::Introspection => {
            let introspection = introspection(reader, entry, names, defaults.allow_http)?;
            SourceConfig::Introspection(Box::new(introspection))
        }
        Kind::Jwks => {
            // Nobody is asked whether such a token still counts, so it must end by itself.
            claims.require_exp = true;
            let jwks = jwks(reader, entry, names, defaults.allow_http)?;
            if claims.audiences.is_empty() && !jwks.require_typ_at_jwt {
                reader.problem(
                    &path("audiences"),
                    "is required, or require_typ_at_jwt: the same keys may sign ID tokens, and nothing else tells those from access \
                     tokens",
                );
            }
            SourceConfig::Jwks(Box::new(jwks))
        }
    };
    Some(ProviderConfig {
        name: Some(name),
        prefix,
        claims,
        principal,
        source,
        names,
    })
}

fn claim_rules(reader: &mut Reader<'_>, entry: &Entry, defaults: &ClaimRules) -> ClaimRules {
    let list = |name: &str, default: &Vec<String>| entry.list(name).unwrap_or_else(|| default.clone());
    ClaimRules {
        issuers: entry.list("issuers").unwrap_or_default(),
        issuer_match: reader.choice(&entry.path("issuer_match"), defaults.issuer_match, ISSUER_MATCHES),
        audiences: list("audiences", &defaults.audiences),
        audience_mode: reader.choice(&entry.path("audience_mode"), defaults.audience_mode, MODES),
        client_ids: list("client_ids", &defaults.client_ids),
        skew_secs: defaults.skew_secs,
        require_exp: reader.flag(&entry.path("require_exp"), defaults.require_exp),
        require_token_use: reader.flag(&entry.path("require_token_use"), defaults.require_token_use),
    }
}

fn introspection(
    reader: &mut Reader<'_>,
    entry: &Entry,
    names: Names,
    allow_http: bool,
) -> Option<IntrospectionConfig> {
    let url = required_url(reader, &entry.path("introspection_url"), allow_http);
    let auth = server::caller(reader, names, allow_http);
    let headers = server::headers(reader, &entry.path("introspection_headers"), entry.headers());
    let ca_bundle = names.secret("AUTHZ_CA_BUNDLE", reader);
    Some(IntrospectionConfig {
        url: url?,
        auth: auth?,
        headers,
        ca_bundle,
    })
}

fn jwks(reader: &mut Reader<'_>, entry: &Entry, names: Names, allow_http: bool) -> Option<JwksConfig> {
    let url = required_url(reader, &entry.path("jwks_url"), allow_http);
    let given = entry.list("algorithms");
    let given = given.unwrap_or_else(|| vec!["RS256".to_owned(), "ES256".to_owned()]);
    let mut algorithms = Vec::new();
    for (nth, word) in given.iter().enumerate() {
        match ALGORITHMS.iter().find(|(known, _)| known == word) {
            Some((_, algorithm)) => algorithms.push(*algorithm),
            None => {
                let known = ALGORITHMS.map(|(known, _)| known).join(", ");
                let path = entry.path(&format!("algorithms[{nth}]"));
                reader.problem(&path, format_args!("must be one of {known}"));
            }
        }
    }
    let ttl_secs = reader.number(&entry.path("jwks_ttl_secs"), 300, 10..=3600);
    let require_typ_at_jwt = reader.flag(&entry.path("require_typ_at_jwt"), false);
    let ca_bundle = names.secret("AUTHZ_CA_BUNDLE", reader);
    Some(JwksConfig {
        url: url?,
        algorithms,
        require_typ_at_jwt,
        ttl: Duration::from_secs(ttl_secs),
        ca_bundle,
    })
}

fn required_url(reader: &mut Reader<'_>, path: &str, allow_http: bool) -> Option<url::Url> {
    reader.required(path);
    reader.url(path, allow_http)
}

#[cfg(test)]
mod tests;
