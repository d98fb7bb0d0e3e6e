//! Who gives credentials to which route.

use std::sync::Arc;

use shared::aws::Provider;
use shared::http::outbound::Clients;

use super::of_keys;
use super::sts::Role;
use crate::routes::CredentialSource;

/// All providers of a table, so that routes with the same source share one, and with it what it has in memory.
#[derive(Debug)]
pub struct Providers {
    own: Arc<Provider>,
    known: Vec<(CredentialSource, Arc<Provider>)>,
}

impl Providers {
    /// `own` are the function's own credentials.
    pub fn new(own: Arc<Provider>) -> Self {
        Self { own, known: Vec::new() }
    }

    /// The provider of a source: one that is there already, or a new one.
    pub fn of(&mut self, source: &CredentialSource, clients: &mut Clients) -> Arc<Provider> {
        if let Some((_, provider)) = self.known.iter().find(|(known, _)| known == source) {
            return provider.clone();
        }
        let clock = self.own.clock().clone();
        let provider = match (source.roles.split_last(), &source.keys) {
            // The last role is assumed with what the others give.
            (Some((last, earlier)), _) => {
                let base = CredentialSource {
                    keys: source.keys.clone(),
                    roles: earlier.to_vec(),
                };
                let role = Role::new(last.clone(), self.of(&base, clients), clients);
                Arc::new(Provider::asking(role, clock))
            }
            (None, Some(keys)) => Arc::new(of_keys(keys, clock)),
            (None, None) => self.own.clone(),
        };
        self.known.push((source.clone(), provider.clone()));
        provider
    }
}
