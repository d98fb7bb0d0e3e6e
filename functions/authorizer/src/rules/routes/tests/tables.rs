//! Random tables of rules, and the paths that they are asked about.

use proptest::prelude::*;

use super::*;

fn a_segment() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("a"), 3 => Just("b"), 4 => Just("{p}")]
}

fn a_key() -> impl Strategy<Value = String> {
    let verb = prop_oneof![Just("GET"), Just("POST"), Just("*")];
    let segments = prop::collection::vec(a_segment(), 0..4);
    (verb, segments, prop::bool::weighted(0.2)).prop_map(|(verb, mut segments, greedy)| {
        if greedy {
            segments.push("{rest+}");
        }
        format!("{verb} /{}", segments.join("/"))
    })
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        3 => Just(vec!["r".to_owned()]),
        1 => Just(vec![]),
        1 => Just(vec!["w".to_owned()]),
        2 => Just(vec!["r".to_owned(), "w".to_owned()]),
    ]
}

pub(super) fn a_mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::All), Just(Mode::Any)]
}

pub(super) fn a_table(most: usize) -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    prop::collection::vec((a_key(), scopes()), 1..most)
}

/// A path as a client may write it.
pub(super) fn a_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => Just("a"), 4 => Just("b"), 3 => Just("c"), 1 => Just("")];
    prop::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

/// Every path as written, of up to four segments of which one may be any that no rule names, empty ones included.
pub(super) fn all_paths() -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut found = Vec::new();
    for _ in 0..5 {
        let longer = paths
            .iter()
            .flat_map(|path| ["a", "b", "c", ""].map(|segment| format!("{path}/{segment}")));
        paths = longer.collect();
        found.extend(paths.clone());
    }
    found
}
