//! Commands in README.md and the other pages: they must be there for the newcomer who types them.

use std::collections::BTreeSet;

use super::Files;

/// The targets of a Makefile.
pub fn targets(makefile: &str) -> BTreeSet<&str> {
    makefile
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, rest)| {
            !rest.starts_with('=') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase())
        })
        .map(|(name, _)| name)
        .collect()
}

/// What a person would type: the lines of fenced code blocks, without prompts, and inline code.
pub fn commands(markdown: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            commands.push(line.trim().trim_start_matches("$ "));
        } else {
            commands.extend(line.split('`').skip(1).step_by(2));
        }
    }
    commands
}

/// Commands that do not exist: unknown make targets, unknown packages of cargo, scripts that are gone.
pub fn faults(markdown: &str, makefile: &str, packages: &[&str], files: &Files) -> Vec<String> {
    let targets = targets(makefile);
    let mut faults = Vec::new();
    for command in commands(markdown) {
        // NAME=value in front of a command.
        let mut words = words(command).skip_while(|word| word.contains('=')).peekable();
        match words.next() {
            Some("make") => {
                for target in words
                    .take_while(|word| *word != "#")
                    .filter(|word| !word.contains('=') && is_word(word))
                {
                    if !targets.contains(target) {
                        faults.push(format!("`{command}`: the Makefile has no target {target}"));
                    }
                }
            }
            Some("cargo") => {
                while let Some(word) = words.next() {
                    if ["-p", "--package"].contains(&word)
                        && let Some(package) = words.peek()
                        && !packages.contains(package)
                    {
                        faults.push(format!("`{command}`: the workspace has no package {package}"));
                    }
                }
            }
            Some(script) if script.starts_with(".ci/") && !files.contains_key(script) => {
                faults.push(format!("`{command}`: there is no {script}"));
            }
            _ => {}
        }
    }
    faults
}

/// The words of a command; what stands between double quotes is part of one.
fn words(command: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let words = command.split(move |letter: char| {
        quoted ^= letter == '"';
        letter.is_whitespace() && !quoted
    });
    words.filter(|word| !word.is_empty())
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAKEFILE: &str = "ARGS ?=\nFUNCTIONS := a b\n.PHONY: run test\nrun: ## Start\n\tcargo run\ntest:\n";

    #[test]
    fn targets_are_read() {
        assert_eq!(targets(MAKEFILE), BTreeSet::from(["run", "test"]));
    }

    #[test]
    fn commands_that_do_not_exist_are_found() {
        let files = Files::from([(".ci/run".to_owned(), String::new())]);
        let check = |markdown: &str| faults(markdown, MAKEFILE, &["local"], &files);
        let good = "`make run` and\n```sh\n$ make test\nSTAGE=prod make run ARGS=\"--x\"\ncargo run -p local -- hash\n.ci/run\n```\nTo make sure.";
        assert_eq!(check(good), Vec::<String>::new());
        assert_eq!(
            check("`TOKEN=... make run ARGS=\"--path orders\"`"),
            Vec::<String>::new()
        );
        assert_eq!(check("`make run ARGS=\"--path orders\" coffee`").len(), 1);
        assert_eq!(check("type `make coffee`").len(), 1);
        assert_eq!(check("```\nmake coffee\n```").len(), 1);
        assert_eq!(check("```\ncargo run -p nothing\n```").len(), 1);
        assert_eq!(check("`.ci/gone`").len(), 1);
    }
}
