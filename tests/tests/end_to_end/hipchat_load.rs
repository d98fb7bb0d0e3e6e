//! Half an hour of the traffic of fifty clients in less than a minute, while Slack limits, fails, stalls and loses
//! connections and its token is rotated twice: through the real binary, to a Slack that keeps what it gets.
//!
//! What is simulated. A client sends a message about every 45 seconds of simulated time, which passes 45 times as fast
//! as the clock; and all of them send to one room in the 15th minute. The function's clock cannot be made faster, so
//! what counts by time is scaled instead: both of its limits let 45 times as much through, so that they stand in the
//! same relation to the traffic as in half an hour. What does not scale weighs 45 times as much here as it would then,
//! and so asks more of the function, not less: a second of waiting that Slack asks for, the time limit of an
//! invocation, the five seconds before a refused token is read again, Slack's own limit for each channel, and every
//! fault, of which there are as many as a bad day has. What is missing is a connection that grows old by itself: all
//! are reset at once instead, three times.
//!
//! What is demanded of every single message stands in `verdict`: what a client was told to be taken is in Slack
//! exactly once, whole and in its channel; what was refused is not there; what nobody can know (Slack took the request
//! and its answer did not come, or says nothing) is answered 503, is not sent again unless Slack would know it by its
//! id, and so is there once or not at all.

mod client;
mod fault;
mod lies;
mod report;
mod traffic;
mod verdict;
mod weather;

use std::sync::Arc;
use std::time::{Duration, Instant};

use local::standin::{SecretsManager, Slack, SlackOptions};
use serde_json::json;
use tokio::task::JoinSet;

use crate::stage::{Stage, listener};
use client::{TOKEN_SHA256, Told};
use report::Seen;
use traffic::Message;
use weather::{TOKEN_SECRET, TOKENS, Weather};

/// How much faster than the clock simulated time passes.
const SPEED: u64 = 45;

/// The time limit of an invocation: shorter than Slack ever is stuck, longer than it is ever slow.
const TIME_LIMIT: Duration = Duration::from_secs(8);

/// How many messages a second Slack takes for one channel.
const CHANNEL_RATE: u32 = 4;

/// One run.
struct Load {
    seed: u64,
    clients: usize,
    messages_each: usize,
    environments: usize,
    max_concurrency: usize,
    client_msg_id: bool,
}

impl Load {
    async fn run(&self) -> Seen {
        let slack = Slack::start(listener().await, slack_options()).unwrap();
        let secrets = [(TOKEN_SECRET.to_owned(), TOKENS[0].to_owned())].into();
        let secrets = SecretsManager::start(listener().await, secrets).unwrap();
        let stage = self.stage(&slack, &secrets).await;
        let weather = Arc::new(Weather::of(self.clients * self.messages_each));
        let (slack, secrets) = (Arc::new(slack), Arc::new(secrets));

        let addresses = stage.suite.addresses();
        let bases = [&addresses.hipchat_alb, &addresses.hipchat_alb_single_value];
        let plan = traffic::plan(self.seed, self.clients, self.messages_each);
        let mut clients = JoinSet::new();
        let begin = Instant::now();
        for (number, messages) in plan.into_iter().enumerate() {
            let base = bases[number % bases.len()].clone();
            let (weather, slack, secrets) = (weather.clone(), slack.clone(), secrets.clone());
            clients.spawn(async move {
                let client = client::client();
                let mut told = Vec::new();
                for message in messages {
                    let due = begin + Duration::from_millis(message.due_ms / SPEED);
                    tokio::time::sleep_until(due.into()).await;
                    weather.passes(&slack, &secrets);
                    let answer = client::send(&client, &base, &message).await;
                    told.push((message, answer));
                }
                told
            });
        }
        let told: Vec<(Message, Told)> = clients.join_all().await.into_iter().flatten().collect();
        self.judge(&told, &slack, &weather)
    }

    async fn stage(&self, slack: &Slack, secrets: &SecretsManager) -> Stage {
        let tokens =
            json!([{"sha256": TOKEN_SHA256, "kind": "v2_user", "label": "load", "rooms": ["*"], "users": true}]);
        let variables = [
            ("SLACK_TOKEN_SECRET_ARN", secrets.arn(TOKEN_SECRET)),
            ("SLACK_CLIENT_MSG_ID", self.client_msg_id.to_string()),
            ("HIPCHAT_TOKENS", tokens.to_string()),
            ("HIPCHAT_DIRECTORY", traffic::directory().to_string()),
            // The defaults, for traffic that is so many times as dense.
            ("HIPCHAT_RATE_LIMIT", (500 * SPEED).to_string()),
            ("HIPCHAT_FLOOD_LIMIT", (30 * SPEED).to_string()),
        ];
        let stage = Stage::with(|options| {
            options.environments = self.environments;
            options.max_concurrency = self.max_concurrency;
            options.slack_url = Some(slack.url());
            options.hipchat_proxy.timeout = TIME_LIMIT;
            let own = &mut options.hipchat_proxy.environment;
            own.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets.url());
            options
                .variables
                .extend(variables.map(|(name, value)| (name.to_owned(), value)));
        });
        stage.await
    }
}

fn slack_options() -> SlackOptions {
    SlackOptions {
        token: TOKENS[0].to_owned(),
        channels: (0..traffic::ROOMS)
            .map(|place| (traffic::channel(place), format!("room-{place}")))
            .collect(),
        rate_per_channel: Some(CHANNEL_RATE),
        ..SlackOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fifty_clients_were_told_in_half_an_hour_is_true() {
    let load = Load {
        seed: 0x5eed,
        clients: 50,
        messages_each: 40,
        // As on Lambda Managed Instances: a place for each client.
        environments: 5,
        max_concurrency: 10,
        client_msg_id: false,
    };
    let seen = load.run().await;
    seen.require(&[
        "taken at once",
        "taken after a wait",
        "taken with the new token",
        "refused: too fast",
        "refused: no good token",
        "not known, not in Slack",
        "not known, in Slack",
    ]);
    assert!(seen.limited_by_channel > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_ids_lost_answers_are_asked_for_again_and_nothing_comes_twice() {
    let load = Load {
        seed: 0x1d5,
        clients: 10,
        messages_each: 40,
        // As on classic Lambda: an environment works on one event at a time.
        environments: 6,
        max_concurrency: 1,
        client_msg_id: true,
    };
    let seen = load.run().await;
    seen.require(&[
        "taken at once",
        "taken after a wait",
        "taken, asked again whether it was",
        "refused: too fast",
    ]);
}
