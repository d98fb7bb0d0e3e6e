//! An environment that was frozen: its sockets died meanwhile, nobody noticed, and the wall clock jumped.

use std::thread;
use std::time::Duration;

use crate::fixture::*;

fn event(number: usize) -> serde_json::Value {
    bearing(&format!("{T1}.{number}"))
}

/// Kills all connections while nothing of the authorizer runs: this thread, which its runtime needs, sleeps.
fn freeze(fixture: &Fixture) {
    fixture.stub.kill_connections();
    thread::sleep(Duration::from_millis(50));
}

const UNFORGIVING: [(&str, &str); 2] = [("AUTHZ_RETRIES", "0"), ("AUTHZ_CACHE_TTL_SECS", "60")];

#[tokio::test]
async fn the_first_request_after_waking_up_succeeds() {
    let fixture = Fixture::playing(vec![ok()], &UNFORGIVING).await;
    for round in 0..5 {
        assert_eq!(fixture.ask(&event(round)).await, allow("alice", W_REST));
        freeze(&fixture);
        fixture.clock.advance_ms(3_000);
        assert_eq!(fixture.ask(&event(100 + round)).await, allow("alice", W_REST));
        let attempts = fixture.line()["attempts"].as_u64().unwrap();
        assert!(attempts <= 2, "one further attempt is free");
    }
}

#[tokio::test]
async fn any_number_of_dead_connections_costs_no_more() {
    let fixture = Fixture::playing(vec![ok()], &UNFORGIVING).await;
    let events: Vec<_> = (0..4).map(event).collect();
    let answers = fixture.ask_together(&events).await;
    assert_eq!(answers, vec![allow("alice", W_REST); 4]);
    freeze(&fixture);
    let again: Vec<_> = (10..14).map(event).collect();
    for event in &again {
        assert_eq!(fixture.ask(event).await, allow("alice", W_REST));
    }
}

#[tokio::test]
async fn the_connection_to_the_token_endpoint_died_too() {
    let variables = with(&OWN_TOKEN, &[("AUTHZ_RETRIES", "0")]);
    let fixture = Fixture::new(granting(100, |_, _| ok()), &variables).await;
    assert_eq!(fixture.ask(&event(1)).await, allow("alice", W_REST));
    freeze(&fixture);
    // Our own token expired meanwhile.
    fixture.clock.advance_ms(100_000);
    assert_eq!(fixture.ask(&event(2)).await, allow("alice", W_REST));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 2));
}

#[tokio::test]
async fn what_was_remembered_is_judged_by_the_wall_clock() {
    let fixture = Fixture::playing(vec![ok(), ok(), inactive()], &UNFORGIVING).await;
    assert_eq!(fixture.ask(&event(1)).await, allow("alice", W_REST));
    freeze(&fixture);
    // No second of a monotonic clock has passed, but an hour of the world's: longer than anything is remembered.
    fixture.clock.advance_ms(3_599_000);
    assert_eq!(fixture.ask(&event(1)).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 2);
    // And now longer than the token lives.
    freeze(&fixture);
    fixture.clock.advance_ms(2_000);
    assert_eq!(fixture.ask(&event(1)).await, e401());
    assert_eq!(fixture.up(), 3);
}

#[tokio::test]
async fn a_wall_clock_that_was_set_back_brings_nothing_back() {
    let fixture = Fixture::playing(vec![ok(), inactive()], &UNFORGIVING).await;
    fixture.clock.advance_ms(10_000);
    assert_eq!(fixture.ask(&event(1)).await, allow("alice", W_REST));
    freeze(&fixture);
    fixture.clock.set_ms(NOW * 1000);
    assert_eq!(fixture.ask(&event(1)).await, e401());
    assert_eq!(fixture.up(), 2);
}
