//! The start: every secret and document is read and checked, and what is wrong with any of them is told at once.

use std::sync::Arc;

use shared::telemetry::{Level, Telemetry};
use shared::{Clock, ConfigError, Secret, SecretSource, Secrets};

use crate::App;
use crate::access::limits::Limits;
use crate::config::{Config, DirectorySource};
use crate::relay::Manner;
use crate::rooms::Directory;
use crate::slack::{Slack, SlackOptions};
use crate::{access, rooms};

impl App {
    /// Builds the function: reads the Slack token, the directory and the allow-list, and sets up the one client.
    ///
    /// # Errors
    /// One line for each variable, secret or place in a document that is wrong.
    pub async fn start(
        config: Config,
        secrets: Arc<Secrets>,
        telemetry: Arc<Telemetry>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        for name in &config.unknown {
            let mut line = telemetry.line(Level::Warn, "unknown variable");
            line.text("variable", name);
            telemetry.write(line);
        }
        let mut problems = Vec::new();
        let directory_source = match &config.directory {
            Some(DirectorySource::Document(source)) => Some(source),
            _ => None,
        };
        // Side by side: each is a question to Secrets Manager in the middle of a cold start.
        let (slack_token, directory_text, tokens_text) = tokio::join!(
            read(&secrets, config.slack_token.as_ref(), "SLACK_TOKEN"),
            read(&secrets, directory_source, "HIPCHAT_DIRECTORY"),
            read(&secrets, config.tokens.as_ref(), "HIPCHAT_TOKENS"),
        );
        let mut known = |read: Result<Option<Secret>, String>| {
            read.unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        };
        let slack_token = known(slack_token);
        let directory_text = known(directory_text);
        let tokens_text = known(tokens_text);
        if slack_token.as_ref().is_some_and(|token| !Slack::can_send(token)) {
            problems.push("SLACK_TOKEN: must be a text without control characters".to_owned());
        }
        let directory_text = match &config.directory {
            Some(DirectorySource::File(path)) => read_file(path, &mut problems),
            _ => directory_text,
        };

        let directory = checked(directory_text, rooms::read, &mut problems);
        let nowhere = Directory::default();
        let tokens = checked(
            tokens_text,
            |text| access::read(text, directory.as_ref().unwrap_or(&nowhere)),
            &mut problems,
        );
        let options = SlackOptions {
            api_url: config.slack_api_url,
            token: config.slack_token,
        };
        let slack = Slack::new(options, secrets, slack_token.as_ref())
            .map_err(|error| problems.push(format!("SLACK_API_URL: {error}")))
            .ok();
        match (directory, tokens, slack) {
            (Some(directory), Some(tokens), Some(slack)) if problems.is_empty() => Ok(Self {
                // One more for the channel of rooms that are not listed.
                limits: Limits::new(config.rate_limit, config.flood_limit, tokens.len(), directory.len() + 1),
                directory,
                tokens,
                slack,
                manner: Manner {
                    customize: config.customize,
                    strict: config.strict_escape,
                    dry_run: config.dry_run,
                },
                overlong: config.overlong,
                telemetry,
                clock,
            }),
            _ => Err(ConfigError::new(problems)),
        }
    }
}

/// The value of `variable`, if it has a source.
async fn read(secrets: &Secrets, source: Option<&SecretSource>, variable: &str) -> Result<Option<Secret>, String> {
    let Some(source) = source else { return Ok(None) };
    let value = secrets.read(source).await;
    value
        .map(Some)
        .map_err(|error| format!("{variable}_SECRET_ARN: {error}"))
}

fn read_file(path: &str, problems: &mut Vec<String>) -> Option<Secret> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            problems.push(format!("HIPCHAT_DIRECTORY_FILE: cannot be read ({})", error.kind()));
            None
        }
    }
}

fn checked<T>(
    text: Option<Secret>,
    read: impl FnOnce(&str) -> Result<T, Vec<String>>,
    problems: &mut Vec<String>,
) -> Option<T> {
    match read(text?.reveal()) {
        Ok(document) => Some(document),
        Err(more) => {
            problems.extend(more);
            None
        }
    }
}
