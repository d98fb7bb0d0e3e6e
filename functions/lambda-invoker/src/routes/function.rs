//! A route to a function through the Lambda Invoke API.

use url::Url;

use super::authorization::{Iam, is_scope_word};
use super::connection::read_proxy;
use super::credentials::CredentialSource;
use super::endpoint::{Policy, checked};
use super::reader::{Fields, Problems};
use super::surroundings::Surroundings;

/// What the function is given and how its reply is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadFormat {
    /// API Gateway's payload format 2.0, both ways.
    V2,
    /// The request's body is the payload; the reply's payload is the answer's body.
    Raw,
}

/// Which function is invoked and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// Name, partial or full ARN, as the Invoke API takes it.
    pub name: String,
    /// Version or alias.
    pub qualifier: Option<String>,
    /// Region of the Lambda service.
    pub region: String,
    /// Another address of the Lambda service, for local use and VPC endpoints.
    pub endpoint_url: Option<String>,
    /// Shape of request and reply.
    pub payload_format: PayloadFormat,
    /// What signs.
    pub credentials: CredentialSource,
    /// The HTTP proxy on the way to it; already left out where `NO_PROXY` says so.
    pub proxy: Option<Url>,
}

/// What the Invoke API can do beside one plain call.
const NOT_YET: [&str; 6] = [
    "log_type",
    "client_context",
    "tenant_id",
    "reply_format",
    "function_error_status",
    "function_error_body",
];
const NOT_YET_FORMATS: [&str; 3] = ["v1", "alb", "envelope"];
const NOT_YET_INVOCATIONS: [&str; 3] = ["event", "dry_run", "response_stream"];

/// The variables that tell another address of the Lambda service, the first one set.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"];

/// Reads `function`.
pub(super) fn read(
    mut fields: Fields<'_>,
    route: &mut Fields<'_>,
    iam: Option<&Iam>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<FunctionSettings> {
    let name = read_name(&mut fields, problems);
    let qualifier = fields.text("qualifier", problems).map(str::to_owned);
    if qualifier.as_deref().is_some_and(|text| !is_qualifier(text)) {
        problems.add(&fields.path_of("qualifier"), "must be a version, an alias or $LATEST");
    }
    let region = fields.text("region", problems).map(str::to_owned);
    if region.as_deref().is_some_and(|region| !is_scope_word(region)) {
        problems.add(
            &fields.path_of("region"),
            "must be made of lower-case letters, digits and \"-\"",
        );
    }
    let endpoint_url = fields.get("endpoint_url").and_then(|field| {
        let text = field.text(problems)?;
        match checked(text, policy) {
            Ok(_) => Some(text.to_owned()),
            Err(what) => {
                problems.add(&field.path, what);
                None
            }
        }
    });
    let formats = [("v2", PayloadFormat::V2), ("raw", PayloadFormat::Raw)];
    let payload_format = if refuse_words(&mut fields, "payload_format", &NOT_YET_FORMATS, problems) {
        PayloadFormat::V2
    } else {
        fields.choice("payload_format", PayloadFormat::V2, &formats, problems)
    };
    if !refuse_words(&mut fields, "invocation", &NOT_YET_INVOCATIONS, problems) {
        fields.choice("invocation", (), &[("request_response", ())], problems);
    }
    for name in NOT_YET {
        if let Some(field) = fields.get(name) {
            problems.add(&field.path, "is not supported yet");
        }
    }
    let proxy = read_proxy(route, problems);
    let path = fields.path_of("region");
    fields.finish(problems);

    let name = name?;
    let region = region
        .or_else(|| region_of_arn(&name))
        .or_else(|| iam.and_then(|iam| iam.region.clone()))
        .or_else(|| surroundings.variable("AWS_REGION"));
    let Some(region) = region else {
        problems.add(&path, "is required: neither an ARN nor AWS_REGION tells it");
        return None;
    };
    let default_proxy = || {
        let text = endpoint_url
            .clone()
            .or_else(|| ENDPOINT_VARIABLES.iter().find_map(|name| surroundings.variable(name)))
            .unwrap_or_else(|| format!("https://lambda.{region}.amazonaws.com"));
        policy.proxy.of(&Url::parse(&text).ok()?)
    };
    Some(FunctionSettings {
        proxy: proxy.or_else(default_proxy),
        name,
        qualifier,
        region,
        endpoint_url,
        payload_format,
        credentials: match iam {
            Some(iam) => iam.credentials.clone(),
            None => policy.credentials.get("default").cloned().unwrap_or_default(),
        },
    })
}

/// Whether a member has a word that means something, but nothing that is done here yet.
fn refuse_words(fields: &mut Fields<'_>, name: &'static str, words: &[&str], problems: &mut Problems) -> bool {
    let Some(field) = fields.get(name) else { return false };
    let found = words.iter().find(|word| field.value.as_str() == Some(word));
    if let Some(word) = found {
        problems.add(&field.path, format_args!("\"{word}\" is not supported yet"));
    }
    found.is_some()
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

fn region_of_arn(name: &str) -> Option<String> {
    let mut pieces = name.split(':');
    (pieces.next() == Some("arn"))
        .then(|| pieces.nth(2).map(str::to_owned))
        .flatten()
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
}
