//! Roles that are assumed before a request is signed.

use std::time::Duration;

use shared::aws::endpoint::{self, NoEndpoint, Service};
use shared::aws::partition::{ends_host, is_like_region};
use url::Url;

use super::authorization::is_scope_word;
use super::endpoint::{Policy, checked};
use super::reader::{Fields, Problems};
use super::surroundings::Surroundings;

/// A role that is assumed
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role.
    pub arn: String,
    /// The session's name, which stands in CloudTrail; `lambda-invoker-<function name>` unless the table says another.
    pub session_name: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// How long the session's credentials last.
    pub duration: Duration,
    /// Address of the Security Token Service.
    pub endpoint: Url,
    /// Region of the signature that asks for the role.
    pub region: String,
    /// The HTTP proxy on the way to it.
    pub proxy: Option<Url>,
}

/// Reads `assume_role`.
pub(super) fn read_role(
    fields: &mut Fields<'_>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<AssumeRole> {
    let mut fields = fields.get("assume_role")?.object(problems)?;
    let arn_path = fields.path_of("arn");
    let arn = match fields.get("arn") {
        Some(field) => field.text(problems).filter(|text| {
            let good = is_role(text);
            if !good {
                problems.add(&arn_path, "must be arn:PARTITION:iam::ACCOUNT:role/NAME");
            }
            good
        }),
        None => {
            problems.add(&arn_path, "is required");
            None
        }
    };
    let session_name = word(&mut fields, "session_name", 64, b"_+=,.@-", problems);
    let external_id = word(&mut fields, "external_id", 1224, b"_+=,.@:/-", problems);
    let duration = fields.number("duration", &(900..=43_200), problems);
    let place = read_endpoint(&mut fields, policy, surroundings, problems);
    fields.finish(problems);
    let (endpoint, region) = place?;
    Some(AssumeRole {
        arn: arn?.to_owned(),
        session_name: session_name.unwrap_or_else(|| default_session(surroundings)),
        external_id,
        duration: Duration::from_secs(duration.unwrap_or(3600).unsigned_abs()),
        proxy: policy.proxy_to(&endpoint),
        endpoint,
        region,
    })
}

/// A word of 2 to `longest` letters, digits and `marks`.
fn word(
    fields: &mut Fields<'_>,
    name: &'static str,
    longest: usize,
    marks: &[u8],
    problems: &mut Problems,
) -> Option<String> {
    let text = fields.text(name, problems)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    if (2..=longest).contains(&text.len()) && text.bytes().all(legal) {
        return Some(text.to_owned());
    }
    let marks = String::from_utf8_lossy(marks);
    problems.add(
        &fields.path_of(name),
        format_args!("must be 2 to {longest} letters, digits and {marks}"),
    );
    None
}

fn default_session(surroundings: &dyn Surroundings) -> String {
    let function = surroundings.variable("AWS_LAMBDA_FUNCTION_NAME");
    let name = format!("lambda-invoker-{}", function.as_deref().unwrap_or("local"));
    name.chars().take(64).collect()
}

/// Address and region of the Security Token Service: those of the table, or else those of the environment.
fn read_endpoint(
    fields: &mut Fields<'_>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<(Url, String)> {
    let path = fields.path_of("sts_endpoint");
    let own_region = surroundings
        .variable("AWS_REGION")
        .filter(|region| is_scope_word(region));
    let found = match fields.get("sts_endpoint") {
        Some(field) => checked(field.text(problems)?, policy),
        None => {
            let region = own_region.as_deref().unwrap_or_default();
            let found = endpoint::of(Service::Sts, region, &|name| surroundings.variable(name));
            found.map_err(|why| match why {
                NoEndpoint::Region => "is required: AWS_REGION does not tell it".to_owned(),
                why => why.to_string(),
            })
        }
    };
    let region = found.and_then(|url| Ok((region_of(url.host_str().unwrap_or_default(), own_region)?, url)));
    let (region, url) = region.map_err(|what| problems.add(&path, what)).ok()?;
    Some((url, region))
}

/// The region of a host of the service: the one that it tells, or else the function's `own`. What is signed for another
/// region than a host's is refused with each request, so that nothing is guessed for one that only looks like AWS's.
fn region_of(host: &str, own: Option<String>) -> Result<String, String> {
    let labels: Vec<&str> = host.split('.').collect();
    let (region, is_known) = match labels.as_slice() {
        ["sts", "amazonaws", "com"] => return Ok("us-east-1".to_owned()),
        ["sts" | "sts-fips", region, rest @ ..] | [_, "sts" | "sts-fips", region, "vpce", rest @ ..]
            if is_scope_word(region) && ends_host(region, rest) =>
        {
            (*region, true)
        }
        [sts, region, ..] | [_, sts, region, ..] if sts.starts_with("sts") && is_like_region(region) => {
            (*region, own.as_deref() == Some(*region))
        }
        _ => {
            return own.ok_or_else(|| {
                "its region cannot be derived from the host, and AWS_REGION does not tell it".to_owned()
            });
        }
    };
    if is_known {
        return Ok(region.to_owned());
    }
    let which = own.map_or_else(|| "not set".to_owned(), |own| format!("\"{own}\""));
    Err(format!(
        "host \"{host}\" is none of AWS's, so it does not tell its region, and AWS_REGION is {which}"
    ))
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
fn is_role(text: &str) -> bool {
    let mut pieces = text.splitn(6, ':');
    let mut next = || pieces.next().unwrap_or_default();
    let (arn, partition, service, region, account, role) = (next(), next(), next(), next(), next(), next());
    let name = role.strip_prefix("role/").unwrap_or_default();
    text.len() <= 2048
        && arn == "arn"
        && partition.starts_with("aws")
        && is_scope_word(partition)
        && service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_their_arns() {
        for good in [
            "arn:aws:iam::123456789012:role/reader",
            "arn:aws-cn:iam::123456789012:role/path/reader",
        ] {
            assert!(is_role(good), "{good}");
        }
        for bad in [
            "",
            "reader",
            "arn:aws:iam::123456789012:user/reader",
            "arn:aws:iam:eu-west-1:123456789012:role/reader",
            "arn:aws:iam::1234:role/reader",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:sts::123456789012:role/reader",
            "arn:aws:iam::123456789012:role/a:b",
        ] {
            assert!(!is_role(bad), "{bad}");
        }
    }
}
