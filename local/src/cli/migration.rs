//! `local directory`, `local hash-token` and `local replay`: help with the move from HipChat.

use std::{
    io::{IsTerminal, Read, Write, stderr, stdin, stdout},
    path::{Path, PathBuf},
};

use clap::Args;
use shared::Secret;

use crate::migration::{self, Entry, Kind, Stage};

/// Where Slack's token stands: never on the command line, which other processes see.
const SLACK_TOKEN: &str = "SLACK_TOKEN";
/// The HipChat token that takes the place of recorded ones.
const HIPCHAT_TOKEN: &str = "HIPCHAT_TOKEN";
/// The OAuth client that takes the place of recorded ones.
const HIPCHAT_OAUTH_ID: &str = "HIPCHAT_OAUTH_ID";
const HIPCHAT_OAUTH_SECRET: &str = "HIPCHAT_OAUTH_SECRET";
/// What is said where a token would be seen as it is typed.
const TERMINAL: &str = "standard input is a terminal, which would show the token. Give a file that only you can read, \
    hash-token < FILE, or let the shell of a terminal read it: read -rs TOKEN && printf %s \"$TOKEN\" | local hash-token";

/// The directory is printed; a table on standard error tells how each room was matched: exact, normalised (lower case,
/// "-" for spaces and dots), decided or UNMATCHED. What loses more in Slack's spelling is told as "like it" and is yours to decide. Rooms without a channel are not in the directory, and
/// the exit code is 1 while there are any.
#[derive(Debug, Args)]
pub(super) struct DirectoryArgs {
    /// rooms.json of a HipChat export, a saved list of HipChat's API, or a text with a room's name in each line
    #[arg(long, value_name = "FILE")]
    rooms: PathBuf,
    /// users.json of the same export
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Saved answers of Slack's conversations.list; without it Slack is asked, with the token in `SLACK_TOKEN`
    #[arg(long, value_name = "FILE")]
    channels: Option<PathBuf>,
    /// Saved answers of Slack's users.list: gives users their Slack ids by their e-mail addresses
    #[arg(long, value_name = "FILE", requires = "users")]
    slack_users: Option<PathBuf>,
    /// Your word where names do not tell: lines with a room, a tab and a channel
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Slack's Web API; plain HTTP on this machine alone, since the token goes there
    #[arg(long, value_name = "URL", default_value = "https://slack.com/api", value_parser = secure_url, conflicts_with = "channels")]
    slack_api_url: String,
}

/// The token comes on standard input, which must be no terminal, and is shown nowhere. Without --kind its hash alone is printed.
#[derive(Debug, Args)]
pub(super) struct HashTokenArgs {
    /// What kind of token HipChat took it for
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    /// What logs call it
    #[arg(long, requires = "kind")]
    label: Option<String>,
    /// A room that it may write to, by name or id, or * for all; may be repeated
    #[arg(long = "room", value_name = "ROOM", requires = "kind")]
    rooms: Vec<String>,
    /// It may write to users
    #[arg(long, requires = "kind")]
    users: bool,
    /// It may read the lists of rooms and users
    #[arg(long, requires = "kind")]
    read: bool,
    /// When it ends, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", requires = "kind")]
    expires: Option<String>,
}

/// The marks are = as recorded, ~ other, + new, - missing. Messages are posted unless the stage is in dry run; tokens are
/// masked. A token in the variable `HIPCHAT_TOKEN` takes the place of the recorded ones, an OAuth client in `HIPCHAT_OAUTH_ID` and
/// `HIPCHAT_OAUTH_SECRET` that of recorded clients, whose secrets are not sent otherwise. The exit code is 1 when a status is not
/// the recorded one.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// One raw request of HTTP, or a JSON list of exchanges
    file: PathBuf,
    /// The stage: its base URL
    #[arg(long, value_name = "URL", value_parser = super::base_url)]
    to: String,
    /// The host name to ask for where the URL leads, certificate included
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Certificate authorities that are trusted beside the system's, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Send recorded secrets of clients and people as they are, where nothing takes their place
    #[arg(long)]
    send_recorded_secrets: bool,
}

