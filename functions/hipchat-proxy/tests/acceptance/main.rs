//! The function as its callers and Slack see it: events in, answers and posted messages out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod again;
mod cases;
mod channels;
mod documents;
mod encodings;
mod files;
mod form_data;
mod fronts;
mod large;
mod limits;
mod looks;
mod messages;
mod notification;
mod oauth;
mod outcomes;
mod people;
mod recordings;
mod rooms_message;
mod scopes;
mod secrecy;
mod start;
mod support;
mod targets;
mod topics;
mod unsupported;
mod unusual;
