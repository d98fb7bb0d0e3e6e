//! The way to the authorization server: credentials, time, retries, connections that died.

mod at_once;
mod own_token;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

#[tokio::test]
async fn basic_credentials_are_form_encoded_or_raw() {
    // "authorizer" and "cl1ent-s3cret%+&@]", joined by a colon.
    for (encoding, expected) in [
        ("form", "Basic YXV0aG9yaXplcjpjbDFlbnQtczNjcmV0JTI1JTJCJTI2JTQwJTVE"),
        ("raw", "Basic YXV0aG9yaXplcjpjbDFlbnQtczNjcmV0JSsmQF0="),
    ] {
        let variables = [
            ("AUTHZ_INTROSPECTION_AUTH", "basic"),
            ("AUTHZ_CLIENT_ID", "authorizer"),
            ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
            ("AUTHZ_CLIENT_AUTH_ENCODING", encoding),
        ];
        let fixture = Fixture::playing(vec![ok()], &variables).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!(fixture.stub.seen()[0].header("authorization"), Some(expected));
    }
}

#[tokio::test]
async fn refused_basic_credentials_are_no_401_for_the_client() {
    let variables = [
        ("AUTHZ_INTROSPECTION_AUTH", "basic"),
        ("AUTHZ_CLIENT_ID", "authorizer"),
        ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
    ];
    let fixture = Fixture::playing(vec![json_answer(401, r#"{"error":"invalid_client"}"#)], &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "upstream_unauthorized"}));
}

#[tokio::test]
async fn a_static_bearer_is_shown_and_not_taken_from_clients() {
    let variables = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(
        fixture.stub.seen()[0].header("authorization"),
        Some(format!("Bearer {S1}").as_str())
    );
    assert_eq!(fixture.ask(&bearing(S1)).await, e401());
    fixture.assert_line(json!({"reason": "own_token"}));
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn headers_of_the_operator_are_sent() {
    let variables = [("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Forwarded-Proto":"https"}"#)];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.stub.seen()[0].header("x-forwarded-proto"), Some("https"));
}

#[tokio::test]
async fn tokens_are_encoded_in_the_form() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(
        fixture.ask(&token_event("Bearer a+b/c~d==")).await,
        allow("alice", W_REST)
    );
    assert_eq!(
        fixture.stub.seen()[0].body,
        "token=a%2Bb%2Fc%7Ed%3D%3D&token_type_hint=access_token"
    );
}

#[tokio::test]
async fn a_pooled_connection_that_died_costs_no_retry() {
    let fixture = Fixture::playing(
        vec![ok(), Act::Close, ok()],
        &[("AUTHZ_RETRIES", "0"), ("AUTHZ_CACHE_TTL_SECS", "0")],
    )
    .await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    fixture.assert_line(json!({"attempts": 2}));
    assert_eq!(fixture.up(), 3);
}

#[tokio::test]
async fn a_server_that_only_closes_is_asked_once_more_and_no_further() {
    let fixture = Fixture::playing(
        vec![ok(), Act::Close],
        &[("AUTHZ_RETRIES", "0"), ("AUTHZ_CACHE_TTL_SECS", "0")],
    )
    .await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
    assert_eq!(fixture.up(), 3);
    // A fresh connection that dies gets no second chance.
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.up(), 4);
}

#[tokio::test]
async fn only_one_dead_connection_is_replaced_for_free() {
    let mut asked = 0;
    let stub = Stub::new(move |_| {
        asked += 1;
        std::thread::sleep(Duration::from_millis(100));
        if asked <= 2 { ok() } else { Act::Close }
    });
    let fixture = Fixture::new(stub, &[("AUTHZ_RETRIES", "0"), ("AUTHZ_CACHE_TTL_SECS", "0")]).await;
    let (first, second) = (bearing(T1), bearing(T2));
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (allow("alice", W_REST), allow("alice", W_REST)));
    // Two connections wait now, and both are dead.
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
}

#[tokio::test]
async fn answers_share_one_connection() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_CACHE_TTL_SECS", "0")]).await;
    for _ in 0..3 {
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    }
    let mut ports: Vec<u16> = fixture.stub.seen().iter().map(|seen| seen.peer).collect();
    ports.dedup();
    assert_eq!(ports.len(), 1);
}

#[tokio::test]
async fn a_body_that_never_ends_runs_into_the_time_limit() {
    let variables = [("AUTHZ_REQUEST_TIMEOUT_MS", "150"), ("AUTHZ_RETRIES", "0")];
    let fixture = Fixture::playing(vec![Act::StallInBody], &variables).await;
    let started = Instant::now();
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert!(started.elapsed() < Duration::from_millis(600));
    fixture.assert_line(json!({"reason": "upstream_timeout"}));
}

#[tokio::test]
async fn the_total_budget_ends_everything() {
    let variables = [
        ("AUTHZ_REQUEST_TIMEOUT_MS", "5000"),
        ("AUTHZ_TOTAL_BUDGET_MS", "200"),
        ("AUTHZ_RETRIES", "3"),
    ];
    let fixture = Fixture::playing(vec![Act::Stall], &variables).await;
    let started = Instant::now();
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert!(started.elapsed() < Duration::from_millis(600));
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "upstream_timeout"}));
}

