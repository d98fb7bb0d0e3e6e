//! Secrets of our own that change while we run: read again when refused, once, and never in a loop.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use shared::secrets::{SecretArn, SecretError, SecretStore};
use shared::{Deadline, Secret};

use crate::fixture::*;
use crate::stub::{Stub, json as json_answer};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hydra-AbCdEf";
const OLD: &str = "s3cret-old";
const NEW: &str = "s3cret-new";

const BASIC: [(&str, &str); 4] = [
    ("AUTHZ_INTROSPECTION_AUTH", "basic"),
    ("AUTHZ_CLIENT_ID", "authorizer"),
    ("AUTHZ_CLIENT_SECRET_SECRET_ARN", ARN),
    ("AUTHZ_CACHE_TTL_SECS", "0"),
];
const BEARER: [(&str, &str); 3] = [
    ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
    ("AUTHZ_BEARER_SECRET_ARN", ARN),
    ("AUTHZ_CACHE_TTL_SECS", "0"),
];
const CLIENT_CREDENTIALS: [(&str, &str); 5] = [
    ("AUTHZ_INTROSPECTION_AUTH", "client_credentials"),
    ("AUTHZ_CLIENT_ID", "authorizer"),
    ("AUTHZ_CLIENT_SECRET_SECRET_ARN", ARN),
    ("AUTHZ_TOKEN_URL", "{base}/oauth2/token"),
    ("AUTHZ_CACHE_TTL_SECS", "0"),
];

/// A secret in Secrets Manager, or `None` while it cannot be read.
#[derive(Default)]
struct Vault {
    secret: Mutex<Option<&'static str>>,
    reads: AtomicU64,
}

impl Vault {
    fn holding(secret: &'static str) -> Arc<Self> {
        let vault = Self::default();
        vault.put(Some(secret));
        Arc::new(vault)
    }

    fn put(&self, secret: Option<&'static str>) {
        *self.secret.lock().unwrap() = secret;
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

impl SecretStore for Vault {
    fn fetch<'a>(
        &'a self,
        _: &'a SecretArn,
        _: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let secret = *self.secret.lock().unwrap();
        Box::pin(async move {
            tokio::task::yield_now().await;
            secret
                .map(Secret::new)
                .ok_or_else(|| SecretError::new("AccessDeniedException"))
        })
    }
}

/// A server that takes one secret alone, whichever way it is shown.
#[derive(Clone)]
struct Server(Arc<Mutex<&'static str>>);

impl Server {
    fn taking(secret: &'static str) -> Self {
        Self(Arc::new(Mutex::new(secret)))
    }

    fn now_takes(&self, secret: &'static str) {
        *self.0.lock().unwrap() = secret;
    }

    /// Refuses with this status and body.
    fn stub(&self, status: u16, refusal: Value) -> Stub {
        let server = self.clone();
        Stub::new(move |seen| {
            let secret = *server.0.lock().unwrap();
            let shown = seen.header("authorization").unwrap_or_default();
            let known = match secret {
                // base64 of `authorizer:s3cret-old` and `authorizer:s3cret-new`.
                OLD => ["Basic YXV0aG9yaXplcjpzM2NyZXQtb2xk", "Bearer s3cret-old"],
                _ => ["Basic YXV0aG9yaXplcjpzM2NyZXQtbmV3", "Bearer s3cret-new"],
            };
            if seen.path == TOKEN {
                return match known.contains(&shown) {
                    true => json_answer(200, json!({"access_token": format!("{S1}{secret}"), "expires_in": 600})),
                    false => json_answer(status, &refusal),
                };
            }
            if known.contains(&shown) || shown == format!("Bearer {S1}{secret}") {
                ok()
            } else {
                json_answer(401, &refusal)
            }
        })
    }
}

#[tokio::test]
async fn a_rotated_secret_is_read_again_when_the_old_one_is_refused() {
    for variables in [&BASIC[..], &BEARER] {
        let (vault, server) = (Vault::holding(OLD), Server::taking(OLD));
        let fixture = Fixture::with_secrets(server.stub(401, json!({})), variables, vault.clone()).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!((fixture.up(), vault.reads()), (1, 1));
        vault.put(Some(NEW));
        // Nobody asks for it as long as the old one is good.
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!((fixture.up(), vault.reads()), (2, 1));
        server.now_takes(NEW);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!((fixture.up(), vault.reads()), (4, 2));
        fixture.assert_line(json!({"decision": "allow", "secret_reread": "changed", "attempts": 2}));
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!((fixture.up(), vault.reads()), (5, 2));
        assert!(!fixture.log().contains("s3cret"));
    }
}

#[tokio::test]
async fn a_rotated_client_secret_is_read_again_when_the_token_endpoint_refuses_the_old_one() {
    for (status, refusal) in [
        (401, json!({"error": "invalid_client"})),
        (400, json!({"error": "invalid_client"})),
        (401, json!("no")),
    ] {
        let (vault, server) = (Vault::holding(OLD), Server::taking(OLD));
        let fixture = Fixture::with_secrets(server.stub(status, refusal), &CLIENT_CREDENTIALS, vault.clone()).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        server.now_takes(NEW);
        vault.put(Some(NEW));
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        // The old token refused, the old secret refused, then a new token by the new secret.
        assert_eq!((fixture.stub.count(TOKEN), fixture.up(), vault.reads()), (3, 3, 2));
        fixture.assert_line(json!({"secret_reread": "changed", "system_token_attempts": 2}));
        assert!(!fixture.log().contains("s3cret"));
    }
}

#[tokio::test]
async fn another_error_of_the_token_endpoint_reads_no_secret() {
    let (vault, server) = (Vault::holding(OLD), Server::taking(NEW));
    let stub = server.stub(400, json!({"error": "invalid_scope"}));
    let fixture = Fixture::with_secrets(stub, &CLIENT_CREDENTIALS, vault.clone()).await;
    vault.put(Some(NEW));
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), vault.reads()), (1, 1));
    fixture.assert_line(json!({"reason": "system_token", "oauth_error": "invalid_scope"}));
}

