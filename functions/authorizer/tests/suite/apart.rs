//! Several servers and one that knows of permissions: none of the first gets, by it, what belongs to another.

use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::{Act, Seen, Stub, json as json_answer};

const CHECK: &str = "/relation-tuples/check";
const WARDEN: &str = "/warden/token/allowed";

/// Answers for tokens of `two.example.com` and of `auth.example.com`, both for a user of the same name, and allows all.
fn answering(seen: &Seen) -> Act {
    match seen.path.as_str() {
        INTROSPECT if seen.body.contains("CCCC") => ok_with(json!({"iss": "https://two.example.com/"})),
        INTROSPECT => ok(),
        _ => json_answer(200, r#"{"allowed":true}"#),
    }
}

/// Two servers: the first at `one`, the second at `two`, each with members of its own.
fn list(one: &str, two: &str, members: [Value; 2]) -> String {
    let mut entries = [
        json!({"name": "one", "kind": "introspection", "token_prefix": "ory_at_A", "issuers": ["https://auth.example.com/"],
               "introspection_url": format!("{one}{INTROSPECT}")}),
        json!({"name": "two", "kind": "introspection", "token_prefix": "ory_at_C", "issuers": ["https://two.example.com/"],
               "introspection_url": format!("{two}{INTROSPECT}")}),
    ];
    for (entry, members) in entries.iter_mut().zip(members) {
        for (name, value) in members.as_object().unwrap() {
            entry[name] = value.clone();
        }
    }
    json!(entries).to_string()
}

fn prefixes() -> [Value; 2] {
    [
        json!({"introspection_auth": "bearer", "bearer": S1, "principal_prefix": "one|"}),
        json!({"introspection_auth": "bearer", "bearer": S2, "principal_prefix": "two|"}),
    ]
}

fn keto<'v>(list: &'v str, url: &'v str) -> Vec<(&'v str, &'v str)> {
    vec![
        ("AUTHZ_PROVIDERS", list),
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", url),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ]
}

fn warden<'v>(list: &'v str, url: &'v str) -> Vec<(&'v str, &'v str)> {
    vec![
        ("AUTHZ_PROVIDERS", list),
        ("AUTHZ_PERMISSION_CHECK", "warden"),
        ("AUTHZ_PERMISSION_URL", url),
    ]
}

/// What a start is refused for.
async fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    let stub = Stub::new(answering);
    try_new(&stub, variables).await.err().unwrap_or_default()
}

#[tokio::test]
async fn users_of_the_same_name_are_two_subjects() {
    let list = list("{base}", "{base}", prefixes());
    let url = format!("{{base}}{CHECK}");
    let fixture = Fixture::new(Stub::new(answering), &keto(&list, &url)).await;
    for (token, subject) in [(T1, "one|alice"), (T2, "two|alice")] {
        fixture.ask(&bearing(token)).await.unwrap();
        let check = fixture.stub.seen().pop().unwrap();
        assert!(
            check.body.contains(&format!(r#""subject_id":"{subject}""#)),
            "{}",
            check.body
        );
    }
}

#[tokio::test]
async fn subjects_that_cannot_be_told_apart_stop_the_start() {
    let url = format!("{{base}}{CHECK}");
    for (one, two, told) in [
        (json!({}), json!({}), vec![0, 1]),
        (json!({"principal_prefix": "a|"}), json!({}), vec![1]),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": ""}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": null}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": "a|"}),
            vec![1],
        ),
        // a|b|x is x of the one and b|x of the other.
        (
            json!({"principal_prefix": "a|b|"}),
            json!({"principal_prefix": "a|"}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": "a|b|"}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": "b|", "default_principal": "a|root"}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|", "default_principal": "root"}),
            json!({"principal_prefix": "b|", "default_principal": "root"}),
            vec![0, 1],
        ),
        (
            json!({"principal_prefix": "a|", "default_principal": "a|nobody"}),
            json!({"principal_prefix": "b|", "default_principal": "nobody"}),
            vec![1],
        ),
        (
            json!({"principal_prefix": "a|", "default_principal": "a|nobody"}),
            json!({"principal_prefix": "b|", "default_principal": "b|nobody"}),
            vec![],
        ),
        (
            json!({"principal_prefix": "a|"}),
            json!({"principal_prefix": "b|"}),
            vec![],
        ),
    ] {
        let list = list("{base}", "{base}", [one, two]);
        let lines = problems(&keto(&list, &url)).await;
        let paths: Vec<String> = told.iter().map(|at| format!("AUTHZ_PROVIDERS[{at}].")).collect();
        assert_eq!(lines.len(), paths.len(), "{lines:?}");
        for (line, path) in lines.iter().zip(&paths) {
            assert!(line.starts_with(path.as_str()) && line.contains("_pr"), "{line}");
        }
    }
    // Inherited by both is shared by both.
    let list = list("{base}", "{base}", [json!({}), json!({})]);
    let mut inherited = keto(&list, &url);
    inherited.push(("AUTHZ_PRINCIPAL_PREFIX", "user|"));
    assert_eq!(problems(&inherited).await.len(), 1);
}

