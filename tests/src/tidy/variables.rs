//! Environment variables: what a function's configuration reads, what `docs/settings.md` tells, what the template sets.

use std::collections::BTreeSet;

use super::Files;
use super::source;

/// Names of variables.
pub type Names = BTreeSet<String>;

/// What a secret's variable ends with when it holds a reference instead of the value.
pub const REFERENCE: &str = "_SECRET_ARN";

/// The beginnings of a function's own variables.
pub fn prefixes(function: &str) -> &'static [&'static str] {
    match function {
        "authorizer" => &["AUTHZ_"],
        "hipchat-proxy" => &["HIPCHAT_", "SLACK_"],
        "lambda-invoker" => &["INVOKER_"],
        _ => &[],
    }
}

fn is_variable(text: &str, prefixes: &[&str]) -> bool {
    prefixes
        .iter()
        .any(|prefix| text.starts_with(prefix) && text.len() > prefix.len())
        && !text.ends_with('_')
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether a file of a function belongs to its configuration: `src/config.rs`, or any file below `src/config/`.
pub fn is_config(function: &str, path: &str) -> bool {
    let Some(inside) = path
        .strip_prefix("functions/")
        .and_then(|rest| rest.strip_prefix(function))
    else {
        return false;
    };
    inside == "/src/config.rs"
        || (inside.starts_with("/src/config/") && inside.ends_with(".rs") && !source::is_test(path))
}

/// The variables that source code reads: every string literal that is such a name as a whole. `.secret("NAME")`
/// reads `NAME` and its twin that holds a reference.
pub fn read_by(code: &str, prefixes: &[&str]) -> Names {
    let mut names = Names::new();
    for literal in source::parse(code).literals {
        if is_variable(&literal.text, prefixes) {
            if literal.before.ends_with(".secret(") {
                names.insert(format!("{}{REFERENCE}", literal.text));
            }
            names.insert(literal.text);
        }
    }
    names
}

/// The variables that a function's configuration reads.
pub fn of_config(files: &Files, function: &str) -> Names {
    files
        .iter()
        .filter(|(path, _)| is_config(function, path))
        .flat_map(|(_, text)| read_by(text, prefixes(function)))
        .collect()
}

/// Variables that a function names outside of its configuration, and that its configuration does not know.
pub fn named_elsewhere(files: &Files, function: &str, known: &Names) -> Vec<String> {
    let folder = format!("functions/{function}/src/");
    files
        .iter()
        .filter(|(path, _)| path.starts_with(&folder) && !is_config(function, path) && !source::is_test(path))
        .flat_map(|(path, text)| {
            let names = read_by(text, prefixes(function));
            let unknown: Vec<String> = names.difference(known).cloned().collect();
            unknown
                .into_iter()
                .map(move |name| format!("{path}: {name} is read past the function's config.rs"))
        })
        .collect()
}

/// The variables that a Markdown table tells of: names in back quotes in the first cell of its rows.
pub fn of_tables(markdown: &str, prefixes: &[&str]) -> Names {
    markdown
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.split('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| is_variable(name, prefixes))
        .map(str::to_owned)
        .collect()
}

/// The variables that a configuration's doc comment tells of: names in back quotes in `//!` and `///` table rows.
pub fn of_docs(code: &str, prefixes: &[&str]) -> Names {
    let table: Vec<&str> = code
        .lines()
        .filter_map(|line| {
            let line = line.trim_start();
            line.strip_prefix("//!").or_else(|| line.strip_prefix("///"))
        })
        .map(str::trim_start)
        .collect();
    of_tables(&table.join("\n"), prefixes)
}

/// What two sets of variables disagree on; `here` and `there` name them.
pub fn differences(here: &str, ours: &Names, there: &str, theirs: &Names) -> Vec<String> {
    let missing = ours
        .difference(theirs)
        .map(|name| format!("{name}: in {here}, but not in {there}"));
    let surplus = theirs
        .difference(ours)
        .map(|name| format!("{name}: in {there}, but not in {here}"));
    missing.chain(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Names {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn whole_literals_are_variables_and_a_secret_is_two() {
        let code = "//! | `AUTHZ_DOC` |\nlet a = r.text(\"AUTHZ_URL\"); r.secret(\"AUTHZ_KEY\"); r.unknown(\"AUTHZ_\", K);\n\
                    say(\"set AUTHZ_MODE\"); r.text(\"HIPCHAT_X\");\n#[cfg(test)] mod t { \"AUTHZ_TEST\" }";
        assert_eq!(
            read_by(code, &["AUTHZ_"]),
            names(&["AUTHZ_URL", "AUTHZ_KEY", "AUTHZ_KEY_SECRET_ARN"])
        );
    }

    #[test]
    fn configuration_is_one_file_or_one_folder_of_the_function() {
        assert!(is_config("authorizer", "functions/authorizer/src/config.rs"));
        assert!(is_config("authorizer", "functions/authorizer/src/config/limits.rs"));
        assert!(!is_config("authorizer", "functions/authorizer/src/token.rs"));
        assert!(!is_config("authorizer", "functions/authorizer-two/src/config.rs"));
        let files = Files::from([(
            "functions/authorizer/src/token.rs".to_owned(),
            "x(\"AUTHZ_SCHEME\")".to_owned(),
        )]);
        assert_eq!(named_elsewhere(&files, "authorizer", &Names::new()).len(), 1);
        assert!(named_elsewhere(&files, "authorizer", &names(&["AUTHZ_SCHEME"])).is_empty());
    }

    #[test]
    fn tables_tell_by_their_first_cell() {
        let markdown = "`SLACK_OUTSIDE`\n| `SLACK_A`, `SLACK_B` | default | see `SLACK_C` |\n|---|---|\n";
        assert_eq!(of_tables(markdown, &["SLACK_"]), names(&["SLACK_A", "SLACK_B"]));
        assert_eq!(
            of_docs("/// | `SLACK_A` | x |\nlet y = 1;", &["SLACK_"]),
            names(&["SLACK_A"])
        );
    }

    #[test]
    fn differences_are_told_in_both_directions() {
        let faults = differences("config.rs", &names(&["A", "B"]), "README.md", &names(&["B", "C"]));
        assert_eq!(
            faults,
            [
                "A: in config.rs, but not in README.md",
                "C: in README.md, but not in config.rs"
            ]
        );
        assert!(differences("x", &names(&["A"]), "y", &names(&["A"])).is_empty());
    }
}
