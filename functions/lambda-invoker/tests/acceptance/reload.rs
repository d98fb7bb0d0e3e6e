//! A table that is read anew when its time is up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_invoker::App;
use serde_json::{Value, json};
use shared::secrets::{SecretArn, SecretError, SecretStore};
use shared::telemetry::Telemetry;
use shared::testing::{FixedEnv, ManualClock, MemorySecrets};
use shared::{Deadline, Secret, Secrets};
use tokio::sync::Semaphore;

use crate::support::event::get;
use crate::support::upstream::Upstream;
use crate::support::{Function, NOW_MS, table};

const TABLE: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:routes-AbCdEf";
const KEY: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf";

/// Secrets that are handed out while the gate has passes.
struct Gated {
    store: Arc<MemorySecrets>,
    gate: Arc<Semaphore>,
}

impl SecretStore for Gated {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        deadline: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            let _pass = self.gate.acquire().await;
            self.store.fetch(arn, deadline).await
        })
    }
}

struct Fixture {
    function: Function,
    store: Arc<MemorySecrets>,
    gate: Arc<Semaphore>,
    clock: Arc<ManualClock>,
    upstream: Upstream,
}

async fn fixture() -> Fixture {
    let upstream = Upstream::fine().await;
    let store = Arc::new(MemorySecrets::default());
    store.put(TABLE, &leading(&upstream, "/one", json!("k1")));
    let gate = Arc::new(Semaphore::new(1));
    let gated = Gated {
        store: store.clone(),
        gate: gate.clone(),
    };
    let clock = Arc::new(ManualClock::at_ms(NOW_MS));
    let (telemetry, log) = Telemetry::in_memory("lambda-invoker", clock.clone());
    let secrets = Secrets::new(Arc::new(gated), clock.clone(), Duration::from_secs(300));
    let env = FixedEnv::new([("INVOKER_CONFIG_SECRET_ARN", TABLE), ("INVOKER_CONFIG_TTL_SECS", "120")]);
    let app = App::start(Arc::new(env), Arc::new(secrets), clock.clone(), Arc::new(telemetry));
    let function = Function::new(app.await.unwrap(), clock.clone(), log);
    Fixture {
        function,
        store,
        gate,
        clock,
        upstream,
    }
}

fn leading(upstream: &Upstream, base: &str, key: Value) -> String {
    // Longer than any of these tests lets its clock go on.
    let keep = 86_400_000;
    table(json!([{"uri": "/", "function_uri": upstream.url(base), "authorization": {"apikey": key}, "keepalive_timeout": keep}]))
        .to_string()
}

impl Fixture {
    /// Where a request is led, and with which key.
    async fn led(&self) -> (String, String) {
        assert_eq!(self.function.call(&get("/").alb()).await.status, 200);
        let seen = self.upstream.last();
        (seen.target().to_owned(), seen.header("x-api-key").unwrap().to_owned())
    }

    fn lines(&self, message: &str) -> Vec<Value> {
        let log = self.function.log.lock().unwrap();
        log.iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["message"].as_str().unwrap().starts_with(message))
            .collect()
    }
}

fn led(target: &str, key: &str) -> (String, String) {
    (target.to_owned(), key.to_owned())
}

#[tokio::test]
async fn a_changed_table_is_in_force_after_its_time() {
    let fixture = fixture().await;
    fixture.store.put(KEY, "k2");
    fixture
        .store
        .put(TABLE, &leading(&fixture.upstream, "/two", json!({"secret_arn": KEY})));
    fixture.clock.advance_ms(119_000);
    assert_eq!(fixture.led().await, led("/one", "k1"));
    assert_eq!(fixture.store.reads(), 1);
    fixture.clock.advance_ms(1000);
    assert_eq!(fixture.led().await, led("/two", "k2"));
    assert_eq!(fixture.led().await, led("/two", "k2"));
    assert_eq!(fixture.store.reads(), 3);
    let told = fixture.lines("a new route table is in force");
    assert_eq!((told.len(), &told[0]["Reloads"]), (1, &json!(1)));

    // A secret that the table names is read anew with it.
    fixture.store.put(KEY, "k3");
    fixture.clock.advance_ms(120_000);
    assert_eq!(fixture.led().await, led("/two", "k3"));
}

#[tokio::test]
async fn an_unchanged_table_keeps_its_connections() {
    let fixture = fixture().await;
    fixture.led().await;
    fixture.clock.advance_ms(120_000);
    fixture.led().await;
    assert_eq!(fixture.store.reads(), 2);
    assert_eq!(fixture.upstream.connections(), 1);
    assert!(fixture.lines("a new route table").is_empty());
}

