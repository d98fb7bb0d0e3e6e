//! The one line of a request, with its metrics.

use shared::telemetry::{Level, Line, Telemetry, Unit};

use super::hint::{tell_failed_check, tell_no_keys, tell_refusal};
use super::{Account, CacheUse};
use crate::claims::Claims;
use crate::event::AuthorizationRequest;
use crate::policy::{Decision, Outcome};
use crate::rules::Rules;

impl Account {
    /// Writes the request's one line.
    pub fn finish(
        &self,
        telemetry: &Telemetry,
        request: Option<&AuthorizationRequest<'_>>,
        decision: &Decision,
        outcome: &Outcome,
        rules: &Rules,
    ) {
        let (word, reason, level) = match outcome.problem {
            None if *decision == Decision::Preflight => ("allow", "preflight", Level::Info),
            None if self.covered.is_some() => ("allow", "stale", Level::Warn),
            None => ("allow", "allow", Level::Info),
            Some(problem) => {
                let verdict = problem.verdict();
                (verdict.refusal.word(), verdict.reason, verdict.level)
            }
        };
        let claims = match decision {
            Decision::Allow(claims, _) => Some(claims),
            Decision::Refuse(_, claims) => claims.as_ref(),
            Decision::Preflight => None,
        };
        telemetry.finish(&self.invocation, level, "decided", (word, reason), |line| {
            if let Some(request) = request {
                write_request(line, request);
            }
            line.text("decision", word);
            if let Some(claims) = claims {
                write_claims(line, claims);
            }
            if let Some(problem) = outcome.problem {
                if self.permission_failed() {
                    tell_failed_check(line, problem);
                } else {
                    let introspected = self.keys.attempts == 0;
                    tell_refusal(line, problem, request, claims.map(AsRef::as_ref), rules, introspected);
                }
            }
            if outcome.context_truncated {
                line.flag("context_truncated", true);
            }
            self.write_own(line);
        });
    }

    fn write_keys(&self, line: &mut Line) {
        if let Some(provider) = &self.provider {
            line.text("provider", provider);
        }
        if let Some(failure) = self.keys_failure {
            line.text("keys_failure", failure.verdict().reason);
            line.metric("KeyFetchFailures", Unit::Count, 1);
            if let Some(content_type) = self.keys.content_type {
                line.text("keys_content_type", content_type);
            }
            tell_no_keys(line, failure, self.keys_seen);
        }
        if self.keys.attempts == 0 {
            return;
        }
        line.number("keys_attempts", self.keys.attempts);
        line.metric("KeyFetches", Unit::Count, 1);
        if let Some(status) = self.keys.status {
            line.number("keys_status", status);
        }
        if let Some(bytes) = self.keys.bytes {
            line.number("keys_bytes", to_f64(bytes));
        }
        if let Some((found, usable)) = self.keys_seen {
            line.number("keys_found", to_f64(found));
            line.number("keys_usable", to_f64(usable));
        }
    }

    fn write_permission(&self, line: &mut Line) {
        let Some(permitted) = &self.permitted else { return };
        line.text("permission", permitted.word());
        line.text("permission_action", &permitted.action);
        line.number("permission_attempts", self.permission.attempts);
        line.metric("PermissionAttempts", Unit::Count, self.permission.attempts);
        if let Some(took) = self.permission_took {
            let took_ms = took.as_secs_f64() * 1000.0;
            line.number("permission_ms", took_ms);
            line.metric("PermissionMs", Unit::Milliseconds, took_ms);
        }
        if let Some(status) = self.permission.status {
            line.number("permission_status", status);
        }
        if !self.permission_failed() {
            return;
        }
        if let Some(content_type) = self.permission.content_type {
            line.text("permission_content_type", content_type);
        }
        if let Some(bytes) = self.permission.bytes {
            line.number("permission_bytes", to_f64(bytes));
        }
    }

