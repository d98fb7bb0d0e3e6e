//! Tests of the variables.

use shared::testing::FixedEnv;

use super::*;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf";

#[test]
fn defaults_hold_where_nothing_is_set() {
    let env = FixedEnv::new([
        ("HIPCHAT_TOKENS", "[]"),
        ("HIPCHAT_DIRECTORY_FILE", "rooms.json"),
        ("SLACK_TOKEN_SECRET_ARN", ARN),
        ("HIPCHAT_TOKNES", "x"),
        ("SLACK_TOKENS", "x"),
    ]);
    let config = Config::from_env(&env).unwrap();
    assert_eq!(config.slack_api_url, "https://slack.com/api");
    assert_eq!((config.rate_limit, config.flood_limit), (500, 30));
    assert_eq!(config.overlong, Overlong::Reject);
    assert!(!config.customize && !config.strict_escape && !config.dry_run);
    assert_eq!((config.directory_ttl_secs, config.public_url), (300, None));
    assert_eq!(config.unsupported, Unsupported::Refuse);
    assert!(!config.room_metrics && !config.client_msg_id);
    assert!(matches!(config.directory, Some(DirectorySource::File(_))));
    assert_eq!(config.unknown, ["HIPCHAT_TOKNES", "SLACK_TOKENS"]);
}

#[test]
fn all_bad_variables_are_told_at_once() {
    let problems = |pairs: &[(&str, &str)]| {
        Config::from_env(&FixedEnv::new(pairs.iter().copied()))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        problems(&[]),
        "HIPCHAT_TOKENS: is required (or HIPCHAT_TOKENS_SECRET_ARN)\n\
         HIPCHAT_DIRECTORY: is required (or HIPCHAT_DIRECTORY_FILE or HIPCHAT_DIRECTORY_SECRET_ARN)\n\
         SLACK_TOKEN: is required (or SLACK_TOKEN_SECRET_ARN)"
    );
    assert_eq!(
        problems(&[
            ("HIPCHAT_TOKENS", "s3cret"),
            ("HIPCHAT_TOKENS_SECRET_ARN", ARN),
            ("HIPCHAT_DIRECTORY", "s3cret"),
            ("HIPCHAT_DIRECTORY_FILE", "s3cret"),
            ("SLACK_TOKEN_SECRET_ARN", "s3cret"),
            ("SLACK_API_URL", "http://slack.example.com/s3cret"),
            ("SLACK_CUSTOMIZE", "s3cret"),
            ("HIPCHAT_PUBLIC_URL", "https://h.example.com/s3cret"),
            ("HIPCHAT_DIRECTORY_TTL_SECS", "1.5"),
            ("HIPCHAT_UNSUPPORTED", "s3cret"),
            ("HIPCHAT_ROOM_METRICS", "s3cret"),
            ("SLACK_CLIENT_MSG_ID", "s3cret"),
            ("HIPCHAT_RATE_LIMIT", "-1"),
            ("HIPCHAT_OVERLONG", "s3cret"),
        ])
        .lines()
        .map(|line| line.split(':').next().unwrap_or_default())
        .collect::<Vec<_>>(),
        [
            "HIPCHAT_TOKENS",
            "HIPCHAT_DIRECTORY_FILE",
            "SLACK_TOKEN_SECRET_ARN",
            "SLACK_API_URL",
            "HIPCHAT_PUBLIC_URL",
            "HIPCHAT_DIRECTORY_TTL_SECS",
            "HIPCHAT_UNSUPPORTED",
            "HIPCHAT_ROOM_METRICS",
            "SLACK_CUSTOMIZE",
            "SLACK_CLIENT_MSG_ID",
            "HIPCHAT_RATE_LIMIT",
            "HIPCHAT_OVERLONG"
        ]
    );
}

