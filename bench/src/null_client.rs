//! A function that does nothing, inside the driver: what is left when it is measured is the driver itself.
//!
//! It speaks prepared bytes over loopback as a function's process would, with one `write` and one `read` per exchange.

use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::event::Event;
use crate::process::own_cpu_time;
use crate::runtime_api::RuntimeApi;
use crate::session::{Expected, Session};
use crate::stats;
use crate::upstream::{Route, Upstream};
use crate::wire::find;

const ANSWER: &str = r#"{"ok":true}"#;
const LIMIT: Duration = Duration::from_secs(30);
/// What the caller of an upstream sends to the floor's route.
const POST: &[u8] = b"POST /floor HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"message\": \"hello\"}";

/// What the driver itself costs, in microseconds per invocation.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DriverCost {
    /// CPU time of the thread that plays the Runtime API: reading, stamping, checking, timing, writing.
    pub cpu_us: f64,
    /// The median that is measured for a function that does nothing: the zero of the latency columns.
    pub p50_us: f64,
    /// A whole cycle with that function, both sides and all switches between them.
    pub cycle_us: f64,
    /// CPU time of the thread that plays the upstreams, per call.
    pub upstream_cpu_us: f64,
}

/// Measures the driver with a null client, over `invocations` invocations after a warm-up.
///
/// # Errors
/// The loopback connections fail, or `/proc` cannot be read.
pub fn measure(
    api: &RuntimeApi,
    api_address: SocketAddr,
    upstream: (&Upstream, SocketAddr),
    invocations: usize,
) -> Result<DriverCost, String> {
    let (batch, cpu, _) = batch(api, api_address, None, invocations)?;
    let (_, _, upstream_cpu) = self::batch(api, api_address, Some(upstream), invocations)?;
    let per_invocation = |time: Duration| time.as_secs_f64() * 1e6 / stats::count(invocations);
    let latencies: Vec<f64> = batch
        .latencies
        .iter()
        .map(|latency| latency.as_secs_f64() * 1e6)
        .collect();
    Ok(DriverCost {
        cpu_us: per_invocation(cpu),
        p50_us: stats::quantile(&latencies, 0.5).ok_or("no invocation was measured")?,
        cycle_us: per_invocation(batch.wall),
        upstream_cpu_us: per_invocation(upstream_cpu),
    })
}

/// One batch, with the CPU time of the driver's two threads over it.
fn batch(
    api: &RuntimeApi,
    api_address: SocketAddr,
    upstream: Option<(&Upstream, SocketAddr)>,
    invocations: usize,
) -> Result<(crate::session::Batch, Duration, Duration), String> {
    let session = api.open(
        Event::new(r#"{"message":"hello"}"#),
        Expected {
            error: false,
            needle: ANSWER,
        },
    );
    let upstream_address = upstream.map(|(_, address)| address);
    let client = thread::spawn(move || converse(api_address, upstream_address));
    let run = |session: &Arc<Session>| {
        let alive = &mut || {
            if client.is_finished() {
                Err("the null client ended".to_owned())
            } else {
                Ok(())
            }
        };
        session.first_next(LIMIT, alive)?;
        session.run(invocations / 10 + 1, LIMIT, alive)?;
        let api_thread = session.server_thread().ok_or("nobody served the null client")?;
        let upstream_thread = upstream.and_then(|(upstream, _)| upstream.server_thread());
        let cpu = |thread: Option<_>| thread.map_or(Ok(Duration::ZERO), own_cpu_time);
        let (before, upstream_before) = (own_cpu_time(api_thread)?, cpu(upstream_thread)?);
        if let Some((upstream, _)) = upstream {
            upstream.reset(Duration::ZERO, "");
        }
        let batch = session.run(invocations, LIMIT, alive)?;
        if let Some((upstream, _)) = upstream {
            let seen = upstream.finish()?.calls(Route::Floor);
            if seen != invocations as u64 {
                return Err(format!("{invocations} calls were made and {seen} seen"));
            }
        }
        Ok((
            batch,
            own_cpu_time(api_thread)? - before,
            cpu(upstream_thread)? - upstream_before,
        ))
    };
    let measured = run(&session);
    session.stop();
    let ended = client.join().map_err(|_| "the null client panicked".to_owned());
    let measured = measured?;
    // The end of the session closes its connection, which is the only way in which it ends.
    ended?.map_err(|error| format!("the null client failed: {error}"))?;
    Ok(measured)
}

/// Plays the function until the driver closes the connection.
fn converse(api: SocketAddr, upstream: Option<SocketAddr>) -> io::Result<()> {
    const NEXT: &[u8] = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let mut api = connect(api)?;
    let mut upstream = upstream.map(connect).transpose()?;
    let mut buffer = vec![0; 4096];
    loop {
        api.write_all(NEXT)?;
        let Some(event) = read_message(&mut api, &mut buffer)? else {
            return Ok(());
        };
        let label = b"lambda-runtime-aws-request-id: ";
        let id = find(event, label).and_then(|at| event.get(at + label.len()..at + label.len() + 36));
        let id = std::str::from_utf8(id.unwrap_or_default()).unwrap_or_default();
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        );
        if let Some(upstream) = &mut upstream {
            upstream.write_all(POST)?;
            read_message(upstream, &mut buffer)?;
        }
        api.write_all(answer.as_bytes())?;
        read_message(&mut api, &mut buffer)?;
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One response of the driver, which always arrives whole; `None` at the end of the connection.
fn read_message<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let read = stream.read(buffer)?;
    Ok(buffer.get(..read).filter(|message| !message.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream;

    #[test]
    fn the_driver_measures_itself() {
        let (api, api_address) = RuntimeApi::start().unwrap();
        let (upstream, upstream_address) = upstream::start().unwrap();
        let cost = measure(&api, api_address, (&upstream, upstream_address), 200).unwrap();
        assert!(
            cost.cpu_us > 0.0 && cost.p50_us > 0.0 && cost.upstream_cpu_us > 0.0,
            "{cost:?}"
        );
        assert!(cost.cycle_us > cost.p50_us, "{cost:?}");
    }
}
