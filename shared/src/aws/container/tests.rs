//! Credentials of a container: asked for once, kept, replaced.

mod place;
mod trouble;

use std::time::Duration;

use super::*;
use crate::aws::Provider;
use crate::scripted::{Reaction, Scripted, answer, whole};
use crate::testing::{FixedEnv, ManualClock};

const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// 2026-03-01T12:00:00Z.
const NOON_MS: u64 = 1_772_366_400_000;

const MINUTE_MS: u64 = 60_000;

const LONG: Duration = Duration::from_secs(20);

fn body(number: u32, until: &str) -> String {
    format!(
        r#"{{"AccessKeyId":"ASIA{number}","SecretAccessKey":"secret{number}","Token":"token{number}","Expiration":"2026-03-01T{until}Z"}}"#
    )
}

fn good(number: u32, until: &str) -> Reaction {
    answer(200, "Content-Type: application/json\r\n", &body(number, until))
}

struct Fixture {
    endpoint: Scripted,
    clock: Arc<ManualClock>,
    provider: Provider,
}

impl Fixture {
    async fn start(reactions: Vec<Reaction>) -> Self {
        Self::with(reactions, |env| env).await
    }

    async fn with(reactions: Vec<Reaction>, change: impl FnOnce(FixedEnv) -> FixedEnv) -> Self {
        let endpoint = Scripted::start(reactions).await;
        let clock = Arc::new(ManualClock::at_ms(NOON_MS));
        let env = change(FixedEnv::default().with(FULL, &format!("{}/role?v=1", endpoint.url)));
        let provider = Provider::of_function(&env, clock.clone());
        Self {
            endpoint,
            clock,
            provider,
        }
    }

    /// The number of the credentials, or why there are none.
    async fn number(&self) -> Result<String, String> {
        let credentials = self
            .provider
            .credentials(LONG)
            .await
            .map_err(|unavailable| unavailable.0)?;
        let number = credentials.access_key_id().strip_prefix("ASIA").unwrap().to_owned();
        assert_eq!(credentials.secret_access_key().reveal(), format!("secret{number}"));
        assert_eq!(credentials.session_token().unwrap().reveal(), format!("token{number}"));
        Ok(number)
    }
}

#[tokio::test]
async fn credentials_are_asked_for_once_and_anew_before_they_expire() {
    let fixture = Fixture::start(vec![good(1, "13:00:00"), good(2, "14:00:00")]).await;
    assert!(fixture.provider.is_renewable());
    for (gone_on_ms, number) in [(0, "1"), (54 * MINUTE_MS, "1"), (MINUTE_MS, "2"), (0, "2")] {
        fixture.clock.advance_ms(gone_on_ms);
        assert_eq!(fixture.number().await.unwrap(), number);
    }
    let asked = fixture.endpoint.asked();
    assert_eq!(asked.len(), 2);
    let head = asked[0].to_ascii_lowercase();
    assert!(head.starts_with("get /role?v=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\naccept: application/json\r\n"), "{head}");
    assert!(head.contains("\r\nhost: 127.0.0.1:"), "{head}");
    assert!(!head.contains("authorization"), "{head}");
    assert_eq!(format!("{:?}", fixture.provider), "Provider(container)");
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_wait_for_one_answer() {
    let late = Reaction::Late(Duration::from_millis(50), whole(200, "", &body(1, "13:00:00")));
    let fixture = Fixture::start(vec![late]).await;
    let all = async { tokio::join!(fixture.number(), fixture.number(), fixture.number()) };
    let (one, two, three) = all.await;
    assert_eq!([one, two, three].map(Result::unwrap), ["1", "1", "1"]);
    assert_eq!(fixture.endpoint.calls(), 1);
}

#[tokio::test]
async fn credentials_that_are_called_stale_are_asked_for_anew() {
    let fixture = Fixture::start(vec![good(1, "13:00:00"), good(2, "13:00:00")]).await;
    let first = fixture.provider.credentials(LONG).await.unwrap();
    assert!(fixture.provider.forget(&first));
    assert_eq!(fixture.number().await.unwrap(), "2");
    // Somebody else said so before.
    assert!(fixture.provider.forget(&first));
    assert_eq!(fixture.number().await.unwrap(), "2");
    assert_eq!(fixture.endpoint.calls(), 2);
}

#[tokio::test]
async fn what_still_lasts_is_used_while_the_endpoint_fails() {
    let fixture = Fixture::start(vec![good(1, "13:00:00"), answer(403, "", "")]).await;
    assert_eq!(fixture.number().await.unwrap(), "1");
    fixture.clock.advance_ms(56 * MINUTE_MS);
    assert_eq!(fixture.number().await.unwrap(), "1");
    assert_eq!(fixture.number().await.unwrap(), "1");
    assert_eq!(fixture.endpoint.calls(), 2, "ten seconds go by before the next attempt");
    fixture.clock.advance_ms(4 * MINUTE_MS);
    assert_eq!(fixture.number().await.unwrap_err(), "container");
}

#[tokio::test]
async fn the_environments_own_credentials_come_first() {
    let fixture = Fixture::with(vec![good(1, "13:00:00")], |env| {
        env.with("AWS_ACCESS_KEY_ID", "ASIA7")
            .with("AWS_SECRET_ACCESS_KEY", "secret7")
            .with("AWS_SESSION_TOKEN", "token7")
    })
    .await;
    assert_eq!(fixture.number().await.unwrap(), "7");
    assert!(!fixture.provider.is_renewable());
    assert_eq!(fixture.endpoint.calls(), 0);
}
