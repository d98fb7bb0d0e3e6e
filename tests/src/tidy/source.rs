//! Reads Rust source just well enough for the checks: code without comments and tests, and the string literals.

/// A string literal of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// What stands between the quotes, escapes as written.
    pub text: String,
    /// The code right before it, white space removed: `reader.secret(` for `reader.secret("NAME")`.
    pub before: String,
}

/// A source file as the checks see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The code, without comments, without the contents of string literals.
    pub code: String,
    /// The string literals, in order.
    pub literals: Vec<Literal>,
}

/// How much code a [`Literal`] remembers.
const BEFORE: usize = 40;

/// Splits a file into code and literals. What follows the first `#[cfg(test)]` is left out: by the habit of this
/// repository a file's tests stand at its end.
pub fn parse(file: &str) -> Source {
    let shipped = file
        .find("#[cfg(test)]")
        .map_or(file, |end| file.get(..end).unwrap_or(file));
    let mut source = Source::default();
    let mut rest = shipped;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or("");
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").and_then(|end| rest.get(end + 2..)).unwrap_or("");
        } else if let Some((quoted, after)) = string_literal(rest) {
            let tail: String = source.code.chars().filter(|c| !c.is_whitespace()).collect();
            let start = tail.len().saturating_sub(BEFORE);
            source.literals.push(Literal {
                text: quoted.to_owned(),
                before: tail.get(start..).unwrap_or(&tail).to_owned(),
            });
            source.code.push_str("\"\"");
            rest = after;
        } else if let Some((quoted, after)) = char_literal(rest) {
            source.code.push_str(quoted);
            rest = after;
        } else {
            source.code.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or("");
        }
    }
    source
}

/// Whether a file holds tests alone: `tests.rs`, `..._tests.rs`, or below a folder `tests/`.
pub fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/")
}

/// A string literal at the start of `rest`, plain or raw, and what follows it.
fn string_literal(rest: &str) -> Option<(&str, &str)> {
    if let Some(body) = rest.strip_prefix('"') {
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Some((body.get(..at)?, body.get(at + 1..)?)),
                _ => {}
            }
        }
        return None;
    }
    let after_r = rest.strip_prefix('r')?;
    let hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let body = after_r.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let at = body.find(&end)?;
    Some((body.get(..at)?, body.get(at + end.len()..)?))
}

/// A character literal at the start of `rest`, so that `'"'` opens no string. Lifetimes are none.
fn char_literal(rest: &str) -> Option<(&str, &str)> {
    let body = rest.strip_prefix('\'')?;
    let mut chars = body.char_indices();
    let closing = match chars.next()?.1 {
        '\\' => body.get(2..)?.find('\'')? + 2,
        _ => chars.next().filter(|(_, c)| *c == '\'')?.0,
    };
    Some((rest.get(..closing + 2)?, rest.get(closing + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_tests_and_contents_of_literals_are_no_code() {
        let source = parse(
            "//! reqwest\nuse a::b; // reqwest\n/* reqwest\n */ let x = \"say \\\"reqwest\\\"\";\n#[cfg(test)]\nmod tests { reqwest }",
        );
        assert!(!source.code.contains("reqwest"), "{}", source.code);
        assert!(source.code.contains("use a::b;"));
        assert_eq!(source.literals.len(), 1);
        assert_eq!(source.literals[0].text, "say \\\"reqwest\\\"");
    }

    #[test]
    fn files_of_tests_are_known_by_name() {
        assert!(
            is_test("shared/src/http/event_tests.rs") && is_test("a/src/b/tests.rs") && is_test("a/src/tests/b.rs")
        );
        assert!(!is_test("a/src/attests.rs") && !is_test("a/src/latest.rs"));
    }

    #[test]
    fn a_literal_knows_the_code_before_it() {
        let source = parse("let a = reader\n    .secret(\n        \"TOKEN\",\n    );");
        assert_eq!(source.literals[0].text, "TOKEN");
        assert!(source.literals[0].before.ends_with("reader.secret("));
    }

    #[test]
    fn quotes_in_characters_raw_strings_and_lifetimes_confuse_nothing() {
        let source = parse("fn f<'a>(x: &'a str) { g('\"', '\\'', '\\u{22}'); h(r#\"a \"b\" c\"#, r\"d\"); i(\"e\") }");
        let texts: Vec<&str> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(texts, ["a \"b\" c", "d", "e"]);
    }
}
