//! The authorizer from event to answer, in one process: a clock set by hand, a real HTTP server on loopback that
//! records what it is asked and misbehaves as told.

mod acceptance;
mod cache;
mod fixture;
mod hostile;
mod input_classes;
mod stub;
mod tls;
mod upstream;
