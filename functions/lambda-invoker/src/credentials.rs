//! AWS credentials: keys of the table, those of the function's role, and those of roles that are assumed with them.

mod answer;
mod providers;
mod sts;

use std::sync::Arc;

use shared::Clock;
use shared::aws::{Credentials, Provider};

use crate::routes::Keys;
pub use providers::Providers;

/// Keys of the route table.
fn of_keys(keys: &Keys, clock: Arc<dyn Clock>) -> Provider {
    let (id, secret) = (keys.access_key.clone(), keys.secret_key.clone());
    Provider::fixed(Credentials::new(id, secret, keys.session_token.clone(), None), clock)
}
