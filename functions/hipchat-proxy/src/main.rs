//! Wiring.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hipchat_proxy::App;
use hipchat_proxy::config::Config;
use shared::secrets::AwsSecrets;
use shared::start::{RawEvent, run};
use shared::telemetry::{Level, Output, Telemetry};
use shared::{ProcessEnv, Secrets, SystemClock};

/// How long a secret is kept; a refused one is read anew at once.
const SECRETS_TTL: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    run(async {
        let clock = Arc::new(SystemClock);
        let level = Level::from_env(&ProcessEnv);
        let telemetry = Arc::new(Telemetry::new("hipchat-proxy", level, Output::Stdout, clock.clone()));
        let config = Config::from_env(&ProcessEnv)?;
        let secrets = Secrets::new(Arc::new(AwsSecrets::default()), clock.clone(), SECRETS_TTL);
        let app = Arc::new(App::start(config, Arc::new(secrets), telemetry, clock).await?);
        Ok(move |event: RawEvent| {
            let app = app.clone();
            async move { Ok(app.handle(event).await) }
        })
    })
}
