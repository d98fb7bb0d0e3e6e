//! A client that sends its messages one after the other and remembers what it was told.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Client, RequestBuilder};
use serde_json::json;

use super::traffic::{Call, Message, mention_name, room};
use crate::stage::Answer;

/// The clients' HipChat token.
pub(super) const TOKEN: &str = "load-hipchat-token";
/// Its SHA-256, as the allow-list has it.
pub(super) const TOKEN_SHA256: &str = "fec5c77e1d3265c58e9d8b4363ff69b0f0e01c91b331a38e2eed2b9aadd27bf2";

/// What a client was told.
pub(super) struct Told {
    pub(super) answer: Answer,
    pub(super) sent: Instant,
    /// Unix seconds, rounded down.
    pub(super) sent_unix: u64,
    pub(super) answered: Instant,
}

/// A client without hidden retries, which keeps its connections as a long-running program does.
pub(super) fn client() -> Client {
    let builder = Client::builder().no_proxy().retry(reqwest::retry::never());
    // Without certificates the system's are not read.
    builder
        .tls_certs_only(std::iter::empty())
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap()
}

pub(super) async fn send(client: &Client, base: &str, message: &Message) -> Told {
    let (sent, sent_unix) = (Instant::now(), unix_now());
    let response = request(client, base, message).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Told {
        answer: Answer { status, headers, body },
        sent,
        sent_unix,
        answered: Instant::now(),
    }
}

fn request(client: &Client, base: &str, message: &Message) -> RequestBuilder {
    let Message { call, place, text, .. } = message;
    // Some clients know rooms by name, some by number.
    let by_name = place % 2 == 0;
    let escaped = match by_name {
        true => room(*place).replace(' ', "%20"),
        false => (place + 1).to_string(),
    };
    match call {
        Call::Notification => client
            .post(format!("{base}/v2/room/{escaped}/notification"))
            .bearer_auth(TOKEN)
            .json(&json!({"message": text, "message_format": "text", "color": "green"})),
        Call::RoomMessage => client
            .post(format!("{base}/v2/room/{escaped}/message?auth_token={TOKEN}"))
            .json(&json!({"message": text})),
        Call::Direct => client
            .post(format!("{base}/v2/user/@{}/message", mention_name(*place)))
            .bearer_auth(TOKEN)
            .json(&json!({"message": text})),
        Call::First => {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let form = format!(
                "room_id={escaped}&from=Nagios&message={}&auth_token={TOKEN}",
                encode(text)
            );
            let request = client.post(format!("{base}/v1/rooms/message"));
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form)
        }
    }
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
