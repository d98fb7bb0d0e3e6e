//! The function's start: telemetry, configuration, clients, run.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_invoker::App;
use shared::secrets::AwsSecrets;
use shared::start::{RawEvent, run_streaming};
use shared::telemetry::{Level, Output, Telemetry};
use shared::{ConfigError, ProcessEnv, Secrets, SystemClock};

/// Longer than one reading of the table takes: several references to one secret share one read.
const SECRETS_KEPT: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    run_streaming(async {
        let clock = Arc::new(SystemClock);
        let level = Level::from_env(&ProcessEnv);
        let telemetry = Arc::new(Telemetry::new("lambda-invoker", level, Output::Stdout, clock.clone()));
        let secrets = Secrets::new(Arc::new(AwsSecrets::default()), clock.clone(), SECRETS_KEPT);
        let app = App::start(Arc::new(ProcessEnv), Arc::new(secrets), clock, telemetry).await?;
        Ok::<_, ConfigError>(move |event: RawEvent| {
            let app = app.clone();
            async move { Ok(app.handle(event).await) }
        })
    })
}
