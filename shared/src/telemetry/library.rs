//! What libraries log through `tracing`, in the suite's own shape.

use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::{Level, Telemetry};

/// Where the Lambda runtime logs every error that a handler returns, as if each were a fault, and every panic.
const HANDLER_ERRORS: &str = "lambda_runtime::layers::panic";

/// Makes `telemetry` the receiver of all `tracing` events of this process.
pub(super) fn install(telemetry: Arc<Telemetry>) {
    let subscriber = tracing_subscriber::registry().with(LibraryLines(telemetry));
    // Only a second call in one process can fail, and then the first receiver stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Warnings and errors only. Below that, HTTP clients and the Lambda runtime log headers and whole events,
/// whatever level the operator asked for.
struct LibraryLines(Arc<Telemetry>);

impl<S: Subscriber> Layer<S> for LibraryLines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && *metadata.level() <= tracing::Level::WARN
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::WARN)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = if *event.metadata().level() == tracing::Level::ERROR {
            Level::Error
        } else {
            Level::Warn
        };
        let mut message = String::new();
        event.record(&mut Collect(&mut message));
        // Logged by the handler that returned it, at the level that it deserves.
        if event.metadata().target() == HANDLER_ERRORS && !message.starts_with("user handler panicked") {
            return;
        }
        let mut line = self.0.line(level, &message);
        line.text("target", event.metadata().target());
        self.0.write(line);
    }
}

/// Writes an event's message and fields one after the other into a text.
struct Collect<'a>(&'a mut String);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    #[test]
    fn only_warnings_and_errors_of_libraries_are_written() {
        let (telemetry, lines) = Telemetry::in_memory("s", Arc::new(ManualClock::default()));
        let subscriber = tracing_subscriber::registry().with(LibraryLines(Arc::new(telemetry)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(body = "s3cret", "raw event");
            tracing::info!("s3cret");
            tracing::warn!(attempt = 2, "slow");
            tracing::error!("lost");
            tracing::error!(target: "lambda_runtime::layers::panic", "InvocationError");
            tracing::error!(target: "lambda_runtime::layers::panic", error = 1, "user handler panicked");
        });
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].contains("user handler panicked error=1"), "{}", lines[2]);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["message"], "slow attempt=2");
        assert_eq!(line["level"], "WARN");
        assert!(!lines.concat().contains("s3cret"));
    }
}
