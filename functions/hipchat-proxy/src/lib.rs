//! Speaks HipChat's REST API to legacy applications and relays their messages to Slack.
//!
//! `api` knows HipChat's wire, `access` its tokens and rate limits, `rooms` which room is which channel, `message`
//! turns a text into Slack's markup, `slack` posts it, `relay` tells the story of one message, `error` is the ladder
//! from what went wrong to the answer.
//!
//! Architecture invariant: `api`, `message` and `rooms` know nothing of clocks, networks or variables.

pub mod access;
pub mod api;
pub mod config;
pub mod error;
pub mod message;
pub mod relay;
pub mod rooms;
pub mod slack;

mod account;
mod app;
mod start;

pub use app::App;
