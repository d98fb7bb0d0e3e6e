//! One row measured once: a cold start, a warm batch, or the memory after many invocations. Every run is checked.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::answer;
use crate::cases::{Case, Configuration, Frequency};
use crate::event::Event;
use crate::process::Process;
use crate::runtime_api::RuntimeApi;
use crate::session::{Batch, Session};
use crate::stats;
use crate::upstream::{self, Route, Upstream};

/// A function that does not start or answer within this time has failed.
const LIMIT: Duration = Duration::from_secs(300);

/// Everything that the functions talk to, and where they are.
#[derive(Debug)]
pub struct Stage {
    /// The Lambda Runtime API.
    pub api: Arc<RuntimeApi>,
    /// Its address.
    pub api_address: SocketAddr,
    /// The stand-ins of all upstreams.
    pub upstream: Arc<Upstream>,
    /// Their address.
    pub upstream_address: SocketAddr,
    /// Where the binaries are.
    pub bin_dir: PathBuf,
    /// The file that takes a function's standard error.
    pub errors: PathBuf,
}

/// A cold start, from the request to start the process.
#[derive(Debug, Clone, Copy)]
pub struct Cold {
    /// To the first `next`.
    pub first_next: Duration,
    /// CPU time of the process by then.
    pub first_next_cpu: Duration,
    /// To the first answer; without what looking at the process took in between. Zero if no event was sent.
    pub response: Duration,
    /// CPU time of the process by then.
    pub response_cpu: Duration,
}

/// A batch of invocations of a warmed-up process.
#[derive(Debug, Clone, Copy)]
pub struct Warm {
    /// Median latency, in microseconds.
    pub p50_us: f64,
    /// 99th percentile of the latency, in microseconds.
    pub p99_us: f64,
    /// Invocations per second, back to back, one at a time.
    pub per_second: f64,
    /// CPU time of the process per 1,000 invocations, in milliseconds.
    pub cpu_ms: f64,
}

/// A function under measure.
struct Running<'a> {
    stage: &'a Stage,
    case: &'a Case,
    configuration: Configuration,
    session: Arc<Session>,
    process: Process,
    invocations: usize,
}

