//! What every call to AWS needs beside its signature: whose credentials sign it, and the hosts of a region.

mod container;
mod credentials;
pub mod partition;
mod provider;

pub use credentials::{Credentials, is_stale_word};
pub use provider::{Asking, Provider, Source, Unavailable};
