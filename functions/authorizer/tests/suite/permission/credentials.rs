//! In whose name checks are made, and which server is shown what.

use super::{CHECK, KETO, asked, fixture, no, yes};
use crate::fixture::*;
use crate::stub::{Stub, json as json_answer};

#[tokio::test]
async fn the_check_is_made_in_the_name_of_introspection() {
    let variables = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];
    let fixture = fixture(yes(), &with(&KETO, &variables)).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    assert_eq!(
        asked(&fixture)[0].header("authorization"),
        Some(format!("Bearer {S1}").as_str())
    );
}

#[tokio::test]
async fn headers_go_to_their_own_server_alone() {
    let headers = [("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Forwarded-Proto": "https"}"#)];
    let same = fixture(yes(), &with(&KETO, &headers)).await;
    same.ask(&bearing(T1)).await.unwrap();
    assert_eq!(asked(&same)[0].header("x-forwarded-proto"), Some("https"));

    let keto = Stub::playing(vec![yes()]);
    let url = format!("{}{CHECK}", keto.base);
    let elsewhere = [
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", url.as_str()),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ];
    let other = fixture(no(), &with(&elsewhere, &headers)).await;
    assert_eq!(other.ask(&bearing(T1)).await, allow("alice", A_REST));
    assert_eq!(keto.seen()[0].header("x-forwarded-proto"), None);
}

#[tokio::test]
async fn a_no_of_keto_is_not_about_our_own_token() {
    // In turn: a no, a refusal without an answer, a yes; each with the token of the moment.
    let mut checks = vec![no(), no(), json_answer(403, HTML), yes()].into_iter();
    let stub = granting(3600, move |seen, _| match seen.path.as_str() {
        INTROSPECT => ok(),
        _ => checks.next().unwrap(),
    });
    let variables = [&KETO[..], &OWN_TOKEN, &[("AUTHZ_CACHE_TTL_SECS", "3600")]].concat();
    let fixture = Fixture::new(stub, &variables).await;
    for (expected, tokens) in [
        (deny("alice", W_REST), 1),
        (deny("alice", W_REST), 1),
        (e500(), 1),
        // The refusal may have been about the token, so there is another.
        (allow("alice", A_REST), 2),
    ] {
        assert_eq!(fixture.ask(&bearing(T1)).await, expected);
        assert_eq!(fixture.stub.count(TOKEN), tokens);
        fixture.clock.advance_ms(11_000);
    }
}
