//! The threat model against the tests: each defence names the tests that try it, and they exist.

use std::collections::BTreeSet;

use super::{quoted, rows};
use crate::tidy::Files;

/// Rows without a test, and tests that are not there. Commands, which have a space, are checked with those of all pages.
pub fn untested(page: &str, files: &Files) -> Vec<String> {
    let rows = rows(page, "threat");
    let known = tests(files);
    let mut faults = Vec::new();
    if rows.is_empty() {
        faults.push("the page has no table of threats".to_owned());
    }
    for row in rows {
        let [threat, _, tested, left] = row.as_slice() else {
            faults.push(format!("a row of {} cells instead of 4: {row:?}", row.len()));
            continue;
        };
        if left.is_empty() {
            faults.push(format!("{threat}: says nothing of what is left to the operator"));
        }
        let mut named = quoted(tested).peekable();
        if named.peek().is_none() {
            faults.push(format!("{threat}: names no test"));
        }
        let gone = named.filter(|name| !name.contains(' ') && !known.contains(*name));
        faults.extend(gone.map(|name| format!("{threat}: there is no test {name}")));
    }
    faults
}

/// The names of all tests: the functions right below an attribute that makes them one.
fn tests(files: &Files) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (_, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                marked = true;
            } else if marked && let Some((_, rest)) = line.split_once("fn ") {
                names.extend(rest.split(['(', '<']).next());
                marked = false;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threat_without_a_test_is_found() {
        let code =
            "#[test]\nfn one() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn two() {}\nfn three() {}\n";
        let files = Files::from([("a/tests/b.rs".to_owned(), code.to_owned())]);
        let page = |tested: &str| format!("| threat | d | t | l |\n|---|---|---|---|\n| x | y | {tested} | z |\n");
        assert!(untested(&page("`one`, `two`; `make audit`"), &files).is_empty());
        assert_eq!(untested(&page("`three`"), &files).len(), 1);
        assert_eq!(untested(&page("nothing"), &files).len(), 1);
        assert_eq!(untested("", &files).len(), 1);
    }
}
