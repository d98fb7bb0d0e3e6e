//! Prefixes of tokens that leave a server without any.

use shared::testing::FixedEnv;

use crate::config::Config;

const SIGNED: &str = r#"{"name": "keys", "kind": "jwks", "jwks_url": "https://k.example.com/", "issuers": ["https://k/"], "audiences": ["x"]}"#;

/// The entries whose `token_prefix` stops the start, of servers that are asked, with these prefixes, and others.
fn refused(prefixes: &[&str], others: &[&str], token_prefix: &str) -> Vec<usize> {
    let asked = prefixes.iter().enumerate().map(|(at, prefix)| {
        format!(
            r#"{{"name": "n{at}", "kind": "introspection", "introspection_url": "https://h.example.com/", "issuers": ["https://{at}/"],
                "token_prefix": "{prefix}"}}"#
        )
    });
    let entries: Vec<String> = asked.chain(others.iter().map(|&entry| entry.to_owned())).collect();
    let list = format!("[{}]", entries.join(","));
    let env = FixedEnv::new([("AUTHZ_PROVIDERS", list.as_str()), ("AUTHZ_TOKEN_PREFIX", token_prefix)]);
    let lines = Config::from_env(&env).map_or_else(|error| error.problems().to_vec(), |_| Vec::new());
    let at = |line: &String| {
        let (at, what) = line.strip_prefix("AUTHZ_PROVIDERS[")?.split_once("].token_prefix: ")?;
        assert!(!what.is_empty());
        at.parse().ok()
    };
    lines.iter().map(|line| at(line).unwrap()).collect()
}

#[test]
fn a_prefix_of_all_tokens_leaves_none_to_a_server_of_another() {
    for (prefixes, token_prefix, told) in [
        (&["a_", "b_"][..], "", &[][..]),
        (&["a_", "b_"], "foo_", &[0, 1]),
        (&["a_", "b_"], "a_", &[1]),
        (&["a_", ""], "a_", &[1]),
        (&["a_x", ""], "a_", &[]),
        (&["a_", "a_b"], "a_", &[]),
        (&["a", "a_"], "a_b", &[0]),
        (&["a_b"], "a_", &[]),
        (&[""], "a_", &[]),
    ] {
        assert_eq!(
            refused(prefixes, &[], token_prefix),
            told,
            "{prefixes:?} {token_prefix}"
        );
    }
}

#[test]
fn no_prefix_takes_signed_tokens_from_the_server_that_verifies_them() {
    for (prefix, told) in [
        ("eyJ", &[0][..]),
        ("eyJhbGciOi", &[0]),
        ("ey", &[0]),
        ("e", &[0]),
        ("ewog", &[0]),
        ("ex_", &[]),
        ("ory_at_", &[]),
    ] {
        assert_eq!(refused(&[prefix], &[SIGNED], ""), told, "{prefix}");
        assert_eq!(refused(&[prefix], &[], ""), [0; 0], "{prefix}");
    }
}

#[test]
fn what_is_never_taken_is_no_prefix() {
    for prefix in ["ory_rt_", "ory_ac_", "ory_rt_x"] {
        assert_eq!(refused(&[prefix], &[], ""), [0], "{prefix}");
        let env = FixedEnv::new([
            ("AUTHZ_INTROSPECTION_URL", "https://h.example.com/"),
            ("AUTHZ_TOKEN_PREFIX", prefix),
        ]);
        assert_eq!(
            Config::from_env(&env).unwrap_err().problems(),
            ["AUTHZ_TOKEN_PREFIX: is that of refresh tokens or authorization codes, which are never taken"]
        );
    }
    assert_eq!(refused(&["ory_"], &[], ""), [0; 0]);
}
