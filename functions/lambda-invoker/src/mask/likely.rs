//! Finds what is likely a secret: by the name that it has, or by its looks. One pass over a text each.

use std::ops::Range;

/// Runs of letters and digits of this length are taken for a token or a key.
const LONG_RUN: usize = 32;

/// Words whose values are secrets: names of headers, of parameters and of members, parts of names among them.
const TELLING: [&str; 9] = [
    "authorization",
    "api-key",
    "apikey",
    "api_key",
    "cookie",
    "credential",
    "password",
    "secret",
    "token",
];

/// The value behind each telling word: all that follows up to the end of the line, of the string or of the parameter.
pub(super) fn told(text: &str) -> Vec<Range<usize>> {
    // The same length as the text, since only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    let mut words: Vec<usize> = TELLING
        .iter()
        .flat_map(|word| lower.match_indices(word).map(|(at, word)| at + word.len()))
        .collect();
    words.sort_unstable();
    let mut out = Vec::new();
    let mut rest = 0;
    for word_end in words {
        // A word within a value, or a second one within a name, tells nothing more.
        if word_end <= rest {
            continue;
        }
        let name_end = name_end(text, word_end);
        rest = name_end;
        if let Some(value) = value_start(text, name_end) {
            let length = text.get(value..).map_or(0, value_length);
            rest = value + length;
            out.push(value..rest);
        }
    }
    out
}

/// Where the name ends whose telling word ends at `at`.
fn name_end(text: &str, at: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    let length = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    length.map_or(text.len(), |length| at + length)
}

/// Where the value of a name begins that ends at `at`; `None` when no `=` or `:` follows the name.
fn value_start(text: &str, at: usize) -> Option<usize> {
    let separator = text.get(at..)?.trim_start_matches(['"', '\'', '\\', ' ']);
    let value = separator.strip_prefix([':', '='])?;
    let value = value.trim_start_matches([' ', '"', '\'', '\\', '[']);
    Some(text.len() - value.len())
}

fn value_length(value: &str) -> usize {
    value
        .find(['"', '\'', '\\', '\n', '\r', '&', '<', '}', ']'])
        .unwrap_or(value.len())
}

/// Runs that are as long as keys.
pub(super) fn long_runs(text: &str) -> Vec<Range<usize>> {
    let in_run = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '=' | '_' | '-');
    let mut out = Vec::new();
    let mut at = 0;
    // One piece more than there are letters between the runs.
    for run in text.split(|letter| !in_run(letter)) {
        let end = at + run.len();
        if run.len() >= LONG_RUN && !is_uuid(run) {
            out.push(at..end);
        }
        let gap = text.get(end..).and_then(|after| after.chars().next());
        at = end + gap.map_or(0, char::len_utf8);
    }
    out
}

/// Ids of requests are wanted in a log.
fn is_uuid(run: &str) -> bool {
    let groups: Vec<&str> = run.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
