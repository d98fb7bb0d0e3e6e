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

/// As those that an endpoint keeps for us until they are nearly over.
#[tokio::test]
async fn credentials_with_little_left_are_not_asked_for_by_every_request() {
    let fixture = Fixture::start(vec![good(1, "12:04:00"), good(2, "12:04:30"), good(3, "13:00:00")]).await;
    for (gone_on_ms, number, calls) in [
        (0, "1", 1),
        (0, "1", 1),
        (9_999, "1", 1),
        (1, "2", 2),
        (0, "2", 2),
        (10_000, "3", 3),
        (10_000, "3", 3),
    ] {
        fixture.clock.advance_ms(gone_on_ms);
        assert_eq!(fixture.number().await.unwrap(), number);
        assert_eq!(fixture.endpoint.calls(), calls);
    }
    // Not even that long when they end before.
    let fixture = Fixture::start(vec![good(1, "12:00:05"), good(2, "13:00:00")]).await;
    assert_eq!(fixture.number().await.unwrap(), "1");
    fixture.clock.advance_ms(5_000);
    assert_eq!(fixture.number().await.unwrap(), "2");
}

#[tokio::test]
async fn a_failure_that_comes_at_once_speaks_for_those_of_the_next_half_second() {
    let fixture = Fixture::start(vec![answer(403, "", ""), good(1, "13:00:00")]).await;
    for gone_on_ms in [0, 0, 499] {
        fixture.clock.advance_ms(gone_on_ms);
        assert_eq!(fixture.number().await.unwrap_err(), "container");
        assert_eq!(fixture.endpoint.calls(), 1);
    }
    fixture.clock.advance_ms(1);
    assert_eq!(fixture.number().await.unwrap(), "1");
}

#[tokio::test]
async fn those_who_waited_take_the_failure_that_came() {
    let late = Reaction::Late(Duration::from_millis(50), whole(403, "", ""));
    let fixture = Fixture::start(vec![late]).await;
    let all = async { tokio::join!(fixture.number(), fixture.number(), fixture.number()) };
    let (one, two, three) = all.await;
    assert_eq!([one, two, three].map(Result::unwrap_err), ["container"; 3]);
    assert_eq!(fixture.endpoint.calls(), 1);
}

/// A minute before the end a source that takes more than a second is waited for, before nobody has any.
#[tokio::test]
async fn a_slow_source_is_waited_for_when_little_is_left() {
    let late = || Reaction::Late(Duration::from_millis(1300), whole(200, "", &body(2, "13:00:00")));
    for (at_ms, number) in [(56 * MINUTE_MS, "1"), (59 * MINUTE_MS + 1, "2")] {
        let fixture = Fixture::start(vec![good(1, "13:00:00"), late()]).await;
        assert_eq!(fixture.number().await.unwrap(), "1");
        fixture.clock.advance_ms(at_ms);
        assert_eq!(fixture.number().await.unwrap(), number);
    }
    // Half of a request's time, no more: it has something to ask with.
    let fixture = Fixture::start(vec![good(1, "13:00:00"), Reaction::Stall]).await;
    assert_eq!(fixture.number().await.unwrap(), "1");
    fixture.clock.advance_ms(59 * MINUTE_MS + 1);
    let started = Instant::now();
    let left = Duration::from_millis(2400);
    assert_eq!(
        fixture.provider.credentials(left).await.unwrap().access_key_id(),
        "ASIA1"
    );
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(1190)..Duration::from_millis(1750)).contains(&took),
        "{took:?}"
    );
}
