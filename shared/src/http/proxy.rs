//! The HTTP proxy that the environment names, and the hosts that it is not for; pure.

use std::net::IpAddr;

use url::{Host, Url};

use crate::env::{check_url, is_loopback};

/// The HTTP proxy of the environment, for the hosts that it is for.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentProxy {
    url: Option<Url>,
    except: Vec<String>,
}

impl EnvironmentProxy {
    /// Reads `HTTPS_PROXY` and `NO_PROXY`, in either case; `variable` reads the environment.
    ///
    /// # Errors
    /// A variable that names no proxy, and what is wanted.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, (&'static str, &'static str)> {
        let set = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = variable(name).filter(|value| !value.is_empty());
                value.map(|value| (name, value))
            })
        };
        let url = set(["HTTPS_PROXY", "https_proxy"])
            .map(|(name, text)| parse(&text).map_err(|what| (name, what)))
            .transpose()?;
        let except = set(["NO_PROXY", "no_proxy"]).map_or_else(Vec::new, |(_, text)| {
            text.split(',')
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect()
        });
        Ok(Self { url, except })
    }

    /// The proxy for a target; `None` is the direct way. Loopback and plain HTTP always go the direct way.
    pub fn of(&self, target: &Url) -> Option<Url> {
        let direct = target.scheme() != "https" || is_loopback(target) || self.excepts(target);
        self.url.clone().filter(|_| !direct)
    }

    fn excepts(&self, target: &Url) -> bool {
        let host = target.host_str().unwrap_or_default();
        let port = target.port_or_known_default();
        self.except.iter().any(|entry| {
            if entry == "*" {
                return true;
            }
            let (name, only_port) = match entry.rsplit_once(':') {
                Some((name, digits)) if digits.parse::<u16>().is_ok() && !name.contains(':') => {
                    (name, digits.parse::<u16>().ok())
                }
                _ => (entry.as_str(), None),
            };
            if only_port.is_some() && only_port != port {
                return false;
            }
            let name = name.trim_start_matches('*').trim_start_matches('.');
            match target.host() {
                Some(Host::Ipv4(address)) => covers(name, address.into()),
                Some(Host::Ipv6(address)) => covers(name, address.into()),
                _ => {
                    !name.is_empty()
                        && host
                            .strip_suffix(name)
                            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                }
            }
        })
    }
}

/// Whether an address, or a network as `10.0.0.0/8`, covers `address`.
fn covers(entry: &str, address: IpAddr) -> bool {
    let (network, length) = match entry.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(network), Some(length)) = (network.trim_matches(['[', ']']).parse::<IpAddr>(), length) else {
        return false;
    };
    let same = |left: u128, right: u128, bits: u32| {
        let dropped = bits - length.min(bits);
        left.checked_shr(dropped).unwrap_or_default() == right.checked_shr(dropped).unwrap_or_default()
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(u32::from(network).into(), u32::from(address).into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.into(), address.into(), 128),
        _ => false,
    }
}

/// The address of an HTTP proxy.
///
/// # Errors
/// What is wanted, without the value.
pub fn parse(text: &str) -> Result<Url, &'static str> {
    let url = check_url(text, true)?;
    if url.scheme() != "http" {
        return Err("scheme must be http");
    }
    if url.port() == Some(0) {
        return Err("port must not be 0");
    }
    if url.path() != "/" || url.query().is_some() {
        return Err("must hold scheme, host and port only");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environments_proxy_has_exceptions() {
        let proxy = Url::parse("http://proxy.internal:3128").unwrap();
        let way = |except: &str, target: &str| {
            let environment = EnvironmentProxy {
                url: Some(proxy.clone()),
                except: except.split(',').map(str::to_owned).collect(),
            };
            environment.of(&Url::parse(target).unwrap()).is_some()
        };
        for (except, target, proxied) in [
            ("", "https://api.example.com/", true),
            ("*", "https://api.example.com/", false),
            ("example.com", "https://api.example.com/", false),
            (".example.com", "https://api.example.com/", false),
            ("*.example.com", "https://api.example.com/", false),
            ("example.com", "https://myexample.com/", true),
            ("api.example.com:8443", "https://api.example.com/", true),
            ("api.example.com:443", "https://api.example.com/", false),
            ("10.0.0.0/8", "https://10.1.2.3/", false),
            ("10.0.0.0/8", "https://11.1.2.3/", true),
            ("10.1.2.3", "https://10.1.2.3/", false),
            ("10.1.2.3", "https://10.1.2.4/", true),
            ("0.0.0.0/0", "https://10.1.2.4/", false),
            ("fd00::/8", "https://[fd00::1]/", false),
            ("fd00::/8", "https://[fe00::1]/", true),
            ("10.0.0.0/99x", "https://10.1.2.3/", true),
            ("", "https://127.0.0.1/", false),
            ("", "https://localhost:8443/", false),
            ("", "http://api.example.com/", false),
        ] {
            assert_eq!(way(except, target), proxied, "{except} {target}");
        }
    }

    #[test]
    fn a_proxy_is_plain_http_without_more() {
        assert!(parse("http://proxy.internal:3128").is_ok());
        for (text, what) in [
            ("https://proxy.internal", "scheme must be http"),
            ("http://proxy.internal/path", "must hold scheme, host and port only"),
            (
                "http://user:s3cret@proxy.internal",
                "must not hold a user name or password",
            ),
        ] {
            assert_eq!(parse(text), Err(what), "{text}");
        }
    }
}
