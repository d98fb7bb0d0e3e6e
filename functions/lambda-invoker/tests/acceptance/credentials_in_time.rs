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

/// One request waits for a service that hangs; those that come soon after it do not, and the next one tries again.
#[tokio::test]
async fn a_service_that_hangs_costs_one_request_its_time() {
    let upstream = Upstream::fine().await;
    let sts = Upstream::script(vec![Reaction::Stall(Vec::new()), assumed(2, "13:00:00")]).await;
    let mut endpoint = route(&upstream, &sts);
    endpoint["timeout"] = json!(1200);
    let function = function(json!([endpoint])).await;
    let started = Instant::now();
    let all = errors_of(&function).await;
    assert_eq!(all, ["credentials_unavailable"; 3]);
    // Nobody waited after the one that asked.
    assert!(
        started.elapsed() < Duration::from_millis(1700),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(sts.calls(), 1);
    // As long as it took, no more than that.
    function.clock.advance_ms(850);
    let started = Instant::now();
    assert_eq!(status(&function).await, (502, "credentials_unavailable".to_owned()));
    assert!(
        started.elapsed() < Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(function.line()["upstream_error"], "sts_timeout");
    assert_eq!((sts.calls(), upstream.calls()), (1, 0));
    function.clock.advance_ms(5_000);
    assert_eq!(status(&function).await.0, 200);
    signed_with(&upstream, 2);
    assert_eq!(sts.calls(), 2);
}

/// A refusal that comes at once may soon be gone, but is not asked for by every request.
#[tokio::test]
async fn a_quick_refusal_speaks_for_half_a_second() {
    let upstream = Upstream::fine().await;
    let denied = Reaction::Send(http("403 Forbidden", "", b"<html>"));
    let sts = Upstream::script(vec![denied, assumed(2, "13:00:00")]).await;
    let function = function(json!([route(&upstream, &sts)])).await;
    for (gone_on_ms, expected, calls) in [(0, 502, 1), (0, 502, 1), (499, 502, 1), (1, 200, 2)] {
        function.clock.advance_ms(gone_on_ms);
        assert_eq!(status(&function).await.0, expected);
        assert_eq!(sts.calls(), calls);
    }
}

/// A target that got what late credentials left of the time is not to blame for it.
#[tokio::test]
async fn time_that_credentials_took_does_not_count_against_the_target() {
    for invoked in [false, true] {
        let upstream = Upstream::reacting(Reaction::Stall(Vec::new())).await;
        let Reaction::Send(answer) = assumed(1, "13:00:00") else {
            unreachable!("it answers at once")
        };
        let sts = Upstream::reacting(Reaction::Late(Duration::from_millis(1000), answer)).await;
        let mut target = route(&upstream, &sts);
        if invoked {
            let iam = json!({"assume_role": role(&sts)});
            let to = json!({"name": "f", "endpoint_url": upstream.url("")});
            target = json!({"uri": "/", "function": to, "authorization": {"iam": iam}});
        }
        // Half of the time for a connection is the least that a target gets: of 1600 ms not even 700 are left.
        target["timeout"] = json!(1600);
        target["connect_timeout"] = json!(1400);
        target["circuit"] = json!({"failures": 1});
        let function = function(json!([target])).await;
        for (error, circuit, calls) in [
            ("upstream_timeout", "closed", 1),
            // All of the time was the target's.
            ("upstream_timeout", "closed", 2),
            ("circuit_open", "open", 2),
        ] {
            assert_eq!(status(&function).await.1, error);
            assert_eq!(function.line()["circuit"], circuit);
            assert_eq!(upstream.calls(), calls);
        }
        assert_eq!(sts.calls(), 1);
    }
}

#[tokio::test]
async fn a_route_with_little_time_fails_for_itself() {
    let upstream = Upstream::fine().await;
    let hangs = Reaction::Stall(Vec::new());
    let sts = Upstream::script(vec![hangs, assumed(1, "13:00:00")]).await;
    let (mut hasty, mut patient) = (route(&upstream, &sts), route(&upstream, &sts));
    hasty["timeout"] = json!(400);
    (patient["uri"], patient["timeout"]) = (json!("/patient"), json!(10_000));
    let function = function(json!([hasty, patient])).await;
    for (path, status, asked) in [("/", 502, 1), ("/", 502, 1), ("/patient", 200, 2), ("/", 200, 2)] {
        assert_eq!(function.call(&get(path).alb()).await.status, status, "{path}");
        assert_eq!(sts.calls(), asked, "{path}");
    }
}
