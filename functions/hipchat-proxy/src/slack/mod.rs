//! Slack's Web API: what is posted, what its answers mean, and the client that does it.

mod client;
mod outcome;
mod post;

pub use client::{Delivery, Slack, SlackOptions};
pub use outcome::SlackFailure;
pub use post::{Attachment, Post};
