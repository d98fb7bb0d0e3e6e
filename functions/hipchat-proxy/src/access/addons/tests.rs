//! Tests of add-ons and their tokens.

use proptest::prelude::*;

use super::*;
use crate::api::{Need, Scopes};
use crate::rooms::Directory;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const NOW: u64 = 1_760_000_000;

fn hash(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn addons(secret: &str, keys: &str) -> AddOns {
    let text = format!(
        r#"[{{"id": "ci", "secret_sha256": "{}", "token": {{"kind": "v2_user", "rooms": ["*"], "read": true}}}},
            {{"id": "old", "secret_sha256": "{0}", "token": {{"kind": "v2_user", "expires": "2025-10-09T08:00:00Z"}}}}]"#,
        hash(secret)
    );
    read(&text, keys, &Directory::default()).unwrap()
}

fn token(addons: &AddOns) -> Secret {
    addons
        .issue("ci", &Secret::new("s3cret"), Scopes::ALL, NOW)
        .unwrap()
        .token
}

#[test]
fn a_token_is_proven_until_its_end() {
    let addons = addons("s3cret", KEY);
    let token = token(&addons);
    let Rights { grant, scopes } = addons.find(&token, NOW).unwrap();
    assert_eq!(scopes, Scopes::ALL);
    assert!(grant.may(Need::Act) && grant.may(Need::Read) && !grant.may(Need::Users));
    assert_eq!(addons.seconds_left(&token, NOW + 10), Some(LIFETIME_SECS - 10));
    assert!(addons.find(&token, NOW + LIFETIME_SECS - 1).is_ok());
    assert_eq!(addons.find(&token, NOW + LIFETIME_SECS), Err(Failure::ExpiredToken));
    assert_eq!(format!("{token:?}"), "[redacted]");
}

#[test]
fn a_token_of_others_is_none() {
    let addons_now = addons("s3cret", KEY);
    let good = token(&addons_now);
    // Another secret or key ends all tokens; a second key goes on believing those of the first.
    for (secret, keys, known) in [
        ("s3cret", format!("{OTHER}\n{KEY}\n"), true),
        ("s3cret", OTHER.to_owned(), false),
        ("rotated", KEY.to_owned(), false),
    ] {
        assert_eq!(addons(secret, &keys).find(&good, NOW).is_ok(), known, "{secret} {keys}");
    }
    let text = good.reveal();
    let mut parts: Vec<&str> = text.split('.').collect();
    let later = (NOW + 2 * LIFETIME_SECS).to_string();
    parts[2] = &later;
    let longer = parts.join(".");
    let some = addons_now
        .issue("ci", &Secret::new("s3cret"), Scopes::named("view_room").unwrap(), NOW)
        .unwrap();
    assert!(addons_now.find(&some.token, NOW).is_ok());
    // More scopes than it was made for.
    let more = some.token.reveal().replace(".16.", ".18.");
    assert_ne!(more, some.token.reveal());
    for forged in [
        longer.as_str(),
        &more,
        &format!("{text}A"),
        &format!("{text}."),
        &format!("{text}.x"),
        &text[..text.len() - 1],
        &text.to_uppercase(),
        "hpa2....",
        "hpa1.Y2k.1760028800.AA",
        "hpa2.Y2k.1.1.",
        "hpa2.Y2k.+1760028800.1.AA",
        "hpa2.Y2k.1760028800.+1.AA",
        "hpa2.Y2k.1760028800.99999.AA",
        "",
    ] {
        let found = addons_now.find(&Secret::new(forged), NOW);
        assert_eq!(found, Err(Failure::UnknownToken), "{forged}");
    }
}

#[test]
fn a_client_shows_its_own_secret() {
    let addons = addons("s3cret", KEY);
    for (id, secret) in [
        ("ci", "wrong"),
        ("ci", ""),
        ("CI", "s3cret"),
        ("", ""),
        ("old", "s3cret"),
    ] {
        let refused = addons.issue(id, &Secret::new(secret), Scopes::ALL, NOW).map(drop);
        assert_eq!(refused, Err(Failure::UnknownClient), "{id} {secret}");
    }
    assert!(
        AddOns::default()
            .issue("ci", &Secret::new("s3cret"), Scopes::ALL, NOW)
            .is_err()
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let text = format!(
        r#"[{{"id": "a:b", "secret_sha256": "x", "secret": "s3cret"}}, {{"id": "c", "secret_sha256": "{0}", "token": []}},
            {{"id": "d", "secret_sha256": "{0}", "token": {{"sha256": "{0}", "rooms": "*"}}}},
            {{"id": "e", "secret_sha256": "{0}", "token": {{"kind": "v2_room"}}}},
            {{"id": "e", "secret_sha256": "{0}", "token": {{"kind": "v2_room"}}}}]"#,
        hash("x")
    );
    assert_eq!(
        read(&text, "short", &Directory::default()).unwrap_err(),
        [
            "HIPCHAT_OAUTH_CLIENTS: [0].secret_sha256: must be 64 hexadecimal digits",
            "HIPCHAT_OAUTH_CLIENTS: [0].token: is required",
            "HIPCHAT_OAUTH_CLIENTS: [0].secret: is not known",
            "HIPCHAT_OAUTH_CLIENTS: [0].id: must be at most 128 bytes long and hold no colon",
            "HIPCHAT_OAUTH_CLIENTS: [1].token: must be an object",
            "HIPCHAT_OAUTH_CLIENTS: [2].token.kind: is required",
            "HIPCHAT_OAUTH_CLIENTS: [2].token.rooms: must be a list of texts",
            "HIPCHAT_OAUTH_CLIENTS: [2].token.sha256: is not known",
            "HIPCHAT_OAUTH_CLIENTS: [4].id: is the id of another client of the list",
            "HIPCHAT_OAUTH_KEY: must be one or more keys of at least 32 characters, each on a line",
        ]
    );
}

proptest! {
    #[test]
    fn no_text_is_a_token_by_chance(text in "(hpa2\\.)?[A-Za-z0-9_.-]{0,80}") {
        let addons = addons("s3cret", KEY);
        prop_assert_eq!(addons.find(&Secret::new(text), NOW), Err(Failure::UnknownToken));
    }
}
