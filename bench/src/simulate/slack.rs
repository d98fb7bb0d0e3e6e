//! What becomes of messages beyond Slack's limits, with hipchat-proxy's own rules between the clients and Slack.
//!
//! The proxy asks once, waits as long as `Retry-After` says if that is not long and before its deadline, asks once more, and then
//! tells its client (429). While it waits, its execution environment is taken. In each environment a room takes
//! `HIPCHAT_FLOOD_LIMIT` messages in 60 s; more are refused without asking Slack.

mod bucket;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::random::Random;
use bucket::Bucket;

/// Messages per second that Slack takes for a channel (<https://api.slack.com/apis/rate-limits>). It promises no burst.
const CHANNEL_RATE: f64 = 1.0;
/// Messages that it takes at once for a channel.
const CHANNEL_BURST: f64 = 1.0;
/// Messages per minute that it takes for a workspace: "several hundred", of which this is a low reading
/// (<https://api.slack.com/methods/chat.postMessage>).
pub const WORKSPACE_PER_MINUTE: f64 = 300.0;
/// How long a call to Slack takes, in microseconds: assumed.
const CALL: u64 = 100_000;
/// Time between an invocation's start and the proxy's deadline: the template's time limit of 10 s, less 500 ms.
const BUDGET: u64 = 9_500_000;
/// The longest `Retry-After` that the proxy waits for.
const LONGEST_WAIT: u64 = 2 * SECOND;
/// What must be left behind a wait.
const LEFT: u64 = 250_000;
/// The window of `HIPCHAT_FLOOD_LIMIT`.
const FLOOD_WINDOW: u64 = 60 * SECOND;
/// The default of `HIPCHAT_FLOOD_LIMIT`.
pub const FLOOD_LIMIT: u32 = 30;

const SECOND: u64 = 1_000_000;

/// What a client does with a 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Nothing: the message is lost.
    GivesUp,
    /// Sends it again at once, so many times.
    Again(u32),
    /// Sends it again after `Retry-After`, so many times.
    Waits(u32),
}

/// Which messages there are.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Messages per second, coming independently; 0 for all at the start.
    pub rate: f64,
    /// Messages in all.
    pub messages: u32,
    /// Channels, each message going to any.
    pub channels: usize,
    /// What clients do with a 429.
    pub client: Client,
    /// `HIPCHAT_FLOOD_LIMIT`; 0 is none.
    pub flood_limit: u32,
    /// The random numbers' seed.
    pub seed: u64,
}

/// What became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Messages that Slack took.
    pub delivered: u32,
    /// Messages that nobody tries to send any more.
    pub lost: u32,
    /// Calls to Slack.
    pub calls: u32,
    /// Of these, answered with 429.
    pub limited: u32,
    /// Requests that the flood limit refused.
    pub flooded: u32,
    /// Environments that were taken at a time, at most.
    pub environments: u32,
    /// The longest time from a message's first sending to Slack's taking it, in seconds.
    pub longest: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A client sends a message to the proxy.
    Sent { message: u32, tries: u32 },
    /// The proxy asks Slack.
    Asked {
        message: u32,
        tries: u32,
        environment: u32,
        waited: bool,
        begun: u64,
    },
    /// The invocation is over.
    Over { environment: u32 },
}

struct World<'a> {
    scenario: &'a Scenario,
    queue: BinaryHeap<Reverse<(u64, u64, Step)>>,
    order: u64,
    channels: Vec<Bucket>,
    workspace: Bucket,
    first_sent: Vec<u64>,
    /// Environments without work, the one that worked last at the end: Lambda prefers warm ones.
    idle: Vec<u32>,
    started: u32,
    taken: u32,
    floods: HashMap<(u32, u32), (u64, u32)>,
    outcome: Outcome,
}