#[tokio::test]
async fn a_bad_table_changes_nothing_and_is_told() {
    let fixture = fixture().await;
    let two = leading(&fixture.upstream, "/two", json!("k2"));
    let bad = two.replace("\"uri\"", "\"urii\"").replace("k2", "s3cret-key");
    for (text, problems) in [
        (
            bad.as_str(),
            "routes[0].uri: is required; routes[0].urii: unknown field, did you mean \"uri\"?",
        ),
        (
            "{\"version\": s3cret}",
            "config: invalid JSON at line 1 column 13: expected value",
        ),
    ] {
        fixture.store.put(TABLE, text);
        fixture.clock.advance_ms(120_000);
        assert_eq!(fixture.led().await, led("/one", "k1"));
        // The request that comes next does not wait for another reading.
        let reads = fixture.store.reads();
        assert_eq!(fixture.led().await, led("/one", "k1"));
        assert_eq!(fixture.store.reads(), reads);
        let told = fixture.lines("the route table could not be read anew").pop().unwrap();
        assert_eq!(told["level"], "ERROR");
        assert_eq!(told["problems"], problems);
        assert_eq!(told["ReloadFailures"], 1);
    }
    // A table that was mended is found after a minute.
    fixture.store.put(TABLE, &two);
    fixture.clock.advance_ms(59_000);
    assert_eq!(fixture.led().await, led("/one", "k1"));
    fixture.clock.advance_ms(1000);
    assert_eq!(fixture.led().await, led("/two", "k2"));
    assert!(!fixture.function.log.lock().unwrap().join("").contains("s3cret"));
}

#[tokio::test]
async fn a_changed_namespace_of_the_metrics_is_told_once() {
    let fixture = fixture().await;
    let named = |base: &str, namespace: Option<&str>| {
        let mut table: Value = serde_json::from_str(&leading(&fixture.upstream, base, json!("k1"))).unwrap();
        if let Some(namespace) = namespace {
            table["metrics_namespace"] = json!(namespace);
        }
        table.to_string()
    };
    for (base, namespace, told) in [
        ("/one", Some("Shop"), 1),
        ("/one", Some("Shop"), 1),
        ("/two", Some("Shop"), 1),
        ("/two", Some("Other"), 2),
        // What is in force needs no restart, whether it is named or not.
        ("/two", None, 2),
        ("/two", Some("LambdaSuite"), 2),
        ("/two", Some("Other"), 3),
    ] {
        fixture.store.put(TABLE, &named(base, namespace));
        fixture.clock.advance_ms(120_000);
        assert_eq!(fixture.led().await, led(base, "k1"));
        let lines = fixture.lines("a changed metrics_namespace takes a restart");
        assert_eq!(lines.len(), told, "{base} {namespace:?}");
        let last = lines.last().unwrap();
        assert_eq!(last["level"], "WARN");
        assert_eq!(
            fixture.function.line()["_aws"]["CloudWatchMetrics"][0]["Namespace"],
            "LambdaSuite"
        );
    }
}

#[tokio::test]
async fn one_request_reads_and_the_others_do_not_wait() {
    let fixture = fixture().await;
    fixture
        .store
        .put(TABLE, &leading(&fixture.upstream, "/two", json!("k2")));
    fixture.clock.advance_ms(120_000);
    fixture.gate.forget_permits(1);
    let others = async {
        for _ in 0..3 {
            assert_eq!(fixture.led().await, led("/one", "k1"));
        }
        assert_eq!(fixture.store.reads(), 1);
        fixture.gate.add_permits(1);
    };
    let (first, ()) = tokio::join!(fixture.led(), others);
    assert_eq!(first, led("/two", "k2"));
    assert_eq!(fixture.store.reads(), 2);
}

#[tokio::test]
async fn a_reading_takes_no_more_than_half_of_a_requests_time() {
    let fixture = fixture().await;
    fixture.clock.advance_ms(120_000);
    fixture.gate.forget_permits(1);
    let started = Instant::now();
    let event = get("/").alb();
    assert_eq!(fixture.function.call_within(&event, 1000).await.status, 200);
    assert!(
        (400..900).contains(&started.elapsed().as_millis()),
        "{:?}",
        started.elapsed()
    );
    let told = fixture.lines("the route table could not be read anew");
    assert_eq!(
        told[0]["problems"],
        "INVOKER_CONFIG_SECRET_ARN: cannot be read from Secrets Manager (timeout)"
    );
    // The next one is not held up.
    let started = Instant::now();
    assert_eq!(fixture.function.call_within(&event, 1000).await.status, 200);
    assert!(started.elapsed().as_millis() < 400, "{:?}", started.elapsed());
}
