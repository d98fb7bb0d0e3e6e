//! Connections that wait for the next request.

use std::sync::{Mutex, PoisonError};

use super::{Connection, KeepAlive};

/// The idle connections of one place, the one that was used last at the end.
#[derive(Debug)]
pub(super) struct Pool {
    rules: Option<KeepAlive>,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    /// Since when, in milliseconds of the wall clock: the other side's clock goes on while this process is frozen.
    since_ms: u64,
}

impl Pool {
    pub(super) fn new(rules: Option<KeepAlive>) -> Self {
        Self {
            rules,
            idle: Mutex::default(),
        }
    }

    /// The connection that was used last, if it is not idle for too long.
    pub(super) fn take(&self, now_ms: u64) -> Option<Connection> {
        let rules = self.rules?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let last = idle.pop()?;
        if is_fresh(&last, rules, now_ms) {
            return Some(last.connection);
        }
        // All others wait for longer.
        idle.clear();
        None
    }

    /// Keeps a connection for later.
    pub(super) fn put(&self, connection: Connection, now_ms: u64) {
        let Some(rules) = self.rules else { return };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| is_fresh(idle, rules, now_ms));
        if idle.len() >= rules.pool {
            idle.remove(0);
        }
        idle.push(Idle {
            connection,
            since_ms: now_ms,
        });
    }
}

fn is_fresh(idle: &Idle, rules: KeepAlive, now_ms: u64) -> bool {
    u128::from(now_ms.saturating_sub(idle.since_ms)) <= rules.idle.as_millis()
}