#[test]
fn the_public_url_is_an_https_host() {
    let public_url = |value: &str| {
        let env = FixedEnv::new([
            ("HIPCHAT_TOKENS", "[]"),
            ("HIPCHAT_DIRECTORY", "{}"),
            ("SLACK_TOKEN", "xoxb-1"),
            ("HIPCHAT_PUBLIC_URL", value),
        ]);
        Config::from_env(&env).map(|config| config.public_url.unwrap_or_default())
    };
    assert_eq!(
        public_url("https://chat.example.com/").as_deref(),
        Ok("https://chat.example.com")
    );
    assert_eq!(public_url("https://chat:8443").as_deref(), Ok("https://chat:8443"));
    for bad in [
        "http://chat.example.com",
        "http://127.0.0.1",
        "https://chat/x",
        "https://chat/?q",
        "chat",
    ] {
        assert!(public_url(bad).is_err(), "{bad}");
    }
}

#[test]
fn plain_documents_are_checked_beside_bad_variables() {
    let env = FixedEnv::new([
        ("HIPCHAT_TOKENS", r#"[{"sha256": "s3cret"}]"#),
        ("HIPCHAT_DIRECTORY", r#"{"rooms": [{"name": "s3cret"}]}"#),
        ("HIPCHAT_DRY_RUN", "s3cret"),
    ]);
    let error = Config::from_env(&env).unwrap_err();
    let names: Vec<_> = error
        .problems()
        .iter()
        .filter_map(|line| line.split([':', '[', '.', ' ']).next())
        .collect();
    assert_eq!(
        names,
        [
            "HIPCHAT_DRY_RUN",
            "SLACK_TOKEN",
            "HIPCHAT_DIRECTORY",
            "HIPCHAT_TOKENS",
            "HIPCHAT_TOKENS"
        ]
    );
    assert!(!error.to_string().contains("s3cret"));
}

#[test]
fn a_dry_run_needs_no_slack_token() {
    let env = FixedEnv::new([
        ("HIPCHAT_TOKENS", "[]"),
        ("HIPCHAT_DIRECTORY", "{}"),
        ("HIPCHAT_DRY_RUN", "TRUE"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api/"),
    ]);
    let config = Config::from_env(&env).unwrap();
    assert!(config.slack_token.is_none());
    assert_eq!(config.slack_api_url, "http://127.0.0.1:9/api");
}

#[test]
fn the_table_names_every_variable() {
    let source = include_str!("../config.rs");
    for name in KNOWN {
        assert!(
            source
                .lines()
                .any(|line| line.starts_with("/// |") && line.contains(&format!("`{name}`"))),
            "{name}"
        );
    }
}

#[test]
fn add_ons_and_their_keys_come_together() {
    let problems = |pairs: &[(&str, &str)]| {
        let env = [
            ("HIPCHAT_TOKENS", "[]"),
            ("HIPCHAT_DIRECTORY_FILE", "f"),
            ("SLACK_TOKEN", "x"),
        ];
        let env = FixedEnv::new(env.into_iter().chain(pairs.iter().copied()));
        Config::from_env(&env).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(
        problems(&[("HIPCHAT_OAUTH_CLIENTS", "[]")]),
        Err("HIPCHAT_OAUTH_KEY: is required (or HIPCHAT_OAUTH_KEY_SECRET_ARN)".to_owned())
    );
    assert_eq!(
        problems(&[("HIPCHAT_OAUTH_KEY_SECRET_ARN", ARN)]),
        Err("HIPCHAT_OAUTH_KEY: is of no use without HIPCHAT_OAUTH_CLIENTS".to_owned())
    );
    assert_eq!(
        problems(&[
            ("HIPCHAT_OAUTH_CLIENTS", "s3cret"),
            ("HIPCHAT_OAUTH_KEY", "s3cret"),
            ("HIPCHAT_DRY_RUN", "s3cret")
        ]),
        Err("HIPCHAT_DRY_RUN: must be true or false\n\
             HIPCHAT_OAUTH_CLIENTS: is not valid JSON (line 1, column 1)\n\
             HIPCHAT_OAUTH_KEY: must be one or more keys of at least 32 characters, each on a line"
            .to_owned())
    );
    assert_eq!(
        problems(&[("HIPCHAT_OAUTH_CLIENTS", "[]"), ("HIPCHAT_OAUTH_KEY_SECRET_ARN", ARN)]),
        Ok(())
    );
}
