//! Functions' names and qualifiers, as the Lambda API takes them.

use super::super::authorization::is_scope_word;
use super::{Fields, Problems};

/// A name and perhaps a qualifier of its own or beside it.
pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> (Option<String>, Option<String>) {
    let name = read_name(fields, problems);
    let Some(field) = fields.get("qualifier") else {
        return (name, None);
    };
    let qualifier = field.text(problems);
    if qualifier.is_some_and(|text| !is_qualifier(text)) {
        problems.add(&field.path, "must be a version, an alias or $LATEST");
    }
    let within = name.as_deref().and_then(qualifier_of);
    if let (Some(within), Some(beside)) = (within, qualifier)
        && within != beside
    {
        problems.add(&field.path, format_args!("the name says \"{within}\" already"));
    }
    (name, qualifier.map(str::to_owned))
}

fn read_name(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let path = fields.path_of("name");
    let Some(field) = fields.get("name") else {
        problems.add(&path, "is required");
        return None;
    };
    let name = field.text(problems)?;
    if is_function_name(name) {
        return Some(name.to_owned());
    }
    problems.add(&field.path, "must be a function's name, partial ARN or ARN");
    None
}

/// The Lambda API's `NamespacedFunctionName`:
/// `(arn:aws[a-zA-Z-]*:lambda:)?(region:)?(account:)?(function:)?name(:qualifier)?`, 256 characters at most.
fn is_function_name(text: &str) -> bool {
    if text.is_empty() || text.len() > 256 {
        return false;
    }
    let pieces: Vec<&str> = text.split(':').collect();
    let rest = match pieces.as_slice() {
        ["arn", partition, "lambda", region, account, "function", rest @ ..]
            if partition.starts_with("aws") && is_scope_word(region) && is_account(account) =>
        {
            rest
        }
        [account, "function", rest @ ..] if is_account(account) => rest,
        ["function", rest @ ..] => rest,
        ["arn", ..] => return false,
        rest => rest,
    };
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match rest {
        [name] => is_name(name),
        [name, qualifier] => is_name(name) && is_qualifier(qualifier),
        _ => false,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_qualifier(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"$_-".contains(&byte))
}

/// The version or alias that a name ends with.
fn qualifier_of(name: &str) -> Option<&str> {
    let pieces: Vec<&str> = name.split(':').collect();
    match pieces.as_slice() {
        ["function", _] => None,
        [.., "function", _, qualifier] => Some(qualifier),
        [name, qualifier] if *name != "function" => Some(qualifier),
        _ => None,
    }
}

/// The region of a function's ARN.
pub(super) fn region_of_arn(name: &str) -> Option<String> {
    let mut pieces = name.split(':');
    (pieces.next() == Some("arn"))
        .then(|| pieces.nth(2).map(str::to_owned))
        .flatten()
}

/// Whether `name`, in `region`, is the function of `arn`, whatever their qualifiers.
pub(crate) fn is_named(name: &str, region: &str, arn: &str) -> bool {
    let mut pieces = arn.split(':').skip(3);
    let (own_region, own_account, _) = (pieces.next(), pieces.next(), pieces.next());
    let Some(own_name) = pieces.next() else { return false };
    let partial = match name.strip_prefix("arn:") {
        Some(rest) => rest.splitn(4, ':').nth(3).unwrap_or_default(),
        None => name,
    };
    let (account, rest) = match partial.split_once(":function:") {
        Some((account, rest)) if is_account(account) => (Some(account), rest),
        _ => (None, partial.strip_prefix("function:").unwrap_or(partial)),
    };
    rest.split(':').next() == Some(own_name)
        && own_region == Some(region)
        && account.is_none_or(|account| own_account == Some(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_invoke_api() {
        for good in [
            "hello",
            "hello_World-1",
            "hello:live",
            "hello:$LATEST",
            "123456789012:function:hello",
            "function:hello",
            "arn:aws:lambda:eu-west-1:123456789012:function:hello",
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:hello:42",
        ] {
            assert!(is_function_name(good), "{good}");
        }
        for bad in [
            "",
            "hello world",
            "a/b",
            "hello:li/ve",
            "arn:aws:lambda:eu-west-1:1234:function:hello",
            "arn:aws:s3:::bucket",
            "a:b:c",
            "hello:",
            &"x".repeat(257),
        ] {
            assert!(!is_function_name(bad), "{bad}");
        }
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello";
        assert_eq!(region_of_arn(arn).as_deref(), Some("eu-west-1"));
        assert_eq!(region_of_arn("hello"), None);
    }

    #[test]
    fn one_function_has_many_names() {
        let own = "arn:aws:lambda:eu-west-1:123456789012:function:front";
        for (name, same) in [
            ("front", true),
            ("front:live", true),
            ("function:front", true),
            ("123456789012:function:front:7", true),
            (own, true),
            ("frontfunction:front", false),
            ("live:front", false),
            ("front-2", false),
            ("function:front-2", false),
            ("210987654321:function:front", false),
            ("arn:aws:lambda:eu-west-1:210987654321:function:front", false),
        ] {
            assert_eq!(is_named(name, "eu-west-1", own), same, "{name}");
            assert_eq!(is_named(name, "eu-west-1", &format!("{own}:live")), same, "{name}");
            assert!(!is_named(name, "us-east-1", own), "{name}");
        }
        assert!(!is_named("front", "eu-west-1", ""));
    }

    #[test]
    fn a_name_may_end_with_a_qualifier() {
        for (name, qualifier) in [
            ("hello", None),
            ("hello:live", Some("live")),
            ("function:hello", None),
            ("function:hello:7", Some("7")),
            ("123456789012:function:hello", None),
            ("123456789012:function:hello:$LATEST", Some("$LATEST")),
            ("arn:aws:lambda:eu-west-1:123456789012:function:hello", None),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:hello:live",
                Some("live"),
            ),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:function:live",
                Some("live"),
            ),
        ] {
            assert_eq!(qualifier_of(name), qualifier, "{name}");
        }
    }
}
