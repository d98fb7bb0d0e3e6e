//! One question at a time: who asks what is being asked already waits for that answer.
//!
//! Lambda gives an environment one event at a time; Lambda Managed Instances give it many, and then a busy token that
//! nobody remembers yet would be asked about many times at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::Deadline;
use tokio::sync::watch;

use crate::error::Problem;

type Answer<V> = Result<V, Problem>;

/// The questions that are being asked.
#[derive(Debug)]
pub struct Flights<K, V>(Mutex<HashMap<K, watch::Receiver<Option<Answer<V>>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// The one who asks. When it is dropped without an answer, because it was cancelled or panicked, those who wait elect
/// another.
struct Leader<'f, K: Eq + Hash, V> {
    flights: &'f Flights<K, V>,
    key: K,
    sender: watch::Sender<Option<Answer<V>>>,
}

enum Seat<'f, K: Eq + Hash, V> {
    Leader(Leader<'f, K, V>),
    Follower(watch::Receiver<Option<Answer<V>>>),
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// The answer of `ask`, or of the one who is asking about `key` already. A failure goes to those who wait for it
    /// now and to nobody else.
    ///
    /// One who was cut off by its own deadline has no answer for others, whose time may not be over.
    ///
    /// # Errors
    /// What `ask` fails with, or [`Problem::UpstreamTimeout`] when nobody answered before `deadline`.
    pub async fn join(&self, key: &K, deadline: Deadline, ask: impl AsyncFnOnce() -> Answer<V>) -> Answer<V> {
        loop {
            match self.seat(key) {
                Seat::Leader(leader) => {
                    let answer = ask().await;
                    if deadline.has_passed() && answer.is_err() {
                        drop(leader);
                    } else {
                        leader.land(answer.clone());
                    }
                    return answer;
                }
                Seat::Follower(mut receiver) => {
                    let landed = receiver.wait_for(Option::is_some);
                    match tokio::time::timeout(deadline.remaining(), landed).await {
                        Ok(Ok(answer)) => return answer.clone().unwrap_or(Err(Problem::UpstreamTimeout)),
                        Ok(Err(_)) if !deadline.has_passed() => {}
                        Ok(Err(_)) | Err(_) => return Err(Problem::UpstreamTimeout),
                    }
                }
            }
        }
    }

    /// Whether somebody is asking about `key`.
    pub fn is_under_way(&self, key: &K) -> bool {
        self.lock().contains_key(key)
    }

    fn seat(&self, key: &K) -> Seat<'_, K, V> {
        let mut flights = self.lock();
        if let Some(receiver) = flights.get(key) {
            return Seat::Follower(receiver.clone());
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver);
        Seat::Leader(Leader {
            flights: self,
            key: key.clone(),
            sender,
        })
    }
}

impl<K: Eq + Hash, V> Flights<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<Answer<V>>>>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Leader<'_, K, V> {
    fn land(self, answer: Answer<V>) {
        self.sender.send_replace(Some(answer));
    }
}

impl<K: Eq + Hash, V> Drop for Leader<'_, K, V> {
    fn drop(&mut self) {
        // Before the sender goes: whoever wakes up and finds no answer must find the seat free.
        self.flights.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    type Shared = Arc<Flights<u8, u32>>;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(10))
    }

    fn pause() -> impl Future<Output = ()> {
        tokio::time::sleep(Duration::from_millis(20))
    }

    #[tokio::test]
    async fn many_share_one_answer_and_keys_do_not_mix() {
        let flights = Shared::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let asking: Vec<_> = (0..30)
            .map(|number| {
                let (flights, asked) = (flights.clone(), asked.clone());
                let key = number % 3;
                tokio::spawn(async move {
                    let ask = async || {
                        asked.fetch_add(1, Ordering::SeqCst);
                        pause().await;
                        Ok(u32::from(key))
                    };
                    (key, flights.join(&key, soon(), ask).await)
                })
            })
            .collect();
        for asked in asking {
            let (key, answer) = asked.await.unwrap();
            assert_eq!(answer, Ok(u32::from(key)));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_shared_with_those_who_wait_alone() {
        let flights = Shared::default();
        let first = flights.join(&1, soon(), async || {
            pause().await;
            Err(Problem::UpstreamConnect)
        });
        let second = flights.join(&1, soon(), async || Ok(2));
        let (first, second) = tokio::join!(first, second);
        assert_eq!(
            (first, second),
            (Err(Problem::UpstreamConnect), Err(Problem::UpstreamConnect))
        );
        assert_eq!(flights.join(&1, soon(), async || Ok(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn a_leader_that_is_cancelled_or_panics_is_replaced() {
        for panics in [false, true] {
            let flights = Shared::default();
            let leading = flights.clone();
            let leader = tokio::spawn(async move {
                let ask = async || {
                    pause().await;
                    assert!(!panics, "the leader falls");
                    pause().await;
                    Ok(1)
                };
                leading.join(&1, soon(), ask).await
            });
            tokio::task::yield_now().await;
            assert_eq!(flights.lock().len(), 1);
            let followers: Vec<_> = (0..5)
                .map(|_| {
                    let flights = flights.clone();
                    tokio::spawn(async move {
                        flights
                            .join(&1, soon(), async || {
                                pause().await;
                                Ok(2)
                            })
                            .await
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            if !panics {
                leader.abort();
            }
            for follower in followers {
                assert_eq!(follower.await.unwrap(), Ok(2));
            }
            assert!(leader.await.is_err());
            assert!(flights.lock().is_empty());
        }
    }

    #[tokio::test]
    async fn a_leader_cut_off_by_its_own_deadline_speaks_for_itself_alone() {
        let flights = Shared::default();
        let short = Deadline::after(Duration::from_millis(20));
        let first = flights.join(&1, short, async || {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Err(Problem::UpstreamTimeout)
        });
        let second = flights.join(&1, soon(), async || Ok(2));
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first, second), (Err(Problem::UpstreamTimeout), Ok(2)));
    }

    #[tokio::test]
    async fn a_follower_waits_no_longer_than_its_own_deadline() {
        let flights = Shared::default();
        let first = flights.join(&1, soon(), async || {
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok(1)
        });
        let second = flights.join(&1, Deadline::after(Duration::from_millis(10)), async || Ok(2));
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first, second), (Ok(1), Err(Problem::UpstreamTimeout)));
    }
}
