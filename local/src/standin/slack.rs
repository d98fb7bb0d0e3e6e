//! A stand-in for Slack: the Web API methods that hipchat-proxy uses, a workspace that keeps what was posted, and a page that shows it.
//!
//! | path | what |
//! |---|---|
//! | `/api/{method}` | `chat.postMessage`, `auth.test`, `conversations.join`, `conversations.list`, `conversations.open`, `conversations.setTopic`, `users.lookupByEmail`, `files.getUploadURLExternal`, `files.completeUploadExternal` |
//! | `/upload/v1/{key}` | where the bytes of a file go, by the URL that `files.getUploadURLExternal` hands out |
//! | `/services/{path}` | the incoming webhooks, which post to one channel each |
//! | `/` | a page that shows the messages as Slack would, and calls that were refused, as they arrive |
//! | `/_messages` | `GET`: JSON list of the kept messages, `?after=N` for those after the Nth; `DELETE` forgets them |
//! | `/_workspace` | JSON: channels and members |
//! | `/_files/{id}` | the content of a file that was shared |

mod arguments;
mod channel;
mod files;
mod message;
mod methods;
mod page;
mod posted;
mod state;
#[cfg(test)]
mod tests;
mod webhook;
mod workspace;

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};
use tokio::net::TcpListener;

pub use self::files::SlackFile;
pub use self::posted::{SlackMessage, SlackUser};
use self::workspace::Workspace;
use super::StandIn;

/// What a [`Slack`] is started with.
#[derive(Clone, Default)]
pub struct SlackOptions {
    /// The one token that is accepted, such as `xoxb-local`.
    pub token: String,
    /// Channels: id (`C...`) and name without `#`.
    pub channels: Vec<(String, String)>,
    /// Ids of channels that are private: only members see them.
    pub private: Vec<String>,
    /// Ids of channels that the app is not in. It posts to them all the same while they are public, as with the scope
    /// `chat:write.public`, but sets no topic.
    pub not_joined: Vec<String>,
    /// Ids of channels that are archived.
    pub archived: Vec<String>,
    /// Whether the app lacks the scope `chat:write.public`, and posts only to channels that it is in.
    pub only_members_post: bool,
    /// Incoming webhooks: path below `/services/` such as `T1/B1/secret`, and channel id.
    pub webhooks: Vec<(String, String)>,
    /// The members. While it is empty every user id (`U...`, `W...`) is taken for a member.
    pub users: Vec<SlackUser>,
    /// How many messages a channel takes within any one second; `None` for no limit. Slack's own is about one.
    pub rate_per_channel: Option<u32>,
    /// How many calls of one method are taken within any minute, `chat.postMessage` aside; `None` for no limit.
    pub rate_per_method: Option<u32>,
}

/// A running stand-in for Slack: the Web API is at `/api` below its URL, the page at `/`.
pub struct Slack {
    standin: StandIn,
    workspace: Arc<Workspace>,
}

impl Slack {
    /// Serves Slack on a socket that is bound already.
    ///
    /// # Errors
    /// The socket has no address. Must be called within a tokio runtime.
    pub fn start(listener: TcpListener, options: SlackOptions) -> io::Result<Self> {
        let workspace = Arc::new(Workspace::new(options));
        let router = Router::new()
            .route("/", get(page::page))
            .route("/_messages", get(page::messages).delete(page::forget))
            .route("/api/{method}", any(methods::answer))
            .route("/_workspace", get(page::workspace))
            .route("/_files/{id}", get(files::content))
            .route("/upload/v1/{key}", any(files::upload))
            .route("/services/{*path}", any(webhook::answer))
            .with_state(workspace.clone());
        Ok(Self {
            standin: StandIn::start(listener, router)?,
            workspace,
        })
    }

    /// The URL of a webhook, given by its path below `/services/`.
    pub fn webhook_url(&self, path: &str) -> String {
        format!("{}/services/{path}", self.url())
    }

    /// A channel's topic, by the channel's id; `None` when there is no such channel.
    pub fn topic(&self, channel: &str) -> Option<String> {
        self.workspace.topic(channel)
    }

    /// Accepts this token from now on, and no other, as after a rotation.
    pub fn rotate(&self, token: &str) {
        self.workspace.rotate(token);
    }

    /// The messages that are kept, oldest first.
    pub fn messages(&self) -> Vec<SlackMessage> {
        self.workspace.messages_after(0)
    }

    /// Forgets all messages.
    pub fn clear_messages(&self) {
        self.workspace.forget();
    }
}

impl Deref for Slack {
    type Target = StandIn;

    /// What every stand-in has: its address, the calls that it keeps, the faults that it is given.
    fn deref(&self) -> &StandIn {
        &self.standin
    }
}
