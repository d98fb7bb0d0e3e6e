//! The authorizer from event to answer, in one process: a clock set by hand, a real HTTP server on loopback that
//! records what it is asked and misbehaves as told.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails by panicking"
)]

mod acceptance;
mod apart;
mod attacks;
mod authorities;
mod cache;
mod echo;
mod fixture;
mod frozen;
mod hostile;
mod issuer;
mod jwks;
mod panics;
mod parsers;
mod permission;
mod providers;
mod rotation;
mod routes;
mod rows;
mod stub;
mod telemetry;
mod tls;
mod upstream;