impl Stage {
    /// Starts all of it on free loopback ports.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start(bin_dir: PathBuf, errors: PathBuf) -> io::Result<Self> {
        let (api, api_address) = RuntimeApi::start()?;
        let (upstream, upstream_address) = upstream::start()?;
        Ok(Self {
            api,
            api_address,
            upstream,
            upstream_address,
            bin_dir,
            errors,
        })
    }

    /// Starts the row's function once and has it answer one event.
    ///
    /// # Errors
    /// The function fails, or its answer or its calls are not right.
    pub fn cold(&self, case: &Case, configuration: Configuration) -> Result<Cold, String> {
        self.told(case, || {
            let mut running = self.spawn(case, configuration, Duration::ZERO)?;
            let first_next = running.first_next()?;
            let first_next_cpu = running.process.cpu_time()?;
            if case.expected(configuration).is_none() {
                let (response, response_cpu) = (Duration::ZERO, Duration::ZERO);
                return Ok(Cold {
                    first_next,
                    first_next_cpu,
                    response,
                    response_cpu,
                });
            }
            let batch = running.run(1)?;
            let response_cpu = running.process.cpu_time()?;
            // With nobody at the https address there is no upstream to have been called, and one way to fail.
            if configuration != Configuration::Https {
                running.finish(&batch)?;
            }
            let response = first_next + batch.latencies.iter().sum::<Duration>();
            Ok(Cold {
                first_next,
                first_next_cpu,
                response,
                response_cpu,
            })
        })
    }

    /// Starts the row's function, warms it up, and measures `invocations` with an upstream that holds back for `delay`.
    ///
    /// # Errors
    /// As [`Stage::cold`].
    pub fn warm(&self, case: &Case, delay: Duration, warm_up: usize, invocations: usize) -> Result<Warm, String> {
        self.told(case, || {
            let mut running = self.spawn(case, Configuration::Plain, delay)?;
            running.first_next()?;
            running.run(warm_up)?;
            let before = running.process.cpu_time()?;
            let batch = running.run(invocations)?;
            let cpu = running.process.cpu_time()? - before;
            running.finish(&batch)?;
            let latencies: Vec<f64> = batch
                .latencies
                .iter()
                .map(|latency| latency.as_secs_f64() * 1e6)
                .collect();
            let quantile = |q| stats::quantile(&latencies, q).ok_or("no invocation was measured");
            Ok(Warm {
                p50_us: quantile(0.5)?,
                p99_us: quantile(0.99)?,
                per_second: stats::count(invocations) / batch.wall.as_secs_f64(),
                cpu_ms: cpu.as_secs_f64() * 1e6 / stats::count(invocations),
            })
        })
    }

    /// Starts the row's function and reads its peak memory, in KiB, after each of the `steps`: numbers of invocations in
    /// all, growing.
    ///
    /// # Errors
    /// As [`Stage::cold`].
    pub fn memory(&self, case: &Case, steps: &[usize]) -> Result<Vec<u64>, String> {
        self.told(case, || {
            let mut running = self.spawn(case, Configuration::Plain, Duration::ZERO)?;
            running.first_next()?;
            let mut peaks = Vec::with_capacity(steps.len());
            let mut batch = Batch::default();
            for step in steps {
                batch = running.run(step.saturating_sub(running.invocations))?;
                peaks.push(running.process.peak_kib()?);
            }
            running.finish(&batch)?;
            Ok(peaks)
        })
    }

    fn spawn<'a>(
        &'a self,
        case: &'a Case,
        configuration: Configuration,
        delay: Duration,
    ) -> Result<Running<'a>, String> {
        let base = format!("http://{}", self.upstream_address);
        let mut variables = case
            .variables(configuration, &base)
            .ok_or("the row has no such configuration")?;
        if configuration == Configuration::Secret {
            variables.push(("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), base));
        }
        self.upstream.reset(delay, case.sent);
        let session = self.api.open(
            Event::new(&(case.event)()),
            case.expected(configuration).unwrap_or(case.expected),
        );
        let binary = self.bin_dir.join(case.binary);
        let process = Process::spawn(&binary, &self.api_address.to_string(), &variables, &self.errors)?;
        Ok(Running {
            stage: self,
            case,
            configuration,
            session,
            process,
            invocations: 0,
        })
    }

    /// Adds the row's name to an error, and what the function said.
    fn told<T>(&self, case: &Case, measure: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        measure().map_err(|error| {
            let said = last_lines(&self.errors);
            format!(
                "{}: {error}{}{said}",
                case.name,
                if said.is_empty() { "" } else { "; it said: " }
            )
        })
    }
}

impl Running<'_> {
    fn first_next(&mut self) -> Result<Duration, String> {
        let asked = self.session.first_next(LIMIT, &mut || self.process.alive());
        // A call that the stand-ins refused explains better why the function did not start.
        self.stage.upstream.finish()?;
        Ok(asked?.duration_since(self.process.spawned()))
    }

    fn run(&mut self, invocations: usize) -> Result<Batch, String> {
        let outcome = self.session.run(invocations, LIMIT, &mut || self.process.alive());
        // The same for a wrong answer.
        self.stage.upstream.finish()?;
        self.invocations += invocations;
        outcome
    }

    /// Checks the answers and the calls of the whole run.
    fn finish(self, batch: &Batch) -> Result<(), String> {
        let answer = answer::read(&batch.first_answer).map_err(|error| format!("the answer: {error}"))?;
        (self.case.check)(&answer)?;
        let calls = self.stage.upstream.finish()?;
        let route = self.case.calls.map(|(route, _)| route);
        let expected = match self.case.calls {
            Some((_, Frequency::Each)) => self.invocations as u64,
            Some((_, Frequency::Once)) => 1,
            None => 0,
        };
        let seen = route.map_or(0, |route| calls.calls(route));
        if seen != expected {
            return Err(format!(
                "{expected} calls were expected and {seen} came in {} invocations",
                self.invocations
            ));
        }
        if calls.others(route) > 0 {
            return Err(format!("upstreams were called that this row does not need: {calls:?}"));
        }
        let secrets = u64::from(self.configuration == Configuration::Secret);
        match calls.calls(Route::Secrets) {
            read if read == secrets => Ok(()),
            read => Err(format!("{secrets} reads of a secret were expected and {read} came")),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // What happens to the connections from here on is our doing.
        self.session.stop();
    }
}

/// The end of what a function wrote on its standard error.
fn last_lines(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let tail = text.get(text.len().saturating_sub(600)..).unwrap_or_default();
    String::from_utf8_lossy(tail).trim().to_owned()
}