/// Simulates a scenario to its end.
#[must_use]
pub fn simulate(scenario: &Scenario) -> Outcome {
    let mut random = Random::new(scenario.seed);
    let mut world = World {
        scenario,
        queue: BinaryHeap::new(),
        order: 0,
        channels: vec![Bucket::new(CHANNEL_RATE, CHANNEL_BURST); scenario.channels],
        workspace: Bucket::new(WORKSPACE_PER_MINUTE / 60.0, WORKSPACE_PER_MINUTE),
        first_sent: Vec::new(),
        idle: Vec::new(),
        started: 0,
        taken: 0,
        floods: HashMap::new(),
        outcome: Outcome::default(),
    };
    let mut time = 0.0;
    for message in 0..scenario.messages {
        if scenario.rate > 0.0 {
            time += random.gap(scenario.rate);
        }
        let at = (time * SECOND as f64) as u64;
        world.first_sent.push(at);
        world.push(at, Step::Sent { message, tries: 0 });
    }
    let places: Vec<u32> = (0..scenario.messages)
        .map(|_| random.below(scenario.channels) as u32)
        .collect();
    while let Some(Reverse((now, _, step))) = world.queue.pop() {
        world.step(now, step, &places);
    }
    world.outcome
}

impl World<'_> {
    fn push(&mut self, at: u64, step: Step) {
        self.order += 1;
        self.queue.push(Reverse((at, self.order, step)));
    }

    fn step(&mut self, now: u64, step: Step, places: &[u32]) {
        match step {
            Step::Over { environment } => {
                self.taken -= 1;
                self.idle.push(environment);
            }
            Step::Sent { message, tries } => {
                let environment = self.idle.pop().unwrap_or_else(|| {
                    self.started += 1;
                    self.started
                });
                self.taken += 1;
                self.outcome.environments = self.outcome.environments.max(self.taken);
                let place = places.get(message as usize).copied().unwrap_or_default();
                if let Err(left) = self.counted(now, environment, place) {
                    self.outcome.flooded += 1;
                    // An answer without a call takes next to nothing.
                    self.push(now + 1_000, Step::Over { environment });
                    self.refused(now + 1_000, message, tries, left);
                } else {
                    let begun = now;
                    self.push(
                        now,
                        Step::Asked {
                            message,
                            tries,
                            environment,
                            waited: false,
                            begun,
                        },
                    );
                }
            }
            Step::Asked {
                message,
                tries,
                environment,
                waited,
                begun,
            } => {
                self.outcome.calls += 1;
                let answered = now + CALL;
                let place = places.get(message as usize).copied().unwrap_or_default() as usize;
                let Some(channel) = self.channels.get_mut(place) else {
                    return;
                };
                let wait = channel.wait(now).max(self.workspace.wait(now));
                if wait <= 0.0 {
                    channel.level -= 1.0;
                    self.workspace.level -= 1.0;
                    self.outcome.delivered += 1;
                    let first = self.first_sent.get(message as usize).copied().unwrap_or_default();
                    self.outcome.longest = self.outcome.longest.max((answered - first) as f64 / SECOND as f64);
                    self.push(answered, Step::Over { environment });
                    return;
                }
                self.outcome.limited += 1;
                // Whole seconds, and at least one.
                let retry_after = wait.ceil().max(1.0) as u64 * SECOND;
                if !waited && retry_after <= LONGEST_WAIT && begun + BUDGET >= answered + retry_after + LEFT {
                    let again = Step::Asked {
                        message,
                        tries,
                        environment,
                        waited: true,
                        begun,
                    };
                    self.push(answered + retry_after, again);
                } else {
                    self.push(answered, Step::Over { environment });
                    self.refused(answered, message, tries, retry_after);
                }
            }
        }
    }

    /// Counts a message of a room in its environment; the time that is left of a window that is full.
    fn counted(&mut self, now: u64, environment: u32, place: u32) -> Result<(), u64> {
        if self.scenario.flood_limit == 0 {
            return Ok(());
        }
        let (begun, count) = self.floods.entry((environment, place)).or_insert((now, 0));
        if now >= *begun + FLOOD_WINDOW {
            (*begun, *count) = (now, 0);
        }
        if *count >= self.scenario.flood_limit {
            return Err(*begun + FLOOD_WINDOW - now);
        }
        *count += 1;
        Ok(())
    }

    fn refused(&mut self, now: u64, message: u32, tries: u32, retry_after: u64) {
        let (most, pause) = match self.scenario.client {
            Client::GivesUp => (0, 0),
            Client::Again(most) => (most, 0),
            Client::Waits(most) => (most, retry_after),
        };
        if tries < most {
            self.push(
                now + pause,
                Step::Sent {
                    message,
                    tries: tries + 1,
                },
            );
        } else {
            self.outcome.lost += 1;
        }
    }
}
