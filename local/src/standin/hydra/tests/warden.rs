//! Tests of the warden: who may ask, what a token's subject may do, and how each version says so.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::super::{Effect, Hydra, HydraOptions, HydraVersion, OauthClient, WardenPolicy};
use super::{GRANT, client, json_of, listener, send, token_request};

fn policy(effect: Effect, action: &str, resource: &str) -> WardenPolicy {
    WardenPolicy {
        subjects: vec!["web".to_owned(), "<alice|bob>".to_owned()],
        actions: vec![action.to_owned()],
        resources: vec![resource.to_owned()],
        effect,
    }
}

async fn hydra(version: HydraVersion) -> Hydra {
    let options = HydraOptions {
        clients: vec![OauthClient {
            id: "web".to_owned(),
            secret: "s3cret".to_owned(),
            scope: "read hydra.warden".to_owned(),
        }],
        version,
        policies: vec![
            policy(Effect::Allow, "read", "resources:orders:<.*>"),
            policy(Effect::Deny, "<.*>", "resources:orders:secret<.*>"),
        ],
        ..HydraOptions::default()
    };
    Hydra::start(listener().await, listener().await, options).expect("it starts")
}

async fn token(hydra: &Hydra, scope: &str) -> String {
    let reply = json_of(token_request(hydra, &[GRANT, ("scope", scope)]).basic_auth("web", Some("s3cret"))).await;
    reply["access_token"].as_str().expect("a token").to_owned()
}

fn question(hydra: &Hydra, body: &str) -> RequestBuilder {
    client()
        .post(format!("{}/warden/token/allowed", hydra.admin_url()))
        .body(body.to_owned())
}

fn body(token: &str, action: &str, resource: &str) -> String {
    json!({"token": token, "scopes": [], "resource": resource, "action": action, "context": {}, "subject": "bob"})
        .to_string()
}

#[tokio::test]
async fn policies_decide() {
    let hydra = hydra(HydraVersion::V0_11).await;
    let own = token(&hydra, "hydra.warden").await;
    let users = token(&hydra, "read").await;
    let of = |sub: &str, active: bool| hydra.mint(&json!({"active": active, "sub": sub})).expect("randomness");
    let (alice, eve, gone) = (of("alice", true), of("eve", true), of("alice", false));
    for (token, action, resource, allowed) in [
        (&users, "read", "resources:orders:42", true),
        (&users, "read", "resources:orders:", true),
        (&users, "read", "resources:orders", false),
        (&users, "write", "resources:orders:42", false),
        (&users, "read", "resources:orders:secret", false),
        (&users, "read", "resources:orders:secret:x", false),
        (&users, "read", "", false),
        (&alice, "read", "resources:orders:42", true),
        (&eve, "read", "resources:orders:42", false),
        (&gone, "read", "resources:orders:42", false),
        (&"unknown".to_owned(), "read", "resources:orders:42", false),
    ] {
        let reply = json_of(question(&hydra, &body(token, action, resource)).bearer_auth(&own)).await;
        assert_eq!(reply["allowed"], allowed, "{action} {resource}");
        // A no says nothing else.
        assert_eq!(reply == json!({"allowed": false}), !allowed, "{reply}");
    }
    let more =
        json!({"subjects": ["web"], "actions": ["write"], "resources": ["resources:orders:42"], "effect": "allow"});
    let add = client()
        .post(format!("{}/_policies", hydra.admin_url()))
        .body(more.to_string());
    assert_eq!(send(add).await.status(), 201);
    let reply = json_of(question(&hydra, &body(&users, "write", "resources:orders:42")).bearer_auth(&own)).await;
    assert_eq!(reply["allowed"], true);
    let scoped = body(&users, "read", "resources:orders:42").replace("[]", "[\"admin\"]");
    let reply = json_of(question(&hydra, &scoped).bearer_auth(&own)).await;
    assert_eq!(reply, json!({"allowed": false}));
}

#[tokio::test]
async fn each_version_calls_its_members_otherwise() {
    for (version, names) in [
        (
            HydraVersion::V0_6,
            ["sub", "scopes", "iss", "aud", "iat", "exp", "ext", "allowed"],
        ),
        (
            HydraVersion::V0_11,
            [
                "subject",
                "grantedScopes",
                "issuer",
                "clientId",
                "issuedAt",
                "expiresAt",
                "accessTokenExtra",
                "allowed",
            ],
        ),
    ] {
        let hydra = hydra(version).await;
        let own = token(&hydra, "read hydra.warden").await;
        let users = token(&hydra, "read").await;
        let reply: Value =
            json_of(question(&hydra, &body(&users, "read", "resources:orders:42")).bearer_auth(&own)).await;
        let mut members: Vec<&String> = reply.as_object().expect("an object").keys().collect();
        let mut expected = names;
        members.sort();
        expected.sort_unstable();
        assert_eq!(members, expected, "{reply}");
        assert_eq!((&reply[names[0]], &reply[names[3]]), (&json!("web"), &json!("web")));
        assert_eq!(reply[names[1]], json!(["read"]));
        assert!(
            reply[names[4]].as_str().is_some_and(|time| time.ends_with('Z')),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn who_may_ask() {
    let hydra = hydra(HydraVersion::V0_11).await;
    let own = token(&hydra, "hydra.warden").await;
    let narrow = token(&hydra, "read").await;
    let asked = body(&narrow, "read", "resources:orders:42");
    let question = || question(&hydra, &asked);
    for (request, status) in [
        (question(), 401),
        (question().basic_auth("web", Some("s3cret")), 401),
        (question().bearer_auth("unknown"), 401),
        (question().bearer_auth(&narrow), 403),
        (question().bearer_auth(&own), 200),
        (self::question(&hydra, "x").bearer_auth(&own), 500),
    ] {
        assert_eq!(send(request).await.status(), status);
    }
}

#[tokio::test]
async fn later_versions_have_none() {
    for version in [HydraVersion::V1_8, HydraVersion::V2] {
        let hydra = hydra(version).await;
        assert_eq!(send(question(&hydra, "{}")).await.status(), 404);
    }
}
