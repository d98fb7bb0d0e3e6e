//! The function's variables, read once at the start; every bad one is reported before it stops.

pub mod document;

use shared::env::{Env, Reader};
use shared::{ConfigError, SecretSource};

use crate::api::{Overlong, Unsupported};
use crate::rooms::Directory;
use crate::{access, rooms};

/// The names of all variables; what else begins with `HIPCHAT_` or `SLACK_` is likely misspelt.
const KNOWN: &[&str] = &[
    "HIPCHAT_TOKENS",
    "HIPCHAT_TOKENS_SECRET_ARN",
    "HIPCHAT_DIRECTORY",
    "HIPCHAT_DIRECTORY_FILE",
    "HIPCHAT_DIRECTORY_SECRET_ARN",
    "HIPCHAT_DIRECTORY_TTL_SECS",
    "HIPCHAT_PUBLIC_URL",
    "HIPCHAT_OAUTH_CLIENTS",
    "HIPCHAT_OAUTH_CLIENTS_SECRET_ARN",
    "HIPCHAT_OAUTH_KEY",
    "HIPCHAT_OAUTH_KEY_SECRET_ARN",
    "HIPCHAT_UNSUPPORTED",
    "HIPCHAT_ROOM_METRICS",
    "HIPCHAT_RATE_LIMIT",
    "HIPCHAT_FLOOD_LIMIT",
    "HIPCHAT_OVERLONG",
    "HIPCHAT_FILE_LIMIT",
    "HIPCHAT_STRICT_ESCAPE",
    "HIPCHAT_DRY_RUN",
    "SLACK_API_URL",
    "SLACK_TOKEN",
    "SLACK_TOKEN_SECRET_ARN",
    "SLACK_CUSTOMIZE",
    "SLACK_CLIENT_MSG_ID",
];

/// Where the directory of rooms and users stands.
#[derive(Debug, Clone)]
pub enum DirectorySource {
    /// In the environment or in Secrets Manager.
    Document(SecretSource),
    /// In a file of the package.
    File(String),
}

/// Where add-ons, and the keys that prove their tokens, stand.
#[derive(Debug, Clone)]
pub struct OauthSource {
    /// `HIPCHAT_OAUTH_CLIENTS`.
    pub clients: SecretSource,
    /// `HIPCHAT_OAUTH_KEY`.
    pub key: SecretSource,
}

