//! `events/<function>/<case>.json`: sample events that people and tests send to the functions.

use super::{FUNCTIONS, Files};

/// What the last word of an authorizer event's name can say; the other functions' names end in an HTTP status.
const DECISIONS: [&str; 4] = ["allow", "denied", "unauthorized", "error"];

/// Files below `events/` that are no JSON, stand in no function's folder, or do not say what is expected of them.
pub fn faults(files: &Files) -> Vec<String> {
    files
        .iter()
        .filter_map(|(path, text)| Some((path, path.strip_prefix("events/")?, text)))
        .flat_map(|(path, inside, text)| fault(inside, text).map(|what| format!("{path}: {what}")))
        .collect()
}

fn fault(inside: &str, text: &str) -> Option<String> {
    let parts: Vec<&str> = inside.split('/').collect();
    let [function, name] = parts.as_slice() else {
        return Some("events stand in a function's folder".to_owned());
    };
    if !FUNCTIONS.contains(function) {
        return Some(format!("there is no function {function}"));
    }
    let Some(case) = name.strip_suffix(".json") else {
        return Some("an event is a .json file".to_owned());
    };
    let expected = case.rsplit('-').next().unwrap_or_default();
    let is_status = expected.len() == 3 && matches!(expected.parse::<u16>(), Ok(200..=599));
    let says = match *function {
        "authorizer" => DECISIONS.contains(&expected),
        _ => is_status,
    };
    if !says {
        return Some("the name's last word must say what is expected".to_owned());
    }
    serde_json::from_str::<serde_json::Value>(text)
        .err()
        .map(|error| format!("is no JSON: {error}"))
}

/// Functions without a single event.
pub fn functions_without(files: &Files) -> Vec<String> {
    FUNCTIONS
        .iter()
        .filter(|function| {
            !files
                .keys()
                .any(|path| path.starts_with(&format!("events/{function}/")))
        })
        .map(|function| format!("{function}: has no events"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Vec<String> {
        faults(&Files::from([(path.to_owned(), text.to_owned())]))
    }

    #[test]
    fn bad_events_are_found() {
        assert!(one("events/authorizer/rest-allow.json", "{}").is_empty());
        assert!(one("events/hipchat-proxy/alb-v1-200.json", "{}").is_empty());
        assert!(one("src/other.json", "{").is_empty());
        for (path, text) in [
            ("events/authorizer/rest-allow.json", "{"),
            ("events/authorizer/rest-200.json", "{}"),
            ("events/hipchat-proxy/alb-v1.json", "{}"),
            ("events/hipchat-proxy/alb-20.json", "{}"),
            ("events/hipchat-proxy/alb-error.json", "{}"),
            ("events/nobody/alb-200.json", "{}"),
            ("events/loose-200.json", "{}"),
            ("events/authorizer/deep/rest-allow.json", "{}"),
            ("events/authorizer/rest-allow.txt", "{}"),
        ] {
            assert_eq!(one(path, text).len(), 1, "{path}");
        }
        assert_eq!(functions_without(&Files::new()).len(), 3);
    }
}
