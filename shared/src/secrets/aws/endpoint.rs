//! Where Secrets Manager is, as the SDKs find it
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>); pure.

use url::Url;

use crate::Env;
use crate::aws::partition::service_host;

/// The service's address in a region: `AWS_ENDPOINT_URL_SECRETS_MANAGER` or else `AWS_ENDPOINT_URL`, unless
/// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`; without them AWS's own, which with `AWS_USE_FIPS_ENDPOINT` is another one. `None`
/// for what is no address, and for a FIPS endpoint at a given address: nobody knows what stands there.
pub(super) fn of(env: &dyn Env, region: &str) -> Option<Url> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let is_on = |name: &str| set(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    // The region comes with a secret's ARN, and becomes part of a host and of what is signed.
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let given = if is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        None
    } else {
        set("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| set("AWS_ENDPOINT_URL"))
    };
    let url = match (given, is_on("AWS_USE_FIPS_ENDPOINT")) {
        (Some(_), true) => return None,
        (Some(url), false) => url,
        (None, true) => format!("https://{}", service_host("secretsmanager-fips", region)),
        (None, false) => format!("https://{}", service_host("secretsmanager", region)),
    };
    let url = Url::parse(&url).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FixedEnv;

    fn found(region: &str, variables: &[(&str, &str)]) -> Option<String> {
        of(&FixedEnv::new(variables.iter().copied()), region).map(String::from)
    }

    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");

    /// The cases of the service's own endpoint rules, which come with each SDK.
    #[test]
    fn every_partition_has_its_endpoints() {
        for (region, plain, fips) in [
            (
                "eu-west-1",
                "https://secretsmanager.eu-west-1.amazonaws.com/",
                "https://secretsmanager-fips.eu-west-1.amazonaws.com/",
            ),
            (
                "us-gov-east-1",
                "https://secretsmanager.us-gov-east-1.amazonaws.com/",
                "https://secretsmanager-fips.us-gov-east-1.amazonaws.com/",
            ),
            (
                "cn-north-1",
                "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
                "https://secretsmanager-fips.cn-north-1.amazonaws.com.cn/",
            ),
            (
                "eusc-de-east-1",
                "https://secretsmanager.eusc-de-east-1.amazonaws.eu/",
                "https://secretsmanager-fips.eusc-de-east-1.amazonaws.eu/",
            ),
            (
                "us-iso-east-1",
                "https://secretsmanager.us-iso-east-1.c2s.ic.gov/",
                "https://secretsmanager-fips.us-iso-east-1.c2s.ic.gov/",
            ),
            (
                "us-isob-east-1",
                "https://secretsmanager.us-isob-east-1.sc2s.sgov.gov/",
                "https://secretsmanager-fips.us-isob-east-1.sc2s.sgov.gov/",
            ),
            (
                "us-isof-south-1",
                "https://secretsmanager.us-isof-south-1.csp.hci.ic.gov/",
                "https://secretsmanager-fips.us-isof-south-1.csp.hci.ic.gov/",
            ),
            (
                "eu-isoe-west-1",
                "https://secretsmanager.eu-isoe-west-1.cloud.adc-e.uk/",
                "https://secretsmanager-fips.eu-isoe-west-1.cloud.adc-e.uk/",
            ),
        ] {
            assert_eq!(found(region, &[]).as_deref(), Some(plain));
            assert_eq!(found(region, &[FIPS]).as_deref(), Some(fips));
        }
    }

    #[test]
    fn variables_name_another_endpoint() {
        let own = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1/base");
        let all = ("AWS_ENDPOINT_URL", "https://vpce.example.com");
        let ignored = |value| ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value);
        let aws = "https://secretsmanager.eu-west-1.amazonaws.com/";
        for (variables, expected) in [
            (&[own, all][..], Some("http://127.0.0.1:1/base")),
            (&[all], Some("https://vpce.example.com/")),
            (
                &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", ""), all],
                Some("https://vpce.example.com/"),
            ),
            (&[own, all, ignored("TRUE")], Some(aws)),
            (&[own, ignored("false")], Some("http://127.0.0.1:1/base")),
            (&[own, ignored("1")], Some("http://127.0.0.1:1/base")),
            (&[("AWS_USE_FIPS_ENDPOINT", "false")], Some(aws)),
            // Not read by this suite: an endpoint of both kinds of addresses is one to name.
            (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], Some(aws)),
            (&[own, FIPS], None),
            (
                &[own, FIPS, ignored("true")],
                Some("https://secretsmanager-fips.eu-west-1.amazonaws.com/"),
            ),
            (&[("AWS_ENDPOINT_URL", "localhost:4566")], None),
            (&[("AWS_ENDPOINT_URL", "ftp://127.0.0.1/")], None),
            (&[("AWS_ENDPOINT_URL", "not a url")], None),
        ] {
            assert_eq!(found("eu-west-1", variables).as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_region_is_one_label_of_a_host() {
        for region in [
            "",
            "eu-west-1.example.com/",
            "eu west",
            "eu/../x",
            "eu@x",
            "eu\r\n",
            "\u{e9}u",
            "eu#",
        ] {
            assert_eq!(found(region, &[]), None, "{region:?}");
        }
    }
}
