//! The property that route rules exist for: one answer for a token is right for every request, whichever was asked first.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::tables::{a_mode, a_path, a_table};
use super::*;
use crate::claims::{ClaimRules, Claims, ContextRules, IssuerMatch, PrincipalRules, Reply};
use crate::policy::{Decision, HttpV2Response, PolicyRules, PolicyScope, Unauthenticated};
use crate::rules::Rules;

const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod";

fn claims_with(scope: &str) -> Arc<Claims> {
    let body = json!({"active": true, "sub": "alice", "scope": scope, "exp": 2_000_000_000}).to_string();
    let principal = PrincipalRules {
        claims: vec!["sub".to_owned()],
        prefix: String::new(),
        default: None,
    };
    let context = ContextRules {
        claims: vec!["sub".to_owned()],
        ext: vec![],
    };
    Arc::new(Claims::new(
        &Reply::read(body.as_bytes()).unwrap(),
        &principal,
        &context,
    ))
}

/// Claims must say nothing.
const NOTHING: ClaimRules = ClaimRules {
    issuers: vec![],
    issuer_match: IssuerMatch::Exact,
    audiences: vec![],
    audience_mode: Mode::Any,
    client_ids: vec![],
    skew_secs: 0,
    require_exp: false,
    require_token_use: false,
};

const POLICIES: PolicyRules = PolicyRules {
    scope: PolicyScope::Api,
    http_v2: HttpV2Response::Simple,
    unauthenticated: Unauthenticated::Auto,
    allow_options: false,
};

/// What the authorizer answers to a REST API for a token with these claims.
fn policy(rules: &Rules, claims: &Arc<Claims>, verb: &str, path: &str) -> Value {
    let event = json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{verb}{path}")}).to_string();
    let request = AuthorizationRequest::read(&event).unwrap();
    let decision = match rules.decide(claims, &NOTHING, &request, false, 1_760_000_000) {
        Ok(granted) => Decision::Allow(claims.clone(), granted),
        Err(problem) => Decision::Refuse(problem, Some(claims.clone())),
    };
    serde_json::to_value(POLICIES.answer(&request, &decision).answer.unwrap()).unwrap()
}

/// IAM's evaluation of a policy, on its own terms: letters one by one, a `*` tried at every length.
fn iam_allows(policy: &Value, arn: &str) -> bool {
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| matches(rest, &text[at..])),
            Some((wanted, rest)) => text
                .split_first()
                .is_some_and(|(given, text)| given == wanted && matches(rest, text)),
        }
    }
    let statement = &policy["policyDocument"]["Statement"][0];
    let resources = &statement["Resource"];
    let mut resources = resources
        .as_array()
        .map_or_else(|| vec![resources], |list| list.iter().collect())
        .into_iter();
    let covered = resources.any(|resource| matches(resource.as_str().unwrap().as_bytes(), arn.as_bytes()));
    covered && statement["Effect"] == "Allow"
}

/// Whether the one request would be let in if nothing were ever remembered.
fn lets_in(rules: &Rules, claims: &Arc<Claims>, verb: &str, path: &str) -> bool {
    let event = json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{verb}{path}")}).to_string();
    let request = AuthorizationRequest::read(&event).unwrap();
    rules.decide(claims, &NOTHING, &request, true, 1_760_000_000).is_ok()
}

#[test]
fn one_answer_is_right_for_every_request_whichever_was_asked_first() {
    let requests = prop::collection::vec((prop_oneof![Just("GET"), Just("POST"), Just("PATCH")], a_path()), 1..12);
    let token = prop_oneof![Just(""), Just("r"), Just("w"), Just("r w"), Just("x r")];
    let cases = (a_table(6), a_mode(), prop::bool::ANY, token, requests);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(256));
    let usable = std::cell::Cell::new(0);
    let outcome = runner.run(&cases, |(table, mode, requires_r, token, requests)| {
        let scopes = everywhere(mode, if requires_r { &["r"] } else { &[] });
        let Ok(routes) = ready(table, &scopes) else {
            return Ok(());
        };
        if !routes.ambiguities().is_empty() {
            return Ok(());
        }
        usable.set(usable.get() + 1);
        let rules = Rules { scopes, routes };
        let claims = claims_with(token);
        let (verb, path) = &requests[0];
        let cached = policy(&rules, &claims, verb, path);
        for (verb, path) in &requests {
            prop_assert_eq!(
                &policy(&rules, &claims, verb, path),
                &cached,
                "another answer for {} {}",
                verb,
                path
            );
            let by_cache = iam_allows(&cached, &format!("{STAGE}/{verb}{path}"));
            let by_itself = lets_in(&rules, &claims, verb, path);
            let is_listed = rules.routes.governing(verb, path).flatten().is_some();
            let is_canonical = path == "/" || !(path.ends_with('/') || path.contains("//"));
            if is_listed {
                prop_assert!(!by_cache || by_itself, "the policy lets in {} {}", verb, path);
            } else {
                prop_assert!(!by_itself);
            }
            if is_listed && is_canonical {
                prop_assert_eq!(by_cache, by_itself, "{} {}", verb, path);
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(usable.get() > 60, "{} tables were good for a policy", usable.get());
}
