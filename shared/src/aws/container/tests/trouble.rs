//! An endpoint that answers badly, late, or something that nobody should believe.

use std::time::Instant;

use super::*;

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