/// The whole configuration. An empty variable counts as unset; booleans are `true`, `false`, `1`, `0` in any case.
///
/// | variable | default | meaning |
/// |---|---|---|
/// | `HIPCHAT_TOKENS` or `HIPCHAT_TOKENS_SECRET_ARN` | required | allow-list of HipChat tokens, a JSON list, see [`crate::access`] |
/// | `HIPCHAT_DIRECTORY`, `HIPCHAT_DIRECTORY_FILE` or `HIPCHAT_DIRECTORY_SECRET_ARN` | required | rooms and users, a JSON object, see [`crate::rooms`]; a file's path is relative to the package |
/// | `HIPCHAT_DIRECTORY_TTL_SECS` | 300 | how long directory, allow-list and what was looked up in Slack are kept before they are read anew, 0 to 86400 s; 0 reads the first two at the start alone and keeps the third for 300 s |
/// | `HIPCHAT_PUBLIC_URL` | the request's host | `https://host` under which clients reach this function, for the links in answers |
/// | `HIPCHAT_OAUTH_CLIENTS` or `HIPCHAT_OAUTH_CLIENTS_SECRET_ARN` | none | add-ons that may fetch tokens of eight hours, a JSON list, see [`crate::access::addons`] |
/// | `HIPCHAT_OAUTH_KEY` or `HIPCHAT_OAUTH_KEY_SECRET_ARN` | required with the former | what proves those tokens: keys of at least 32 characters, each on a line; the first one makes tokens, each is believed |
/// | `HIPCHAT_UNSUPPORTED` | `refuse` | calls that create, change or delete rooms, users, members and webhooks: `refuse` (403; v1: 401) or `accept` (answered as done, nothing is done) |
/// | `HIPCHAT_ROOM_METRICS` | false | metrics also by room |
/// | `HIPCHAT_RATE_LIMIT` | 500 | requests of one token in 300 s, in each execution environment; 0 is no limit |
/// | `HIPCHAT_FLOOD_LIMIT` | 30 | messages to one room in 60 s, in each execution environment; 0 is no limit |
/// | `HIPCHAT_OVERLONG` | `reject` | a message of more than 10,000 characters: `reject` (400) or `truncate` |
/// | `HIPCHAT_FILE_LIMIT` | 5000000 | the largest file that is relayed, in bytes, 0 to 6000000; 0 relays none. A load balancer takes no request of more than 1 MB, Lambda none of more than 6 MB in Base64 |
/// | `HIPCHAT_STRICT_ESCAPE` | false | breaks `*`, `_`, `~` and backticks of messages with zero-width spaces, so that Slack shows them literally |
/// | `HIPCHAT_DRY_RUN` | false | checks and logs messages, posts nothing |
/// | `SLACK_API_URL` | `https://slack.com/api` | base of the Web API; plain HTTP for a loopback host alone |
/// | `SLACK_TOKEN` or `SLACK_TOKEN_SECRET_ARN` | required, but for a dry run | the Slack app's bot token |
/// | `SLACK_CUSTOMIZE` | false | posts under the sender's name, which needs the scope `chat:write.customize` |
/// | `SLACK_CLIENT_MSG_ID` | false | gives every message an id by which Slack knows one that it gets twice (not documented by Slack), and sends one again whose answer was lost |
///
/// A `..._SECRET_ARN` is the ARN of a Secrets Manager secret, as `shared::secrets::SecretArn` reads it.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HIPCHAT_TOKENS`.
    pub tokens: Option<SecretSource>,
    /// `HIPCHAT_DIRECTORY`.
    pub directory: Option<DirectorySource>,
    /// `HIPCHAT_DIRECTORY_TTL_SECS`; 0 is never.
    pub directory_ttl_secs: u64,
    /// `HIPCHAT_OAUTH_CLIENTS` and `HIPCHAT_OAUTH_KEY`.
    pub oauth: Option<OauthSource>,
    /// `HIPCHAT_PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// `HIPCHAT_UNSUPPORTED`.
    pub unsupported: Unsupported,
    /// `HIPCHAT_ROOM_METRICS`.
    pub room_metrics: bool,
    /// `SLACK_API_URL`, without a slash at its end.
    pub slack_api_url: String,
    /// `SLACK_TOKEN`; always there unless `dry_run`.
    pub slack_token: Option<SecretSource>,
    /// `SLACK_CUSTOMIZE`.
    pub customize: bool,
    /// `SLACK_CLIENT_MSG_ID`.
    pub client_msg_id: bool,
    /// `HIPCHAT_RATE_LIMIT`; 0 is off.
    pub rate_limit: u32,
    /// `HIPCHAT_FLOOD_LIMIT`; 0 is off.
    pub flood_limit: u32,
    /// `HIPCHAT_OVERLONG`.
    pub overlong: Overlong,
    /// `HIPCHAT_FILE_LIMIT`, in bytes; 0 is no files.
    pub file_limit: usize,
    /// `HIPCHAT_STRICT_ESCAPE`.
    pub strict_escape: bool,
    /// `HIPCHAT_DRY_RUN`.
    pub dry_run: bool,
    /// Variables that look like ours and are not.
    pub unknown: Vec<String>,
}

