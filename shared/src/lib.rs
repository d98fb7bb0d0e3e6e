//! What at least two functions of the suite use, without an opinion about any function's domain.
//!
//! Architecture invariant: this crate depends on no function, and holds no error type for the whole suite.

pub mod aws;
pub mod backoff;
pub mod clock;
pub mod deadline;
pub mod env;
pub mod http;
#[cfg(test)]
mod scripted;
pub mod secret;
pub mod secrets;
pub mod sign;
pub mod start;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod together;

pub use clock::{Clock, SystemClock};
pub use deadline::Deadline;
pub use env::{ConfigError, Env, ProcessEnv};
pub use secret::Secret;
pub use secrets::{SecretSource, Secrets};
pub use together::together;
