//! Stand-ins on loopback for what the functions talk to: Hydra, Keto, Slack, Secrets Manager, Lambda and a target of HTTP requests.
//!
//! Every stand-in listens on a socket that the caller has bound, records what it was asked and can be told to misbehave:
//!
//! | request | answer |
//! |---|---|
//! | `GET /_calls` | JSON list of [`Call`]s, oldest first, secrets masked; `?after=N` for those after the Nth |
//! | `DELETE /_calls` | 204, the list is empty |
//! | `POST /_faults` | 201, takes one [`Fault`]; 400 with a reason for what cannot be read |
//! | `GET /_faults` | JSON list of the faults that are still pending |
//! | `DELETE /_faults` | 204, none pending |
//!
//! Paths that begin with `/_` belong to these tools: they are never recorded and no fault applies to them.
//! Dropping a stand-in closes its socket and its connections.

mod connection;
mod control;
mod fault;
mod mask;
mod passing;
mod recorder;
mod server;
#[cfg(test)]
mod tests;
mod wire;

pub mod hydra;
pub mod keto;
pub mod lambda;
pub mod secrets_manager;
pub mod sigv4;
pub mod slack;
pub mod target;

pub use fault::Fault;
pub use hydra::{Effect, Hydra, HydraOptions, HydraVersion, OauthClient, WardenPolicy};
pub use keto::{Keto, RelationTuple, Subject};
pub use lambda::{AccessKey, Deployment, Lambda, LambdaOptions};
pub use recorder::{Answered, Call};
pub use secrets_manager::SecretsManager;
pub use server::StandIn;
pub use slack::{Slack, SlackFile, SlackMessage, SlackOptions, SlackUser};
pub use target::{Target, TargetOptions};
