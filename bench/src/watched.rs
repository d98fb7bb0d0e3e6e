//! State that a server's threads change while the driver waits for it, with the two ways of waiting that are needed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Long enough not to disturb a batch, short enough to notice a process that died.
const SLICE: Duration = Duration::from_millis(250);

/// What a driver asks now and then while it waits: whether the process is still there.
pub type Alive<'a> = &'a mut dyn FnMut() -> Result<(), String>;

/// State behind a lock, and a bell that is rung when it has changed.
#[derive(Debug, Default)]
pub(crate) struct Watched<S> {
    state: Mutex<S>,
    changed: Condvar,
}

impl<S> Watched<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all who wait.
    pub(crate) fn ring(&self) {
        self.changed.notify_all();
    }

    /// Changes the state and wakes all who wait.
    pub(crate) fn change(&self, change: impl FnOnce(&mut S)) {
        change(&mut self.lock());
        self.ring();
    }

    /// Sleeps until somebody rings.
    pub(crate) fn sleep<'a>(&self, state: MutexGuard<'a, S>) -> MutexGuard<'a, S> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done` says that the state is what is waited for, and keeps it locked.
    ///
    /// # Errors
    /// `done` or `alive` fails, or it takes longer than `limit`.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        alive: Alive<'_>,
        done: impl Fn(&S) -> Result<bool, String>,
    ) -> Result<MutexGuard<'_, S>, String> {
        let deadline = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if done(&state)? {
                return Ok(state);
            }
            alive()?;
            if Instant::now() >= deadline {
                return Err(format!("no progress within {} s", limit.as_secs()));
            }
            (state, _) = self
                .changed
                .wait_timeout(state, SLICE)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
