//! A container's endpoint that answers well, badly, late, or something that nobody should believe.

use std::io::Write;
use std::time::{Duration, Instant};

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

#[tokio::test]
async fn a_token_is_shown_and_one_in_a_file_is_read_each_time() {
    let shown = |fixture: &Fixture| {
        let last = fixture.endpoint.asked().pop().unwrap();
        let value = last
            .split("\r\nauthorization: ")
            .nth(1)
            .map(|rest| rest.split("\r\n").next().unwrap());
        value.map(str::to_owned)
    };
    let fixture = Fixture::with(vec![good(1, "13:00:00")], |env| env.with(TOKEN, "Basic c2VjcmV0")).await;
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "Basic c2VjcmV0");

    let folder = std::env::temp_dir().join(format!("container-token-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("token");
    std::fs::File::create(&path).unwrap().write_all(b"first").unwrap();
    let path_text = path.to_str().unwrap().to_owned();
    let fixture = Fixture::with(vec![good(1, "13:00:00"), good(2, "14:00:00")], |env| {
        env.with(TOKEN, "not this one").with(TOKEN_FILE, &path_text)
    })
    .await;
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "first");
    std::fs::write(&path, "second").unwrap();
    fixture.clock.advance_ms(55 * MINUTE_MS);
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "second");
    // Nobody is asked without what should be shown.
    fixture.clock.advance_ms(70 * MINUTE_MS);
    for hostile in ["third\r\nx-injected: 1", "third\n", "th\0ird"] {
        std::fs::write(&path, hostile).unwrap();
        assert_eq!(fixture.number().await.unwrap_err(), "container", "{hostile:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(fixture.number().await.unwrap_err(), "container");
    assert_eq!(fixture.endpoint.calls(), 2);
    let fixture = Fixture::with(vec![good(1, "13:00:00")], |env| env.with(TOKEN, "a\r\nx-injected: 1")).await;
    assert_eq!(fixture.number().await.unwrap_err(), "container");
    assert_eq!(fixture.endpoint.calls(), 0);
}

#[tokio::test]
async fn what_may_pass_is_asked_three_times() {
    let html = || answer(200, "", "<html>");
    let down = || answer(503, "", "");
    for (reactions, number, calls) in [
        (vec![down(), good(1, "13:00:00")], Some("1"), 2),
        (vec![html(), good(1, "13:00:00")], Some("1"), 2),
        (
            vec![Reaction::Close, Reaction::Close, good(1, "13:00:00")],
            Some("1"),
            3,
        ),
        (vec![down()], None, 3),
        (vec![html()], None, 3),
        // These would be the same again.
        (vec![answer(401, "", ""), good(1, "13:00:00")], None, 1),
        (vec![answer(404, "", "{}"), good(1, "13:00:00")], None, 1),
    ] {
        let fixture = Fixture::start(reactions.clone()).await;
        let found = fixture.number().await;
        assert_eq!(found.as_deref(), number.ok_or(&"container".to_owned()), "{reactions:?}");
        assert_eq!(fixture.endpoint.calls(), calls, "{reactions:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Scripted::start(vec![good(1, "13:00:00")]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/role\r\n", elsewhere.url);
        let fixture = Fixture::with(vec![answer(status, &location, &body(2, "13:00:00"))], |env| {
            env.with(TOKEN, "t0ken")
        })
        .await;
        assert_eq!(fixture.number().await.unwrap_err(), "container", "{status}");
        assert_eq!(fixture.endpoint.calls(), 1);
    }
    assert_eq!(elsewhere.calls(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let huge = format!("{}{}", body(1, "13:00:00"), " ".repeat(LARGEST_ANSWER));
    let announced = Reaction::Send("HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n{".to_owned());
    for reaction in [answer(200, "", &huge), announced] {
        let fixture = Fixture::start(vec![reaction]).await;
        assert_eq!(fixture.number().await.unwrap_err(), "container");
        assert_eq!(fixture.endpoint.calls(), 1);
    }
}

#[tokio::test]
async fn credentials_that_have_expired_are_none() {
    let fixture = Fixture::start(vec![good(1, "11:59:59")]).await;
    assert_eq!(fixture.number().await.unwrap_err(), "expired");
}

#[tokio::test]
async fn nobody_waits_for_longer_than_asked() {
    let fixture = Fixture::start(vec![Reaction::Stall]).await;
    let started = Instant::now();
    let asked = fixture.provider.credentials(Duration::from_millis(400)).await;
    assert_eq!(asked.unwrap_err().0, "container_timeout");
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(fixture.endpoint.calls(), 1);
}

#[test]
fn a_relative_uri_is_one_of_ecs_and_wins() {
    let found = |variables: &[(&str, &str)]| {
        let env = FixedEnv::new(variables.iter().copied());
        let container = Container::from_env(&env, Arc::new(ManualClock::default()));
        let endpoint = container.endpoint?;
        Some((endpoint.host.to_str().unwrap().to_owned(), endpoint.target.to_string()))
    };
    let some = |host: &str, target: &str| Some((host.to_owned(), target.to_owned()));
    let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    for (variables, expected) in [
        (&[][..], None),
        (&[(relative, "/v2/x?id=1")], some("169.254.170.2", "/v2/x?id=1")),
        (
            &[(relative, "/v2/x"), (FULL, "http://127.0.0.1/y")],
            some("169.254.170.2", "/v2/x"),
        ),
        (
            &[(relative, ""), (FULL, "http://127.0.0.1:9001/y")],
            some("127.0.0.1:9001", "/y"),
        ),
        (
            &[(relative, "//evil.example.com/x")],
            some("169.254.170.2", "//evil.example.com/x"),
        ),
        (&[(relative, ".evil.example.com/x")], None),
        (&[(relative, "@evil.example.com/x")], None),
        (&[(relative, ":80@evil.example.com/x")], None),
        (&[(relative, "http://evil.example.com/x")], None),
        (
            &[(FULL, "https://credentials.example.com/x")],
            some("credentials.example.com", "/x"),
        ),
        (
            &[(FULL, "http://[fd00:ec2::23]/v1/credentials")],
            some("[fd00:ec2::23]", "/v1/credentials"),
        ),
        (&[(FULL, "file:///etc/passwd")], None),
        (&[(FULL, "/only/a/path")], None),
    ] {
        assert_eq!(found(variables), expected, "{variables:?}");
    }
}

/// An address that others may answer at is asked for nothing, and shown no token, without TLS.
#[tokio::test]
async fn without_tls_only_this_machine_is_asked() {
    for url in [
        "http://192.0.2.1/role",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/role",
    ] {
        let env = FixedEnv::default().with(FULL, url).with(TOKEN, "t0ken");
        let provider = Provider::of_function(&env, Arc::new(ManualClock::at_ms(NOON_MS)));
        let started = Instant::now();
        let asked = provider.credentials(LONG).await;
        assert_eq!(asked.unwrap_err().0, "container", "{url}");
        assert!(started.elapsed() < Duration::from_millis(500), "{url}");
    }
}

#[tokio::test]
async fn without_an_endpoint_there_are_none() {
    let provider = Provider::of_function(&FixedEnv::default(), Arc::new(ManualClock::default()));
    assert_eq!(provider.credentials(LONG).await.unwrap_err().0, "container");
}
