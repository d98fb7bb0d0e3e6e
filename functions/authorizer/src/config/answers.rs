//! Settings of the answers: their shape, and how long what they rest on is remembered.

use std::time::Duration;

use shared::env::Reader;

use crate::cache::CacheRules;
use crate::policy::{HttpV2Response, PolicyRules, PolicyScope, Unauthenticated};

pub(super) fn policy(reader: &mut Reader<'_>, warnings: &mut Vec<(String, &'static str)>) -> PolicyRules {
    let policy = PolicyRules {
        allow_options: reader.flag("AUTHZ_ALLOW_OPTIONS", false),
        scope: reader.choice(
            "AUTHZ_POLICY_SCOPE",
            PolicyScope::Api,
            &[("api", PolicyScope::Api), ("method", PolicyScope::Method)],
        ),
        http_v2: reader.choice(
            "AUTHZ_HTTP_V2_RESPONSE",
            HttpV2Response::Simple,
            &[("simple", HttpV2Response::Simple), ("iam", HttpV2Response::Iam)],
        ),
        unauthenticated: reader.choice(
            "AUTHZ_UNAUTHENTICATED",
            Unauthenticated::Auto,
            &[
                ("auto", Unauthenticated::Auto),
                ("error", Unauthenticated::Error),
                ("deny", Unauthenticated::Deny),
            ],
        ),
    };
    if policy.allow_options && policy.http_v2 == HttpV2Response::Simple {
        let what = "lets OPTIONS in by a simple answer only where it cannot be kept for other methods: an HTTP API's \
                    authorizer must have no identity source, or $context.routeKey among them and routes of OPTIONS alone";
        warnings.push(("AUTHZ_ALLOW_OPTIONS".to_owned(), what));
    }
    policy
}

/// `all_verified` tells that no server is asked about tokens, so that there are none to be remembered.
pub(super) fn cache(reader: &mut Reader<'_>, max_entry_bytes: usize, all_verified: bool) -> CacheRules {
    const NEGATIVE: &str = "AUTHZ_NEGATIVE_CACHE_TTL_SECS";
    const STALE: &str = "AUTHZ_STALE_IF_ERROR_SECS";
    let ttl = reader.number("AUTHZ_CACHE_TTL_SECS", 60, 0..=3600);
    let negative_ttl = reader.number(NEGATIVE, ttl.min(5), 0..=60);
    if ttl > 0 && negative_ttl > ttl {
        reader.problem(NEGATIVE, "must not be longer than AUTHZ_CACHE_TTL_SECS");
    }
    let stale = reader.number(STALE, 0, 0..=3600);
    if stale > 0 && ttl == 0 && !all_verified {
        reader.problem(STALE, "must be 0 with AUTHZ_CACHE_TTL_SECS=0, which remembers nothing");
    }
    CacheRules {
        stale: Duration::from_secs(stale),
        ttl: Duration::from_secs(ttl),
        negative_ttl: Duration::from_secs(negative_ttl),
        max_entries: super::count(reader, "AUTHZ_CACHE_MAX_ENTRIES", 10_000, 1, 1_000_000),
        max_entry_bytes,
    }
}

#[cfg(test)]
mod tests;