/// Makes a directory. The error is a sentence.
pub(super) fn directory(args: &DirectoryArgs) -> Result<(), String> {
    let rooms = read_with(&args.rooms, migration::read_rooms)?;
    let users = args.users.as_deref().map(|file| read_with(file, migration::read_users));
    let members = args
        .slack_users
        .as_deref()
        .map(|file| read_with(file, migration::read_members));
    let decisions = args
        .decisions
        .as_deref()
        .map(|file| read_with(file, migration::read_decisions));
    let channels = match &args.channels {
        Some(file) => read_with(file, migration::read_channels)?,
        None => block_on(migration::fetch(&args.slack_api_url, &slack_token()?))?,
    };
    let decisions = decisions.transpose()?.unwrap_or_default();
    let outcomes = migration::match_rooms(&rooms, &channels, &decisions).map_err(|problems| problems.join("\n"))?;
    let (users, members) = (
        users.transpose()?.unwrap_or_default(),
        members.transpose()?.unwrap_or_default(),
    );
    let made = migration::directory(&rooms, &outcomes, &users, &members).map_err(|problems| problems.join("\n"))?;
    // Nobody to tell when standard error is gone; the exit code still tells.
    let _ = stderr().write_all(made.report.as_bytes());
    super::print(&made.document)?;
    match made.unmatched {
        0 => Ok(()),
        missing => Err(format!("{missing} of {} rooms have no channel", rooms.len())),
    }
}

fn slack_token() -> Result<Secret, String> {
    secret_of(SLACK_TOKEN).ok_or_else(|| format!("give --channels, or Slack's token in the variable {SLACK_TOKEN}"))
}

fn secret_of(name: &str) -> Option<Secret> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}

/// Prints an entry of the allow-list. The error is a sentence.
pub(super) fn hash_token(args: HashTokenArgs) -> Result<(), String> {
    if stdin().is_terminal() {
        return Err(TERMINAL.to_owned());
    }
    let mut token = String::new();
    let read = stdin().lock().read_to_string(&mut token);
    read.map_err(|_| "standard input is no text".to_owned())?;
    let sha256 = migration::sha256_of(&Secret::new(token))?;
    let Some(kind) = args.kind else {
        return writeln!(stdout(), "{sha256}").map_err(|error| error.to_string());
    };
    let entry = Entry {
        kind,
        label: args.label,
        rooms: args.rooms,
        users: args.users,
        read: args.read,
        expires: args.expires,
    };
    super::print(&entry.document(&sha256).map_err(|problems| problems.join("\n"))?)
}

/// Sends recorded requests, one after the other. The error is a sentence.
pub(super) fn replay(args: &ReplayArgs) -> Result<(), String> {
    let read = |file: &Path| std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
    let name = args.file.display().to_string();
    let exchanges = migration::read_exchanges(&name, &read(&args.file)?)?;
    let ca = args.ca_file.as_deref().map(read).transpose()?;
    let mut stage = Stage::new(&args.to, args.host.as_deref(), secret_of(HIPCHAT_TOKEN), ca.as_deref())?;
    stage = match (secret_of(HIPCHAT_OAUTH_ID), secret_of(HIPCHAT_OAUTH_SECRET)) {
        (Some(id), Some(secret)) => stage.with_client(id.reveal().to_owned(), secret),
        (None, None) => stage,
        _ => {
            return Err(format!(
                "give both {HIPCHAT_OAUTH_ID} and {HIPCHAT_OAUTH_SECRET}, or none"
            ));
        }
    };
    if args.send_recorded_secrets {
        stage = stage.with_recorded_secrets();
    }
    // Before the first one is posted.
    stage
        .check(&exchanges)
        .map_err(|problem| format!("{name}: {problem}"))?;
    let mut others = 0;
    block_on(async {
        for exchange in &exchanges {
            let replay = stage
                .replay(exchange)
                .await
                .map_err(|problem| format!("{name}: {}", problem.trim_end()))?;
            others += usize::from(!replay.is_same);
            writeln!(stdout(), "{}", replay.text).map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    })?;
    match others {
        0 => Ok(()),
        others => Err(format!(
            "{others} of {} answers have another status than the recorded one",
            exchanges.len()
        )),
    }
}

/// A base URL that a token may go to.
fn secure_url(text: &str) -> Result<String, String> {
    let base = super::base_url(text)?;
    shared::env::check_url(&base, false).map_err(|what| format!("{what}; plain HTTP is for this machine alone"))?;
    Ok(base)
}

fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(work)
}

/// Reads a file by its name and text; all of its problems become one sentence a line.
fn read_with<T>(file: &Path, read: impl Fn(&str, &str) -> Result<Vec<T>, Vec<String>>) -> Result<Vec<T>, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    read(&name, &text).map_err(|problems| problems.join("\n"))
}
