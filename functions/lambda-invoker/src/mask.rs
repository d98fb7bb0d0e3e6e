//! Hides what may be a secret in a text that is logged: what a target says about a request that it refuses often holds
//! parts of the request. AWS quotes the whole canonical request, with the session's token.

mod brought;
mod likely;
#[cfg(test)]
mod tests;

use std::ops::Range;

use shared::{Env, Secret};

use crate::routes::{Destination, RouteTable};
pub use brought::Brought;

const HIDDEN: &str = "[redacted]";

/// Shorter values are no secrets, or hide too much of a text.
const SHORTEST: usize = 4;

/// The same for values that only may be secrets: of cookies, and of the parameters of a target's URL.
const SHORTEST_DOUBTFUL: usize = 8;

/// The secrets that are known by their values.
#[derive(Debug, Default)]
pub struct Mask(Vec<Secret>);

impl Mask {
    /// Hides the secrets of a table and of the environment.
    pub fn of(table: &RouteTable, env: &dyn Env) -> Self {
        let mut secrets: Vec<Secret> = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            .into_iter()
            .filter_map(|name| env.get(name).map(Secret::new))
            .collect();
        for route in table.routes() {
            if let Some(key) = route.authorization.api_key.as_ref().and_then(|key| key.to_str().ok()) {
                secrets.push(Secret::new(key));
            }
            let source = match &route.destination {
                Destination::Endpoint(endpoint) => endpoint.signing.as_ref().map(|signing| &signing.credentials),
                Destination::Function(function) => Some(&function.credentials),
            };
            if let Destination::Endpoint(endpoint) = &route.destination {
                let values = endpoint.base_query.iter().map(|pair| pair.value.as_str());
                secrets.extend(values.filter(|value| value.len() >= SHORTEST_DOUBTFUL).map(Secret::new));
            }
            if let Some(keys) = source.and_then(|source| source.keys.as_ref()) {
                secrets.extend([keys.access_key.clone(), keys.secret_key.clone()]);
                secrets.extend(keys.session_token.clone());
            }
        }
        let mut known: Vec<Secret> = Vec::new();
        for secret in secrets {
            if secret.reveal().len() >= SHORTEST && !known.contains(&secret) {
                known.push(secret);
            }
        }
        Self(known)
    }

    /// The text with everything hidden that is a known secret or was `brought` by the client, that follows a telling
    /// word, or that looks like a key. All of it is looked for in the text as it was given, so that nothing that is
    /// hidden keeps anything else from being found, and no mark is taken for a value.
    pub fn hide(&self, text: &str, brought: &Brought) -> String {
        let mut hidden = self.known_in(text, brought);
        hidden.extend(likely::told(text));
        hidden.extend(likely::long_runs(text));
        write(text, hidden)
    }

    /// The same for the name of an error, which may be as long as a key and speak of tokens.
    pub fn hide_in_name(&self, name: &str, brought: &Brought) -> String {
        write(name, self.known_in(name, brought))
    }

    /// Where known secrets and what was `brought` stand in a text.
    fn known_in(&self, text: &str, brought: &Brought) -> Vec<Range<usize>> {
        let mut hidden: Vec<Range<usize>> = Vec::new();
        let mut find = |secret: &str| {
            let found = text.match_indices(secret);
            hidden.extend(found.map(|(at, secret)| at..at + secret.len()));
        };
        for secret in &self.0 {
            find(secret.reveal());
        }
        match brought.values(text.len()) {
            Some(values) => values.iter().for_each(|value| find(value)),
            // Not all of them can be looked for, and any of them may be a secret.
            None => hidden.push(0..text.len()),
        }
        hidden
    }
}

/// The text with one mark in place of each range; ranges that overlap or touch are one.
fn write(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.retain(|range| !range.is_empty());
    hidden.sort_unstable_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    // Up to where the text is written or hidden.
    let mut done = 0;
    let mut marked = false;
    for Range { start, end } in hidden {
        if start > done || !marked {
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str(HIDDEN);
            marked = true;
        }
        done = done.max(end);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
