//! What is read, kept and read again.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::testing::{ManualClock, MemorySecrets};

const ID: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf";

fn source(suffix: &str) -> SecretSource {
    SecretSource::Arn(SecretArn::parse(&format!("{ID}{suffix}")).unwrap())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn fixture() -> (Arc<MemorySecrets>, Arc<ManualClock>, Secrets) {
    let store = Arc::new(MemorySecrets::default());
    store.put(ID, r#"{"token":"one","n":5}"#);
    let clock = Arc::new(ManualClock::at_secs(1_760_000_000));
    let secrets = Secrets::new(store.clone(), clock.clone(), Duration::from_secs(300));
    (store, clock, secrets)
}

#[tokio::test]
async fn one_read_serves_all_keys_until_the_time_is_up() {
    let (store, clock, secrets) = fixture();
    assert!(secrets.read(&source(":token::"), soon()).await.unwrap().matches("one"));
    assert!(
        secrets
            .read(&source(""), soon())
            .await
            .unwrap()
            .matches(r#"{"token":"one","n":5}"#)
    );
    assert_eq!(store.reads(), 1);
    store.put(ID, r#"{"token":"two"}"#);
    clock.advance_ms(299_999);
    assert!(secrets.read(&source(":token::"), soon()).await.unwrap().matches("one"));
    clock.advance_ms(1);
    assert!(secrets.read(&source(":token::"), soon()).await.unwrap().matches("two"));
    assert_eq!(store.reads(), 2);
}

#[tokio::test]
async fn a_refused_value_is_read_again_but_not_in_a_storm() {
    let (store, clock, secrets) = fixture();
    secrets.read(&source(":token::"), soon()).await.unwrap();
    store.put(ID, r#"{"token":"two"}"#);
    let token = source(":token::");
    let refreshed = async || secrets.refresh(&token, Duration::from_secs(10), soon()).await.unwrap();
    assert!(refreshed().await.matches("one"));
    clock.advance_ms(10_000);
    assert!(refreshed().await.matches("two"));
    assert!(refreshed().await.matches("two"));
    assert_eq!(store.reads(), 2);
}

#[tokio::test]
async fn a_clock_that_moved_back_reads_again() {
    let (store, clock, secrets) = fixture();
    secrets.read(&source(""), soon()).await.unwrap();
    clock.set_ms(1_000);
    secrets.read(&source(""), soon()).await.unwrap();
    assert_eq!(store.reads(), 2);
}

/// Answers only when two different secrets have been asked for.
struct InPairs(tokio::sync::Barrier);

impl SecretStore for InPairs {
    fn fetch<'a>(
        &'a self,
        _: &'a SecretArn,
        _: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            self.0.wait().await;
            Ok(Secret::new("x"))
        })
    }
}

#[tokio::test]
async fn different_secrets_are_read_side_by_side() {
    let store = Arc::new(InPairs(tokio::sync::Barrier::new(2)));
    let secrets = Secrets::new(store, Arc::new(ManualClock::default()), Duration::from_secs(300));
    let (one, other) = (source(""), source("::AWSPREVIOUS:"));
    let both = async { tokio::join!(secrets.read(&one, soon()), secrets.read(&other, soon())) };
    let (one, other) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    assert!(one.unwrap().matches("x") && other.unwrap().matches("x"));
}

#[tokio::test]
async fn what_is_missing_is_told_by_a_stable_word() {
    let (store, _, secrets) = fixture();
    assert_eq!(
        secrets.read(&source(":nope::"), soon()).await.unwrap_err().code(),
        "no_such_key"
    );
    assert_eq!(
        secrets.read(&source(":n::"), soon()).await.unwrap_err().code(),
        "no_such_key"
    );
    store.put(ID, "");
    assert_eq!(
        secrets
            .refresh(&source(""), Duration::ZERO, soon())
            .await
            .unwrap_err()
            .code(),
        "empty_value"
    );
    let other = SecretArn::parse("arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf").unwrap();
    let error = secrets.read(&SecretSource::Arn(other), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot be read from Secrets Manager (ResourceNotFoundException)"
    );
    let plain = SecretSource::Plain(Secret::new("x"));
    assert!(secrets.read(&plain, soon()).await.unwrap().matches("x"));
}

/// Fails in this way, after a while, and counts.
struct Failing {
    reads: AtomicU64,
    takes: Duration,
}

impl Failing {
    fn after_ms(millis: u64) -> (Arc<Self>, Arc<ManualClock>, Secrets) {
        let store = Arc::new(Self {
            reads: AtomicU64::new(0),
            takes: Duration::from_millis(millis),
        });
        let clock = Arc::new(ManualClock::at_secs(1_760_000_000));
        let secrets = Secrets::new(store.clone(), clock.clone(), Duration::from_secs(300));
        (store, clock, secrets)
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

impl SecretStore for Failing {
    fn fetch<'a>(
        &'a self,
        _: &'a SecretArn,
        _: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            Err(SecretError::new("AccessDeniedException"))
        })
    }
}

async fn failing(secrets: &Secrets, suffix: &str, deadline: Deadline) -> String {
    let error = secrets.read(&source(suffix), deadline).await.unwrap_err();
    error.code().to_owned()
}

#[tokio::test]
async fn one_failure_serves_all_keys_for_a_few_seconds() {
    let (store, clock, secrets) = Failing::after_ms(20);
    let keys = [":a::", ":b::", ":c::", ""];
    for code in crate::together(keys.map(|key| failing(&secrets, key, soon())).into()).await {
        assert_eq!(code, "AccessDeniedException");
    }
    for (gone_on_ms, reads) in [(0, 1), (4_999, 1), (1, 2)] {
        clock.advance_ms(gone_on_ms);
        assert_eq!(failing(&secrets, ":a::", soon()).await, "AccessDeniedException");
        assert_eq!(store.reads(), reads);
    }
}

#[tokio::test]
async fn a_refresh_that_failed_is_not_done_again_in_a_storm() {
    let (store, clock, secrets) = Failing::after_ms(0);
    let min_age = Duration::from_secs(3);
    for (gone_on_ms, reads) in [(0, 1), (2_999, 1), (1, 2)] {
        clock.advance_ms(gone_on_ms);
        assert!(secrets.refresh(&source(""), min_age, soon()).await.is_err());
        assert_eq!(store.reads(), reads);
    }
    // Whoever keeps the pace himself reads each time.
    assert!(secrets.refresh(&source(""), Duration::ZERO, soon()).await.is_err());
    assert_eq!(store.reads(), 3);
}

#[tokio::test]
async fn a_text_without_the_key_is_not_read_for_each_key() {
    let (store, _, secrets) = fixture();
    for key in [":a::", ":b::", ":n::"] {
        for code in [
            failing(&secrets, key, soon()).await,
            secrets
                .refresh(&source(key), Duration::from_secs(1), soon())
                .await
                .unwrap_err()
                .code()
                .to_owned(),
        ] {
            assert_eq!(code, "no_such_key");
        }
    }
    assert!(secrets.read(&source(":token::"), soon()).await.unwrap().matches("one"));
    assert_eq!(store.reads(), 1);
}

#[tokio::test]
async fn a_read_that_was_cut_short_speaks_only_for_those_with_no_more_time() {
    let (store, _, secrets) = Failing::after_ms(300);
    let hasty = || Deadline::after(Duration::from_millis(60));
    assert_eq!(failing(&secrets, "", hasty()).await, "timeout");
    assert_eq!(failing(&secrets, "", hasty()).await, "timeout");
    assert_eq!(store.reads(), 1);
    // One that went away itself is like it.
    let gone = failing(&secrets, ":a::", Deadline::after(Duration::from_millis(200)));
    assert!(tokio::time::timeout(Duration::from_millis(50), gone).await.is_err());
    assert_eq!(failing(&secrets, "", hasty()).await, "timeout");
    assert_eq!(store.reads(), 2);
    assert_eq!(failing(&secrets, "", soon()).await, "AccessDeniedException");
    assert_eq!(store.reads(), 3);
    // Nobody waits longer than that for somebody else's read either.
    let (store, _, secrets) = Failing::after_ms(5_000);
    tokio::select! {
        biased;
        _ = failing(&secrets, "", soon()) => panic!("it takes longer"),
        code = failing(&secrets, ":a::", hasty()) => assert_eq!(code, "timeout"),
    }
    assert_eq!(store.reads(), 1);
}
