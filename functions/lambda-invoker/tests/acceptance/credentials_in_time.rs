//! Credentials that are long in coming.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::credentials::{assumed, role, route, signed_with, status};
use crate::support::event::get;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};

#[tokio::test]
async fn a_service_that_hangs_does_not_keep_what_still_lasts_from_being_used() {
    let upstream = Upstream::fine().await;
    let sts = Upstream::script(vec![assumed(1, "13:00:00"), Reaction::Stall(Vec::new())]).await;
    let mut endpoint = route(&upstream, &sts);
    endpoint["timeout"] = json!(2500);
    let function = function(json!([endpoint])).await;
    assert_eq!(status(&function).await.0, 200);
    function.clock.advance_ms(56 * 60_000);
    // The first one waits for a second, the others do not wait at all for a while.
    for most_ms in [1900, 700] {
        let started = Instant::now();
        assert_eq!(status(&function).await.0, 200);
        assert!(
            started.elapsed() < Duration::from_millis(most_ms),
            "{:?}",
            started.elapsed()
        );
        signed_with(&upstream, 1);
        assert_eq!(sts.calls(), 2);
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_no_failure_of_the_target() {
    let fine = http("200 OK", "", b"{}");
    let (upstream, sts) = (
        Upstream::sending(fine).await,
        Upstream::reacting(Reaction::Stall(Vec::new())).await,
    );
    let mut endpoint = route(&upstream, &sts);
    let iam = json!({"assume_role": role(&sts)});
    let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
    let mut invoke = json!({"uri": "/invoke", "function": invoked, "authorization": {"iam": iam}});
    for route in [&mut endpoint, &mut invoke] {
        route["timeout"] = json!(800);
        route["circuit"] = json!({"failures": 1});
    }
    let function = function(json!([endpoint, invoke])).await;
    for path in ["/", "/", "/invoke", "/invoke"] {
        let answer = function.call(&get(path).alb()).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (502, "credentials_unavailable"),
            "{path}"
        );
        let line = function.line();
        assert_eq!(
            (&line["upstream_error"], &line["circuit"]),
            (&json!("sts_timeout"), &json!("closed"))
        );
    }
    // Those who wait for one that asks have no more time than it.
    let all = errors_of(&function).await;
    assert!(all.iter().all(|error| error == "credentials_unavailable"), "{all:?}");
    assert_eq!(upstream.calls(), 0);
}

/// What three requests at the same time are answered.
async fn errors_of(function: &Function) -> Vec<String> {
    let (first, second, third) = tokio::join!(status(function), status(function), status(function));
    vec![first.1, second.1, third.1]
}
