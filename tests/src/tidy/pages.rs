//! The pages for people: README.md and what stands below `docs/`. Their links, sections and tables; what must hold in single
//! pages stands in [`operate`] and [`threats`].

pub mod operate;
pub mod threats;

use std::collections::BTreeSet;

use super::Files;

/// Pages that are no guides, but have links too.
const LISTS: [&str; 2] = ["CHANGELOG.md", "events/README.md"];

/// So many lines are what a newcomer sees without scrolling.
const FIRST_SCREEN: usize = 45;

/// The guides by their paths: README.md and the pages of `docs/`.
pub fn of(files: &Files) -> impl Iterator<Item = (&str, &str)> {
    let is_page = |path: &str| path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md"));
    files
        .iter()
        .filter(move |(path, _)| is_page(path))
        .map(|(path, text)| (path.as_str(), text.as_str()))
}

/// What the first screen of README.md lacks: the two commands, what the suite is good for and not for, and a way to every
/// other guide.
pub fn missing_on_the_first_screen(files: &Files) -> Vec<String> {
    let readme = files.get("README.md").map(String::as_str).unwrap_or_default();
    let screen: Vec<&str> = readme.lines().take(FIRST_SCREEN).collect();
    let screen = screen.join("\n");
    let guides = of(files).map(|(path, _)| format!("]({path}")).skip(1);
    let wanted = ["make run", "make test", "**Good for:**", "**Not for:**"].map(str::to_owned);
    let missing = wanted
        .into_iter()
        .chain(guides)
        .filter(|wanted| !screen.contains(wanted));
    missing
        .map(|wanted| format!("README.md: {wanted} is not among its first {FIRST_SCREEN} lines"))
        .collect()
}

/// Links to files and headings that are not there. `exists` knows files that are no text.
pub fn broken_links(files: &Files, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let lists = LISTS
        .iter()
        .filter_map(|path| Some((*path, files.get(*path)?.as_str())));
    for (path, text) in of(files).chain(lists) {
        for target in links(text).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                path.to_owned()
            } else {
                beside(path, file)
            };
            match files.get(&file) {
                Some(text) if anchor.is_empty() || anchors(text).contains(anchor) => {}
                Some(_) => faults.push(format!("{path}: {file} has no heading #{anchor}")),
                None if exists(&file) => {}
                None => faults.push(format!("{path}: there is no {file}")),
            }
        }
    }
    faults
}

/// The section under a heading, without the heading, as far as the next one of its level or above.
pub fn section<'t>(text: &'t str, heading: &str) -> Option<&'t str> {
    let level = heading.len() - heading.trim_start_matches('#').len();
    let is_end = |line: &str| {
        let marks = line.len() - line.trim_start_matches('#').len();
        (1..=level).contains(&marks) && line.get(marks..).is_some_and(|rest| rest.starts_with(' '))
    };
    let (mut start, mut end, mut fenced) = (None, text.len(), false);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        if start.is_some() && !fenced && is_end(line) {
            end = at;
            break;
        }
        at += line.len();
        if start.is_none() && line.trim_end() == heading {
            start = Some(at);
        }
    }
    text.get(start?..end)
}

/// The rows of all tables below a header row that begins with `first`; each row as its cells.
pub fn rows<'t>(text: &'t str, first: &str) -> Vec<Vec<&'t str>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with('|') {
            inside = false;
        } else if cells(line).first() == Some(&first) {
            inside = true;
        } else if inside && !line.starts_with("|-") {
            rows.push(cells(line));
        }
    }
    rows
}

/// The texts in back quotes.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The cells of a table's row. A `\|` is a character of its cell.
fn cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'|' && !escaped {
            cells.extend(line.get(start..at).map(str::trim));
            start = at + 1;
        }
        escaped = byte == b'\\';
    }
    // What stands before the first bar is nothing.
    cells.drain(..1.min(cells.len()));
    cells
}

/// The targets of links outside of code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    let lines = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    lines
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
}

/// A path as it stands in a page, from the root.
fn beside(page: &str, target: &str) -> String {
    let mut folders: Vec<&str> = page.split('/').collect();
    folders.pop();
    for part in target.split('/') {
        match part {
            ".." => {
                folders.pop();
            }
            "." | "" => {}
            part => folders.push(part),
        }
    }
    folders.join("/")
}

/// The names by which headings are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let name = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        let owned = list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        owned.collect()
    }

    #[test]
    fn sections_end_at_the_next_heading_of_their_level() {
        let text = "# A\na\n## B\nb\n```\n## no heading\n```\n### C\nc\n## D\nd\n";
        assert_eq!(section(text, "## B"), Some("b\n```\n## no heading\n```\n### C\nc\n"));
        assert_eq!(section(text, "## D"), Some("d\n"));
        assert_eq!(section(text, "## E"), None);
    }

    #[test]
    fn rows_are_those_below_their_header() {
        let text = "| see | why |\n|---|---|\n| `a\\|b` | c |\n\n| other | x |\n|---|---|\n| d | e |\n";
        assert_eq!(rows(text, "see"), [["`a\\|b`", "c"]]);
        assert_eq!(quoted("x `a` y `b c`").collect::<Vec<_>>(), ["a", "b c"]);
    }

    #[test]
    fn broken_links_are_found() {
        let good = "# On it\n[a](docs/a.md) [b](docs/a.md#on-a) [c](#on-it) [d](https://x/y) [e](docs/p.png)\n```\n[f](no)\n```\n";
        let other = "## On `A`\n[up](../README.md#on-it)\n";
        let exists = |path: &str| path == "docs/p.png";
        assert!(broken_links(&files(&[("README.md", good), ("docs/a.md", other)]), exists).is_empty());
        let bad = "[a](docs/b.md) [b](docs/a.md#nowhere)";
        let faults = broken_links(&files(&[("README.md", bad), ("docs/a.md", other)]), exists);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn a_first_screen_leads_everywhere() {
        let readme = "**Good for:** x **Not for:** y\nmake run\nmake test\n[a](docs/a.md)\n";
        assert!(missing_on_the_first_screen(&files(&[("README.md", readme), ("docs/a.md", "")])).is_empty());
        let pages = [("README.md", readme), ("docs/a.md", ""), ("docs/b.md", "")];
        assert_eq!(missing_on_the_first_screen(&files(&pages)).len(), 1);
        let long = format!("{}{readme}", "\n".repeat(FIRST_SCREEN));
        assert_eq!(missing_on_the_first_screen(&files(&[("README.md", &long)])).len(), 4);
    }
}
