//! `events/<function>/<case>.json`: sample events that people and tests send to the functions, each with its answer beside it
//! in `<case>.expected.json` and a row in `events/README.md`.

use super::{FUNCTIONS, Files};

/// The page that tells what each event is.
const PAGE: &str = "README.md";

/// What the last word of an authorizer event's name can say; the other functions' names end in an HTTP status.
const DECISIONS: [&str; 4] = ["allow", "denied", "unauthorized", "error"];

/// Files below `events/` that are no JSON, stand in no function's folder, or do not say what is expected of them.
pub fn faults(files: &Files) -> Vec<String> {
    files
        .iter()
        .filter_map(|(path, text)| Some((path, path.strip_prefix("events/")?, text)))
        .filter(|(_, inside, _)| *inside != PAGE)
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
    let case = case.strip_suffix(".expected").unwrap_or(case);
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

/// Events without an answer or without a row in the page, and answers and rows without an event.
pub fn incomplete(files: &Files) -> Vec<String> {
    let page = files
        .get(&format!("events/{PAGE}"))
        .map(String::as_str)
        .unwrap_or_default();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ["))
        .filter_map(|line| line.split_once("](")?.1.split(')').next())
        .collect();
    let mut faults = Vec::new();
    for inside in files.keys().filter_map(|path| path.strip_prefix("events/")) {
        if let Some(case) = inside.strip_suffix(".expected.json") {
            if !files.contains_key(&format!("events/{case}.json")) {
                faults.push(format!("events/{inside}: the answer to no event"));
            }
        } else if let Some(case) = inside.strip_suffix(".json") {
            if !files.contains_key(&format!("events/{case}.expected.json")) {
                faults.push(format!("events/{inside}: has no expected answer beside it"));
            }
            if rows.iter().filter(|row| **row == inside).count() != 1 {
                faults.push(format!("events/{inside}: must have one row in events/{PAGE}"));
            }
        }
    }
    let gone = rows.iter().filter(|row| !files.contains_key(&format!("events/{row}")));
    faults.extend(gone.map(|row| format!("events/{PAGE}: there is no event {row}")));
    faults
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
        assert!(one("events/README.md", "# Events").is_empty());
    }

    #[test]
    fn an_event_an_answer_and_a_row_belong_together() {
        let mut files = Files::from([
            (
                "events/README.md".to_owned(),
                "| [`a-200`](f/a-200.json) | A |\n".to_owned(),
            ),
            ("events/f/a-200.json".to_owned(), "{}".to_owned()),
            ("events/f/a-200.expected.json".to_owned(), "{}".to_owned()),
        ]);
        assert_eq!(incomplete(&files), Vec::<String>::new());
        files.remove("events/f/a-200.json");
        assert_eq!(incomplete(&files).len(), 2);
        files.insert("events/f/b-200.json".to_owned(), "{}".to_owned());
        assert_eq!(incomplete(&files).len(), 4);
    }
}
