//! Messages whose fate is known beforehand.

use super::*;

const BURST: Scenario = Scenario {
    rate: 0.0,
    messages: 30,
    channels: 1,
    client: Client::GivesUp,
    flood_limit: FLOOD_LIMIT,
    seed: 1,
};

#[test]
fn what_is_within_the_limits_arrives_at_once() {
    let quiet = Scenario { messages: 1, ..BURST };
    let outcome = simulate(&quiet);
    assert_eq!(
        (outcome.delivered, outcome.calls, outcome.limited, outcome.environments),
        (1, 1, 0, 1)
    );
    assert_eq!(outcome.longest, 0.1);
}

#[test]
fn of_a_burst_one_message_goes_out_and_another_after_the_wait() {
    let outcome = simulate(&BURST);
    // All but the first wait for the same second, and one of them finds room.
    assert_eq!((outcome.delivered, outcome.lost), (2, 28));
    assert_eq!((outcome.calls, outcome.limited), (30 + 29, 29 + 28));
    assert_eq!(outcome.environments, 30);
    // Call, wait, call.
    assert!((outcome.longest - 1.2).abs() < 1e-9, "{outcome:?}");
}

#[test]
fn every_message_ends_in_one_way_and_calls_add_up() {
    for client in [Client::GivesUp, Client::Again(3), Client::Waits(3)] {
        for (rate, channels) in [(0.0, 1), (2.0, 1), (20.0, 100)] {
            let scenario = Scenario {
                rate,
                channels,
                client,
                messages: 500,
                ..BURST
            };
            let outcome = simulate(&scenario);
            assert_eq!(outcome.delivered + outcome.lost, 500, "{scenario:?}");
            assert_eq!(outcome.calls, outcome.delivered + outcome.limited, "{scenario:?}");
            assert!(outcome.calls + outcome.flooded >= 500, "{scenario:?}");
            assert_eq!(simulate(&scenario), outcome);
        }
    }
}

#[test]
fn in_the_long_run_a_channel_takes_its_rate() {
    let steady = Scenario {
        rate: 3.0,
        messages: 3_000,
        flood_limit: 0,
        client: Client::Again(2),
        ..BURST
    };
    let outcome = simulate(&steady);
    let per_second = f64::from(outcome.delivered) / 1_000.0;
    // Whole seconds of waiting and the time of a call leave it idle now and then.
    assert!((0.8..1.05).contains(&per_second), "{per_second}");
}

#[test]
fn the_workspace_is_the_limit_of_many_channels() {
    let many = Scenario {
        rate: 50.0,
        messages: 30_000,
        channels: 1_000,
        flood_limit: 0,
        ..BURST
    };
    let outcome = simulate(&many);
    let expected = WORKSPACE_PER_MINUTE + 600.0 * WORKSPACE_PER_MINUTE / 60.0;
    assert!(
        (f64::from(outcome.delivered) - expected).abs() < 0.02 * expected,
        "{outcome:?}"
    );
}

#[test]
fn a_flood_in_one_environment_is_refused_before_slack() {
    // A message each 2 s, one at a time: one environment, and Slack would take them all.
    let mut scenario = Scenario {
        rate: 0.5,
        messages: 200,
        flood_limit: 10,
        ..BURST
    };
    let refused = simulate(&scenario);
    assert!(refused.flooded >= 100 && refused.lost >= refused.flooded, "{refused:?}");
    scenario.flood_limit = 0;
    assert_eq!(simulate(&scenario).flooded, 0);
}
