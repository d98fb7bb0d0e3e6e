//! What reaches the authorization server: tokens of unequal popularity over execution environments with a cache each, behind
//! API Gateway's cache.
//!
//! Tokens do not meet in caches that are large enough for all of them, so each is simulated alone, from one request that
//! API Gateway passes on to the next. Each such request goes to any environment, all being as likely: Lambda does not say
//! which one it takes, and any preference would only help.

use super::random::{Random, zipf};

/// Who asks, how often, and what remembers.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Requests per second of all tokens.
    pub rate: f64,
    /// Clients, each with one token at a time.
    pub tokens: usize,
    /// The exponent of Zipf's law by which requests are shared among them.
    pub zipf: f64,
    /// How long a token is valid; then its client has a new one. Seconds.
    pub token_life: f64,
    /// Execution environments at a time.
    pub environments: usize,
    /// How many of them are looked at; the others see as much. All, where API Gateway's cache stands in front.
    pub sample: usize,
    /// The mean life of an environment, after which an empty one takes its place. Seconds.
    pub environment_life: f64,
    /// `AUTHZ_CACHE_TTL_SECS`. Seconds.
    pub own_ttl: f64,
    /// The TTL of the authorizer in API Gateway. Seconds.
    pub gateway_ttl: f64,
    /// How long is counted, after all caches have filled. Seconds.
    pub measured: f64,
    /// The random numbers' seed.
    pub seed: u64,
}

/// What a scenario comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Invocations of the authorizer per second.
    pub invocations: f64,
    /// Introspections per second.
    pub introspections: f64,
}

impl Outcome {
    /// The share of invocations that the authorizer's own cache answers.
    #[must_use]
    pub fn own_hits(&self) -> f64 {
        1.0 - self.introspections / self.invocations.max(f64::MIN_POSITIVE)
    }

    /// How many tokens an environment remembers at a time: by Little's law, as each is remembered for the whole TTL.
    #[must_use]
    pub fn remembered(&self, scenario: &Scenario) -> f64 {
        self.introspections * scenario.own_ttl / scenario.environments as f64
    }
}

/// What one environment remembers of the token that is looked at.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// The token's number, and of which of its client's tokens; another one is nothing remembered.
    token: usize,
    serial: u64,
    /// Until when. Seconds.
    until: f64,
    /// When this environment was replaced last, as far as is known. Seconds.
    environment: u32,
}

/// Simulates a scenario.
#[must_use]
pub fn simulate(scenario: &Scenario) -> Outcome {
    let mut random = Random::new(scenario.seed);
    let whole = scenario.gateway_ttl > 0.0;
    let environments = if whole {
        scenario.environments
    } else {
        scenario.sample.min(scenario.environments)
    };
    let part = environments as f64 / scenario.environments as f64;
    let warm = scenario.own_ttl + scenario.gateway_ttl;
    let end = warm + scenario.measured;
    let lives: Vec<Vec<f64>> = (0..environments)
        .map(|_| ends(&mut random, scenario.environment_life, end))
        .collect();
    let mut memories = vec![Memory::default(); environments];
    let (mut invocations, mut introspections) = (0_u64, 0_u64);
    for (token, share) in zipf(scenario.tokens, scenario.zipf).into_iter().enumerate() {
        let rate = scenario.rate * share * part;
        let phase = random.unit() * scenario.token_life;
        let serial_at = |time: f64| ((time + phase) / scenario.token_life) as u64;
        // All begins in the middle of its life: where a cache has the token, some of its time is over. Otherwise all tokens
        // would be asked about at the same times again and again.
        let passed_on = 1.0 / (scenario.gateway_ttl + 1.0 / rate);
        let remembered = |random: &mut Random, ttl: f64, rate: f64| {
            let full = random.unit() < ttl / (ttl + 1.0 / rate);
            if full { random.unit() * ttl } else { 0.0 }
        };
        let mut time = remembered(&mut random, scenario.gateway_ttl, rate) + random.gap(rate);
        while time < end {
            let at = random.below(environments);
            let serial = serial_at(time);
            let environment = lives.get(at).map_or(0, |ends| ends.partition_point(|end| *end <= time)) as u32;
            let now = Memory {
                token: token + 1,
                serial,
                until: time,
                environment,
            };
            if let Some(memory) = memories.get_mut(at) {
                if memory.token != now.token {
                    *memory = Memory {
                        token: now.token,
                        serial: serial_at(0.0),
                        until: remembered(&mut random, scenario.own_ttl, passed_on / environments as f64),
                        environment: 0,
                    };
                }
                let same = (memory.serial, memory.environment) == (serial, environment);
                let hit = same && memory.until > time;
                if !hit {
                    *memory = Memory {
                        until: time + scenario.own_ttl,
                        ..now
                    };
                }
                if time >= warm {
                    invocations += 1;
                    introspections += u64::from(!hit);
                }
            }
            // API Gateway answers itself until its time is over, or until the client has another token. Requests that come
            // independently have no memory, so that the next one is a gap away from there.
            let silent = if whole {
                let renewal = (serial + 1) as f64 * scenario.token_life - phase;
                (time + scenario.gateway_ttl).min(renewal).max(time)
            } else {
                time
            };
            time = silent + random.gap(rate);
        }
    }
    let per_second = |count: u64| count as f64 / scenario.measured / part;
    Outcome {
        invocations: per_second(invocations),
        introspections: per_second(introspections),
    }
}

/// The times at which environments of one place end, up to `until`.
fn ends(random: &mut Random, mean_life: f64, until: f64) -> Vec<f64> {
    let mut ends = Vec::new();
    let mut time = random.gap(1.0 / mean_life);
    while time < until {
        ends.push(time);
        time += random.gap(1.0 / mean_life);
    }
    ends
}

#[cfg(test)]
mod tests;
