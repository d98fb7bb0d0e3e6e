//! Roles that are asked for more than once: what passes by itself costs no request its answer.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::credentials::{assumed, role, route, signed_with, status};
use crate::support::event::post;
use crate::support::function;
use crate::support::oracle::verify;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{ACCESS_KEY, SECRET_KEY};

fn refused(status: &str, code: &str) -> Reaction {
    refused_at(status, code, "")
}

fn refused_at(status: &str, code: &str, date: &str) -> Reaction {
    let xml = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
    Reaction::Send(http(status, date, xml.as_bytes()))
}

#[tokio::test]
async fn what_may_pass_is_asked_three_times() {
    let down = || Reaction::Send(http("503 Service Unavailable", "", b"<html>"));
    let busy = || refused("400 Bad Request", "Throttling");
    let closed = || Reaction::Close(Vec::new());
    for (reactions, error, calls) in [
        (vec![down(), assumed(1, "13:00:00")], None, 2),
        (vec![busy(), assumed(1, "13:00:00")], None, 2),
        (vec![closed(), assumed(1, "13:00:00")], None, 2),
        (
            vec![
                Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<".to_vec()),
                assumed(1, "13:00:00"),
            ],
            None,
            2,
        ),
        (vec![closed(), busy(), assumed(1, "13:00:00")], None, 3),
        (vec![down()], Some("sts_answer"), 3),
        (vec![closed()], Some("sts_unreachable"), 3),
        (vec![busy()], Some("Throttling"), 3),
        // These would be the same again.
        (vec![refused("403 Forbidden", "AccessDenied")], Some("AccessDenied"), 1),
        (
            vec![refused("400 Bad Request", "ValidationError")],
            Some("ValidationError"),
            1,
        ),
        (
            vec![Reaction::Send(http("200 OK", "", b"<html>"))],
            Some("sts_answer"),
            1,
        ),
        (
            vec![Reaction::Send(b"hello\r\n\r\n".to_vec())],
            Some("sts_unreachable"),
            1,
        ),
    ] {
        let (upstream, sts) = (Upstream::fine().await, Upstream::script(reactions.clone()).await);
        let mut patient = route(&upstream, &sts);
        patient["timeout"] = json!(10_000);
        let function = function(json!([patient])).await;
        let (status, _) = status(&function).await;
        assert_eq!(sts.calls(), calls, "{reactions:?}");
        match error {
            None => {
                assert_eq!(status, 200, "{reactions:?}");
                signed_with(&upstream, 1);
            }
            Some(error) => {
                assert_eq!((status, upstream.calls()), (502, 0), "{reactions:?}");
                assert_eq!(function.line()["upstream_error"], error);
            }
        }
    }
}

#[tokio::test]
async fn a_pause_that_would_take_all_that_is_left_is_not_made() {
    let half = Duration::from_millis(500);
    let down = Reaction::Late(half, http("503 Service Unavailable", "", b""));
    let (upstream, sts) = (Upstream::fine().await, Upstream::reacting(down).await);
    let mut hasty = route(&upstream, &sts);
    hasty["timeout"] = json!(1600);
    let function = function(json!([hasty])).await;
    let started = Instant::now();
    assert_eq!(status(&function).await, (502, "credentials_unavailable".to_owned()));
    // Three quarters of the time are for credentials.
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    assert!((2..=3).contains(&sts.calls()), "{}", sts.calls());
}

#[tokio::test]
async fn a_signature_of_another_time_is_made_once_more_by_the_services_clock() {
    // By our clock it is noon.
    let late = "Date: Sun, 01 Mar 2026 14:00:00 GMT\r\n";
    let skewed = || refused_at("403 Forbidden", "SignatureDoesNotMatch", late);
    let sts = Upstream::script(vec![skewed(), assumed(1, "15:00:00")]).await;
    let function_of = async |sts: &Upstream| {
        let upstream = Upstream::fine().await;
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let iam = json!({"assume_role": role(sts)});
        function(json!([{"uri": "/", "function": invoked, "authorization": {"iam": iam}}])).await
    };
    let function = function_of(&sts).await;
    function.call(&post("/", b"x").alb()).await;
    let dates: Vec<String> = sts
        .all()
        .iter()
        .map(|asked| asked.header("x-amz-date").unwrap().to_owned())
        .collect();
    assert_eq!(dates, ["20260301T120000Z", "20260301T140000Z"]);
    verify(&sts.last(), ACCESS_KEY, SECRET_KEY, None).unwrap();
    // A service that goes on refusing is believed.
    let sts = Upstream::reacting(skewed()).await;
    let function = function_of(&sts).await;
    assert_eq!(
        function.call(&post("/", b"x").alb()).await.error(),
        "credentials_unavailable"
    );
    assert_eq!(sts.calls(), 2);
}
