//! Answers, byte for byte.

mod size;

use serde_json::{Value, json};

use super::*;
use crate::claims::{ContextRules, PrincipalRules, Reply};

const REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42";
const WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/$connect";

const DEFAULT: PolicyRules = PolicyRules {
    scope: PolicyScope::Api,
    http_v2: HttpV2Response::Simple,
    unauthenticated: Unauthenticated::Auto,
    allow_options: false,
};
const METHOD: PolicyRules = PolicyRules {
    scope: PolicyScope::Method,
    ..DEFAULT
};

fn claims(members: Value) -> Arc<Claims> {
    let mut reply = members;
    reply["active"] = json!(true);
    let body = reply.to_string();
    let reply = Reply::read(body.as_bytes()).unwrap();
    let words = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
    let principal = PrincipalRules {
        claims: words(&["sub"]),
        prefix: String::new(),
        default: None,
    };
    let ext = (0..40).map(|at| (format!("ext_{at}"), vec![format!("{at}")])).collect();
    let context = ContextRules {
        claims: words(&["sub", "scope", "aud"]),
        ext,
    };
    Arc::new(Claims::new(&reply, &principal, &context))
}

fn alice() -> Arc<Claims> {
    claims(json!({"sub": "alice"}))
}

fn event(kind: &str, arn: &str) -> String {
    match kind {
        "v2" => json!({"version": "2.0", "routeArn": arn}),
        "v1" => json!({"version": "1.0", "type": "REQUEST", "methodArn": arn}),
        kind => json!({"type": kind, "methodArn": arn}),
    }
    .to_string()
}

fn outcome(rules: PolicyRules, event: &str, decision: &Decision) -> Outcome {
    rules.answer(&AuthorizationRequest::read(event).unwrap(), decision)
}

/// The answer's JSON, or the error's message.
fn answer(rules: PolicyRules, event: &str, decision: &Decision) -> String {
    match outcome(rules, event, decision).answer {
        Ok(answer) => serde_json::to_string(&answer).unwrap(),
        Err(error) => error.error_message.to_owned(),
    }
}

fn policy(effect: &str, principal: &str, resource: &str) -> String {
    format!(
        r#"{{"principalId":"{principal}","policyDocument":{{"Version":"2012-10-17","Statement":[{{"Action":"execute-api:Invoke","Effect":"{effect}","Resource":"{resource}"}}]}}"#
    )
}

fn allowed(resource: &str) -> String {
    policy("Allow", "alice", resource) + r#","context":{"sub":"alice"}}"#
}

fn denied(principal: &str, resource: &str) -> String {
    policy("Deny", principal, resource) + "}"
}

const W_REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/*/*";
const W_WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/*";

#[test]
fn a_policy_covers_the_whole_stage() {
    let allow = Decision::Allow(alice(), Granted::Asked);
    assert_eq!(answer(DEFAULT, &event("TOKEN", REST), &allow), allowed(W_REST));
    assert_eq!(answer(DEFAULT, &event("REQUEST", REST), &allow), allowed(W_REST));
    assert_eq!(answer(DEFAULT, &event("v1", REST), &allow), allowed(W_REST));
    assert_eq!(answer(DEFAULT, &event("REQUEST", WS), &allow), allowed(W_WS));
    let console = "arn:aws:execute-api:us-east-1:123456789012:ymy8tbxw7b/*/GET/";
    let stage = "arn:aws:execute-api:us-east-1:123456789012:ymy8tbxw7b/*/*/*";
    assert_eq!(answer(DEFAULT, &event("TOKEN", console), &allow), allowed(stage));
}

#[test]
fn simple_answers() {
    let allow = Decision::Allow(alice(), Granted::Asked);
    assert_eq!(
        answer(DEFAULT, &event("v2", REST), &allow),
        r#"{"isAuthorized":true,"context":{"sub":"alice"}}"#
    );
    for problem in [Problem::Inactive, Problem::Scope] {
        let refuse = Decision::Refuse(problem, Some(alice()));
        assert_eq!(
            answer(DEFAULT, &event("v2", REST), &refuse),
            r#"{"isAuthorized":false}"#
        );
    }
    let iam = PolicyRules {
        http_v2: HttpV2Response::Iam,
        ..DEFAULT
    };
    assert_eq!(answer(iam, &event("v2", REST), &allow), allowed(W_REST));
    assert_eq!(
        answer(iam, &event("v2", REST), &Decision::Refuse(Problem::NoToken, None)),
        denied("anonymous", W_REST)
    );
    // Method policies say nothing about simple answers.
    assert_eq!(
        answer(METHOD, &event("v2", REST), &allow),
        r#"{"isAuthorized":true,"context":{"sub":"alice"}}"#
    );
}

