//! The probe function, and the few calls that every test makes of it.

use std::{path::PathBuf, time::Duration};

use local::function::{Function, FunctionOptions, Invoked};
use serde_json::Value;

/// The built example. Cargo builds it with the tests.
pub(super) fn binary() -> PathBuf {
    let mut path = std::env::current_exe().expect("this test's own path");
    path.pop();
    path.pop();
    let path = path.join("examples/probe");
    assert!(
        path.is_file(),
        "{} is missing: cargo build -p local --example probe",
        path.display()
    );
    path
}

/// One environment, ten seconds for each event.
pub(super) fn options() -> FunctionOptions {
    FunctionOptions {
        timeout: Duration::from_secs(10),
        ..FunctionOptions::new("probe", binary())
    }
}

pub(super) async fn invoke(function: &Function, event: Value) -> Invoked {
    function.invoke(event.to_string().into()).await
}

/// The answer of an event that must succeed.
pub(super) async fn answer(function: &Function, event: Value) -> Value {
    match invoke(function, event).await {
        Invoked::Response(payload) => serde_json::from_slice(&payload).expect("JSON"),
        other => panic!("{other:?}; log:\n{}", function.log().text()),
    }
}

/// Whether a process has ended, or ends within two seconds.
pub(super) async fn gone(pid: &Value) -> bool {
    let path = PathBuf::from(format!("/proc/{pid}"));
    for _ in 0..200 {
        if !path.exists() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