impl Config {
    /// Reads all variables.
    ///
    /// # Errors
    /// One line for each bad variable.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let tokens = reader.secret("HIPCHAT_TOKENS");
        require(
            &mut reader,
            "HIPCHAT_TOKENS",
            &["HIPCHAT_TOKENS_SECRET_ARN"],
            tokens.is_some(),
        );
        let directory = read_directory(&mut reader);
        let dry_run = reader.flag("HIPCHAT_DRY_RUN", false);
        let slack_token = reader.secret("SLACK_TOKEN");
        if !dry_run {
            require(
                &mut reader,
                "SLACK_TOKEN",
                &["SLACK_TOKEN_SECRET_ARN"],
                slack_token.is_some(),
            );
        }
        let slack_api_url = reader.url("SLACK_API_URL", false);
        if slack_api_url.as_ref().is_some_and(|url| url.query().is_some()) {
            reader.problem("SLACK_API_URL", "must not hold a query");
        }
        let slack_api_url =
            slack_api_url.map_or_else(|| "https://slack.com/api".to_owned(), |url| url.as_str().to_owned());
        let public_url = read_public_url(&mut reader);
        let oauth = read_oauth(&mut reader);
        let config = Self {
            tokens,
            directory,
            directory_ttl_secs: reader.number("HIPCHAT_DIRECTORY_TTL_SECS", 300, 0..=86_400),
            oauth,
            public_url,
            unsupported: reader.choice(
                "HIPCHAT_UNSUPPORTED",
                Unsupported::Refuse,
                &[("refuse", Unsupported::Refuse), ("accept", Unsupported::Accept)],
            ),
            room_metrics: reader.flag("HIPCHAT_ROOM_METRICS", false),
            slack_api_url: slack_api_url.trim_end_matches('/').to_owned(),
            slack_token,
            customize: reader.flag("SLACK_CUSTOMIZE", false),
            client_msg_id: reader.flag("SLACK_CLIENT_MSG_ID", false),
            rate_limit: limit(&mut reader, "HIPCHAT_RATE_LIMIT", 500),
            flood_limit: limit(&mut reader, "HIPCHAT_FLOOD_LIMIT", 30),
            overlong: reader.choice(
                "HIPCHAT_OVERLONG",
                Overlong::Reject,
                &[("reject", Overlong::Reject), ("truncate", Overlong::Truncate)],
            ),
            file_limit: usize::try_from(reader.number("HIPCHAT_FILE_LIMIT", 5_000_000, 0..=6_000_000))
                .unwrap_or_default(),
            strict_escape: reader.flag("HIPCHAT_STRICT_ESCAPE", false),
            dry_run,
            unknown: [reader.unknown("HIPCHAT_", KNOWN), reader.unknown("SLACK_", KNOWN)].concat(),
        };
        if reader.has_problems() {
            config.check_plain_documents(&mut reader);
        }
        reader.finish()?;
        Ok(config)
    }

    /// Documents are read at start, after the variables. Where that will not be reached, those that need no secret are
    /// checked here, so that one start tells of every problem.
    fn check_plain_documents(&self, reader: &mut Reader<'_>) {
        if let Some(DirectorySource::Document(SecretSource::Plain(text))) = &self.directory
            && let Err(lines) = rooms::read(text.reveal())
        {
            lines.into_iter().for_each(|line| reader.line(line));
        }
        if let Some(SecretSource::Plain(text)) = &self.tokens
            && let Err(lines) = access::read(text.reveal(), &Directory::default())
        {
            lines.into_iter().for_each(|line| reader.line(line));
        }
        if let Some(OauthSource {
            clients: SecretSource::Plain(clients),
            key: SecretSource::Plain(key),
        }) = &self.oauth
            && let Err(lines) = access::addons::read(clients.reveal(), key.reveal(), &Directory::default())
        {
            lines.into_iter().for_each(|line| reader.line(line));
        }
    }
}

/// Clients take a link for a room's or a user's only if it is `https://host/v2/...`, so there is no other form.
fn read_public_url(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "HIPCHAT_PUBLIC_URL";
    let url = reader.url(NAME, false)?;
    if url.scheme() != "https" || url.path() != "/" || url.query().is_some() {
        reader.problem(NAME, "must be https://host, without a path");
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Add-ons and their keys are of no use without each other.
fn read_oauth(reader: &mut Reader<'_>) -> Option<OauthSource> {
    let clients = reader.secret("HIPCHAT_OAUTH_CLIENTS");
    let key = reader.secret("HIPCHAT_OAUTH_KEY");
    match (clients, key) {
        (Some(clients), Some(key)) => Some(OauthSource { clients, key }),
        (Some(_), None) => {
            let found = reader.text("HIPCHAT_OAUTH_KEY_SECRET_ARN").is_some();
            require(reader, "HIPCHAT_OAUTH_KEY", &["HIPCHAT_OAUTH_KEY_SECRET_ARN"], found);
            None
        }
        (None, Some(_)) => {
            reader.problem("HIPCHAT_OAUTH_KEY", "is of no use without HIPCHAT_OAUTH_CLIENTS");
            None
        }
        (None, None) => None,
    }
}

fn read_directory(reader: &mut Reader<'_>) -> Option<DirectorySource> {
    const NAME: &str = "HIPCHAT_DIRECTORY";
    let document = reader.secret(NAME);
    let file = reader.text("HIPCHAT_DIRECTORY_FILE");
    let others = ["HIPCHAT_DIRECTORY_FILE", "HIPCHAT_DIRECTORY_SECRET_ARN"];
    require(reader, NAME, &others, document.is_some() || file.is_some());
    match (document, file) {
        (Some(_), Some(_)) => {
            reader.problem(
                "HIPCHAT_DIRECTORY_FILE",
                "is set together with another source of the directory; set one of them",
            );
            None
        }
        (Some(source), None) => Some(DirectorySource::Document(source)),
        (None, Some(path)) => Some(DirectorySource::File(path)),
        (None, None) => None,
    }
}

/// Notes that none of a setting's variables is set; one that is set badly has its own problem already.
fn require(reader: &mut Reader<'_>, name: &str, others: &[&str], found: bool) {
    let any = found || reader.text(name).is_some() || others.iter().any(|other| reader.text(other).is_some());
    if !any {
        reader.problem(name, format_args!("is required (or {})", others.join(" or ")));
    }
}

fn limit(reader: &mut Reader<'_>, name: &str, default: u64) -> u32 {
    u32::try_from(reader.number(name, default, 0..=1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
