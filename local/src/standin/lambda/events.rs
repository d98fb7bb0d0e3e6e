//! Asynchronous events: run in their own time, tried again twice, then given up
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::answer::error_kind;
use super::deployment::{Deployed, Target};
use super::request::Invocation;
use super::service::{Service, lock};
use super::{LambdaOptions, service};
use crate::function::Invoked;

/// The longest pause after a throttled try.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// `GET /_dropped`.
pub(super) async fn dropped(State(service): State<Arc<Service>>) -> Json<Vec<Value>> {
    Json(service.dropped())
}

/// An event on its way.
struct Event {
    deployed: Arc<Deployed>,
    target: Target,
    invocation: Invocation,
    request_id: String,
    options: LambdaOptions,
    account: Arc<Semaphore>,
    dropped: Arc<Mutex<Vec<Value>>>,
}

/// Takes an event; nobody waits for it.
pub(super) fn queue(
    service: &Service,
    deployed: Arc<Deployed>,
    target: Target,
    mut invocation: Invocation,
    request_id: String,
) {
    // "Lambda passes the ClientContext object to your function for synchronous invocations only."
    invocation.client_context = None;
    let event = Event {
        deployed,
        target,
        invocation,
        request_id,
        options: service.options.clone(),
        account: service.account(),
        dropped: service.dropped_list(),
    };
    service.spawn(event.work());
}

impl Event {
    async fn work(self) {
        let end = Instant::now() + self.options.event_age;
        let (mut tries, mut pause) = (0, self.options.throttle_delay);
        loop {
            let delay = match self.attempt().await {
                None if Instant::now() + pause > end => return self.give_up("EventAgeExceeded", tries, None),
                None => {
                    let delay = pause;
                    pause = (pause * 2).min(MAX_PAUSE);
                    delay
                }
                Some(Invoked::Response(_)) => return,
                Some(failed) => {
                    let delay = self.options.retry_delays.get(tries).copied();
                    tries += 1;
                    match delay {
                        Some(delay) if Instant::now() + delay <= end => delay,
                        Some(_) => return self.give_up("EventAgeExceeded", tries, Some(&failed)),
                        None => return self.give_up("RetriesExhausted", tries, Some(&failed)),
                    }
                }
            };
            sleep(delay).await;
        }
    }

    /// Runs the function once; nothing when there is no place for it.
    async fn attempt(&self) -> Option<Invoked> {
        let place = self.deployed.admit(&self.account).ok()?;
        let tenant = self.invocation.tenant_id.as_deref();
        let function = self.deployed.function(&self.target.version, tenant);
        let (payload, attributes) = service::attributes(self.invocation.clone(), &self.target, &self.request_id);
        let outcome = function.run(payload, attributes).await.outcome;
        drop(place);
        (outcome != Invoked::Throttled).then_some(outcome)
    }

    /// The record of an on-failure destination
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).
    fn give_up(self, condition: &str, tries: usize, last: Option<&Invoked>) {
        let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let mut record = json!({
            "version": "1.0",
            "timestamp": shared::clock::rfc3339(crate::clock::epoch_millis()),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": self.target.arn,
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "requestPayload": parsed(&self.invocation.payload),
        });
        if let (Some(outcome), Some(members)) = (last, record.as_object_mut()) {
            let payload = outcome.payload().map(|(payload, _)| parsed(&payload));
            let context = json!({
                "statusCode": 200,
                "executedVersion": self.target.version,
                "functionError": error_kind(outcome, &self.deployed),
            });
            members.insert("responseContext".to_owned(), context);
            members.insert("responsePayload".to_owned(), payload.unwrap_or_default());
        }
        lock(&self.dropped).push(record);
    }
}
