//! Where a service of AWS is, as the SDKs find it
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>); pure.

use std::fmt;

use url::Url;

use super::partition::service_host;
use crate::env::check_url;

/// A service that the suite asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Lambda.
    Lambda,
    /// Secrets Manager.
    SecretsManager,
    /// The Security Token Service.
    Sts,
}

impl Service {
    /// What it is called in its hosts.
    fn word(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::SecretsManager => "secretsmanager",
            Self::Sts => "sts",
        }
    }

    /// The variables that name another address of it, the first one set.
    fn variables(self) -> [&'static str; 2] {
        let own = match self {
            Self::Lambda => "AWS_ENDPOINT_URL_LAMBDA",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
        };
        [own, "AWS_ENDPOINT_URL"]
    }

    /// The host with cryptography by FIPS 140.
    fn fips_host(self, region: &str) -> String {
        // There STS has no other.
        if self == Self::Sts && region.starts_with("us-gov-") {
            return service_host(self.word(), region);
        }
        service_host(&format!("{}-fips", self.word()), region)
    }
}

/// Why a service has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEndpoint {
    /// The region is none that may be part of a host, and of what is signed.
    Region,
    /// What this variable holds is no address: what is wanted.
    Variable(&'static str, &'static str),
    /// `AWS_USE_FIPS_ENDPOINT` is set, but this variable names an address: nobody knows what stands there.
    Fips(&'static str),
}

impl fmt::Display for NoEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region => f.write_str("the region is none"),
            Self::Variable(name, what) => write!(f, "{name} {what}"),
            Self::Fips(name) => write!(f, "AWS_USE_FIPS_ENDPOINT does not go with {name}"),
        }
    }
}

/// A service's address in a region, as the environment has it: `AWS_ENDPOINT_URL_…` of the service or else
/// `AWS_ENDPOINT_URL`, unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`; without them AWS's own, which with
/// `AWS_USE_FIPS_ENDPOINT` is another one. `variable` reads the environment.
///
/// # Errors
/// [`NoEndpoint`].
pub fn of(service: Service, region: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Url, NoEndpoint> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let is_on = |name: &str| set(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(NoEndpoint::Region);
    }
    let given = service
        .variables()
        .into_iter()
        .find_map(|name| set(name).map(|url| (name, url)))
        .filter(|_| !is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
    let host = match (given, is_on("AWS_USE_FIPS_ENDPOINT")) {
        (Some((name, _)), true) => return Err(NoEndpoint::Fips(name)),
        (Some((name, url)), false) => {
            return check_url(&url, true).map_err(|what| NoEndpoint::Variable(name, what));
        }
        (None, true) => service.fips_host(region),
        (None, false) => service_host(service.word(), region),
    };
    Url::parse(&format!("https://{host}")).map_err(|_| NoEndpoint::Region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;
    use crate::testing::FixedEnv;

    fn found(service: Service, region: &str, variables: &[(&str, &str)]) -> Result<String, NoEndpoint> {
        let env = FixedEnv::new(variables.iter().copied());
        of(service, region, &|name| env.get(name)).map(String::from)
    }

    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");

    /// The cases of the services' own endpoint rules, which come with each SDK.
    #[test]
    fn every_partition_has_its_endpoints() {
        for (region, suffix) in [
            ("eu-west-1", "amazonaws.com"),
            ("us-gov-east-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("eusc-de-east-1", "amazonaws.eu"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
        ] {
            for (service, word) in [
                (Service::Lambda, "lambda"),
                (Service::SecretsManager, "secretsmanager"),
                (Service::Sts, "sts"),
            ] {
                let plain = format!("https://{word}.{region}.{suffix}/");
                let fips = match (service, region) {
                    (Service::Sts, "us-gov-east-1") => plain.clone(),
                    _ => format!("https://{word}-fips.{region}.{suffix}/"),
                };
                assert_eq!(found(service, region, &[]), Ok(plain));
                assert_eq!(found(service, region, &[FIPS]), Ok(fips));
            }
        }
    }

    #[test]
    fn variables_name_another_endpoint() {
        for (service, name, aws) in [
            (Service::Lambda, "AWS_ENDPOINT_URL_LAMBDA", "lambda"),
            (
                Service::SecretsManager,
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                "secretsmanager",
            ),
            (Service::Sts, "AWS_ENDPOINT_URL_STS", "sts"),
        ] {
            let own = (name, "http://127.0.0.1:1/base");
            let all = ("AWS_ENDPOINT_URL", "https://vpce.example.com");
            let ignored = |value| ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value);
            let plain = format!("https://{aws}.eu-west-1.amazonaws.com/");
            let fips = format!("https://{aws}-fips.eu-west-1.amazonaws.com/");
            let no_url = |name, what| Err(NoEndpoint::Variable(name, what));
            for (variables, expected) in [
                (&[own, all][..], Ok("http://127.0.0.1:1/base")),
                (&[all], Ok("https://vpce.example.com/")),
                (&[(name, ""), all], Ok("https://vpce.example.com/")),
                (&[own, all, ignored("TRUE")], Ok(&*plain)),
                (&[own, ignored("false")], Ok("http://127.0.0.1:1/base")),
                (&[own, ignored("1")], Ok("http://127.0.0.1:1/base")),
                (&[("AWS_USE_FIPS_ENDPOINT", "false")], Ok(&*plain)),
                // Not read by this suite: an endpoint of both kinds of addresses is one to name.
                (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], Ok(&*plain)),
                (&[own, FIPS], Err(NoEndpoint::Fips(name))),
                (&[all, FIPS], Err(NoEndpoint::Fips("AWS_ENDPOINT_URL"))),
                (&[own, FIPS, ignored("true")], Ok(&*fips)),
                (
                    &[("AWS_ENDPOINT_URL", "localhost:4566")],
                    no_url("AWS_ENDPOINT_URL", "must be an http or https URL"),
                ),
                (&[(name, "not a url"), all], no_url(name, "must be an absolute URL")),
                (&[(name, "not a url"), ignored("true")], Ok(&*plain)),
            ] {
                let expected = expected.map(str::to_owned);
                assert_eq!(found(service, "eu-west-1", variables), expected, "{variables:?}");
            }
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
            let given = ("AWS_ENDPOINT_URL", "https://vpce.example.com");
            for variables in [&[][..], &[given]] {
                let found = found(Service::SecretsManager, region, variables);
                assert_eq!(found, Err(NoEndpoint::Region), "{region:?}");
            }
        }
    }
}
