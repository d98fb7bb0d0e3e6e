//! How a route's requests prove who sends them: an API key, a signature, or what the client brought.

use http::HeaderValue;
use http::header::HeaderName;
use shared::Secret;

use super::credentials::{self, CredentialSource};
use super::endpoint::Policy;
use super::headers::{header_name, is_hop_by_hop};
use super::reader::{Fields, Problems};
use super::surroundings::{Surroundings, read_secret};

/// A route's `authorization`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorization {
    /// The value of `x-api-key`.
    pub api_key: Option<HeaderValue>,
    /// Our key replaces the client's own.
    pub api_key_override: bool,
    /// The request is signed even if the client sent an `authorization` of its own, which is dropped.
    pub replace_client: bool,
    /// Signature Version 4.
    pub iam: Option<Iam>,
    /// A request that gets our key is not signed as well, as APISIX has it.
    pub api_key_instead: bool,
}

/// A route's `authorization.iam`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Iam {
    /// What signs.
    pub credentials: CredentialSource,
    /// `aws_region` and where it stands.
    pub region: Option<String>,
    /// `service`.
    pub service: Option<String>,
    /// Headers that are signed beside `host`, `content-type` and `x-amz-…`.
    pub signed_headers: Vec<HeaderName>,
    /// The body is not part of the signature.
    pub unsigned_payload: bool,
}

/// Reads `authorization`. `own` tells whether it stands in the route itself: what makes no sense for an Invoke target
/// is then a problem, while a default is just not used.
pub(super) fn read(
    mut fields: Fields<'_>,
    endpoint: bool,
    own: bool,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Authorization {
    let only_endpoint = |present: bool, path: &str, problems: &mut Problems| {
        if present && !endpoint && own {
            problems.add(path, "needs function_uri");
        }
    };
    let api_key_field = fields.get("apikey");
    only_endpoint(api_key_field.is_some(), &fields.path_of("apikey"), problems);
    let api_key = api_key_field
        .and_then(|field| read_secret(&field, surroundings, problems))
        .and_then(|secret| sensitive(&secret));
    let api_key_override = fields.flag("apikey_override", false, problems);
    only_endpoint(api_key_override, &fields.path_of("apikey_override"), problems);
    let words = [("keep", false), ("replace", true)];
    let replace_client = fields.choice("client_authorization", false, &words, problems);
    let iam = match fields.get("iam") {
        Some(field) => field
            .object(problems)
            .map(|iam| read_iam(iam, endpoint || !own, policy, surroundings, problems)),
        None => None,
    };
    fields.finish(problems);
    // A default key is for endpoints: a function that is invoked must not learn it.
    Authorization {
        api_key: api_key.filter(|_| endpoint),
        api_key_override,
        replace_client,
        iam,
        api_key_instead: policy.apisix,
    }
}

fn read_iam(
    mut fields: Fields<'_>,
    endpoint: bool,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Iam {
    let credentials = credentials::read(&mut fields, policy, surroundings, problems);
    let region = scope_word(&mut fields, "aws_region", problems);
    let service = scope_word(&mut fields, "service", problems);
    let signed_headers = read_signed_headers(&mut fields, problems);
    let unsigned_payload = fields.flag("unsigned_payload", false, problems);
    for (name, present) in [
        ("service", service.is_some()),
        ("signed_headers", !signed_headers.is_empty()),
        ("unsigned_payload", unsigned_payload),
    ] {
        if present && !endpoint {
            problems.add(&fields.path_of(name), "needs function_uri");
        }
    }
    fields.finish(problems);
    Iam {
        credentials,
        region,
        service,
        signed_headers,
        unsigned_payload,
    }
}

/// Headers that a hop may change, or that say nothing about the request itself: a signature over them breaks.
fn is_never_signed(name: &str) -> bool {
    matches!(
        name,
        "authorization" | "expect" | "user-agent" | "via" | "accept-encoding" | "content-length" | "x-amzn-trace-id"
    ) || name.starts_with("x-forwarded-")
        || is_hop_by_hop(name)
}

fn read_signed_headers(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<HeaderName> {
    let mut names = Vec::new();
    for (path, text) in fields.texts("signed_headers", problems).unwrap_or_default() {
        let Some(name) = header_name(text, &path, problems) else {
            continue;
        };
        let signed_anyway = matches!(name.as_str(), "host" | "content-type") || name.as_str().starts_with("x-amz-");
        if is_never_signed(name.as_str()) {
            problems.add(&path, "this header may change on the way and is never signed");
        } else if !signed_anyway && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A region or service: it becomes part of the signature's scope, where `/` separates.
fn scope_word(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> Option<String> {
    let word = fields.text(name, problems)?;
    if is_scope_word(word) {
        return Some(word.to_owned());
    }
    problems.add(
        &fields.path_of(name),
        "must be made of lower-case letters, digits and \"-\"",
    );
    None
}

/// Whether a word can stand in a signature's scope.
pub(super) fn is_scope_word(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 64
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn sensitive(secret: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.reveal()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
