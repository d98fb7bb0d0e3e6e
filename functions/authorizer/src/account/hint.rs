//! What the line says beside a reason, for whoever has to find the cause.

use shared::telemetry::Line;

use super::line::to_f64;
use crate::claims::Claims;
use crate::error::Problem;
use crate::event::AuthorizationRequest;
use crate::rules::Rules;

/// Where key documents are, and what keys must have. `seen` are the keys of the document, and those of use.
pub(super) fn tell_no_keys(line: &mut Line, failure: Problem, seen: Option<(usize, usize)>) {
    let hint = match (failure, seen) {
        (Problem::UpstreamConfig | Problem::UpstreamRedirect, _) => {
            "jwks_url is the address of the key document itself: Ory Hydra has it at /.well-known/jwks.json on its public port \
             (4444), others name it as jwks_uri in /.well-known/openid-configuration"
        }
        (Problem::UpstreamUnauthorized | Problem::UpstreamForbidden, _) => {
            "the key document is asked for without credentials: it must be open to whoever knows its address"
        }
        (Problem::UpstreamInvalid, Some(_)) => {
            "no key of the document can verify: each needs a kid and the public part of RSA (2048 bits or more), P-256, P-384 or \
             Ed25519, for signatures (use, key_ops) and without its private part"
        }
        (Problem::UpstreamInvalid, None) => {
            "the answer is no key document (RFC 7517): an object with a list of at most 100 keys, within AUTHZ_MAX_UPSTREAM_BYTES"
        }
        _ => return,
    };
    line.text("keys_hint", hint);
}

/// Where servers of permissions check.
pub(super) fn tell_failed_check(line: &mut Line, problem: Problem) {
    if matches!(problem, Problem::UpstreamConfig | Problem::UpstreamRedirect) {
        line.text(
            "hint",
            "Ory Keto checks at /relation-tuples/check on its read port (4466), Hydra 0.x at /warden/token/allowed",
        );
    }
}

/// Beside the reason what an operator needs to find the cause.
pub(super) fn tell_refusal(
    line: &mut Line,
    problem: Problem,
    request: Option<&AuthorizationRequest<'_>>,
    claims: Option<&Claims>,
    rules: &Rules,
    introspected: bool,
) {
    let granted = || claims.and_then(|claims| claims.scope().ok()).unwrap_or_default();
    match problem {
        Problem::MalformedEvent(member) => line.text("member", member),
        Problem::MalformedToken(bytes) | Problem::TokenTooLong(bytes) => line.number("token_bytes", to_f64(bytes)),
        Problem::Scope => {
            line.text("scopes_required", &rules.scopes.required.join(" "));
            line.text("scopes_granted", granted());
        }
        Problem::RouteScope => {
            if let Some((key, scopes)) = request.and_then(|request| rules.routes.listed(request)) {
                line.text("route_rule", key);
                line.text("scopes_required", &scopes.join(" "));
            }
            line.text("scopes_granted", granted());
        }
        Problem::RoutePolicy => line.text(
            "hint",
            "the route rules are good for simple answers or AUTHZ_POLICY_SCOPE=method alone, and this event wants a \
             policy for the whole API",
        ),
        Problem::UpstreamConfig | Problem::UpstreamRedirect if introspected => line.text(
            "hint",
            "Ory Hydra 2 introspects at /admin/oauth2/introspect, Hydra 1 at /oauth2/introspect, both on the \
             administrative port (4445)",
        ),
        _ => {}
    }
}
