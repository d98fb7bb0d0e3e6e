//! The outbound HTTP client: verified TLS, no redirects, no hidden retries. A client belongs to one place and knows for
//! each request whether a byte of it was written, which decides what may be sent again.

mod address;
mod arriving;
mod connect;
mod error;
mod place;
mod pool;
mod tls;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::Clock;
use crate::http::driven::{Driven, Sender};
pub use arriving::Arriving;
pub use error::{BodyError, SendError};
pub use place::{ClientKey, KeepAlive, Place, Reach, host_header, target};
use pool::Pool;
use tls::Trust;
pub use tls::check_authorities;
use wire::Record;

/// Header lines of an answer; hyper's own limit is 100.
const MOST_HEADERS: usize = 1024;

/// A request as it goes over the wire: its URI is path and query alone, its `host` stands among the headers.
pub type Outbound = Request<Full<Bytes>>;

/// A client for one place.
pub struct Client {
    key: ClientKey,
    trust: Arc<Trust>,
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("key", &self.key).finish_non_exhaustive()
    }
}

/// One connection; closed when it is dropped.
#[derive(Debug)]
struct Connection {
    sender: Sender,
    driven: Driven<TokioIo<Box<dyn connect::Stream>>>,
    record: Arc<Record>,
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Received<'a> {
    response: Response<Incoming>,
    connection: Connection,
    client: &'a Client,
}

impl Client {
    /// Time for a new connection.
    pub fn connect_timeout(&self) -> Duration {
        self.key.connect_timeout
    }

    /// Reads the certificates that TLS needs, so that the first request does not have to. Connects nowhere.
    pub fn warm_up(&self) {
        if self.key.https {
            self.trust.connector();
        }
    }

    /// Sends a request on a connection that is kept, or else on a new one. What a kept connection did not take, because
    /// the other side had left, goes out on a new one; with `repeat` also what it may have taken before it broke.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, request: Outbound, repeat: bool) -> Result<Received<'_>, SendError> {
        while let Some(mut connection) = self.pool.take(self.clock.now_ms()) {
            if !connection.driven.takes_another(&mut connection.sender).await {
                continue;
            }
            match self.exchange(connection, request.clone(), true).await {
                Err(SendError::Broken { written, .. }) if !written || repeat => break,
                result => return result,
            }
        }
        self.send_anew(request).await
    }

    /// Sends a request on a new connection, whatever is kept.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send_anew(&self, request: Outbound) -> Result<Received<'_>, SendError> {
        // Boxed: most requests find a connection.
        let connection = Box::pin(self.connect()).await?;
        self.exchange(connection, request, false).await
    }

    /// Keeps a connection for the next request, unless the other side wanted it closed.
    fn keep(&self, connection: Connection) {
        if !connection.driven.has_ended() {
            self.pool.put(connection, self.clock.now_ms());
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let (stream, record) = connect::connect(&self.key, &self.trust).await?;
        let handshake = http1::Builder::new()
            .max_headers(MOST_HEADERS)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = handshake.map_err(|_| SendError::Broken {
            written: false,
            reused: false,
        })?;
        let driven = Driven::new(connection);
        Ok(Connection { sender, driven, record })
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        request: Outbound,
        reused: bool,
    ) -> Result<Received<'_>, SendError> {
        connection.record.begin(reused);
        let Connection { sender, driven, .. } = &mut connection;
        let mut failed = match driven.run(sender.try_send_request(request)).await {
            Ok(response) => {
                return Ok(Received {
                    response,
                    connection,
                    client: self,
                });
            }
            Err(failed) => failed,
        };
        // What was written then is TLS's own farewell.
        let untouched = failed.take_message().is_some();
        let error = failed.into_error();
        if error.is_parse() || error.is_parse_too_large() {
            return Err(SendError::NotHttp);
        }
        Err(SendError::Broken {
            written: !untouched && !connection.record.nothing_written(),
            reused,
        })
    }
}

impl Received<'_> {
    /// The answer's head.
    pub fn head(&self) -> &Response<Incoming> {
        &self.response
    }

    /// Reads the whole body, of at most `limit` bytes; a larger one is given up as soon as that is known. The
    /// connection is kept for the next request.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn read(self, limit: usize) -> Result<(response::Parts, Bytes), BodyError> {
        let Self {
            response,
            mut connection,
            client,
        } = self;
        let (parts, mut body) = response.into_parts();
        if body.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge);
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(frame) = connection.driven.run(body.frame()).await {
            // Trailers are left behind: they belong to one connection unless both sides know them.
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            if first.len() + all.len() + data.len() > limit {
                return Err(BodyError::TooLarge);
            }
            // Most bodies come in one piece, which is not copied.
            if first.is_empty() && all.is_empty() {
                first = data;
                continue;
            }
            if !first.is_empty() {
                let known = usize::try_from(body.size_hint().lower()).unwrap_or_default();
                all.reserve(first.len() + data.len() + known);
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
        client.keep(connection);
        Ok((parts, if all.is_empty() { first } else { all.freeze() }))
    }
}

/// All clients of a function. None of them does anything before its first request.
pub struct Clients {
    clients: Vec<Arc<Client>>,
    trusts: Vec<Arc<Trust>>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.clients).finish()
    }
}

impl Clients {
    /// No clients yet; idle connections grow old by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clients: Vec::new(),
            trusts: Vec::new(),
            clock,
        }
    }

    /// The client for a key: one that is there already, or a new one.
    pub fn of(&mut self, key: ClientKey) -> Arc<Client> {
        if let Some(known) = self.clients.iter().find(|client| client.key == key) {
            return known.clone();
        }
        let known = self.trusts.iter().find(|trust| trust.is_for(key.ca.as_ref()));
        let trust = match known {
            Some(trust) => trust.clone(),
            None => {
                let trust = Arc::new(Trust::new(key.ca.clone()));
                self.trusts.push(trust.clone());
                trust
            }
        };
        let client = Arc::new(Client {
            pool: Pool::new(key.keep_alive),
            trust,
            clock: self.clock.clone(),
            key,
        });
        self.clients.push(client.clone());
        client
    }
}
