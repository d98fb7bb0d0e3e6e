//! A start whose secrets are long in coming: they are read at the same time, and all of them in one.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_invoker::App;
use serde_json::json;
use shared::secrets::{SecretArn, SecretError, SecretStore};
use shared::telemetry::Telemetry;
use shared::testing::{FixedEnv, ManualClock};
use shared::{Deadline, Secret, Secrets};
use tokio::sync::Barrier;

use crate::support::table;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

/// Takes its time for the table, answers for keys only when three have been asked for, and fails.
struct Slow {
    table: String,
    keys: Barrier,
    left: Mutex<Vec<Duration>>,
}

impl SecretStore for Slow {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        deadline: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            self.left.lock().unwrap().push(deadline.remaining());
            if arn.secret_id.ends_with("table-AbCdEf") {
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Ok(Secret::new(self.table.as_str()));
            }
            self.keys.wait().await;
            Err(SecretError::new("unreachable"))
        })
    }
}

#[tokio::test]
async fn what_nobody_answers_is_told_within_one_reads_time() {
    let route = |number: usize, key: &str| {
        let arn = format!("{ARN}s{number}-AbCdEf:{key}::");
        json!({"uri": format!("/{number}{key}"), "function_uri": "http://127.0.0.1:9/",
            "authorization": {"apikey": {"secret_arn": arn}}})
    };
    // Two keys of one secret are one read.
    let routes = json!([route(0, "a"), route(0, "b"), route(1, "a"), route(2, "a")]);
    let store = Arc::new(Slow {
        table: table(routes).to_string(),
        keys: Barrier::new(3),
        left: Mutex::default(),
    });
    let clock = Arc::new(ManualClock::at_secs(1_772_366_400));
    let (telemetry, _) = Telemetry::in_memory("lambda-invoker", clock.clone());
    let env = FixedEnv::new([("INVOKER_CONFIG_SECRET_ARN", format!("{ARN}table-AbCdEf").as_str())]);
    let secrets = Secrets::new(store.clone(), clock.clone(), Duration::from_secs(300));
    let start = App::start(Arc::new(env), Arc::new(secrets), clock, Arc::new(telemetry));
    let start = tokio::time::timeout(Duration::from_secs(5), start).await.unwrap();
    let problems = start.err().unwrap();
    let expected: Vec<String> = (0..4)
        .map(|number| {
            format!(
                "routes[{number}].authorization.apikey.secret_arn: cannot be read from Secrets Manager (unreachable)"
            )
        })
        .collect();
    assert_eq!(problems.problems(), expected);
    // What the table took is gone for the others.
    let left = store.left.lock().unwrap().clone();
    assert_eq!(left.len(), 4);
    assert!(left[0] <= Duration::from_secs(6), "{left:?}");
    for left in &left[1..] {
        assert!(
            (Duration::from_secs(4)..=Duration::from_millis(5900)).contains(left),
            "{left:?}"
        );
    }
}
