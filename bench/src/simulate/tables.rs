//! The simulations' tables in Markdown, and the scenarios that they show.

use std::fmt::Write as _;

use super::lambda::{self, Bucket};
use super::slack::{self, Client};
use super::{RATE, tokens};
use crate::growth::render::thousands;
use crate::growth::result::Growth;

/// The template's memory of a function, in MB.
const MEMORY_MB: f64 = 256.0;

/// How long upstreams take, in milliseconds.
const UPSTREAM_MS: [f64; 7] = [0.0, 5.0, 20.0, 50.0, 100.0, 300.0, 1_000.0];

/// The series whose smallest input tells what a function itself takes.
const OWN: &str = "lambda-invoker, routes";

/// Environments, quota, memory and cost by how long an upstream takes.
pub(super) fn lambda(growth: Option<&Growth>) -> String {
    let own = growth.and_then(|growth| growth.smallest_cpu_secs(OWN));
    let mut text = match own {
        Some(own) => format!(
            "An invocation takes as long as its upstream and {:.2} ms of the function's own, which is lambda-invoker's measured\n\
             CPU time for a signed request.\n\n",
            own * 1e3
        ),
        None => {
            "An invocation takes as long as its upstream: no measurement of the functions' own time is kept yet.\n\n"
                .to_owned()
        }
    };
    text.push_str(
        "| upstream | busy on average | at the peak | concurrency of the account | all at once: refused for | requests refused | memory | requests, USD a month | memory, USD a month |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for ms in UPSTREAM_MS {
        let seconds = ms / 1e3 + own.unwrap_or_default();
        let busy = lambda::busy(RATE, seconds);
        let ramp = lambda::ramp(RATE, seconds);
        let (requests, memory) = lambda::cost(RATE, seconds, MEMORY_MB);
        let quota = lambda::quota(RATE, seconds);
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} s | {} | {} GB | {} | {} |",
            if ms > 0.0 {
                format!("{} ms", thousands(ms))
            } else {
                "none".to_owned()
            },
            thousands(busy.ceil()),
            thousands(lambda::peak(busy)),
            thousands(quota),
            ramp.seconds,
            thousands(ramp.throttled),
            thousands(quota * MEMORY_MB / 1024.0),
            thousands(requests),
            thousands(memory),
        );
    }
    text
}

/// API Gateway's throttle of an account and region
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>); some regions have a quarter of it.
const GATEWAY: Bucket = Bucket {
    rate: 10_000.0,
    burst: 5_000.0,
};

/// What API Gateway refuses.
pub(super) fn gateway() -> String {
    let mut text = "| load | refused (429) |\n|---|--:|\n".to_owned();
    for (load, on, off) in [
        (9_000.0, 1.0, 0.0),
        (10_000.0, 1.0, 0.0),
        (12_000.0, 1.0, 0.0),
        (20_000.0, 1.0, 0.0),
        (20_000.0, 0.5, 0.5),
        (20_000.0, 1.0, 1.0),
        (50_000.0, 0.2, 0.8),
    ] {
        let what = if off > 0.0 {
            format!("{} a second for {on} s, then {off} s of silence", thousands(load))
        } else {
            format!("{} a second", thousands(load))
        };
        // Less than a thousandth of a per cent is the sum's own.
        let refused = (GATEWAY.refused(load, on, off) * 100.0).max(0.0) + 1e-9;
        let _ = writeln!(text, "| {what} | {refused:.1} % |");
    }
    text
}

const HYDRA: tokens::Scenario = tokens::Scenario {
    rate: RATE,
    tokens: 10_000,
    zipf: 1.0,
    token_life: 3_600.0,
    environments: 1_000,
    sample: 25,
    environment_life: 7_200.0,
    own_ttl: 60.0,
    gateway_ttl: 0.0,
    measured: 60.0,
    seed: 20_261_122,
};

