//! The start: every secret and document is read and checked, and what is wrong with any of them is told at once.

use std::sync::Arc;

use shared::secrets::AT_START;
use shared::telemetry::{Level, Telemetry};
use shared::{Clock, ConfigError, Deadline, Secret, SecretSource, Secrets};

use crate::access::{self, limits::Limits};
use crate::config::{Config, DirectorySource};
use crate::documents::{Documents, Known, OauthTexts, Sources, Texts, read_file};
use crate::relay::Manner;
use crate::rooms::{self, Directory};
use crate::slack::{Slack, SlackOptions, Workspace};
use crate::{App, Policy};

/// How long look-ups in Slack are remembered when the documents are never read anew.
const LOOKUP_TTL_SECS: u64 = 300;

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
        let reader = Reader {
            secrets: &secrets,
            deadline: Deadline::after(AT_START),
        };
        // Side by side: each is a question to Secrets Manager in the middle of a cold start.
        let oauth = config.oauth.as_ref();
        let (slack_token, directory_text, tokens_text, clients_text, key_text) = tokio::join!(
            reader.read(config.slack_token.as_ref(), "SLACK_TOKEN"),
            reader.read(directory_source, "HIPCHAT_DIRECTORY"),
            reader.read(config.tokens.as_ref(), "HIPCHAT_TOKENS"),
            reader.read(oauth.map(|oauth| &oauth.clients), "HIPCHAT_OAUTH_CLIENTS"),
            reader.read(oauth.map(|oauth| &oauth.key), "HIPCHAT_OAUTH_KEY"),
        );
        let mut noted = |read: Result<Option<Secret>, String>| {
            read.unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        };
        let slack_token = noted(slack_token);
        let directory_text = noted(directory_text);
        let tokens_text = noted(tokens_text);
        let oauth_texts = noted(clients_text).zip(noted(key_text));
        let oauth_texts = oauth_texts.map(|(clients, key)| OauthTexts { clients, key });
        if slack_token.as_ref().is_some_and(|token| !Slack::can_send(token)) {
            problems.push("SLACK_TOKEN: must be a text without control characters".to_owned());
        }
        let directory_text = match &config.directory {
            Some(DirectorySource::File(path)) => read_file(path).map_err(|problem| problems.push(problem)).ok(),
            _ => directory_text,
        };
        let texts = match (directory_text, tokens_text) {
            (Some(directory), Some(tokens)) => Ok(Texts {
                directory,
                tokens,
                oauth: oauth_texts,
            }),
            // What could be read is checked all the same.
            (directory, tokens) => {
                let none = Directory::default();
                let read = [
                    directory.and_then(|text| rooms::read(text.reveal()).err()),
                    tokens.and_then(|text| access::read(text.reveal(), &none).err()),
                    oauth_texts.and_then(|texts| texts.read(&none).err()),
                ];
                Err(read.into_iter().flatten().flatten().collect())
            }
        };
        let read = texts.and_then(|texts| Ok((Known::read(&texts)?, texts)));
        let read = read.map_err(|more: Vec<String>| problems.extend(more)).ok();
        let options = SlackOptions {
            api_url: config.slack_api_url,
            token: config.slack_token,
            client_msg_id: config.client_msg_id,
        };
        let slack = Slack::new(options, secrets.clone(), slack_token.as_ref(), clock.clone())
            .map_err(|error| problems.push(format!("SLACK_API_URL: {error}")))
            .ok();
        let sources = config.directory.zip(config.tokens).map(|(directory, tokens)| Sources {
            directory,
            tokens,
            oauth: config.oauth,
        });
        let (Some((known, texts)), Some(slack), Some(sources), true) = (read, slack, sources, problems.is_empty())
        else {
            return Err(ConfigError::new(problems));
        };
        let ttl_secs = config.directory_ttl_secs;
        Ok(Self {
            documents: Documents::new(
                known,
                texts,
                sources,
                ttl_secs,
                secrets,
                telemetry.clone(),
                clock.now_secs(),
            ),
            limits: Limits::new(config.rate_limit, config.flood_limit),
            slack,
            workspace: Workspace::new(
                if ttl_secs == 0 { LOOKUP_TTL_SECS } else { ttl_secs },
                telemetry.clone(),
            ),
            policy: Policy {
                manner: Manner {
                    customize: config.customize,
                    strict: config.strict_escape,
                },
                dry_run: config.dry_run,
                overlong: config.overlong,
                file_limit: config.file_limit,
                unsupported: config.unsupported,
                public_url: config.public_url,
                room_metrics: config.room_metrics,
            },
            telemetry,
            clock,
        })
    }
}

/// Reads the secrets of a start.
struct Reader<'a> {
    secrets: &'a Secrets,
    /// The time of all of them.
    deadline: Deadline,
}

impl Reader<'_> {
    /// The value of `variable`, if it has a source.
    async fn read(&self, source: Option<&SecretSource>, variable: &str) -> Result<Option<Secret>, String> {
        let Some(source) = source else { return Ok(None) };
        let value = self.secrets.read(source, self.deadline).await;
        value
            .map(Some)
            .map_err(|error| format!("{variable}_SECRET_ARN: {error}"))
    }
}
