//! Slack's Web API and incoming webhooks: what is posted, what the answers mean, and the client that does it.

mod client;
mod client_id;
mod deliver;
mod outcome;
mod post;
mod upload;
mod upload_url;
mod webhook;
mod workspace;

pub use client::{Slack, SlackOptions};
pub use deliver::{Effort, Posted};
pub use outcome::SlackFailure;
pub use post::{Attachment, Content, Post, Target};
pub use upload::Share;
pub use workspace::Workspace;