    fn write_own(&self, line: &mut Line) {
        self.write_keys(line);
        self.write_permission(line);
        if let Some(fingerprint) = self.fingerprint {
            line.text("token_fp", std::str::from_utf8(&hex(fingerprint)).unwrap_or_default());
        }
        line.text("cache", self.cache.word());
        let metric = match self.cache {
            CacheUse::Off => None,
            CacheUse::Hit => Some("CacheHits"),
            CacheUse::Miss => Some("CacheMisses"),
            CacheUse::Negative => Some("NegativeHits"),
            CacheUse::Stale => Some("StaleHits"),
        };
        if let Some(metric) = metric {
            line.metric(metric, Unit::Count, 1);
        }
        if let Some(failure) = self.covered {
            line.text("upstream_failure", failure.verdict().reason);
        }
        line.number("attempts", self.introspection.attempts);
        if self.introspection.attempts > 0 {
            line.metric("IntrospectionAttempts", Unit::Count, self.introspection.attempts);
        }
        if let Some(status) = self.introspection.status {
            line.number("upstream_status", status);
        }
        if let Some(took) = self.introspection_took {
            let took_ms = took.as_secs_f64() * 1000.0;
            line.number("upstream_ms", took_ms);
            line.metric("IntrospectionMs", Unit::Milliseconds, took_ms);
        }
        if self.system_token.attempts > 0 {
            line.number("system_token_attempts", self.system_token.attempts);
            line.metric("SystemTokenRefreshes", Unit::Count, 1);
            if let Some(status) = self.system_token.status {
                line.number("system_token_status", status);
            }
        }
        if let Some(code) = self.oauth_error {
            line.text("oauth_error", code);
        }
        if let Some(reread) = self.reread {
            line.text("secret_reread", reread.word());
        }
        // What kind of thing answered, for whoever has to find out; never what it said.
        if self.introspection.status.is_some() && self.cache != CacheUse::Hit {
            if let Some(content_type) = self.introspection.content_type {
                line.text("upstream_content_type", content_type);
            }
            if let Some(bytes) = self.introspection.bytes {
                line.number("upstream_bytes", to_f64(bytes));
            }
        }
    }
}

fn write_request(line: &mut Line, request: &AuthorizationRequest<'_>) {
    line.text("kind", request.kind.word());
    line.text("api_id", request.arn.api());
    line.text("stage", request.arn.stage());
    // A verb is a client's own text where the gateway lets any pass.
    if let Some(verb) = request.verb().filter(|verb| verb.len() <= 16) {
        line.text("verb", verb);
    }
    if let Some(route) = request.route().filter(|route| is_route(route)) {
        line.text("route", route);
    }
}

fn write_claims(line: &mut Line, claims: &Claims) {
    if let Some(principal) = claims.principal() {
        line.text("principal", principal);
    }
    if let Some(client_id) = claims.client_id() {
        line.text("client_id", client_id);
    }
}

/// Whether a text has the form of a route: `$default`, `$connect`, `/orders/{id}`, or a verb before such a path. All else is none
/// that API Gateway knows, whoever wrote it.
fn is_route(text: &str) -> bool {
    const LONGEST: usize = 256;
    let (verb, path) = text.split_once(' ').unwrap_or(("ANY", text));
    let is_verb = (1..=16).contains(&verb.len()) && verb.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    matches!(text, "$default" | "$connect") || (is_verb && is_path && text.len() <= LONGEST)
}

/// Lengths in bytes are far below 2^32.
pub(super) fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn hex(bytes: [u8; 4]) -> [u8; 8] {
    let [a, b, c, d] = bytes;
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    [
        digit(a >> 4),
        digit(a & 15),
        digit(b >> 4),
        digit(b & 15),
        digit(c >> 4),
        digit(c & 15),
        digit(d >> 4),
        digit(d & 15),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_form_of_a_route_is_none() {
        let long = format!("/{}", "a".repeat(255));
        for route in [
            "$default",
            "$connect",
            "/",
            "/orders/{id}",
            "GET /orders/{proxy+}",
            "ANY /",
            &long,
        ] {
            assert!(is_route(route), "{route}");
        }
        let too_long = format!("{long}a");
        for text in [
            "",
            "$other",
            "orders",
            "Bearer /x",
            "GET  /x",
            "GET /x y",
            "GET",
            "GET $default",
            " /x",
            "/x\n",
            "/\u{e9}",
            "ABCDEFGHIJKLMNOPQ /x",
            &too_long,
        ] {
            assert!(!is_route(text), "{text}");
        }
    }

    #[test]
    fn fingerprints_are_hexadecimal() {
        assert_eq!(&hex([0x00, 0x9f, 0xa0, 0xff]), b"009fa0ff");
    }
}
