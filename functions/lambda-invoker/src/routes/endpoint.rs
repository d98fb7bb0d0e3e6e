//! A route to an HTTP endpoint: a Function URL, an API Gateway API, or any other that speaks HTTPS.

use std::net::Ipv6Addr;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use shared::aws::partition::{ends_host, is_like_region};
use shared::env::{check_url, is_loopback};
use shared::http::encode_path;
use shared::http::outbound::check_authorities;
use shared::http::proxy::EnvironmentProxy;
use url::{Host, Url};

use super::authorization::{Iam, is_scope_word};
use super::credentials::{CredentialSource, Named};
use super::pattern::HostPattern;
use super::reader::{Fields, Problems};
use super::surroundings::Surroundings;
use crate::request::query::{Pair, parse_pairs};

/// Where an endpoint is and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Scheme and authority, such as `https://abc.lambda-url.eu-west-1.on.aws/`; path and query are put in for each
    /// request.
    pub origin: Url,
    /// The path that every request's path begins with; `/` when the URL has none.
    pub base_path: String,
    /// The URL's own query, which comes first.
    pub base_query: Vec<Pair>,
    /// The `Host` header: the URL's host, with the port unless it is the scheme's own, or `host_header`.
    pub host: HeaderValue,
    /// Whether the connection is encrypted.
    pub https: bool,
    /// Certificate authorities in PEM that are trusted beside the system's.
    pub ca: Option<Arc<Vec<u8>>>,
    /// The HTTP proxy on the way to it; already left out where `NO_PROXY` says so.
    pub proxy: Option<Url>,
    /// How requests are signed, if they are.
    pub signing: Option<Signing>,
}

/// How requests are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// Region of the credential scope.
    pub region: String,
    /// Service of the credential scope.
    pub service: String,
    /// What signs.
    pub credentials: CredentialSource,
    /// Headers that are signed beside `host`, `content-type` and `x-amz-…`.
    pub signed_headers: Vec<HeaderName>,
    /// The body is not part of the signature: `UNSIGNED-PAYLOAD` stands in place of its hash.
    pub unsigned_payload: bool,
}

/// What holds for the whole table.
pub(super) struct Policy<'a> {
    /// `allow_http`.
    pub(super) allow_http: bool,
    /// `allowed_hosts`; `None` takes the hosts of the routes themselves.
    pub(super) allowed_hosts: Option<&'a [HostPattern]>,
    /// `credentials`.
    pub(super) credentials: &'a Named,
    /// The proxy of routes that name none.
    pub(super) proxy: &'a EnvironmentProxy,
    /// The route is read as APISIX would: [`super::Compat::Apisix`].
    pub(super) apisix: bool,
    /// The route's own proxy, which leads to its target and to whatever signs for it alone.
    pub(super) route_proxy: Option<&'a Url>,
}

impl Policy<'_> {
    /// The proxy on the way to a URL: the route's own, or that of the environment.
    pub(super) fn proxy_to(&self, url: &Url) -> Option<Url> {
        self.route_proxy.cloned().or_else(|| self.proxy.of(url))
    }
}

/// Reads `function_uri` and what only an endpoint has.
pub(super) fn read(
    fields: &mut Fields<'_>,
    iam: Option<&Iam>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<EndpointSettings> {
    let field = fields.get("function_uri")?;
    let ca = read_ca(fields, surroundings, problems);
    let host_header = read_host_header(fields, problems);
    let text = field.text(problems)?;
    let url = match checked(text, policy) {
        Ok(url) => url,
        Err(what) => {
            problems.add(&field.path, what);
            return None;
        }
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let signing = match iam {
        Some(iam) => Some(read_signing(iam, &url, fields, policy, surroundings, problems)?),
        None => None,
    };
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    Some(EndpointSettings {
        base_path: encode_path(url.path()),
        base_query: parse_pairs(url.query().unwrap_or_default(), true),
        host: host_header.or_else(|| HeaderValue::from_str(&authority).ok())?,
        https: url.scheme() == "https",
        proxy: policy.proxy_to(&url),
        origin: url,
        ca,
        signing,
    })
}

/// Checks a URL of the table. Plain HTTP is taken for loopback, and elsewhere only where the table allows it.
pub(super) fn checked(text: &str, policy: &Policy<'_>) -> Result<Url, String> {
    let url = check_url(text, true).map_err(str::to_owned)?;
    if url.scheme() != "https" && !policy.allow_http && !is_loopback(&url) {
        return Err("scheme must be https".to_owned());
    }
    if url.port() == Some(0) {
        return Err("port must not be 0".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    let allowed = policy
        .allowed_hosts
        .is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(host)));
    if !allowed {
        return Err(format!("host \"{host}\" is not in allowed_hosts"));
    }
    if is_metadata(&url) {
        return Err(format!("host \"{host}\" is not allowed"));
    }
    Ok(url)
}

/// The instance metadata service's IPv6 address, which is no link-local one.
const EC2_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Link-local addresses: the instance and container metadata services live there.
fn is_metadata(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_link_local() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            address.is_unicast_link_local()
                || address.is_unspecified()
                || address == EC2_METADATA
                || address
                    .to_ipv4_mapped()
                    .is_some_and(|mapped| mapped.is_link_local() || mapped.is_unspecified())
        }
        _ => false,
    }
}

