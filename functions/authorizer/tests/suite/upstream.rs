//! The way to the authorization server: credentials, time, retries, connections that died, our own token.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

fn event() -> serde_json::Value {
    token_event(&format!("Bearer {T1}"))
}

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
        assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
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
    assert_eq!(fixture.ask(&event()).await, e500());
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "upstream_unauthorized"}));
}

#[tokio::test]
async fn a_static_bearer_is_shown_and_not_taken_from_clients() {
    let variables = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
    assert_eq!(
        fixture.stub.seen()[0].header("authorization"),
        Some(format!("Bearer {S1}").as_str())
    );
    assert_eq!(fixture.ask(&token_event(&format!("Bearer {S1}"))).await, e401());
    fixture.assert_line(json!({"reason": "own_token"}));
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn headers_of_the_operator_are_sent() {
    let variables = [("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Forwarded-Proto":"https"}"#)];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
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
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
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
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&event()).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
    assert_eq!(fixture.up(), 3);
    // A fresh connection that dies gets no second chance.
    assert_eq!(fixture.ask(&event()).await, e500());
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
    let (first, second) = (event(), token_event(&format!("Bearer {T2}")));
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (allow("alice", W_REST), allow("alice", W_REST)));
    // Two connections wait now, and both are dead.
    assert_eq!(fixture.ask(&event()).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
}

#[tokio::test]
async fn answers_share_one_connection() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_CACHE_TTL_SECS", "0")]).await;
    for _ in 0..3 {
        assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
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
    assert_eq!(fixture.ask(&event()).await, e500());
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
    assert_eq!(fixture.ask(&event()).await, e500());
    assert!(started.elapsed() < Duration::from_millis(600));
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "upstream_timeout"}));
}

#[tokio::test]
async fn lambdas_deadline_ends_everything_in_time() {
    let fixture = Fixture::playing(vec![Act::Stall], &[]).await;
    let started = Instant::now();
    assert_eq!(fixture.ask_raw(&event().to_string(), 500).await, e500());
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(200) && took < Duration::from_millis(450),
        "{took:?}"
    );
    // With less than the margin left, nobody is asked.
    let asked = fixture.up();
    assert_eq!(fixture.ask_raw(&event().to_string(), 200).await, e500());
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
        assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
        assert!(started.elapsed() >= Duration::from_secs(1));
    }
    for one_minute in ["60", "Thu, 09 Oct 2025 08:54:20 GMT"] {
        let fixture = Fixture::playing(vec![later(one_minute), ok()], &[]).await;
        let started = Instant::now();
        assert_eq!(fixture.ask(&event()).await, e500());
        assert!(started.elapsed() < Duration::from_millis(500));
        assert_eq!(fixture.up(), 1);
        fixture.assert_line(json!({"reason": "upstream_status", "upstream_status": 429}));
    }
    // What is no time at all is as good as nothing.
    let fixture = Fixture::playing(vec![later("soon"), ok()], &[]).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
}

const CLIENT_CREDENTIALS: [(&str, &str); 5] = [
    ("AUTHZ_INTROSPECTION_AUTH", "client_credentials"),
    ("AUTHZ_CLIENT_ID", "authorizer"),
    ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
    ("AUTHZ_TOKEN_URL", "{base}/oauth2/token"),
    ("AUTHZ_TOKEN_AUDIENCE", "https://hydra/"),
];

fn with_cache_off(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [variables, &[("AUTHZ_CACHE_TTL_SECS", "0")]].concat()
}

#[tokio::test]
async fn our_own_token_is_kept_and_renewed_before_its_end() {
    let mut given = 0;
    let stub = Stub::new(move |seen| {
        if seen.path != TOKEN {
            return ok();
        }
        given += 1;
        let token = if given == 1 { S1 } else { S2 };
        json_answer(
            200,
            json!({"access_token": token, "expires_in": 600, "token_type": "Bearer"}),
        )
    });
    let fixture = Fixture::new(stub, &with_cache_off(&CLIENT_CREDENTIALS)).await;
    for (advance_ms, fetches, shown) in [(0, 1, S1), (539_999, 1, S1), (1, 2, S2), (1000, 2, S2)] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
        assert_eq!(fixture.stub.count(TOKEN), fetches);
        let seen = fixture.stub.seen();
        let last = seen.last().unwrap();
        assert_eq!(last.header("authorization"), Some(format!("Bearer {shown}").as_str()));
    }
    let asked = &fixture.stub.seen()[0];
    assert_eq!(
        asked.body,
        "grant_type=client_credentials&audience=https%3A%2F%2Fhydra%2F"
    );
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    // A client that shows our token is not let in by it.
    assert_eq!(fixture.ask(&token_event(&format!("Bearer {S2}"))).await, e401());
    fixture.assert_line(json!({"reason": "own_token"}));
}

