//! What servers of a list must not have in common, and what must not be set together with them.

use shared::env::Reader;

use crate::claims::same_issuer;
use crate::config::{CallerConfig, ProviderConfig, SourceConfig};
use crate::permission::{Check, PermissionRules};

const CHECK: &str = "AUTHZ_PERMISSION_CHECK";

/// Tells what two entries must not share: a name, a prefix, and, as far as it chooses between them, an issuer.
pub(in crate::config) fn tell_shared(reader: &mut Reader<'_>, providers: &[ProviderConfig]) {
    for (nth, later) in providers.iter().enumerate() {
        for earlier in providers.iter().take(nth) {
            let path = |name: &str| later.names.of(name);
            let other = |name: &str| earlier.names.of(name);
            if later.name == earlier.name {
                reader.problem(&path("name"), format_args!("is also {}", other("name")));
            }
            if later.prefix == earlier.prefix && !later.prefix.is_empty() {
                reader.problem(&path("token_prefix"), format_args!("is also {}", other("token_prefix")));
            }
            let shares = |issuer: &String| {
                let issuers = &mut earlier.claims.issuers.iter();
                let matches = [earlier.claims.issuer_match, later.claims.issuer_match];
                issuers.any(|known| matches.iter().any(|how| same_issuer(known, issuer, *how)))
            };
            if later.prefix.is_empty() && earlier.prefix.is_empty() {
                for (at, _) in later
                    .claims
                    .issuers
                    .iter()
                    .enumerate()
                    .filter(|(_, issuer)| shares(issuer))
                {
                    reader.problem(
                        &path(&format!("issuers[{at}]")),
                        format_args!(
                            "stands in {} too, and neither has a token_prefix: nothing would tell which one answers",
                            other("issuers")
                        ),
                    );
                }
            }
        }
    }
}

/// Tells what can never work together with these servers, or would mix what belongs to different ones.
pub(in crate::config) fn tell_unfit(
    reader: &mut Reader<'_>,
    providers: &[ProviderConfig],
    token_prefix: &str,
    permission: Option<&PermissionRules>,
) {
    let is_jwks = |provider: &ProviderConfig| matches!(provider.source, SourceConfig::Jwks(_));
    if !token_prefix.is_empty() && providers.iter().any(is_jwks) {
        reader.problem(
            "AUTHZ_TOKEN_PREFIX",
            "must not be set together with an entry of the kind jwks, whose tokens have no prefix",
        );
    }
    if !providers.iter().any(is_jwks) {
        tell_unreached(reader, providers, token_prefix);
    }
    for provider in providers.iter().filter(|provider| begins_a_jwt(&provider.prefix)) {
        if providers.iter().any(is_jwks) {
            let what = "is what signed tokens begin with, and would take them from the entries of the kind jwks";
            reader.problem(&provider.names.of("TOKEN_PREFIX"), what);
        }
    }
    match permission {
        Some(rules) if rules.check == Check::Warden => tell_unfit_for_warden(reader, providers, rules),
        Some(_) if providers.len() > 1 => tell_shared_subjects(reader, providers),
        Some(_) | None => {}
    }
}

/// Tells which servers never get a token, since each token begins with the prefix that is demanded of all.
fn tell_unreached(reader: &mut Reader<'_>, providers: &[ProviderConfig], token_prefix: &str) {
    let takes = |prefix: &str| token_prefix.starts_with(prefix);
    for provider in providers.iter().filter(|provider| provider.name.is_some()) {
        let own = provider.prefix.as_str();
        // The longest prefix that fits chooses.
        let is_outdone = |other: &ProviderConfig| other.prefix.len() > own.len() && takes(&other.prefix);
        let fits = takes(own) || own.starts_with(token_prefix);
        if !fits || providers.iter().any(is_outdone) {
            let what = "fits no token that begins with AUTHZ_TOKEN_PREFIX, as all must, or another entry's fits each of them better";
            reader.problem(&provider.names.of("TOKEN_PREFIX"), what);
        }
    }
}

/// Whether signed tokens may begin so: with `{` in base64url, before a quote or white space.
fn begins_a_jwt(prefix: &str) -> bool {
    prefix == "e" || prefix.starts_with("ey") || prefix.starts_with("ew")
}

fn tell_unfit_for_warden(reader: &mut Reader<'_>, providers: &[ProviderConfig], rules: &PermissionRules) {
    for provider in providers {
        let path = |variable: &str| provider.names.of(variable);
        let Some(endpoint) = provider.introspection() else {
            let what = format_args!("must be introspection with {CHECK}=warden, to which nobody could show himself");
            reader.problem(&path("KIND"), what);
            continue;
        };
        if matches!(endpoint.auth, CallerConfig::None | CallerConfig::Basic(_)) {
            let what =
                format_args!("must be bearer or client_credentials with {CHECK}=warden, which takes nothing else");
            reader.problem(&path("AUTHZ_INTROSPECTION_AUTH"), what);
        }
        if providers.len() > 1 && endpoint.url.origin() != rules.url.origin() {
            reader.problem(
                &path("AUTHZ_INTROSPECTION_URL"),
                "must have the origin of AUTHZ_PERMISSION_URL: a warden knows the tokens of its own server alone, and no other is \
                 shown them",
            );
        }
    }
}

/// Keto knows subjects by their names alone, and servers that know nothing of each other give out the same ones: each has
/// a prefix of its own, and no subject of one can be spelled as another's.
fn tell_shared_subjects(reader: &mut Reader<'_>, providers: &[ProviderConfig]) {
    for (nth, provider) in providers.iter().enumerate() {
        let own = provider.names.of("AUTHZ_PRINCIPAL_PREFIX");
        let prefix = &provider.principal.prefix;
        if prefix.is_empty() {
            let what = format_args!(
                "is required with {CHECK}=keto and more than one server, so that users of the same name are not taken for one"
            );
            reader.problem(&own, what);
        }
        for (at, other) in providers.iter().enumerate() {
            let theirs = &other.principal.prefix;
            if at == nth || theirs.is_empty() {
                continue;
            }
            let name = other.names.of("AUTHZ_PRINCIPAL_PREFIX");
            let is_same = prefix.starts_with(theirs) || theirs.starts_with(prefix);
            if at < nth && !prefix.is_empty() && is_same {
                let what = format_args!("must not begin as {name}, so that Keto can tell their users apart");
                reader.problem(&own, what);
            }
        }
        let default = provider.principal.default.as_ref();
        if default.is_some_and(|default| !default.starts_with(prefix)) {
            let what = format_args!(
                "must begin with {own} with {CHECK}=keto and more than one server, so that Keto can tell it from others' users"
            );
            reader.problem(&provider.names.of("AUTHZ_DEFAULT_PRINCIPAL"), what);
        }
    }
}

#[cfg(test)]
mod tests;
