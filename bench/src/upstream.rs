//! The stand-ins for everything that the functions call, on one loopback port: prepared answers, counted and checked calls.
//!
//! Every call is checked for what makes it the right one; the first signed call of a run is verified to the last byte.

mod call;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::thread::{Pid, gettid};

use crate::replies::Replies;
use crate::server::{self, Handler};
use crate::sigv4;
use crate::wire::Request;
use call::{ROUTES, check_introspection, expect_header, expect_text, route};

pub use call::{Calls, Route};

/// Connections that one function process may hold open to its upstreams.
const CONNECTIONS: usize = 8;

/// The API key that the keyed endpoint wants; it opens nothing else.
pub const API_KEY: &str = "bench-api-key-000000000000000000000000";
/// The Slack token that `chat.postMessage` wants; it opens nothing else.
pub const SLACK_TOKEN: &str = "xoxb-000000000000-bench-example";
/// The credentials that introspection wants when a call brings any.
pub const CLIENT: (&str, &str) = ("bench", "bench-client-secret");
/// An access token with the scope `orders.read`.
pub const GOOD_TOKEN: &str =
    "ory_at_good0000000000000000000000000000000000000.0000000000000000000000000000000000000000000";
/// An access token without any scope.
pub const POOR_TOKEN: &str =
    "ory_at_poor0000000000000000000000000000000000000.0000000000000000000000000000000000000000000";
/// A token that was revoked.
pub const DEAD_TOKEN: &str =
    "ory_at_dead0000000000000000000000000000000000000.0000000000000000000000000000000000000000000";

/// Where a function is asked for a reply that it streams.
const STREAMED: &[u8] = b"/2021-11-15/functions/target/response-streaming-invocations";

/// The stand-ins' state.
#[derive(Debug)]
pub struct Upstream {
    calls: [AtomicU64; ROUTES.len()],
    delay_us: AtomicU64,
    sent: Mutex<&'static str>,
    least_bytes: AtomicU64,
    complaint: Mutex<Option<String>>,
    server_thread: Mutex<Option<Pid>>,
    replies: Replies,
}

/// Starts the stand-ins on a free loopback port.
///
/// # Errors
/// No port or no thread is to be had.
pub fn start() -> io::Result<(Arc<Upstream>, SocketAddr)> {
    start_for(CONNECTIONS)
}

/// Starts the stand-ins for functions that hold up to so many connections open.
///
/// # Errors
/// As [`start`].
pub fn start_for(connections: usize) -> io::Result<(Arc<Upstream>, SocketAddr)> {
    let upstream = Arc::new(Upstream {
        calls: Default::default(),
        delay_us: AtomicU64::new(0),
        sent: Mutex::new(""),
        least_bytes: AtomicU64::new(0),
        complaint: Mutex::new(None),
        server_thread: Mutex::new(None),
        replies: Replies::new(),
    });
    let address = server::serve(&upstream, connections)?;
    Ok((upstream, address))
}

impl Upstream {
    /// Forgets all calls; from now on every answer is held back for `delay`, except those of Secrets Manager.
    /// Every call's body must contain `sent`, with the same exception.
    pub fn reset(&self, delay: Duration, sent: &'static str) {
        for calls in &self.calls {
            calls.store(0, Ordering::Relaxed);
        }
        self.delay_us
            .store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
        self.least_bytes.store(0, Ordering::Relaxed);
        *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Until the next `reset` every call's body must have at least so many bytes, except those of Secrets Manager.
    pub fn expect_bytes(&self, least: u64) {
        self.least_bytes.store(least, Ordering::Relaxed);
    }

    /// The calls since `reset`.
    ///
    /// # Errors
    /// One of them was not as it should be; the text says which.
    pub fn finish(&self) -> Result<Calls, String> {
        match &*self.complaint.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(complaint) => Err(complaint.clone()),
            None => Ok(Calls(std::array::from_fn(|route| {
                self.calls.get(route).map_or(0, |calls| calls.load(Ordering::Relaxed))
            }))),
        }
    }

    /// The thread that accepted the newest connection.
    #[must_use]
    pub fn server_thread(&self) -> Option<Pid> {
        *self.server_thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self, request: &Request<'_>) -> Result<(Route, &[u8]), String> {
        let route = route(request)?;
        let earlier = self
            .calls
            .get(route as usize)
            .map_or(0, |calls| calls.fetch_add(1, Ordering::Relaxed));
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if !sent.is_empty() && route != Route::Secrets {
            expect_text(request.body, sent)?;
        }
        let least = self.least_bytes.load(Ordering::Relaxed);
        if route != Route::Secrets && (request.body.len() as u64) < least {
            return Err(format!("{} bytes came, not {least}", request.body.len()));
        }
        let replies = &self.replies;
        let reply = match route {
            Route::Floor => &replies.floor,
            Route::Introspection => {
                check_introspection(request)?;
                replies.introspection(request.body)?
            }
            Route::Slack => {
                expect_header(request, "authorization", &format!("Bearer {SLACK_TOKEN}"))?;
                expect_text(request.body, r#""channel":"C0BENCH""#)?;
                &replies.slack
            }
            Route::Signed => {
                sigv4::check(request, "lambda", earlier == 0)?;
                let path = request.target.split(|byte| *byte == b'?').next().unwrap_or_default();
                if let Some(bytes) = path.strip_prefix(b"/signed/sized/") {
                    replies.sized(bytes)?
                } else if path.starts_with(b"/signed/archive") {
                    &replies.megabyte
                } else {
                    &replies.endpoint
                }
            }
            Route::Keyed => {
                expect_header(request, "x-api-key", API_KEY)?;
                &replies.endpoint
            }
            Route::Invoke => {
                sigv4::check(request, "lambda", earlier == 0)?;
                if request.target.starts_with(STREAMED) {
                    &replies.invoke_streamed
                } else {
                    &replies.invoke
                }
            }
            Route::Secrets => {
                sigv4::check(request, "secretsmanager", earlier == 0)?;
                replies.secret(request.body)?
            }
        };
        Ok((route, reply))
    }
}

impl Handler for Upstream {
    type Connection = ();

    fn opened(&self) {
        *self.server_thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(gettid());
    }

    fn answer(&self, (): &mut (), request: &Request<'_>, mut stream: &TcpStream) -> io::Result<()> {
        match self.reply(request) {
            Ok((route, reply)) => {
                let delay = self.delay_us.load(Ordering::Relaxed);
                if delay > 0 && route != Route::Secrets {
                    thread::sleep(Duration::from_micros(delay));
                }
                stream.write_all(reply)
            }
            Err(what) => {
                let line = String::from_utf8_lossy(request.target);
                let complaint = format!("a call to {line}: {what}");
                self.complaint
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(complaint);
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            }
        }
    }

    fn closed(&self, (): (), _: io::Result<()>) {}
}
