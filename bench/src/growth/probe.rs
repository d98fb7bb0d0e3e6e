//! One point measured once: a process, warmed up, and a batch that takes as long as it is given.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::crowd::{Crowd, Load, WORKERS};
use super::series::{Called, Point, Series};
use crate::answer;
use crate::event::Event;
use crate::process::Process;
use crate::stats;
use crate::upstream::{self, Route, Upstream};

/// A function that does not start or answer within this time has failed.
const LIMIT: Duration = Duration::from_secs(120);
/// Invocations before the measured ones, for each worker.
const WARM_UP: usize = 30;
/// A batch has at least so many invocations for each worker.
const LEAST: usize = 10;
/// And at most so many.
const MOST: usize = 50_000;

/// Everything that the functions talk to, and where they are.
#[derive(Debug)]
pub struct Stage {
    /// The Lambda Runtime API.
    pub crowd: Arc<Crowd>,
    /// Its address.
    pub crowd_address: SocketAddr,
    /// The stand-ins of all upstreams.
    pub upstream: Arc<Upstream>,
    /// Their address.
    pub upstream_address: SocketAddr,
    /// Where the binaries are.
    pub bin_dir: PathBuf,
    /// The file that takes a function's standard error.
    pub errors: PathBuf,
}

/// What one batch showed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Median latency, in microseconds.
    pub p50_us: f64,
    /// CPU time of the process per invocation, in microseconds.
    pub cpu_us: f64,
    /// Invocations per second.
    pub per_second: f64,
}

impl Stage {
    /// Starts all of it on free loopback ports.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start(bin_dir: PathBuf, errors: PathBuf) -> io::Result<Self> {
        let (crowd, crowd_address) = Crowd::start()?;
        let (upstream, upstream_address) = upstream::start_for(3 * WORKERS)?;
        Ok(Self {
            crowd,
            crowd_address,
            upstream,
            upstream_address,
            bin_dir,
            errors,
        })
    }

    /// Starts the function, lets it see every event once, warms it up, and measures it for about `budget`.
    ///
    /// # Errors
    /// The function fails, or its answers or its calls are not right; the text begins with the series' name.
    pub fn measure(&self, series: &Series, size: u64, budget: Duration) -> Result<Reading, String> {
        let point = (series.point)(size);
        let measured = self.one(series, size, &point, budget);
        self.crowd.close();
        measured.map_err(|error| {
            let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
            let said = said.trim();
            let tail: String = said.chars().skip(said.chars().count().saturating_sub(600)).collect();
            let what = format!("{}, {size} {}: {error}", series.name, series.unit);
            if tail.is_empty() {
                what
            } else {
                format!("{what}; it said: {tail}")
            }
        })
    }

    fn one(&self, series: &Series, size: u64, point: &Point, budget: Duration) -> Result<Reading, String> {
        let base = format!("http://{}", self.upstream_address);
        let mut variables: Vec<(String, String)> = point
            .variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.replace("{upstream}", &base)))
            .collect();
        // One is what the runtime takes for an environment of the usual kind.
        variables.push(("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), point.workers.to_string()));
        self.upstream.reset(point.delay, point.sent);
        self.upstream.expect_bytes(point.sent_bytes);
        self.crowd.open(Load {
            event: Event::new(&point.event),
            keys: point.keys,
            workers: point.workers,
            needle: point.needle,
        });
        let binary = self.bin_dir.join(series.binary);
        let mut process = Process::spawn(&binary, &self.crowd_address.to_string(), &variables, &self.errors)?;
        let ready = self.crowd.ready(LIMIT, &mut || process.alive());
        // A call that the stand-ins refused explains better why the function did not start or answered wrongly.
        self.upstream.finish()?;
        ready?;
        let mut invocations = 0;
        let mut run = |count: usize, process: &mut Process| {
            let batch = self.crowd.run(count, LIMIT, &mut || process.alive());
            self.upstream.finish()?;
            invocations += count;
            batch
        };
        run(point.keys as usize, &mut process)?;
        let warm = run(WARM_UP * point.workers, &mut process)?;
        let per_second = stats::count(warm.latencies.len()) / warm.wall.as_secs_f64().max(1e-6);
        let wanted = (per_second * budget.as_secs_f64()) as usize;
        let count = wanted.clamp(LEAST * point.workers, MOST);
        let before = process.cpu_time()?;
        let batch = run(count, &mut process)?;
        let cpu = process.cpu_time()?.saturating_sub(before);
        let answer = answer::read(&batch.first_answer).map_err(|error| format!("the answer: {error}"))?;
        (series.check)(size, &answer)?;
        self.calls(point, invocations)?;
        let latencies: Vec<f64> = batch
            .latencies
            .iter()
            .map(|latency| latency.as_secs_f64() * 1e6)
            .collect();
        Ok(Reading {
            p50_us: stats::quantile(&latencies, 0.5).ok_or("no invocation was measured")?,
            cpu_us: cpu.as_secs_f64() * 1e6 / stats::count(count),
            per_second: stats::count(count) / batch.wall.as_secs_f64().max(1e-6),
        })
    }

    fn calls(&self, point: &Point, invocations: usize) -> Result<(), String> {
        let calls = self.upstream.finish()?;
        let (route, called) = point.calls;
        let expected = match called {
            Called::Each => invocations as u64,
            Called::ByKey => point.keys,
        };
        let seen = calls.calls(route);
        if seen != expected || calls.others(Some(route)) > 0 || calls.calls(Route::Secrets) > 0 {
            return Err(format!(
                "{expected} calls were expected and {calls:?} came in {invocations} invocations"
            ));
        }
        Ok(())
    }
}
