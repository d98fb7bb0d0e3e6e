//! How long what answers rest on is remembered.

use std::time::Duration;

use shared::testing::FixedEnv;

use crate::config::Config;

#[test]
fn keys_may_go_stale_where_no_claims_are_remembered() {
    let signed = r#"{"name": "keys", "kind": "jwks", "jwks_url": "https://k.example.com/", "issuers": ["https://k/"], "audiences": ["x"]}"#;
    let asked = r#"{"name": "a", "kind": "introspection", "introspection_url": "https://h.example.com/", "issuers": ["https://a/"]}"#;
    let read = |list: String| {
        Config::from_env(&FixedEnv::new([
            ("AUTHZ_PROVIDERS", list.as_str()),
            ("AUTHZ_CACHE_TTL_SECS", "0"),
            ("AUTHZ_STALE_IF_ERROR_SECS", "60"),
        ]))
    };
    let config = read(format!("[{signed}]")).unwrap();
    assert_eq!(
        (config.cache.ttl, config.cache.stale),
        (Duration::ZERO, Duration::from_secs(60))
    );
    for list in [format!("[{asked}]"), format!("[{asked}, {signed}]")] {
        assert_eq!(
            read(list).unwrap_err().problems(),
            ["AUTHZ_STALE_IF_ERROR_SECS: must be 0 with AUTHZ_CACHE_TTL_SECS=0, which remembers nothing"]
        );
    }
}