#[tokio::test]
async fn lambdas_deadline_ends_everything_in_time() {
    let fixture = Fixture::playing(vec![Act::Stall], &[]).await;
    let started = Instant::now();
    assert_eq!(fixture.ask_raw(&bearing(T1).to_string(), 500).await, e500());
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(200) && took < Duration::from_millis(450),
        "{took:?}"
    );
    // With less than the margin left, nobody is asked.
    let asked = fixture.up();
    assert_eq!(fixture.ask_raw(&bearing(T1).to_string(), 200).await, e500());
    assert_eq!(fixture.up(), asked);
    fixture.assert_line(json!({"reason": "upstream_timeout", "attempts": 0}));
}

#[tokio::test]
async fn retry_after_is_honoured_inside_the_budget_alone() {
    let later = |seconds: &str| Act::Answer {
        status: 429,
        headers: vec![("Retry-After", seconds.to_owned())],
        body: String::new(),
    };
    for one_second in ["1", "Thu, 09 Oct 2025 08:53:21 GMT"] {
        let fixture = Fixture::playing(vec![later(one_second), ok()], &[]).await;
        let started = Instant::now();
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert!(started.elapsed() >= Duration::from_secs(1));
    }
    for one_minute in ["60", "Thu, 09 Oct 2025 08:54:20 GMT"] {
        let fixture = Fixture::playing(vec![later(one_minute), ok()], &[]).await;
        let started = Instant::now();
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        assert!(started.elapsed() < Duration::from_millis(500));
        assert_eq!(fixture.up(), 1);
        fixture.assert_line(json!({"reason": "upstream_status", "upstream_status": 429}));
    }
    // What is no time at all is as good as nothing.
    let fixture = Fixture::playing(vec![later("soon"), ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
}

#[tokio::test]
async fn replies_of_every_hydra() {
    for (name, reply, context) in [
        (
            "0.6",
            r#"{"active":true,"scope":"orders.read","client_id":"web","sub":"alice","exp":1760003600,"iat":1759999900,"aud":"web"}"#,
            json!({"sub": "alice", "client_id": "web", "scope": "orders.read", "aud": "web", "exp": "1760003600"}),
        ),
        (
            "1.8",
            r#"{"active":true,"scope":"orders.read","client_id":"web","sub":"alice","exp":1760003600,"iat":1759999900,"aud":null,"iss":"https://a/","token_type":"access_token"}"#,
            json!({"sub": "alice", "client_id": "web", "scope": "orders.read", "iss": "https://a/", "exp": "1760003600"}),
        ),
        (
            "2.x",
            r#"{"active":true,"scope":"orders.read","client_id":"web","sub":"alice","exp":1760003600,"iat":1759999900,"nbf":1759999900,"aud":[],"iss":"https://a","token_type":"Bearer","token_use":"access_token","ext":{"tenant":"ext-value-of-alice"}}"#,
            json!({"sub": "alice", "client_id": "web", "scope": "orders.read", "iss": "https://a", "exp": "1760003600"}),
        ),
    ] {
        // The oldest names no media type of its own.
        let act = Act::Answer {
            status: 200,
            headers: vec![("Content-Type", "text/plain; charset=utf-8".to_owned())],
            body: reply.to_owned(),
        };
        let fixture = Fixture::playing(vec![act], &[]).await;
        assert_eq!(
            fixture.ask(&bearing(T1)).await,
            allow_with("alice", W_REST, context),
            "{name}"
        );
    }
}
