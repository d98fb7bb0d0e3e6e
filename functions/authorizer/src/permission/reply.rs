//! What the server's answers mean. Pure.

use serde::Deserialize;

use super::Check;
use crate::error::Problem;
use crate::upstream::Received;

/// The one member that counts. A second of this name is an error.
#[derive(Deserialize)]
struct Reply {
    allowed: bool,
}

/// The answer's `allowed`, if its body is a JSON object with such a member.
pub(super) fn allowed(received: &Received) -> Option<bool> {
    let body = received.body.as_deref()?;
    // A derived reader would take a list of members too.
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let reply: Reply = serde_json::from_slice(body).ok()?;
    Some(reply.allowed)
}

/// Whether the server permits.
///
/// # Errors
/// An answer that is no decision, named as those of introspection are.
pub(super) fn read(check: &Check, received: &Received) -> Result<bool, Problem> {
    match (received.status, allowed(received), check) {
        (200, Some(allowed), _) => Ok(allowed),
        // The status says the same as the body. What a proxy or a firewall in between forbids has no such body.
        (403, Some(false), Check::Keto { .. }) => Ok(false),
        (403, None, _) | (403, _, Check::Warden) => Err(Problem::UpstreamForbidden),
        (300..=399, _, _) => Err(Problem::UpstreamRedirect),
        (401, _, _) => Err(Problem::UpstreamUnauthorized),
        (400 | 402 | 404..=499, _, _) => Err(Problem::UpstreamConfig),
        (500..=599, _, _) => Err(Problem::UpstreamStatus),
        _ => Err(Problem::UpstreamInvalid),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn read_from(check: &Check, status: u16, body: &str) -> Result<bool, Problem> {
        let body = Some(Bytes::from(body.to_owned()));
        read(check, &Received { status, body })
    }

    fn keto() -> Check {
        Check::Keto {
            namespace: "api".to_owned(),
        }
    }

    #[test]
    fn decisions() {
        for check in [Check::Warden, keto()] {
            for (body, expected) in [
                (r#"{"allowed":true}"#, true),
                (" {\"allowed\": false}\n", false),
                (
                    r#"{"sub":"alice","scopes":[],"iat":"2017-01-01T00:00:00Z","allowed":true}"#,
                    true,
                ),
                (r#"{"error":{"allowed":true},"allowed":false}"#, false),
            ] {
                assert_eq!(read_from(&check, 200, body), Ok(expected), "{body}");
            }
        }
        assert_eq!(read_from(&keto(), 403, r#"{"allowed":false}"#), Ok(false));
    }

    #[test]
    fn anything_else_is_a_failure_and_never_a_decision() {
        use Problem::*;
        for (status, body, expected) in [
            (200, "", UpstreamInvalid),
            (200, "{}", UpstreamInvalid),
            (200, "true", UpstreamInvalid),
            (200, "[true]", UpstreamInvalid),
            (200, r#"{"allowed":"true"}"#, UpstreamInvalid),
            (200, r#"{"allowed":1}"#, UpstreamInvalid),
            (200, r#"{"allowed":null}"#, UpstreamInvalid),
            (200, r#"{"Allowed":true}"#, UpstreamInvalid),
            (200, r#"{"allowed":false,"allowed":true}"#, UpstreamInvalid),
            (200, r#"{"allowed":true}{"allowed":true}"#, UpstreamInvalid),
            (200, r#"{"allowed":true"#, UpstreamInvalid),
            (200, "<html>allowed</html>", UpstreamInvalid),
            (201, r#"{"allowed":true}"#, UpstreamInvalid),
            (204, "", UpstreamInvalid),
            (302, r#"{"allowed":true}"#, UpstreamRedirect),
            (400, r#"{"allowed":true}"#, UpstreamConfig),
            (401, r#"{"allowed":true}"#, UpstreamUnauthorized),
            (403, "", UpstreamForbidden),
            (403, "<html>Forbidden</html>", UpstreamForbidden),
            (403, r#"{"error":{"code":403}}"#, UpstreamForbidden),
            (403, r#"{"allowed":"false"}"#, UpstreamForbidden),
            (403, "[false]", UpstreamForbidden),
            (404, r#"{"allowed":false}"#, UpstreamConfig),
            (500, r#"{"allowed":false}"#, UpstreamStatus),
        ] {
            for check in [Check::Warden, keto()] {
                assert_eq!(read_from(&check, status, body), Err(expected), "{status} {body}");
            }
        }
        // Keto's status and body contradict each other; warden says no with 200, so its 403 is about us.
        assert_eq!(read_from(&keto(), 403, r#"{"allowed":true}"#), Err(UpstreamInvalid));
        for body in [r#"{"allowed":true}"#, r#"{"allowed":false}"#] {
            assert_eq!(read_from(&Check::Warden, 403, body), Err(UpstreamForbidden));
        }
        let too_large = Received {
            status: 200,
            body: None,
        };
        assert_eq!(read(&keto(), &too_large), Err(UpstreamInvalid));
    }
}
