//! Which function a request means: names, partial and full ARNs, qualifiers.

use super::error::ApiError;

/// The longest `FunctionName` and the longest `Qualifier`, in characters.
const MAX_NAME: usize = 256;
const MAX_QUALIFIER: usize = 128;
const NAME_PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?\
                            ([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const QUALIFIER_PATTERN: &str = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

/// A function as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) qualifier: Option<String>,
}

impl Named {
    /// Reads `FunctionName` (decoded) and `Qualifier`.
    ///
    /// # Errors
    /// What breaks the API's patterns, two qualifiers that differ, a function of another region or account.
    pub(super) fn read(text: &str, qualifier: Option<&str>, region: &str) -> Result<Self, ApiError> {
        let parts = Parts::of(text).filter(|_| text.len() <= MAX_NAME);
        let Some(parts) = parts else {
            return Err(invalid(text, "functionName", NAME_PATTERN, MAX_NAME));
        };
        if let Some(qualifier) = qualifier
            && !(is_qualifier(qualifier) && qualifier.len() <= MAX_QUALIFIER)
        {
            return Err(invalid(qualifier, "qualifier", QUALIFIER_PATTERN, MAX_QUALIFIER));
        }
        if let Some(other) = parts.region.filter(|other| *other != region) {
            let message = format!("Functions from '{other}' are not reachable in this region ('{region}')");
            return Err(ApiError::new("ResourceNotFoundException", message));
        }
        if let Some(other) = parts.account.filter(|other| *other != crate::ACCOUNT_ID) {
            let name = parts.name;
            let message = format!(
                "User: arn:aws:iam::{}:user/local is not authorized to perform: lambda:InvokeFunction on resource: \
                 arn:aws:lambda:{region}:{other}:function:{name} because no resource-based policy allows the \
                 lambda:InvokeFunction action",
                crate::ACCOUNT_ID
            );
            return Err(ApiError::new("AccessDeniedException", message));
        }
        match (parts.qualifier, qualifier) {
            (Some(one), Some(other)) if one != other => Err(ApiError::new(
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.",
            )),
            (one, other) => Ok(Self {
                name: parts.name.to_owned(),
                qualifier: one.or(other).map(str::to_owned),
            }),
        }
    }
}

/// The pieces between the colons of a name.
struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Reads the pattern from left to right: every prefix may be missing, the name may not.
    fn of(text: &'a str) -> Option<Self> {
        let pieces: Vec<&str> = text.split(':').collect();
        let mut rest = pieces.as_slice();
        if let ["arn", partition, "lambda", after @ ..] = rest
            && is_partition(partition)
        {
            rest = after;
        }
        let mut take = |fits: fn(&str) -> bool| match rest {
            [first, after @ ..] if fits(first) && !after.is_empty() => {
                rest = after;
                Some(*first)
            }
            _ => None,
        };
        let region = take(is_region);
        let account = take(is_account);
        take(|word| word == "function");
        let (name, qualifier) = match rest {
            [name] => (*name, None),
            [name, qualifier] => (*name, Some(*qualifier)),
            _ => return None,
        };
        let good = is_name(name) && qualifier.is_none_or(is_suffix);
        good.then_some(Self {
            region,
            account,
            name,
            qualifier,
        })
    }
}

fn is_partition(text: &str) -> bool {
    let rest = text
        .strip_prefix("aws")
        .unwrap_or(if text.is_empty() { "" } else { "?" });
    rest.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// `eu-west-1`, `us-gov-east-1`, `us-isob-east-1`.
fn is_region(text: &str) -> bool {
    let lower = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let pieces: Vec<&str> = text.split('-').collect();
    let (land, middle, number) = match pieces.as_slice() {
        [land, place, number] => (*land, *place, *number),
        [land, kind, place, number] if *kind == "gov" || (kind.starts_with("iso") && kind.len() <= 4) => {
            (*land, *place, *number)
        }
        _ => return false,
    };
    land.len() == 2 && lower(land) && lower(middle) && number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// What may follow the name.
fn is_suffix(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    is_latest(text) || (!text.is_empty() && text.bytes().all(fits))
}

/// What may stand in the query, which is a little more.
fn is_qualifier(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
    is_latest(text) || (!text.is_empty() && text.bytes().all(fits))
}

fn is_latest(text: &str) -> bool {
    matches!(text, "$LATEST" | "$LATEST.PUBLISHED")
}

fn invalid(value: &str, member: &str, pattern: &str, max: usize) -> ApiError {
    let rule = if value.len() > max {
        format!("Member must have length less than or equal to {max}")
    } else if value.is_empty() {
        "Member must have length greater than or equal to 1".to_owned()
    } else {
        format!("Member must satisfy regular expression pattern: {pattern}")
    };
    ApiError::validation(value, member, &rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn good(text: &str, qualifier: Option<&str>, name: &str, expected: Option<&str>) {
        let read = Named::read(text, qualifier, "eu-west-1");
        let expected = Named {
            name: name.to_owned(),
            qualifier: expected.map(str::to_owned),
        };
        assert_eq!(read, Ok(expected), "{text}");
    }

    #[track_caller]
    fn bad(text: &str, qualifier: Option<&str>, code: &str) {
        let error = Named::read(text, qualifier, "eu-west-1").expect_err(text);
        assert_eq!(error.name(), code, "{text}");
    }

    #[test]
    fn every_form_of_a_name_means_the_function() {
        good("hello", None, "hello", None);
        good("hello:live", None, "hello", Some("live"));
        good("hello:$LATEST", None, "hello", Some("$LATEST"));
        good("hello:$LATEST.PUBLISHED", None, "hello", Some("$LATEST.PUBLISHED"));
        good("function:hello", None, "hello", None);
        good("123456789012:function:hello", None, "hello", None);
        good("123456789012:hello:7", None, "hello", Some("7"));
        good("eu-west-1:123456789012:function:hello", None, "hello", None);
        good(
            "arn:aws:lambda:eu-west-1:123456789012:function:hello",
            None,
            "hello",
            None,
        );
        good(
            "arn:aws:lambda:eu-west-1:123456789012:function:hello:live",
            Some("live"),
            "hello",
            Some("live"),
        );
        good("function", None, "function", None);
        good("hello", Some("a$b"), "hello", Some("a$b"));
    }

    #[test]
    fn what_breaks_the_pattern_is_refused() {
        for text in [
            "",
            "a b",
            "a/b",
            "a:b:c",
            "hello:li.ve",
            "hello:",
            "arn:aws:s3:::bucket",
            &"x".repeat(257),
        ] {
            bad(text, None, "ValidationException");
        }
        for qualifier in ["", "a b", "a.b", &"x".repeat(129)] {
            bad("hello", Some(qualifier), "ValidationException");
        }
        bad("hello:one", Some("two"), "InvalidParameterValueException");
        bad(
            "us-gov-east-1:123456789012:function:hello",
            None,
            "ResourceNotFoundException",
        );
        bad("210987654321:function:hello", None, "AccessDeniedException");
    }
}
