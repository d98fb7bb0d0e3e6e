//! Settings of permissions that are of no use, and what is left out of them.

use shared::testing::FixedEnv;

use crate::config::Config;

const URL: (&str, &str) = ("AUTHZ_INTROSPECTION_URL", "https://h.example.com/");
const KETO: [(&str, &str); 4] = [
    URL,
    ("AUTHZ_PERMISSION_CHECK", "keto"),
    ("AUTHZ_PERMISSION_URL", "https://keto.example.com/"),
    ("AUTHZ_KETO_NAMESPACE", "api"),
];

#[test]
fn what_a_path_is_called_must_be_good_also_where_nobody_asks() {
    for more in [&[URL][..], &KETO] {
        let env = FixedEnv::new(more.iter().copied()).with("AUTHZ_PERMISSION_RESOURCE", "{junk}");
        let problems = Config::from_env(&env).unwrap_err().problems().to_vec();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("AUTHZ_PERMISSION_RESOURCE: "), "{problems:?}");
    }
    let env = FixedEnv::new([URL, ("AUTHZ_PERMISSION_RESOURCE", "resources:{segments}")]);
    Config::from_env(&env).unwrap();
}

#[test]
fn a_check_without_an_action_for_connections_is_warned_about() {
    for (actions, warned) in [
        ("", true),
        (r#"{"GET": "read"}"#, true),
        (r#"{"GET": "read", "CONNECT": "connect"}"#, false),
    ] {
        let env = FixedEnv::new(KETO).with("AUTHZ_PERMISSION_ACTIONS", actions);
        let warnings = Config::from_env(&env).unwrap().warnings;
        let told = warnings.iter().filter(|(_, what)| what.contains("WebSocket"));
        assert_eq!(told.count() == 1, warned, "{actions}");
        // A line has room for no more.
        assert!(warnings.iter().all(|(_, what)| what.len() <= 256), "{warnings:?}");
    }
    assert!(Config::from_env(&FixedEnv::new([URL])).unwrap().warnings.is_empty());
}