fn read_ca(fields: &mut Fields<'_>, surroundings: &dyn Surroundings, problems: &mut Problems) -> Option<Arc<Vec<u8>>> {
    let field = fields.get("ca_file")?;
    let path = field.text(problems)?;
    match surroundings.file(path) {
        Ok(pem) => match check_authorities(&pem) {
            Ok(()) => Some(Arc::new(pem)),
            Err(what) => {
                problems.add(&field.path, what);
                None
            }
        },
        Err(what) => {
            problems.add(&field.path, format_args!("cannot be read: {what}"));
            None
        }
    }
}

fn read_host_header(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<HeaderValue> {
    let field = fields.get("host_header")?;
    let text = field.text(problems)?;
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    match HostPattern::parse(host) {
        Ok(HostPattern::Exact(_)) if good_port => HeaderValue::from_str(text).ok(),
        _ => {
            problems.add(&field.path, "must be a host name, with a port if need be");
            None
        }
    }
}

fn read_signing(
    iam: &Iam,
    url: &Url,
    fields: &Fields<'_>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<Signing> {
    let host = url.host_str().unwrap_or_default();
    let (host_service, host_region) = scope_of(host).unzip();
    let path = fields.path_of("authorization.iam");
    let missing = |name: &str, problems: &mut Problems| {
        let what = format_args!("cannot be derived from host \"{host}\", set it");
        problems.add(&format!("{path}.{name}"), what);
    };
    let region = iam
        .region
        .clone()
        .or(host_region)
        .or_else(|| policy.apisix.then(|| "us-east-1".to_owned()))
        .or_else(|| {
            let own = surroundings.variable("AWS_REGION");
            own.filter(|own| looks_like_region(host).is_none_or(|told| told == own))
        });
    let service = iam
        .service
        .clone()
        .or(host_service)
        .or_else(|| policy.apisix.then(|| "execute-api".to_owned()));
    if region.is_none() {
        missing("aws_region", problems);
    }
    if service.is_none() {
        missing("service", problems);
    }
    if iam.unsigned_payload && url.scheme() != "https" && !is_loopback(url) {
        problems.add(&format!("{path}.unsigned_payload"), "needs https");
    }
    Some(Signing {
        region: region?,
        service: service?,
        credentials: iam.credentials.clone(),
        signed_headers: iam.signed_headers.clone(),
        unsigned_payload: iam.unsigned_payload,
    })
}

/// Service and region that a host of AWS tells: `<id>.lambda-url.<region>.on.aws` and
/// `<id>.execute-api.<region>.amazonaws.com`, the latter also as a VPC endpoint and in other partitions.
fn scope_of(host: &str) -> Option<(String, String)> {
    let labels: Vec<&str> = host.split('.').collect();
    let (service, region) = match labels.as_slice() {
        [_, "lambda-url", region, "on", "aws"] => ("lambda", region),
        [_, "execute-api", region, "vpce", rest @ ..] | [_, "execute-api", region, rest @ ..]
            if ends_host(region, rest) =>
        {
            ("execute-api", region)
        }
        _ => return None,
    };
    is_scope_word(region).then(|| (service.to_owned(), (*region).to_owned()))
}

/// The region of a host that looks like one of AWS's, but has no end that is known: nothing else is guessed for it.
fn looks_like_region(host: &str) -> Option<&str> {
    let mut labels = host.split('.').skip(1);
    let (service, region) = (labels.next()?, labels.next()?);
    (["lambda-url", "execute-api"].contains(&service) && is_like_region(region)).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_aws_tell_service_and_region() {
        for (host, expected) in [
            ("abc.lambda-url.eu-west-1.on.aws", Some(("lambda", "eu-west-1"))),
            (
                "a1.execute-api.us-east-2.amazonaws.com",
                Some(("execute-api", "us-east-2")),
            ),
            (
                "a1.execute-api.cn-north-1.amazonaws.com.cn",
                Some(("execute-api", "cn-north-1")),
            ),
            (
                "vpce-0a.execute-api.eu-west-1.vpce.amazonaws.com",
                Some(("execute-api", "eu-west-1")),
            ),
            (
                "a1.execute-api.eusc-de-east-1.amazonaws.eu",
                Some(("execute-api", "eusc-de-east-1")),
            ),
            ("a1.execute-api.us-east-2.api.aws", Some(("execute-api", "us-east-2"))),
            (
                "a1.execute-api.cn-north-1.api.amazonwebservices.com.cn",
                Some(("execute-api", "cn-north-1")),
            ),
            ("a1.execute-api.cn-north-1.amazonaws.com", None),
            ("api.example.com", None),
            ("execute-api.us-east-2.amazonaws.com", None),
            ("abc.lambda-url.eu-west-1.on.aws.example.com", None),
        ] {
            let expected = expected.map(|(service, region)| (service.to_owned(), region.to_owned()));
            assert_eq!(scope_of(host), expected, "{host}");
        }
    }
}
