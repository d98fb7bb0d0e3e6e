//! An answer beside the recorded one, as lines with marks: `=` as recorded, `~` other, `+` new, `-` missing.

use std::fmt::Write as _;

use http::HeaderMap;
use serde_json::Value;

use super::super::Recorded;
use super::mask::MASK;

/// Headers whose values are secrets.
const HIDDEN: [&str; 3] = ["set-cookie", "authorization", "www-authenticate"];

pub(super) fn compare(text: &mut String, status: u16, headers: &HeaderMap, body: &str, recorded: Option<&Recorded>) {
    // Writing to a text cannot fail.
    let _ = match recorded {
        None => writeln!(text, "+ {status}"),
        Some(recorded) if recorded.status == status => writeln!(text, "= {status}"),
        Some(recorded) => writeln!(text, "~ {status}, recorded {}", recorded.status),
    };
    let known = |name: &str| {
        let headers = recorded.iter().flat_map(|recorded| &recorded.headers);
        headers.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let told = shown_header(name.as_str(), &value);
        let _ = match known(name.as_str()) {
            None => writeln!(text, "+ {name}: {told}"),
            Some((_, recorded)) if *recorded == value => writeln!(text, "= {name}: {told}"),
            Some((_, recorded)) => writeln!(
                text,
                "~ {name}: {told}, recorded {}",
                shown_header(name.as_str(), recorded)
            ),
        };
    }
    let missing = recorded.iter().flat_map(|recorded| &recorded.headers);
    for (name, value) in missing.filter(|(name, _)| !headers.contains_key(name.as_str())) {
        let _ = writeln!(text, "- {name}: {}", shown_header(name, value));
    }
    let _ = match recorded {
        None if body.is_empty() => Ok(()),
        None => writeln!(text, "+ {body}"),
        Some(recorded) if is_same_document(&recorded.body, body) => writeln!(text, "= {}", shown(body)),
        Some(recorded) => writeln!(text, "~ {}\n  recorded {}", shown(body), shown(&recorded.body)),
    };
}

fn shown_header<'a>(name: &str, value: &'a str) -> &'a str {
    if HIDDEN.contains(&name.to_ascii_lowercase().as_str()) {
        MASK
    } else {
        value
    }
}

fn shown(body: &str) -> &str {
    if body.is_empty() { "no body" } else { body }
}

fn is_same_document(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parsed(one).is_some_and(|document| Some(document) == parsed(other))
}
