//! Wiring of the authorizer: telemetry, configuration, secrets, client, runtime.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use authorizer::App;
use authorizer::config::Config;
use authorizer::provider::Providers;
use shared::secrets::AwsSecrets;
use shared::start::RawEvent;
use shared::telemetry::{Level, Output, Telemetry};
use shared::{ConfigError, ProcessEnv, Secrets, SystemClock};

/// Secrets are read at start, and again when refused; within this time one that two settings share is read once.
const SECRETS_TTL: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    shared::start::run(async {
        let app = init().await?;
        Ok(move |event: RawEvent| {
            let app = app.clone();
            async move { app.handle(event).await }
        })
    })
}

async fn init() -> Result<App, ConfigError> {
    let clock = Arc::new(SystemClock);
    let level = Level::from_env(&ProcessEnv);
    let telemetry = Arc::new(Telemetry::new("authorizer", level, Output::Stdout, clock.clone()));
    let config = Config::from_env(&ProcessEnv)?;
    let secrets = Arc::new(Secrets::new(
        Arc::new(AwsSecrets::default()),
        clock.clone(),
        SECRETS_TTL,
    ));
    let credentials = config.credentials(&secrets).await?;
    let providers = Providers::new(&config, &credentials, &secrets, clock.clone())?;
    App::new(config, providers, clock, telemetry)
}
