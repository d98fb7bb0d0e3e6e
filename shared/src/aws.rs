//! What every call to AWS needs beside its signature: whose credentials sign it, by which clock, the hosts of a
//! region, and what to do about an error.

mod container;
mod credentials;
pub mod endpoint;
pub mod partition;
mod provider;
mod refusal;
mod skew;

pub use credentials::{Credentials, is_stale_word};
pub use provider::{Asking, Provider, Source, Unavailable};
pub use refusal::Again;
pub use skew::{Moment, Skew};
