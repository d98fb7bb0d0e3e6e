//! A handler that panics: an error that tells nothing, and nobody else is hurt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::Clock;
use shared::start::{Context, InvocationError, PANICKED, RawEvent, guard};
use shared::telemetry::Telemetry;
use shared::testing::MemorySecrets;

use crate::fixture::*;
use crate::stub::Stub;

/// A clock that panics the next time that it is looked at, once it was told to.
#[derive(Default)]
struct Faulty(AtomicBool);

impl Clock for Faulty {
    fn now_ms(&self) -> u64 {
        assert!(!self.0.swap(false, Ordering::SeqCst), "{T1}");
        NOW * 1000
    }
}

async fn app(stub: &Stub, clock: Arc<Faulty>) -> authorizer::App {
    // The telemetry has a clock of its own: its lines are not what panics.
    let (telemetry, _) = Telemetry::in_memory("authorizer", Arc::new(Faulty::default()));
    let store = Arc::new(MemorySecrets::default());
    build_with(stub, &[], store, clock, Arc::new(telemetry)).await.unwrap()
}

async fn ask(app: &authorizer::App) -> Result<serde_json::Value, InvocationError> {
    let context = Context {
        deadline: NOW * 1000 + 30_000,
        ..Context::default()
    };
    let payload = bearing(T1).to_string();
    let answer = guard(app.handle(RawEvent { payload, context })).await?;
    Ok(serde_json::to_value(&answer).unwrap())
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_next_request_is_answered() {
    let (stub, clock) = (Stub::playing(vec![ok()]), Arc::new(Faulty::default()));
    let app = app(&stub, clock.clone()).await;
    clock.0.store(true, Ordering::SeqCst);
    assert_eq!(ask(&app).await, Err(PANICKED));
    assert_eq!(
        ("InternalError", "InternalError"),
        (PANICKED.error_type, PANICKED.error_message)
    );
    assert_eq!(ask(&app).await.map_err(|_| ("", "")), allow("alice", W_REST));
}

#[tokio::test]
async fn those_who_waited_for_one_that_panicked_ask_for_themselves() {
    let clock = Arc::new(Faulty::default());
    let (armed, mut first) = (clock.clone(), true);
    let stub = Stub::new(move |_| {
        // The reply arrives, and the one who asked falls over it.
        armed.0.store(std::mem::take(&mut first), Ordering::SeqCst);
        ok()
    });
    let app = app(&stub, clock).await;
    let (fallen, second, third) = tokio::join!(ask(&app), ask(&app), ask(&app));
    assert_eq!(fallen, Err(PANICKED));
    assert_eq!(second.map_err(|_| ("", "")), allow("alice", W_REST));
    assert_eq!(third.map_err(|_| ("", "")), allow("alice", W_REST));
    assert_eq!(stub.count(INTROSPECT), 2);
}
