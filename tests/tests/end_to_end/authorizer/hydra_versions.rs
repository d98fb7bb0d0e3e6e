//! The authorizer's binary asking every version of Hydra, with the settings that each needs.

use local::standin::{Hydra, HydraOptions, HydraVersion, OauthClient};
use serde_json::{Value, json};

use crate::door::Door;
use crate::stage::listener;

/// Escaped in a form, and taken as it is by Hydra 0.6.
const SECRET: &str = "s3cr+t %2F:&@]";

/// An API, and the Hydra behind it.
struct HydrasDoor {
    hydra: Hydra,
    api: Door,
}

impl HydrasDoor {
    /// An API whose authorizer asks this Hydra. In the settings, `ADMIN` and `PUBLIC` are its base URLs.
    async fn before(version: HydraVersion, settings: &[(&str, &str)]) -> Self {
        let client = OauthClient {
            id: "api".to_owned(),
            secret: SECRET.to_owned(),
            scope: "hello hydra.introspect".to_owned(),
        };
        let options = HydraOptions {
            clients: vec![client],
            version,
            ..HydraOptions::default()
        };
        let hydra = Hydra::start(listener().await, listener().await, options).unwrap();
        let urls = |value: &str| {
            let value = value.replace("ADMIN", &hydra.admin_url());
            value.replace("PUBLIC", &hydra.public_url())
        };
        let settings: Vec<(&str, String)> = settings.iter().map(|(name, value)| (*name, urls(value))).collect();
        let mut variables: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // Credentials that nobody is shown stop the start.
        if variables.iter().any(|(name, _)| *name == "AUTHZ_INTROSPECTION_AUTH") {
            variables.extend([("AUTHZ_CLIENT_ID", "api"), ("AUTHZ_CLIENT_SECRET", SECRET)]);
        }
        Self {
            api: Door::with(&variables).await,
            hydra,
        }
    }

    async fn status(&self, token: &str) -> u16 {
        self.api.status(token).await
    }

    /// A token of the client-credentials grant. The client's secret is written as this version wants it.
    async fn mint(&self, version: HydraVersion, scope: &str) -> String {
        let secret = match version {
            HydraVersion::V0_6 => SECRET.to_owned(),
            _ => "s3cr%2Bt+%252F%3A%26%40%5D".to_owned(),
        };
        let request = self
            .api
            .http
            .post(format!("{}/oauth2/token", self.hydra.public_url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&scope={scope}"))
            .basic_auth("api", Some(secret));
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        reply["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{reply}"))
            .to_owned()
    }

    fn logged(&self, reason: &str) -> bool {
        self.api.log().contains(&format!("\"reason\":\"{reason}\""))
    }
}

const PLAIN: (&str, &str) = ("AUTHZ_INTROSPECTION_URL", "ADMIN/oauth2/introspect");
const PREFIXED: (&str, &str) = ("AUTHZ_INTROSPECTION_URL", "ADMIN/admin/oauth2/introspect");
const TOKEN_URL: (&str, &str) = ("AUTHZ_TOKEN_URL", "PUBLIC/oauth2/token");
const RAW: (&str, &str) = ("AUTHZ_CLIENT_AUTH_ENCODING", "raw");

fn auth(mode: &str) -> (&str, &str) {
    ("AUTHZ_INTROSPECTION_AUTH", mode)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_hydra_lets_its_tokens_in() {
    let own = auth("client_credentials");
    let introspect = ("AUTHZ_TOKEN_SCOPE", "hydra.introspect");
    for (version, settings) in [
        (HydraVersion::V0_6, &[PLAIN, auth("basic"), RAW][..]),
        (HydraVersion::V0_6, &[PLAIN, own, TOKEN_URL, RAW]),
        (HydraVersion::V0_11, &[PLAIN, auth("basic")]),
        (HydraVersion::V0_11, &[PLAIN, own, TOKEN_URL, introspect]),
        (HydraVersion::V1_8, &[PLAIN]),
        (HydraVersion::V1_11, &[PLAIN]),
        (HydraVersion::V2_3, &[PREFIXED]),
        (HydraVersion::V2, &[PREFIXED]),
        (HydraVersion::V2, &[PLAIN]),
    ] {
        let door = HydrasDoor::before(version, settings).await;
        let (token, poor) = (door.mint(version, "hello").await, door.mint(version, "").await);
        let statuses = (
            door.status(&token).await,
            door.status(&poor).await,
            door.status("unknown").await,
        );
        assert_eq!(statuses, (200, 403, 401), "{version:?} {settings:?}");
        // Hydra 0.x says nothing that tells refresh tokens from others.
        if version >= HydraVersion::V1_8 {
            let refresh = door.hydra.refresh_token("api", "alice", "hello").unwrap();
            assert_eq!(door.status(&refresh).await, 401, "{version:?}");
            assert!(door.logged("not_access_token"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_fit_the_version_are_a_failure() {
    let own = auth("client_credentials");
    for (version, settings, reason) in [
        (HydraVersion::V0_6, &[PLAIN][..], "upstream_unauthorized"),
        (HydraVersion::V0_6, &[PLAIN, auth("basic")], "upstream_unauthorized"),
        (HydraVersion::V0_11, &[PLAIN, own, TOKEN_URL], "upstream_forbidden"),
        (HydraVersion::V1_8, &[PREFIXED], "upstream_config"),
        (HydraVersion::V1_11, &[PREFIXED], "upstream_config"),
        (HydraVersion::V2_3, &[PLAIN], "upstream_redirect"),
        (
            HydraVersion::V2,
            &[("AUTHZ_INTROSPECTION_URL", "PUBLIC/oauth2/introspect")],
            "upstream_config",
        ),
    ] {
        let door = HydrasDoor::before(version, settings).await;
        let minted = door
            .hydra
            .mint(&json!({"active": true, "sub": "alice", "scope": "hello"}))
            .unwrap();
        assert_eq!(door.status(&minted).await, 500, "{version:?} {settings:?}");
        let log = door.api.log();
        assert!(door.logged(reason), "{version:?} {settings:?}: {log}");
        assert!(!log.contains(SECRET) && !log.contains(&minted), "{log}");
    }
}