#[tokio::test]
async fn credentials_go_to_their_own_server_alone() {
    let other = Stub::new(answering);
    let permissions = Stub::new(answering);
    // The first server is at the same origin as the permissions, the second is not.
    let list = list(&permissions.base, &other.base, prefixes());
    let url = format!("{}{CHECK}", permissions.base);
    let fixture = Fixture::new(Stub::new(answering), &keto(&list, &url)).await;
    let own = format!("Bearer {S1}");
    for (token, shown) in [(T1, Some(own.as_str())), (T2, None)] {
        fixture.ask(&bearing(token)).await.unwrap();
        fixture.assert_line(json!({"permission": "allowed"}));
        let check = permissions.seen().pop().unwrap();
        assert_eq!((check.path.as_str(), check.header("authorization")), (CHECK, shown));
    }
    assert_eq!(permissions.count(CHECK), 2);
    assert_eq!(
        other.seen()[0].header("authorization"),
        Some(format!("Bearer {S2}").as_str())
    );
    let to_permissions = permissions.seen();
    assert!(!to_permissions.iter().any(|seen| format!("{seen:?}").contains(S2)));
}

#[tokio::test]
async fn a_warden_is_shown_tokens_of_its_own_server_alone() {
    let both = list("{base}", "{base}", prefixes());
    let url = format!("{{base}}{WARDEN}");
    let fixture = Fixture::new(Stub::new(answering), &warden(&both, &url)).await;
    for (token, own) in [(T1, S1), (T2, S2)] {
        fixture.ask(&bearing(token)).await.unwrap();
        let check = fixture.stub.seen().pop().unwrap();
        assert_eq!(check.header("authorization"), Some(format!("Bearer {own}").as_str()));
        assert!(check.body.contains(token));
    }
    let elsewhere = list("{base}", "https://two.example.com", prefixes());
    assert_eq!(
        problems(&warden(&elsewhere, &url)).await,
        [
            "AUTHZ_PROVIDERS[1].introspection_url: must have the origin of AUTHZ_PERMISSION_URL: a warden knows the tokens of its own \
          server alone, and no other is shown them"
        ]
    );
}

#[tokio::test]
async fn a_warden_takes_bearers_alone() {
    let url = format!("{{base}}{WARDEN}");
    let needs = "introspection_auth: must be bearer or client_credentials with AUTHZ_PERMISSION_CHECK=warden, which takes \
                 nothing else";
    let basic = json!({"introspection_auth": "basic", "client_id": "x", "client_secret": CLIENT_SECRET});
    for auth in [json!({}), basic] {
        let list = list("{base}", "{base}", [auth, prefixes()[1].clone()]);
        assert_eq!(
            problems(&warden(&list, &url)).await,
            [format!("AUTHZ_PROVIDERS[0].{needs}")]
        );
    }
    let alone = [
        ("AUTHZ_PERMISSION_CHECK", "warden"),
        ("AUTHZ_PERMISSION_URL", url.as_str()),
    ];
    assert_eq!(
        problems(&alone).await,
        [
            "AUTHZ_INTROSPECTION_AUTH: must be bearer or client_credentials with AUTHZ_PERMISSION_CHECK=warden, which takes nothing \
          else"
        ]
    );
    let signed = json!([{"name": "k", "kind": "jwks", "jwks_url": "{base}/jwks", "issuers": ["https://x/"],
                         "audiences": ["orders"]}])
    .to_string();
    assert_eq!(
        problems(&warden(&signed, &url)).await,
        [
            "AUTHZ_PROVIDERS[0].kind: must be introspection with AUTHZ_PERMISSION_CHECK=warden, to which nobody could show himself"
        ]
    );
}

#[tokio::test]
async fn an_authority_vouches_for_its_own_server_alone() {
    let (url, authority) = crate::tls::server("localhost", false).await;
    let of = |bundle: &str| {
        let mut members = prefixes();
        for (member, bundle) in members.iter_mut().zip([bundle, authority.as_str()]) {
            member["ca_bundle"] = json!(bundle);
        }
        members
    };
    // The first server's authority says nothing of the permissions, which are somewhere else.
    let elsewhere = list("{base}", "{base}", of(&authority));
    // The second server is at the same place, and its authority says who that is.
    let same = list("{base}", url.trim_end_matches('/'), of(""));
    for (list, reason) in [(elsewhere, "upstream_tls"), (same, "upstream_invalid")] {
        let mut variables = keto(&list, &url);
        variables.push(("AUTHZ_CONNECT_TIMEOUT_MS", "5000"));
        let fixture = Fixture::new(Stub::new(answering), &variables).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        fixture.assert_line(json!({"reason": reason, "permission": "failed"}));
    }
}
