//! The suite on one machine without an AWS account: a Lambda Runtime API, the fronts that AWS would put before the
//! functions, and stand-ins.

mod body;
mod caller;
pub mod cli;
mod clock;
pub mod front;
pub mod function;
pub mod gateway;
pub mod migration;
mod random;
#[cfg(feature = "sdk")]
pub mod sdk;
mod server;
pub mod slack_app;
pub mod smoke;
pub mod standin;
pub mod suite;
pub mod table;

/// The account of every ARN: it belongs to nobody.
pub const ACCOUNT_ID: &str = "123456789012";