/// What reaches the authorization server.
pub(super) fn hydra() -> String {
    let mut text = "| clients | environments | `AUTHZ_CACHE_TTL_SECS` | TTL in API Gateway | invocations a second | introspections a second | own cache answers | tokens remembered in an environment | a revoked token passes for up to |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for (clients, environments, own_ttl, gateway_ttl) in [
        (10_000, 1_000, 0.0, 0.0),
        (10_000, 1_000, 60.0, 0.0),
        (10_000, 1_000, 300.0, 0.0),
        (10_000, 100, 60.0, 0.0),
        (10_000, 20, 60.0, 0.0),
        (10_000, 20, 0.0, 60.0),
        (10_000, 20, 60.0, 60.0),
        (10_000, 20, 300.0, 60.0),
        (10_000, 20, 0.0, 300.0),
        (100, 1_000, 60.0, 0.0),
        (100, 20, 0.0, 60.0),
        (1_000_000, 1_000, 60.0, 0.0),
        (1_000_000, 300, 60.0, 60.0),
    ] {
        let scenario = tokens::Scenario {
            tokens: clients,
            environments,
            own_ttl,
            gateway_ttl,
            ..HYDRA
        };
        let outcome = tokens::simulate(&scenario);
        let _ = writeln!(
            text,
            "| {} | {} | {own_ttl:.0} s | {gateway_ttl:.0} s | {} | {} | {:.1} % | {} | {:.0} s |",
            thousands(clients as f64),
            thousands(environments as f64),
            thousands(outcome.invocations),
            thousands(outcome.introspections),
            outcome.own_hits() * 100.0,
            thousands(outcome.remembered(&scenario)),
            own_ttl + gateway_ttl,
        );
    }
    text
}

const BURST: slack::Scenario = slack::Scenario {
    rate: 0.0,
    messages: 100,
    channels: 1,
    client: Client::GivesUp,
    flood_limit: slack::FLOOD_LIMIT,
    seed: 20_261_122,
};

/// What becomes of messages.
pub(super) fn slack() -> String {
    let steady = |rate: f64, channels| slack::Scenario {
        rate,
        channels,
        messages: (rate * 600.0) as u32,
        ..BURST
    };
    let scenarios = [
        ("10 minutes of 0.5 a second in one channel", steady(0.5, 1)),
        ("10 minutes of 2 a second in one channel", steady(2.0, 1)),
        (
            "the same, `HIPCHAT_FLOOD_LIMIT=0`",
            slack::Scenario {
                flood_limit: 0,
                ..steady(2.0, 1)
            },
        ),
        ("10 minutes of 10 a second over 100 channels", steady(10.0, 100)),
        ("10 at once in one channel", slack::Scenario { messages: 10, ..BURST }),
        ("100 at once in one channel", BURST),
        (
            "100 at once, each to a channel of its own",
            slack::Scenario {
                channels: 10_000,
                ..BURST
            },
        ),
        (
            "10,000 in a second over 1,000 channels",
            slack::Scenario {
                rate: RATE,
                messages: 10_000,
                channels: 1_000,
                ..BURST
            },
        ),
    ];
    let clients = [
        ("give up", Client::GivesUp),
        ("ask again at once, 5 times", Client::Again(5)),
        ("ask again after `Retry-After`, 5 times", Client::Waits(5)),
    ];
    let mut text = "| messages | clients that get 429 | delivered | lost | calls to Slack for one delivered | answered 429 by Slack | refused by the flood limit | environments at a time | longest way |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for (what, scenario) in scenarios {
        for (name, client) in clients {
            let outcome = slack::simulate(&slack::Scenario { client, ..scenario });
            let delivered = f64::from(outcome.delivered);
            let _ = writeln!(
                text,
                "| {what} | {name} | {} | {} | {:.1} | {} | {} | {} | {:.1} s |",
                thousands(delivered),
                thousands(outcome.lost.into()),
                f64::from(outcome.calls) / delivered.max(1.0),
                thousands(outcome.limited.into()),
                thousands(outcome.flooded.into()),
                thousands(outcome.environments.into()),
                outcome.longest,
            );
            if outcome.lost == 0 {
                // Nothing was refused for good that the other clients could do better.
                break;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::result::tests::made_up;

    #[test]
    fn durations_are_those_that_were_measured() {
        // The smallest input took 1,000 us.
        let measured = lambda(Some(&made_up(|_| 1_000.0)));
        assert!(measured.contains("and 1.00 ms of the function's own"), "{measured}");
        assert!(measured.contains("| 5 ms | 60 |"), "{measured}");
        let unmeasured = lambda(None);
        assert!(
            unmeasured.contains("| 5 ms | 50 |") && unmeasured.contains("no measurement"),
            "{unmeasured}"
        );
    }
}
