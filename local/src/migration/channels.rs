//! Slack's side: answers of `conversations.list` and `users.list`, saved or asked for.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;
use shared::Secret;

use super::export::{filled, flag, objects};
use super::{json_problem, line_of};

/// The pages of a list that are asked for at most; each has up to 200 channels.
const MAX_PAGES: usize = 500;
/// How often one page is asked for when Slack says that it was too soon.
const MAX_TRIES: usize = 5;
/// The longest wait that Slack may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// A channel of Slack's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id, such as `C0123ABC`.
    pub id: String,
    /// Its name without `#`.
    pub name: String,
    /// Whether it is archived: nothing can be posted there.
    pub is_archived: bool,
}

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id, such as `U0123ABC`.
    pub id: String,
    /// E-mail address.
    pub email: String,
}

/// Reads channels: an answer of `conversations.list`, several of them one after the other, or a list of channels.
///
/// # Errors
/// One sentence for each problem, with the line; so when pages are missing at the end.
pub fn read_channels(file: &str, text: &str) -> Result<Vec<Channel>, Vec<String>> {
    channels_of(file, answers(file, text, "channels")?)
}

fn channels_of(file: &str, found: Objects) -> Result<Vec<Channel>, Vec<String>> {
    let mut channels: Vec<Channel> = Vec::new();
    let mut problems = Vec::new();
    for (line, members) in found {
        match (filled(&members, "id"), filled(&members, "name")) {
            (Some(id), Some(name)) if !channels.iter().any(|known| known.id == id) => channels.push(Channel {
                id,
                name,
                is_archived: flag(&members, "is_archived"),
            }),
            (Some(_), Some(_)) => {}
            _ => problems.push(format!("{file}: line {line}: a channel has no id or no name")),
        }
    }
    if problems.is_empty() {
        Ok(channels)
    } else {
        Err(problems)
    }
}

/// Reads members with an e-mail address, as `users.list` tells them; without those who left.
///
/// # Errors
/// One sentence for each problem, with the line; so when pages are missing at the end.
pub fn read_members(file: &str, text: &str) -> Result<Vec<Member>, Vec<String>> {
    let members = answers(file, text, "members")?;
    let member = |members: &serde_json::Map<String, Value>| {
        let profile = members.get("profile").and_then(Value::as_object)?;
        let (id, email) = (filled(members, "id")?, filled(profile, "email")?);
        (!flag(members, "deleted")).then_some(Member { id, email })
    };
    Ok(members.iter().filter_map(|(_, members)| member(members)).collect())
}

type Objects = Vec<(usize, serde_json::Map<String, Value>)>;

/// The objects of all answers of a file, the last of which must end the list: a room whose channel stands on the next
/// page would have none.
fn answers(file: &str, text: &str, member: &str) -> Result<Objects, Vec<String>> {
    match pages(file, text, member)? {
        (found, None) => Ok(found),
        (_, Some((line, cursor))) => {
            let cursor = utf8_percent_encode(&cursor, NON_ALPHANUMERIC);
            Err(vec![format!(
                "{file}: line {line}: Slack's list goes on: append its next page, asked for with &cursor={cursor}"
            )])
        }
    }
}

/// The line of an answer and where the next page begins.
type Next = (usize, String);

/// The objects of all answers of a file, and what comes behind the last one; an answer that is Slack's error is a problem.
fn pages(file: &str, text: &str, member: &str) -> Result<(Objects, Option<Next>), Vec<String>> {
    let mut found = Vec::new();
    let mut next = None;
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document.map_err(|error| vec![json_problem(file, &error)])?.get();
        let line = line_of(text, document);
        let answer = serde_json::from_str::<Value>(document).unwrap_or_default();
        if let Some(code) = answer.get("error") {
            return Err(vec![format!("{file}: line {line}: Slack's answer is the error {code}")]);
        }
        let cursor = next_cursor(&answer);
        next = (!cursor.is_empty()).then(|| (line, cursor.to_owned()));
        let shift = |(at, members)| (at + line - 1, members);
        found.extend(objects(file, document, "", &[member])?.into_iter().map(shift));
    }
    if found.is_empty() {
        return Err(vec![format!("{file}: holds none of Slack's {member}")]);
    }
    Ok((found, next))
}

/// Where the page behind an answer begins; empty behind the last one.
fn next_cursor(answer: &Value) -> &str {
    let cursor = answer.pointer("/response_metadata/next_cursor");
    cursor.and_then(Value::as_str).unwrap_or_default()
}

/// Asks Slack for all channels that the app sees, archived ones, too. `api` is the Web API's base, such as
/// `https://slack.com/api`.
///
/// # Errors
/// A sentence with Slack's own word, without the token.
pub async fn fetch(api: &str, token: &Secret) -> Result<Vec<Channel>, String> {
    let client = Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let mut channels = Vec::new();
    let mut cursor = String::new();
    for _ in 0..MAX_PAGES {
        let page = page(&client, api, token, &cursor).await?;
        if page.get("ok") != Some(&Value::Bool(true)) {
            let code = page.get("error").and_then(Value::as_str).unwrap_or("no reason");
            return Err(format!("Slack refuses the list of channels: {code}"));
        }
        let read = |file| channels_of(file, pages(file, &page.to_string(), "channels")?.0);
        channels.extend(read("Slack's answer").map_err(|problems| problems.join("; "))?);
        next_cursor(&page).clone_into(&mut cursor);
        if cursor.is_empty() {
            return Ok(channels);
        }
    }
    Err(format!("Slack's list of channels has more than {MAX_PAGES} pages"))
}

async fn page(client: &Client, api: &str, token: &Secret, cursor: &str) -> Result<Value, String> {
    let query = [
        ("types", "public_channel,private_channel"),
        ("limit", "200"),
        ("cursor", cursor),
    ];
    let url =
        url::Url::parse_with_params(&format!("{api}/conversations.list"), query).map_err(|error| error.to_string())?;
    for _ in 0..MAX_TRIES {
        let asked = client.get(url.clone()).bearer_auth(token.reveal());
        let answer = asked
            .send()
            .await
            .map_err(|error| format!("Slack: {}", error.without_url()))?;
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            let problem = format!("Slack answers {} without a list", answer.status());
            return answer.json().await.map_err(|_| problem);
        }
        let wait = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1)).min(MAX_WAIT)).await;
    }
    Err("Slack goes on saying that this is too often".to_owned())
}