#[test]
fn denials_name_the_principal_only_of_a_valid_token() {
    let scope = |claims| Decision::Refuse(Problem::Scope, claims);
    assert_eq!(
        answer(DEFAULT, &event("TOKEN", REST), &scope(Some(alice()))),
        denied("alice", W_REST)
    );
    assert_eq!(
        answer(DEFAULT, &event("TOKEN", REST), &scope(Some(claims(json!({}))))),
        denied("anonymous", W_REST)
    );
    assert_eq!(
        answer(METHOD, &event("TOKEN", REST), &scope(Some(alice()))),
        denied("alice", W_REST)
    );
    let deny = PolicyRules {
        unauthenticated: Unauthenticated::Deny,
        ..DEFAULT
    };
    let expired = Decision::Refuse(Problem::Expired, Some(alice()));
    assert_eq!(
        answer(deny, &event("TOKEN", REST), &expired),
        denied("anonymous", W_REST)
    );
}

#[test]
fn a_request_without_a_valid_token_fails_or_is_denied() {
    let refuse = Decision::Refuse(Problem::Inactive, None);
    let with = |unauthenticated| PolicyRules {
        unauthenticated,
        ..DEFAULT
    };
    let all = [
        (
            event("TOKEN", REST),
            "Unauthorized".to_owned(),
            denied("anonymous", W_REST),
        ),
        (
            event("REQUEST", REST),
            "Unauthorized".to_owned(),
            denied("anonymous", W_REST),
        ),
        (
            event("REQUEST", WS),
            "Unauthorized".to_owned(),
            denied("anonymous", W_WS),
        ),
        (
            event("v1", REST),
            denied("anonymous", W_REST),
            denied("anonymous", W_REST),
        ),
        (
            event("v2", REST),
            r#"{"isAuthorized":false}"#.to_owned(),
            r#"{"isAuthorized":false}"#.to_owned(),
        ),
    ];
    for (event, auto, deny) in all {
        assert_eq!(answer(with(Unauthenticated::Auto), &event, &refuse), auto, "{event}");
        assert_eq!(
            answer(with(Unauthenticated::Error), &event, &refuse),
            "Unauthorized",
            "{event}"
        );
        assert_eq!(answer(with(Unauthenticated::Deny), &event, &refuse), deny, "{event}");
    }
}

#[test]
fn failures_are_errors_everywhere() {
    for unauthenticated in [Unauthenticated::Auto, Unauthenticated::Error, Unauthenticated::Deny] {
        let rules = PolicyRules {
            unauthenticated,
            ..DEFAULT
        };
        for event in [
            event("TOKEN", REST),
            event("v1", REST),
            event("v2", REST),
            event("REQUEST", WS),
        ] {
            let refuse = Decision::Refuse(Problem::UpstreamTimeout, None);
            assert_eq!(answer(rules, &event, &refuse), "InternalError");
        }
    }
    let unreadable = Outcome::unreadable(Problem::MalformedEvent("type"));
    assert_eq!(unreadable.answer.err(), Some(INTERNAL_ERROR));
    assert_eq!(
        (UNAUTHORIZED.error_type, UNAUTHORIZED.error_message),
        ("Unauthorized", "Unauthorized")
    );
    assert_eq!(
        (INTERNAL_ERROR.error_type, INTERNAL_ERROR.error_message),
        ("InternalError", "InternalError")
    );
}

#[test]
fn a_method_policy_is_the_arn_itself_unless_it_would_match_more() {
    let allow = Decision::Allow(alice(), Granted::Asked);
    assert_eq!(answer(METHOD, &event("TOKEN", REST), &allow), allowed(REST));
    assert_eq!(answer(METHOD, &event("REQUEST", WS), &allow), allowed(WS));
    let arn = |tail: &str| format!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/{tail}");
    let fitting = arn(&format!("GET/{}", "x".repeat(512 - arn("GET/").len())));
    assert_eq!(answer(METHOD, &event("TOKEN", &fitting), &allow), allowed(&fitting));
    for tail in [
        "GET/*",
        "GET/a*b",
        "GET/a?b",
        "GET/${aws:username}",
        "*/a",
        &format!("GET/{}x", "x".repeat(512 - arn("GET/").len())),
    ] {
        let unsafe_event = event("TOKEN", &arn(tail));
        let outcome = outcome(METHOD, &unsafe_event, &allow);
        assert_eq!(outcome.problem, Some(Problem::UnsafeResource), "{tail}");
        assert_eq!(answer(METHOD, &unsafe_event, &allow), denied("alice", W_REST));
    }
}

#[test]
fn a_token_that_tells_nothing_has_no_context() {
    let silent = Decision::Allow(claims(json!({})), Granted::Asked);
    assert_eq!(answer(DEFAULT, &event("v2", REST), &silent), r#"{"isAuthorized":true}"#);
}
