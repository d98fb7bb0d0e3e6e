//! Settings that are lists or words of a grammar of their own.

use shared::env::Reader;

use crate::claims::{ContextRules, is_context_key, is_reserved_key};
use crate::token::{Location, NEVER_TAKEN};

pub(super) fn list_or(reader: &mut Reader<'_>, name: &str, default: &[&str]) -> Vec<String> {
    let list = reader.list(name);
    if list.is_empty() {
        default.iter().map(|&item| item.to_owned()).collect()
    } else {
        list
    }
}

pub(super) fn locations(reader: &mut Reader<'_>) -> Vec<Location> {
    const NAME: &str = "AUTHZ_TOKEN_FROM";
    let mut locations = Vec::new();
    for item in list_or(reader, NAME, &["header:Authorization"]) {
        let location = match item.split_once(':') {
            Some(("header", name)) if is_word(name) => Location::Header(name.to_owned()),
            Some(("query", name)) if !name.is_empty() => Location::Query(name.to_owned()),
            Some(("cookie", name)) if is_word(name) => Location::Cookie(name.to_owned()),
            None if item == "subprotocol" => Location::Subprotocol,
            _ => {
                reader.problem(
                    NAME,
                    "must be a list of header:NAME, query:NAME, cookie:NAME, subprotocol",
                );
                return locations;
            }
        };
        locations.push(location);
    }
    locations
}

/// `None` stands for the raw value.
pub(super) fn scheme(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "AUTHZ_SCHEME";
    let scheme = reader.text_or(NAME, "Bearer");
    if scheme.eq_ignore_ascii_case("none") {
        return None;
    }
    if !is_word(&scheme) {
        reader.problem(NAME, "must be one word, such as Bearer, or none");
    }
    Some(scheme)
}

pub(super) fn token_prefix(reader: &mut Reader<'_>, name: &str) -> String {
    let prefix = reader.text_or(name, "");
    if !prefix
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
    {
        reader.problem(name, "must be of letters, digits and -._~+/");
    }
    if NEVER_TAKEN.iter().any(|never| prefix.starts_with(never)) {
        reader.problem(
            name,
            "is that of refresh tokens or authorization codes, which are never taken",
        );
    }
    prefix
}

pub(super) fn context(reader: &mut Reader<'_>, warnings: &mut Vec<(String, &'static str)>) -> ContextRules {
    const CLAIMS: &str = "AUTHZ_CONTEXT_CLAIMS";
    const EXT: &str = "AUTHZ_CONTEXT_EXT";
    let mut rules = ContextRules::default();
    for name in list_or(
        reader,
        CLAIMS,
        &["sub", "client_id", "scope", "iss", "aud", "exp", "username"],
    ) {
        if !is_context_key(&name) {
            reader.problem(
                CLAIMS,
                "must be a list of names of 1 to 64 letters, digits and underscores",
            );
        } else if is_reserved_key(&name) {
            warnings.push((
                CLAIMS.to_owned(),
                "names a key that API Gateway sets itself; it is left out",
            ));
        } else if !rules.claims.contains(&name) {
            rules.claims.push(name);
        }
    }
    for dotted in reader.list(EXT) {
        let mut key = String::from("ext_");
        key.extend(
            dotted
                .chars()
                .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }),
        );
        if !is_context_key(&key) || dotted.split('.').any(str::is_empty) {
            reader.problem(EXT, "must be a list of dotted paths, each of at most 60 characters");
        } else if rules.claims.contains(&key) || rules.ext.iter().any(|(known, _)| *known == key) {
            reader.problem(EXT, format_args!("gives the key {key} twice"));
        } else {
            rules.ext.push((key, dotted.split('.').map(str::to_owned).collect()));
        }
    }
    rules
}

/// A token of RFC 9110, section 5.6.2.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
