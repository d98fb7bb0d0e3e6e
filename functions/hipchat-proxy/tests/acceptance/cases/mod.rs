//! The agreed cases, one test each, by their numbers: what a client sends, what Slack is asked, what the client hears.
//! All share the configuration of `support`.

mod calls;
mod first_api;
mod notifications;
mod tolerance;

use serde_json::{Value, json};

use crate::support::{Ask, World};

const OPS: &str = "/v2/room/Ops/notification";

fn hi() -> Value {
    json!({"message": "hi", "message_format": "text"})
}

/// The post that a plain `hi` to the room Ops makes.
fn hi_in_ops() -> Value {
    json!({"channel": "C200", "text": "", "unfurl_links": false, "unfurl_media": false,
        "attachments": [{"color": "#F2C744", "fallback": "hi", "mrkdwn_in": ["text"], "text": "hi"}]})
}

/// Relays one notification to Ops, which must be answered with 204; the text of its attachment.
async fn relayed(body: Value) -> String {
    let world = World::new().await;
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    world.only_text()
}
