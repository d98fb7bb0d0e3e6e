//! A text without secrets: those that are known, and what stands where URLs have them.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use shared::Secret;

use super::credentials::is_secret;

/// What stands for a secret.
pub(super) const MASK: &str = "***";
const TOKEN_PATH: &str = "oauth/token/";
/// What ends a value of a query, and a segment of a path, in a text.
const VALUE_ENDS: &[char] = &['#', '"', '<', '>'];
const SEGMENT_ENDS: &[char] = &['/', '?', '#', '"', '<', '>', ','];

/// A text without the secrets, as they are and as URLs and JSON spell them.
pub(super) fn masked(text: &str, secrets: &[Secret]) -> String {
    let spelt = |secret: &Secret| {
        let secret = secret.reveal();
        let quoted = Value::from(secret).to_string();
        [
            secret.to_owned(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            quoted.trim_matches('"').to_owned(),
        ]
    };
    let mut spellings: Vec<String> = secrets.iter().flat_map(spelt).collect();
    spellings.retain(|spelling| !spelling.is_empty());
    // The longest first: one may be the beginning of another.
    spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    let masked = spellings
        .iter()
        .fold(text.to_owned(), |text, spelling| text.replace(spelling.as_str(), MASK));
    // What no list of ours knows, in a URL: by its name, or by its place.
    masked
        .lines()
        .map(|line| {
            let words: Vec<String> = line.split(' ').map(|word| in_path(&in_query(word))).collect();
            words.join(" ") + "\n"
        })
        .collect()
}

fn in_query(word: &str) -> String {
    let Some((before, query)) = word.split_once('?') else {
        return word.to_owned();
    };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={}", hidden(value, VALUE_ENDS))
        }
        _ => pair.to_owned(),
    };
    format!("{before}?{}", query.split('&').map(pair).collect::<Vec<_>>().join("&"))
}

fn in_path(word: &str) -> String {
    let mut parts = word.split(TOKEN_PATH);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, rest| done + TOKEN_PATH + &hidden(rest, SEGMENT_ENDS))
}

/// A text that is masked up to one of `ends`.
fn hidden(text: &str, ends: &[char]) -> String {
    match text.find(ends) {
        Some(0) => text.to_owned(),
        None if text.is_empty() => String::new(),
        end => format!("{MASK}{}", end.and_then(|end| text.get(end..)).unwrap_or_default()),
    }
}