#[tokio::test]
async fn without_our_own_token_nobody_is_introspected() {
    let refusals = [
        (
            json_answer(401, r#"{"error":"invalid_client","error_description":"cl1ent"}"#),
            json!("invalid_client"),
        ),
        (json_answer(400, r#"{"error":"invalid_scope"}"#), json!("invalid_scope")),
        (json_answer(400, r#"{"error":"<html>Sign in</html>"}"#), json!(null)),
        (json_answer(401, HTML), json!(null)),
        (json_answer(503, "{}"), json!("upstream_status")),
        (Act::Close, json!("upstream_connect")),
        (json_answer(200, HTML), json!("upstream_invalid")),
        (json_answer(200, r#"{"access_token":""}"#), json!("upstream_invalid")),
        (
            json_answer(200, r#"{"access_token":"a\r\nb"}"#),
            json!("upstream_invalid"),
        ),
        (json_answer(200, r#"{"access_token":5}"#), json!("upstream_invalid")),
        (
            json_answer(200, r#"{"access_token":"abc","token_type":"mac"}"#),
            json!("upstream_invalid"),
        ),
        (
            json_answer(200, r#"{"access_token":"abc","expires_in":"soon"}"#),
            json!("upstream_invalid"),
        ),
    ];
    for (act, code) in refusals {
        let fixture = Fixture::playing(vec![act], &CLIENT_CREDENTIALS).await;
        assert_eq!(fixture.ask(&event()).await, e500());
        assert_eq!(fixture.up(), 0);
        fixture.assert_line(json!({"reason": "system_token", "level": "ERROR", "oauth_error": code}));
    }
}

#[tokio::test]
async fn headers_for_the_endpoint_go_to_a_token_endpoint_of_the_same_server_alone() {
    let granted = || json_answer(200, json!({"access_token": S1, "expires_in": 600}));
    let headers = ("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Key":"k"}"#);
    let same = Fixture::new(
        Stub::new(move |seen| if seen.path == TOKEN { granted() } else { ok() }),
        &[&CLIENT_CREDENTIALS[..], &[headers]].concat(),
    )
    .await;
    assert_eq!(same.ask(&event()).await, allow("alice", W_REST));
    assert_eq!(same.stub.seen()[0].header("x-key"), Some("k"));

    let tokens = Stub::new(move |_| json_answer(200, json!({"access_token": S1, "expires_in": 600})));
    let url = format!("{}{TOKEN}", tokens.base);
    let mut variables = [&CLIENT_CREDENTIALS[..], &[headers]].concat();
    variables.push(("AUTHZ_TOKEN_URL", &url));
    let other = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(other.ask(&event()).await, allow("alice", W_REST));
    assert_eq!(tokens.seen()[0].header("x-key"), None);
    assert_eq!(other.stub.seen()[0].header("x-key"), Some("k"));
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
            fixture.ask(&event()).await,
            allow_with("alice", W_REST, context),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_requests_at_once() {
    let fixture = std::sync::Arc::new(Fixture::playing(vec![ok()], &[]).await);
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let fixture = fixture.clone();
            tokio::spawn(async move { fixture.ask(&token_event(&format!("Bearer {T1}.{number}"))).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), allow("alice", W_REST));
    }
    assert_eq!(fixture.up(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_with_one_token_are_one_question() {
    for variables in [&[][..], &[("AUTHZ_CACHE_TTL_SECS", "0")]] {
        let stub = Stub::new(|_| {
            std::thread::sleep(Duration::from_millis(200));
            ok()
        });
        let fixture = std::sync::Arc::new(Fixture::new(stub, variables).await);
        let asking: Vec<_> = (0..35)
            .map(|_| {
                let fixture = fixture.clone();
                tokio::spawn(async move { fixture.ask(&event()).await })
            })
            .collect();
        for asked in asking {
            assert_eq!(asked.await.unwrap(), allow("alice", W_REST));
        }
        assert_eq!(fixture.up(), 1);
    }
}

#[tokio::test]
async fn many_requests_fetch_one_token_of_our_own() {
    let stub = Stub::new(|seen| {
        if seen.path == TOKEN {
            std::thread::sleep(Duration::from_millis(100));
            return json_answer(200, json!({"access_token": S1, "expires_in": 600}));
        }
        ok()
    });
    let fixture = Fixture::new(stub, &CLIENT_CREDENTIALS).await;
    let (first, second) = (event(), token_event(&format!("Bearer {T2}")));
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (allow("alice", W_REST), allow("alice", W_REST)));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (1, 2));
}

#[tokio::test]
async fn a_failure_goes_to_those_who_wait_for_it_alone() {
    let fixture = Fixture::playing(vec![json_answer(404, "{}"), ok()], &[]).await;
    let (first, second) = (event(), event());
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (e500(), e500()));
    assert_eq!(fixture.up(), 1);
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
}

#[tokio::test]
async fn a_request_out_of_time_takes_no_other_with_it() {
    let fixture = Fixture::playing(vec![Act::Stall, ok()], &[("AUTHZ_RETRIES", "0")]).await;
    let event = event().to_string();
    let answers = tokio::join!(fixture.ask_raw(&event, 400), fixture.ask_raw(&event, 30_000));
    assert_eq!(answers, (e500(), allow("alice", W_REST)));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn a_request_that_is_cancelled_takes_no_other_with_it() {
    let fixture = std::sync::Arc::new(Fixture::playing(vec![Act::Stall, ok()], &[]).await);
    let ask = || {
        let fixture = fixture.clone();
        tokio::spawn(async move { fixture.ask(&event()).await })
    };
    let leader = ask();
    while fixture.up() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let followers = [ask(), ask()];
    tokio::task::yield_now().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    for follower in followers {
        assert_eq!(follower.await.unwrap(), allow("alice", W_REST));
    }
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn a_revoked_token_of_ours_that_is_refused_with_403_is_replaced_by_the_next_request() {
    let mut given = 0;
    let stub = Stub::new(move |seen| {
        if seen.path == TOKEN {
            given += 1;
            let token = if given == 1 { S1 } else { S2 };
            return json_answer(200, json!({"access_token": token, "expires_in": 36_000}));
        }
        if given == 1 { json_answer(403, json!({})) } else { ok() }
    });
    let variables = [
        ("AUTHZ_INTROSPECTION_AUTH", "client_credentials"),
        ("AUTHZ_CLIENT_ID", "authorizer"),
        ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
        ("AUTHZ_TOKEN_URL", "{base}/oauth2/token"),
    ];
    let fixture = Fixture::new(stub, &variables).await;
    // A new token that is refused lacks a right: to fetch another for each request would help nobody.
    for _ in 0..2 {
        assert_eq!(fixture.ask(&event()).await, e500());
        fixture.assert_line(json!({"reason": "upstream_forbidden"}));
    }
    assert_eq!(fixture.stub.count(TOKEN), 1);
    fixture.clock.advance_ms(10_000);
    assert_eq!(fixture.ask(&event()).await, e500());
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 4));
}

#[tokio::test]
async fn a_server_that_refuses_every_token_of_ours_costs_no_new_token_for_each_request() {
    let mut given = 0;
    let stub = Stub::new(move |seen| {
        if seen.path == TOKEN {
            given += 1;
            let token = if given % 2 == 1 { S1 } else { S2 };
            return json_answer(200, json!({"access_token": token, "expires_in": 36_000}));
        }
        // After a while the server takes our tokens again.
        if given < 4 { json_answer(401, json!({})) } else { ok() }
    });
    let fixture = Fixture::new(stub, &CLIENT_CREDENTIALS).await;
    // A token and its replacement are refused; a third would fare no better.
    for up in [2, 3, 4] {
        assert_eq!(fixture.ask(&event()).await, e500());
        fixture.assert_line(json!({"reason": "upstream_unauthorized"}));
        assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, up));
    }
    fixture.clock.advance_ms(9_999);
    assert_eq!(fixture.ask(&event()).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 5));
    fixture.clock.advance_ms(1);
    assert_eq!(fixture.ask(&event()).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (3, 7));
    assert_eq!(fixture.ask(&event()).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (3, 8));
    fixture.clock.advance_ms(10_000);
    assert_eq!(fixture.ask(&event()).await, allow("alice", W_REST));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (4, 10));
}
