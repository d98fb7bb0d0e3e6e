//! The real binaries, driven through the local stack: load balancers, API Gateways and stand-ins on loopback.
//! Each test starts a suite of its own, so that none sees another's faults.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod alarms;
mod authorizer;
mod door;
mod events;
mod gateway_cache;
mod hipchat_calls;
mod hipchat_files;
mod hipchat_load;
mod hipchat_proxy;
mod interop;
mod invoker_faults;
mod lambda_invoker;
mod lambda_service;
mod migration;
mod permissions;
mod process;
mod property;
mod questions;
mod samples;
mod smoke;
mod stage;
mod streaming;
mod terminator;
mod tracing;