#[tokio::test]
async fn an_unchanged_secret_is_not_tried_twice_nor_read_in_a_storm() {
    let (vault, server) = (Vault::holding(OLD), Server::taking(NEW));
    let fixture = Fixture::with_secrets(server.stub(401, json!({})), &BASIC, vault.clone()).await;
    for (advance_ms, up, reads, reread) in [
        (0, 1, 2, json!("unchanged")),
        (0, 2, 2, json!(null)),
        (9_999, 3, 2, json!(null)),
        (1, 4, 3, json!("unchanged")),
    ] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        assert_eq!((fixture.up(), vault.reads()), (up, reads));
        fixture.assert_line(json!({"reason": "upstream_unauthorized", "secret_reread": reread}));
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_stays_closed_and_is_not_asked_for_in_a_storm() {
    for variables in [&BASIC[..], &CLIENT_CREDENTIALS] {
        let (vault, server) = (Vault::holding(OLD), Server::taking(NEW));
        let fixture = Fixture::with_secrets(server.stub(401, json!({})), variables, vault.clone()).await;
        vault.put(None);
        for (advance_ms, reads) in [(0, 2), (0, 2), (10_000, 3)] {
            fixture.clock.advance_ms(advance_ms);
            assert_eq!(fixture.ask(&bearing(T1)).await, e500());
            assert_eq!(vault.reads(), reads);
        }
        fixture.assert_line(json!({"secret_reread": "failed", "decision": "error"}));
        // A value that no header can hold is no better.
        vault.put(Some("a\nb"));
        if variables.len() == BASIC.len() {
            continue;
        }
        fixture.clock.advance_ms(10_000);
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        vault.put(Some(NEW));
        fixture.clock.advance_ms(10_000);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    }
}

#[tokio::test]
async fn a_new_secret_that_is_refused_as_well_ends_it() {
    let (vault, server) = (Vault::holding(OLD), Server::taking("another"));
    let stub = server.stub(401, json!({}));
    let fixture = Fixture::with_secrets(stub, &BASIC, vault.clone()).await;
    vault.put(Some("s3cret-of-nobody"));
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!((fixture.up(), vault.reads()), (2, 2));
    fixture.assert_line(json!({"reason": "upstream_unauthorized", "secret_reread": "changed"}));
}

#[tokio::test]
async fn a_secret_of_the_configuration_itself_is_not_tried_twice() {
    let server = Server::taking(NEW);
    let variables = [BASIC[0], BASIC[1], ("AUTHZ_CLIENT_SECRET", OLD)];
    let fixture = Fixture::new(server.stub(401, json!({})), &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.up(), 1);
    assert!(fixture.line().get("secret_reread").is_none());
}

#[tokio::test]
async fn many_that_are_refused_at_once_share_one_read() {
    let (vault, server) = (Vault::holding(OLD), Server::taking(NEW));
    let fixture = Fixture::with_secrets(server.stub(401, json!({})), &BASIC, vault.clone()).await;
    vault.put(Some(NEW));
    let events: Vec<Value> = (0..4).map(|at| bearing(&format!("{T1}.{at}"))).collect();
    let answers = fixture.ask_together(&events).await;
    assert_eq!(answers, vec![allow("alice", W_REST); 4]);
    assert_eq!(vault.reads(), 2);
}

#[tokio::test]
async fn the_new_bearer_is_our_own_too() {
    let (vault, server) = (Vault::holding(OLD), Server::taking(NEW));
    let fixture = Fixture::with_secrets(server.stub(401, json!({})), &BEARER, vault.clone()).await;
    vault.put(Some(NEW));
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&bearing(NEW)).await, e401());
    fixture.assert_line(json!({"reason": "own_token"}));
    assert_eq!(fixture.up(), 2);
}
