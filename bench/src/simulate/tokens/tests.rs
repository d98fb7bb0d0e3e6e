//! The simulation against what is known in closed form.

use super::*;

const BASE: Scenario = Scenario {
    rate: 200.0,
    tokens: 100,
    zipf: 1.0,
    token_life: 1e12,
    environments: 1,
    sample: 1,
    environment_life: 1e12,
    own_ttl: 10.0,
    gateway_ttl: 0.0,
    measured: 300.0,
    seed: 7,
};

/// Misses per second of caches with a fixed TTL, each with Poisson arrivals at `rate`: one for each `1 / rate + ttl`.
fn misses(scenario: &Scenario, ttl: f64, caches: usize) -> f64 {
    let caches = caches as f64;
    zipf(scenario.tokens, scenario.zipf)
        .into_iter()
        .map(|share| scenario.rate * share / caches)
        .map(|rate| caches / (1.0 / rate + ttl))
        .sum()
}

fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() <= 0.02 * expected, "{seen}, not {expected}");
}

#[test]
fn one_cache_misses_once_in_its_ttl_and_a_gap() {
    let outcome = simulate(&BASE);
    near(outcome.invocations, 200.0);
    near(outcome.introspections, misses(&BASE, 10.0, 1));
    // One token: the hit ratio is rate * ttl / (1 + rate * ttl).
    let one = Scenario {
        tokens: 1,
        rate: 2.0,
        own_ttl: 1.5,
        measured: 20_000.0,
        ..BASE
    };
    near(simulate(&one).own_hits(), 3.0 / 4.0);
}

#[test]
fn many_environments_are_as_many_caches_with_a_part_of_the_requests_each() {
    let many = Scenario {
        environments: 50,
        sample: 50,
        ..BASE
    };
    let expected = misses(&many, 10.0, 50);
    near(simulate(&many).introspections, expected);
    // A part of them tells as much.
    let sampled = Scenario {
        sample: 10,
        measured: 1_500.0,
        ..many
    };
    near(simulate(&sampled).introspections, expected);
    near(simulate(&sampled).invocations, 200.0);
}

#[test]
fn the_gateways_cache_passes_on_one_request_in_its_ttl_and_a_gap() {
    let gateway = Scenario {
        own_ttl: 0.0,
        gateway_ttl: 10.0,
        ..BASE
    };
    let outcome = simulate(&gateway);
    near(outcome.invocations, misses(&gateway, 10.0, 1));
    assert_eq!(outcome.introspections, outcome.invocations);
}

#[test]
fn an_own_cache_that_is_no_longer_lived_than_the_gateways_answers_nothing() {
    let both = Scenario {
        own_ttl: 10.0,
        gateway_ttl: 10.0,
        ..BASE
    };
    assert_eq!(simulate(&both).own_hits(), 0.0);
    let longer = Scenario { own_ttl: 100.0, ..both };
    assert!(simulate(&longer).own_hits() > 0.7);
}

#[test]
fn a_run_begins_in_the_middle_of_the_caches_lives() {
    // If all caches began empty, they would all be filled again at the same time.
    for (own_ttl, gateway_ttl, environments) in [(200.0, 0.0, 1), (0.0, 200.0, 1), (200.0, 0.0, 5)] {
        let short = Scenario {
            tokens: 2_000,
            rate: 2_000.0,
            measured: 50.0,
            environments,
            sample: environments,
            own_ttl,
            gateway_ttl,
            ..BASE
        };
        let expected = misses(&short, 200.0, environments);
        let seen = simulate(&short).introspections;
        assert!((seen - expected).abs() < 0.1 * expected, "{seen}, not {expected}");
    }
}

#[test]
fn without_caches_each_request_is_an_introspection() {
    let none = Scenario { own_ttl: 0.0, ..BASE };
    let outcome = simulate(&none);
    assert_eq!(outcome.introspections, outcome.invocations);
    near(outcome.introspections, 200.0);
}

#[test]
fn new_tokens_are_asked_about_at_once() {
    // Ten busy clients: beside the misses of an endless token there is one for each new token, nearly.
    let endless = Scenario {
        tokens: 10,
        rate: 1_000.0,
        measured: 1_000.0,
        ..BASE
    };
    let renewed = |gateway_ttl: f64, own_ttl: f64| {
        let scenario = Scenario {
            token_life: 10.0,
            own_ttl,
            gateway_ttl,
            ..endless
        };
        simulate(&scenario)
    };
    near(renewed(0.0, 50.0).introspections, 10.0 / 10.0);
    near(renewed(50.0, 0.0).invocations, 10.0 / 10.0);
}

#[test]
fn a_new_environment_begins_with_nothing() {
    let replaced = Scenario {
        tokens: 1,
        rate: 100.0,
        own_ttl: 100.0,
        environment_life: 1.0,
        measured: 20_000.0,
        ..BASE
    };
    // One miss for each environment that lives to see a request, beside which the TTL is long.
    near(simulate(&replaced).introspections, 1.0 / 1.01);
}

#[test]
fn equal_seeds_give_equal_outcomes() {
    assert_eq!(simulate(&BASE), simulate(&BASE));
    let other = Scenario { seed: 8, ..BASE };
    assert_ne!(simulate(&other), simulate(&BASE));
}
