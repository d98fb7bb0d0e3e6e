//! The ARN of what is asked for: `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}`, or
//! `…/{stage}/$connect` of a WebSocket API, or `…/{stage}/$default` of an HTTP API.

use std::borrow::Cow;
use std::ops::Range;

/// API Gateway answers 414 by itself to anything longer.
const MAX_BYTES: usize = 1600;

/// A checked ARN. All parts before the verb are of plain characters; the path is the client's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodArn<'a> {
    text: Cow<'a, str>,
    api: Range<usize>,
    stage: Range<usize>,
}

impl<'a> MethodArn<'a> {
    /// Reads an ARN; `None` when it is not of API Gateway's form.
    pub(super) fn parse(text: Cow<'a, str>) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut pieces = text.splitn(6, ':');
        let (arn, partition, service) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let (region, account, resource) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let mut pieces = resource.splitn(3, '/');
        let (api, stage, tail) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let good = arn == "arn"
            && is_partition(partition)
            && service == "execute-api"
            && is_region(region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && !api.is_empty()
            && api.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && is_stage(stage)
            && !tail.is_empty();
        if !good {
            return None;
        }
        let api_start = text.len() - resource.len();
        let api = api_start..api_start + api.len();
        let stage = api.end + 1..api.end + 1 + stage.len();
        Some(Self { text, api, stage })
    }

    /// The API's id.
    pub fn api(&self) -> &str {
        self.text.get(self.api.clone()).unwrap_or_default()
    }

    /// The stage; `$default` for the default stage of an HTTP API, `*` in the console's test events.
    pub fn stage(&self) -> &str {
        self.text.get(self.stage.clone()).unwrap_or_default()
    }

    /// The ARN up to and with the stage.
    pub fn through_stage(&self) -> &str {
        self.text.get(..self.stage.end).unwrap_or_default()
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands after the stage: `{VERB}/{path}`, or a route such as `$connect`.
    pub fn after_stage(&self) -> &str {
        self.text.get(self.stage.end + 1..).unwrap_or_default()
    }

    /// The verb, which a route such as `$connect` or `$default` does not have.
    pub fn verb(&self) -> Option<&str> {
        let verb = self.after_stage().split('/').next()?;
        (!verb.is_empty() && !verb.starts_with('$')).then_some(verb)
    }

    /// Whether this is the connection route of a WebSocket API. A path that merely ends in `/$connect` is not.
    pub(super) fn is_connect(&self) -> bool {
        self.after_stage() == "$connect"
    }
}

/// `aws`, or `aws-` with lower-case letters and hyphens, such as `aws-us-gov`.
fn is_partition(text: &str) -> bool {
    match text.strip_prefix("aws") {
        Some("") => true,
        Some(rest) => {
            rest.len() > 1
                && rest.starts_with('-')
                && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        }
        None => false,
    }
}

fn is_region(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

fn is_stage(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    matches!(text, "$default" | "*") || (!text.is_empty() && text.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<MethodArn<'_>> {
        MethodArn::parse(Cow::Borrowed(text))
    }

    #[test]
    fn parts_of_good_arns() {
        for (text, api, stage, verb, tail) in [
            (
                "arn:aws:execute-api:eu-west-1:123456789012:a1b2/prod/GET/orders/42",
                "a1b2",
                "prod",
                Some("GET"),
                "GET/orders/42",
            ),
            (
                "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a/$default/POST/a:b/c",
                "a",
                "$default",
                Some("POST"),
                "POST/a:b/c",
            ),
            (
                "arn:aws:execute-api:us-east-1:123456789012:ymy8tbxw7b/*/GET/",
                "ymy8tbxw7b",
                "*",
                Some("GET"),
                "GET/",
            ),
            (
                "arn:aws-cn:execute-api:cn-north-1:123456789012:w5/prod/$connect",
                "w5",
                "prod",
                None,
                "$connect",
            ),
            (
                "arn:aws:execute-api:eu-west-1:123456789012:a/s/$default",
                "a",
                "s",
                None,
                "$default",
            ),
            (
                "arn:aws:execute-api:eu-west-1:123456789012:a/s/GET//",
                "a",
                "s",
                Some("GET"),
                "GET//",
            ),
        ] {
            let arn = parse(text).unwrap();
            assert_eq!(
                (arn.api(), arn.stage(), arn.verb(), arn.after_stage()),
                (api, stage, verb, tail)
            );
            assert_eq!(arn.as_str(), text);
            assert_eq!(format!("{}/{}", arn.through_stage(), arn.after_stage()), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!(
            "arn:aws:execute-api:eu-west-1:123456789012:a/s/GET/{}",
            "x".repeat(1600)
        );
        for text in [
            "",
            "arn",
            "arn:aws:execute-api:eu-west-1:123456789012:a",
            "arn:aws:execute-api:eu-west-1:123456789012:a/s",
            "arn:aws:execute-api:eu-west-1:123456789012:a/s/",
            "arn:aws:execute-api:eu-west-1:123456789012:/s/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:a//GET/",
            "arn:aws:execute-api:eu-west-1:12345678901:a/s/GET/",
            "arn:aws:execute-api:eu-west-1:12345678901x:a/s/GET/",
            "arn:aws:execute-api:EU:123456789012:a/s/GET/",
            "arn:aws:execute-api:*:123456789012:a/s/GET/",
            "arn:aws:lambda:eu-west-1:123456789012:a/s/GET/",
            "arn:aws-:execute-api:eu-west-1:123456789012:a/s/GET/",
            "arn:awsx:execute-api:eu-west-1:123456789012:a/s/GET/",
            "arn:aws-US:execute-api:eu-west-1:123456789012:a/s/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:a*/s/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:a/s*/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:a/$stage/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:é/s/GET/",
            &long,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_route_itself_is_the_connection_route() {
        assert!(
            parse("arn:aws:execute-api:eu-west-1:123456789012:w/prod/$connect")
                .unwrap()
                .is_connect()
        );
        assert!(
            !parse("arn:aws:execute-api:eu-west-1:123456789012:w/prod/GET/x/$connect")
                .unwrap()
                .is_connect()
        );
    }
}
