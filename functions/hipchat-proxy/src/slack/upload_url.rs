//! Where a file may be put: at an address that Slack's API handed out, and only if it is one of Slack's. A file is the
//! client's secret, so nothing that an answer says can send it elsewhere.

use url::{Host, Url};

/// Where Slack lives, whatever stands before it.
const SLACK: [&str; 2] = ["slack.com", "slack-gov.com"];

/// The configured base URL of the Web API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home<'a>(pub(super) &'a Url);

/// The address, if it is at the origin of the API itself, which the operator chose, or `https` at the default port of a
/// host of Slack's or below the API's.
pub(super) fn checked(text: &str, home: Home<'_>) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    if url.origin() == home.0.origin() {
        return Some(url);
    }
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let below = |domain: &str| {
        let start = host.strip_suffix(domain);
        start.is_some_and(|start| start.is_empty() || start.ends_with('.'))
    };
    let of_api = match home.0.host() {
        // A name without a dot has no hosts of its own below it.
        Some(Host::Domain(api)) => api.contains('.') && below(api),
        _ => false,
    };
    let is_known = of_api || SLACK.into_iter().any(below);
    (url.scheme() == "https" && url.port().is_none() && is_known).then_some(url)
}

/// Whether an address is at the origin of the API, which may be this very machine.
pub(super) fn is_home(url: &Url, home: Home<'_>) -> bool {
    url.origin() == home.0.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_to_slack_alone() {
        for (api, url, allowed) in [
            (
                "https://slack.com/api",
                "https://files.slack.com/upload/v1/CwAB?x=1",
                true,
            ),
            ("https://slack.com/api", "https://slack.com/upload", true),
            ("https://slack.com/api", "https://files.slack-gov.com/upload", true),
            ("https://slack.com/api", "http://files.slack.com/upload", false),
            ("https://slack.com/api", "https://files.slack.com:8443/upload", false),
            (
                "https://slack.com/api",
                "https://files.slack.com.evil.example/upload",
                false,
            ),
            ("https://slack.com/api", "https://evilslack.com/upload", false),
            (
                "https://slack.com/api",
                "https://files.slack.com@evil.example/upload",
                false,
            ),
            ("https://slack.com/api", "https://u:p@files.slack.com/upload", false),
            ("https://slack.com/api", "https://169.254.169.254/latest", false),
            ("https://slack.com/api", "https://127.0.0.1/upload", false),
            ("https://slack.com/api", "https://[::1]/upload", false),
            ("https://slack.com/api", "http://localhost:9001/2018-06-01", false),
            ("https://slack.com/api", "file:///etc/passwd", false),
            ("https://slack.com/api", "files.slack.com/upload", false),
            ("http://127.0.0.1:4446/api", "http://127.0.0.1:4446/upload/v1/x", true),
            ("http://127.0.0.1:4446/api", "http://127.0.0.1:4447/upload/v1/x", false),
            ("http://127.0.0.1:4446/api", "http://localhost:4446/upload/v1/x", false),
            ("http://127.0.0.1:4446/api", "https://files.slack.com/upload", true),
            (
                "https://slack.example.com/api",
                "https://files.slack.example.com/upload",
                true,
            ),
            ("https://slack.example.com/api", "https://example.com/upload", false),
            ("https://localhost/api", "https://evil.localhost/upload", false),
        ] {
            let home: Url = api.parse().unwrap();
            assert_eq!(checked(url, Home(&home)).is_some(), allowed, "{api} {url}");
        }
    }

    #[test]
    fn only_the_operators_own_origin_may_be_this_machine() {
        let home: Url = "http://127.0.0.1:4446/api".parse().unwrap();
        assert!(is_home(&"http://127.0.0.1:4446/x".parse().unwrap(), Home(&home)));
        assert!(!is_home(&"https://files.slack.com/x".parse().unwrap(), Home(&home)));
    }
}
