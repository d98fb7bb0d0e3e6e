//! Answers that are too large: what they lose first, and what they are when nothing helps.

use super::*;

#[test]
fn an_answer_that_is_too_large_loses_parts_of_its_context() {
    let ext: serde_json::Map<String, Value> = (0..40).map(|at| (at.to_string(), json!("x".repeat(1000)))).collect();
    let large = claims(json!({"sub": "alice", "scope": "s".repeat(1000), "aud": "a".repeat(1000), "ext": ext}));
    for (event, limit, at_least) in [
        (event("TOKEN", REST), 16_384, 15_300),
        (event("REQUEST", WS), 8000, 6900),
    ] {
        let outcome = outcome(DEFAULT, &event, &Decision::Allow(large.clone(), Granted::Asked));
        assert!(outcome.context_truncated);
        let json = serde_json::to_string(&outcome.answer.unwrap()).unwrap();
        assert!(json.len() <= limit && json.len() > at_least, "{}", json.len());
        let context = &serde_json::from_str::<Value>(&json).unwrap()["context"];
        assert!(context["scope"].is_string() && context["aud"].is_string());
        assert!(context["ext_0"].is_string() && context.get("ext_39").is_none());
    }
    let small = outcome(
        DEFAULT,
        &event("TOKEN", REST),
        &Decision::Allow(alice(), Granted::Asked),
    );
    assert!(!small.context_truncated);
}

#[test]
fn an_answer_that_cannot_be_made_small_enough_is_an_error() {
    let huge = claims(json!({"sub": "p".repeat(20_000), "scope": "x"}));
    let outcome = outcome(DEFAULT, &event("TOKEN", REST), &Decision::Allow(huge, Granted::Asked));
    assert_eq!(outcome.problem, Some(Problem::AnswerTooLarge));
    assert_eq!(outcome.answer.err(), Some(INTERNAL_ERROR));
}

#[test]
fn a_denial_that_does_not_fit_names_nobody() {
    for (event, limit, resource) in [
        (event("TOKEN", REST), 16_384, W_REST),
        (event("REQUEST", WS), 8000, W_WS),
    ] {
        for (bytes, fits) in [(limit - 300, true), (limit, false)] {
            let name = "p".repeat(bytes);
            let refuse = Decision::Refuse(Problem::Scope, Some(claims(json!({"sub": name}))));
            let expected = denied(if fits { &name } else { "anonymous" }, resource);
            assert!(answer(DEFAULT, &event, &refuse) == expected, "{limit} {bytes}");
            assert_eq!(outcome(DEFAULT, &event, &refuse).problem, Some(Problem::Scope));
        }
    }
}

#[test]
fn the_bound_on_an_answers_size_holds() {
    let nasty = claims(json!({"sub": "\u{1}\"".repeat(100), "scope": "\"".repeat(500)}));
    let arn = format!(
        "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/GET/{}",
        "\"\u{1f}".repeat(50)
    );
    for rules in [DEFAULT, METHOD] {
        let answer = outcome(
            rules,
            &event("TOKEN", &arn),
            &Decision::Allow(nasty.clone(), Granted::Asked),
        )
        .answer
        .unwrap();
        assert!(answer.at_most_bytes() >= serde_json::to_string(&answer).unwrap().len());
    }
}
