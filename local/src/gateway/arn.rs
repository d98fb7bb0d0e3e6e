//! The ARN of a method of an API, and how patterns match it.

use std::fmt;

/// `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodArn {
    /// The AWS region.
    pub region: String,
    /// The API's id.
    pub api: String,
    /// The stage; `$default` for an HTTP API's default stage.
    pub stage: String,
    /// The request's method.
    pub method: String,
    /// The path without the stage and without the leading slash, as the client wrote it.
    pub path: String,
}

impl fmt::Display for MethodArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            region,
            api,
            stage,
            method,
            path,
        } = self;
        write!(
            f,
            "arn:aws:execute-api:{region}:{}:{api}/{stage}/{method}/{path}",
            crate::ACCOUNT_ID
        )
    }
}

/// IAM's wildcards: `*` is any run of characters, `/` and `:` included, `?` is any one character.
///
/// As in policies of version 2012-10-17, `${*}`, `${?}` and `${$}` stand for the characters themselves. Any other
/// `${name}` is a variable that an API's callers have no value for, so that such a pattern matches nothing.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some(pattern) = pieces(pattern) else { return false };
    let text: Vec<char> = text.chars().collect();
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last star stood and how far its run has come: the only place to go back to.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&character) = text.get(at_text) {
        match (pattern.get(at_pattern), star) {
            (Some(Piece::AnyRun), _) => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            (Some(Piece::AnyOne), _) => {
                at_pattern += 1;
                at_text += 1;
            }
            (Some(&Piece::Character(wanted)), _) if wanted == character => {
                at_pattern += 1;
                at_text += 1;
            }
            (_, Some((star_at, run_to))) => {
                star = Some((star_at, run_to + 1));
                at_pattern = star_at + 1;
                at_text = run_to + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at_pattern).all(|&rest| rest == Piece::AnyRun)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Character(char),
    AnyRun,
    AnyOne,
}

/// A pattern's pieces; nothing for one with a variable.
fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix("${").and_then(|inside| inside.split_once('}')) {
            pieces.push(match name {
                "*" | "?" | "$" => Piece::Character(name.chars().next()?),
                _ => return None,
            });
            rest = after;
            continue;
        }
        pieces.push(match character {
            '*' => Piece::AnyRun,
            '?' => Piece::AnyOne,
            other => Piece::Character(other),
        });
        rest = rest.get(character.len_utf8()..)?;
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn wildcards() {
        check("*", "", true);
        check("", "", true);
        check("", "a", false);
        check("a", "a", true);
        check("a", "ab", false);
        check("prod/*/*", "prod/GET/orders/42", true);
        check("prod/*/*", "prod/GET", false);
        check("prod/*", "prod/", true);
        check("prod/GET/*", "prod/POST/a", false);
        check("a?c", "abc", true);
        check("a?c", "a/c", true);
        check("a?c", "ac", false);
        check("*/42", "prod/GET/41/42", true);
        check("*a*b", "xaybzb", true);
        check("*a*b", "xaybz", false);
        check("**", "any", true);
        check("?", "\u{e9}", true);
        check("A", "a", false);
    }

    #[test]
    fn escapes_and_variables() {
        check("a${*}", "a*", true);
        check("a${*}", "ab", false);
        check("a${?}${$}{b}", "a?${b}", true);
        check("${*}*", "*anything", true);
        check("a${aws:username}", "a", false);
        check("*${x}*", "${x}", false);
        check("a${*", "a${b", true);
        check("${", "${", true);
    }

    #[test]
    fn a_long_run_of_stars_ends() {
        check(&"*a".repeat(40), &"a".repeat(39), false);
        check(&format!("{}b", "*a".repeat(20)), &"a".repeat(2000), false);
    }

    #[test]
    fn is_written_as_aws_does() {
        let arn = MethodArn {
            region: "eu-west-1".into(),
            api: "a1b2c3d4e5".into(),
            stage: "prod".into(),
            method: "GET".into(),
            path: "".into(),
        };
        assert_eq!(
            arn.to_string(),
            "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/"
        );
    }
}
