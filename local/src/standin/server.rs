//! The server under every stand-in: connections, recording, faults, and then the stand-in's own router.

use std::io::{self, Write, stderr};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::connection::{Connection, Reset};
use super::control::Control;
use super::fault::{Errors, Fault};
use super::passing::{Note, Passing};
use super::recorder::Call;
use super::wire::{json_answer, media_type};

/// The largest body that a stand-in reads, in bytes: above every limit of the services that it stands for.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// Answers of this type are passed on as they come; all others are read first.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// A running stand-in. Dropping it closes its socket and its connections.
pub struct StandIn {
    address: SocketAddr,
    control: Arc<Control>,
    task: JoinHandle<()>,
}

impl StandIn {
    /// Serves the router on a socket that is bound already.
    ///
    /// # Errors
    /// The socket has no address. Must be called within a tokio runtime.
    pub fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        Self::serve(listener, router, Control::default())
    }

    /// As [`StandIn::start`], for a service whose errors a fault may name.
    ///
    /// # Errors
    /// As [`StandIn::start`].
    pub(crate) fn with_errors(listener: TcpListener, router: Router, errors: Errors) -> io::Result<Self> {
        let control = Control {
            errors: Some(errors),
            ..Control::default()
        };
        Self::serve(listener, router, control)
    }

    fn serve(listener: TcpListener, router: Router, control: Control) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let control = Arc::new(control);
        let router = router.layer(DefaultBodyLimit::disable());
        let task = tokio::spawn(accept(listener, control.clone(), router));
        Ok(Self { address, control, task })
    }

    /// The address that clients connect to, such as `http://127.0.0.1:4445`, without a slash at the end.
    pub fn url(&self) -> String {
        url_of(self.address)
    }

    /// All calls that are kept, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.control.recorder.calls()
    }

    /// Forgets all calls.
    pub fn clear_calls(&self) {
        self.control.recorder.clear();
    }

    /// Makes the next calls misbehave. A fault with values that `POST /_faults` would refuse is given as nearly as HTTP allows.
    pub fn fault(&self, fault: Fault) {
        self.control.faults.add(fault);
    }

    /// Takes back all faults that are still pending.
    pub fn clear_faults(&self) {
        self.control.faults.clear();
    }

    /// Resets every connection that is open, with the calls on it; how many that were.
    pub fn reset_connections(&self) -> usize {
        let open = self.control.hang_up.receiver_count();
        self.control.hang_up.send_replace(());
        open
    }

    /// Stops the server and waits until its socket is closed, so that the port can be bound again.
    pub async fn stop(mut self) {
        self.task.abort();
        // The only outcome of a task that was aborted is that it was aborted.
        let _ = (&mut self.task).await;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The base URL of a socket; one that is bound to all addresses is reached by loopback.
pub(crate) fn url_of(mut address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{address}")
}

async fn accept(listener: TcpListener, control: Arc<Control>, router: Router) {
    // The set ends its tasks when it is dropped, and it is dropped with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, control.clone(), router.clone()))),
                Err(error) => {
                    // Mostly too many open files: whoever looks at the terminal is told.
                    let _ = writeln!(stderr(), "local: a stand-in cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, control: Arc<Control>, router: Router) {
    // Answers are small and latency is measured against them. A socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    let reset = Reset::default();
    let connection = TokioIo::new(Connection::new(stream, reset.clone()));
    let mut hang_up = control.hang_up.subscribe();
    let service = {
        let reset = reset.clone();
        service_fn(move |request| answer(request, control.clone(), router.clone(), reset.clone()))
    };
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    tokio::select! {
        // One that ends early is the other side's business.
        _ = builder.serve_connection(connection, service) => {}
        // Set before the connection is dropped.
        () = async {
            if hang_up.changed().await.is_ok() {
                reset.set();
            }
        } => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    control: Arc<Control>,
    router: Router,
    reset: Reset,
) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let problem = json!({"error": format!("the body is longer than {MAX_BODY} bytes")});
            return Ok(json_answer(StatusCode::PAYLOAD_TOO_LARGE, &problem));
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    let path = parts.uri.path();
    if let Some(answer) = control.answer(&parts.method, &parts.uri, &body) {
        return Ok(answer);
    }
    let router = TowerToHyperService::new(router);
    if path.starts_with("/_") {
        let Ok(response) = router.call(Request::from_parts(parts, Body::from(body))).await;
        return Ok(response);
    }
    let ticket = control.recorder.arrive(&parts, &body);
    let fault = control.faults.take(path);
    let work = work(router, Request::from_parts(parts, Body::from(body)));
    let cut = fault.as_ref().and_then(|fault| fault.cut);
    let (response, body) = match fault {
        None => work.await?,
        Some(fault) => {
            control.recorder.meet(ticket, &fault);
            let mut work: Work = Box::pin(work);
            if fault.taken {
                let done = work.await;
                if let Ok((response, Some(body))) = &done {
                    let (status, kind) = (response.status().as_u16(), media_type(response.headers()));
                    control.recorder.really(ticket, status, body, &kind);
                }
                work = Box::pin(std::future::ready(done));
            }
            misbehave(fault, control.errors, work, &reset).await?
        }
    };
    let status = response.status().as_u16();
    let media_type = media_type(response.headers());
    if let (Some(body), None) = (body, cut) {
        control.recorder.answer(ticket, status, &body, &media_type);
        return Ok(response);
    }
    let note = Note {
        control,
        ticket,
        status,
        media_type,
    };
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        // What is cut off was promised.
        head.headers.insert(CONTENT_LENGTH, length.into());
    }
    Ok(Response::from_parts(
        head,
        Body::new(Passing::new(body, note, cut, reset)),
    ))
}

/// An answer, and its body for the record; none where it is passed on as it comes.
type Worked = io::Result<(Response<Body>, Option<Bytes>)>;
type Work = Pin<Box<dyn Future<Output = Worked> + Send>>;

/// What the stand-in is there for.
async fn work(router: TowerToHyperService<Router>, request: Request<Body>) -> Worked {
    let Ok(response) = router.call(request).await;
    if media_type(response.headers()) == EVENT_STREAM {
        return Ok((response, None));
    }
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok((Response::from_parts(head, Body::from(body.clone())), Some(body)))
}

async fn misbehave(fault: Fault, errors: Option<Errors>, work: Work, reset: &Reset) -> Worked {
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    if fault.reset {
        reset.set();
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    match fault.answer(errors) {
        Some((response, body)) => Ok((response, Some(body.into()))),
        None => work.await,
    }
}
