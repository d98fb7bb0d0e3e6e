//! The lines of a function's processes, kept in memory and, if asked, written to the terminal.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// The most lines that are kept; older ones are forgotten.
const KEPT_LINES: usize = 10_000;

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The process, on standard output.
    Stdout,
    /// The process, on standard error.
    Stderr,
    /// The platform: time limits, crashes, failed starts.
    Platform,
}

/// One line of a function's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who wrote it.
    pub source: Source,
    /// The log stream: one for each environment.
    pub stream: Arc<str>,
    /// The line without its end.
    pub text: String,
}

/// A function's log. Clones show the same lines.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<LogLine>,
    /// How many older ones there were.
    forgotten: u64,
}

#[derive(Debug)]
struct Inner {
    function: String,
    echo: bool,
    lines: Mutex<Lines>,
    written: watch::Sender<u64>,
}

impl Log {
    pub(super) fn new(function: &str, echo: bool) -> Self {
        let inner = Inner {
            function: function.to_owned(),
            echo,
            lines: Mutex::default(),
            written: watch::Sender::new(0),
        };
        Self(Arc::new(inner))
    }

    pub(super) fn write(&self, source: Source, stream: &Arc<str>, text: String) {
        if self.0.echo {
            // Nobody to tell when the terminal is gone.
            let _ = writeln!(std::io::stderr().lock(), "{:<14} | {text}", self.0.function);
        }
        {
            let mut lines = self.locked();
            if lines.kept.len() == KEPT_LINES {
                lines.kept.pop_front();
                lines.forgotten += 1;
            }
            lines.kept.push_back(LogLine {
                at: crate::clock::epoch_millis(),
                source,
                stream: stream.clone(),
                text,
            });
        }
        self.0.written.send_modify(|count| *count += 1);
    }

    /// All lines that are kept, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<LogLine> {
        self.locked().kept.iter().cloned().collect()
    }

    /// The texts of all lines, oldest first, each with its end of line.
    #[must_use]
    pub fn text(&self) -> String {
        self.locked()
            .kept
            .iter()
            .flat_map(|line| [line.text.as_str(), "\n"])
            .collect()
    }

    /// The number of lines so far, as a place to read on from.
    pub(super) fn position(&self) -> u64 {
        let lines = self.locked();
        lines.forgotten + u64::try_from(lines.kept.len()).unwrap_or(u64::MAX)
    }

    /// What a process of this stream printed from a place on.
    pub(super) fn since(&self, position: u64, stream: &str) -> Vec<String> {
        let lines = self.locked();
        let skipped = usize::try_from(position.saturating_sub(lines.forgotten)).unwrap_or(usize::MAX);
        let later = lines.kept.iter().skip(skipped);
        later
            .filter(|line| &*line.stream == stream && line.source != Source::Platform)
            .map(|line| line.text.clone())
            .collect()
    }

    /// Waits until a line is there that `wanted` accepts and gives the first such line, or nothing once `limit` has
    /// passed.
    ///
    /// Lines come through pipes: they may arrive after the answer that the function wrote later.
    pub async fn wait_for(&self, limit: Duration, wanted: impl Fn(&LogLine) -> bool) -> Option<LogLine> {
        let mut written = self.0.written.subscribe();
        let search = async {
            loop {
                if let Some(line) = self.locked().kept.iter().find(|line| wanted(line)) {
                    return Some(line.clone());
                }
                written.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limit, search).await.ok().flatten()
    }

    fn locked(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
