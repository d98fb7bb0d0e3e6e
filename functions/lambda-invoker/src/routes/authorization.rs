//! How a route's requests prove who sends them: an API key, a signature, or what the client brought.

use http::HeaderValue;
use shared::Secret;

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
}

/// A route's `authorization.iam`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Iam {
    /// Keys of this route; without them the function's own credentials sign.
    pub keys: Option<Keys>,
    /// `aws_region` and where it stands.
    pub region: Option<String>,
    /// `service`.
    pub service: Option<String>,
}

/// Keys given in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key's id.
    pub access_key: Secret,
    /// The secret access key.
    pub secret_key: Secret,
    /// The token of temporary keys.
    pub session_token: Option<Secret>,
}

/// Reads `authorization`. `own` tells whether it stands in the route itself: what makes no sense for an Invoke target
/// is then a problem, while a default is just not used.
pub(super) fn read(
    mut fields: Fields<'_>,
    endpoint: bool,
    own: bool,
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
            .map(|iam| read_iam(iam, endpoint || !own, surroundings, problems)),
        None => None,
    };
    fields.finish(problems);
    Authorization {
        api_key,
        api_key_override,
        replace_client,
        iam,
    }
}

fn read_iam(
    mut fields: Fields<'_>,
    service_allowed: bool,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Iam {
    let key_fields = (
        fields.get("accesskey"),
        fields.get("secretkey"),
        fields.get("sessiontoken"),
    );
    match &key_fields {
        (None, Some(_), _) => problems.add(&fields.path_of("accesskey"), "required with secretkey"),
        (Some(_), None, _) => problems.add(&fields.path_of("secretkey"), "required with accesskey"),
        (None, None, Some(_)) => {
            problems.add(&fields.path_of("sessiontoken"), "needs accesskey and secretkey");
        }
        _ => {}
    }
    let (access_key, secret_key, session_token) = key_fields;
    let mut read =
        |field: Option<super::reader::Field<'_>>| field.and_then(|field| read_secret(&field, surroundings, problems));
    let (access_key, secret_key, session_token) = (read(access_key), read(secret_key), read(session_token));
    let keys = match (access_key, secret_key) {
        (Some(access_key), Some(secret_key)) => Some(Keys {
            access_key,
            secret_key,
            session_token,
        }),
        _ => None,
    };
    let region = scope_word(&mut fields, "aws_region", problems);
    let service = scope_word(&mut fields, "service", problems);
    if service.is_some() && !service_allowed {
        problems.add(&fields.path_of("service"), "needs function_uri");
    }
    fields.finish(problems);
    Iam { keys, region, service }
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
