//! What differs from one version of Hydra to the next.

use super::*;

/// Everything but the token itself, with the times checked and taken out.
async fn described(hydra: &Hydra, path: &str, scope: &str) -> Value {
    let token = token(hydra, scope).await;
    let url = format!("{}{path}", hydra.admin_url());
    let mut reply = json_of(form_request(url, &[("token", &token)]).basic_auth("web", Some("s3cret"))).await;
    let now = crate::clock::unix_now();
    let members = reply.as_object_mut().expect("an object");
    let mut time = |name: &str| members.remove(name).and_then(|value| value.as_u64());
    let (issued, expires, not_before) = (time("iat"), time("exp"), time("nbf"));
    let issued = issued.expect("a time");
    assert!((now - 5..=now).contains(&issued));
    assert_eq!(expires, Some(issued + 3600));
    reply["nbf"] = json!(not_before == Some(issued));
    reply
}

const PLAIN: &str = "/oauth2/introspect";
const PREFIXED: &str = "/admin/oauth2/introspect";

/// The members from 1.9 on.
fn since_1_9(issuer: &str) -> Value {
    json!({
        "active": true, "scope": "read", "client_id": "web", "sub": "web", "aud": [], "iss": issuer,
        "token_type": "Bearer", "token_use": "access_token", "nbf": true,
    })
}

async fn introspection_status(hydra: &Hydra, path: &str) -> u16 {
    let url = format!("{}{path}", hydra.admin_url());
    send(form_request(url, &[("token", "x")])).await.status().as_u16()
}

#[tokio::test]
async fn replies_of_2() {
    let hydra = hydra(HydraVersion::V2).await;
    let expected = since_1_9(&hydra.public_url());
    assert_eq!(described(&hydra, PREFIXED, "read").await, expected);
    assert_eq!(described(&hydra, PLAIN, "read").await, expected);
    assert!(described(&hydra, PLAIN, "").await.get("scope").is_none());
}

#[tokio::test]
async fn replies_of_2_3() {
    let hydra = hydra(HydraVersion::V2_3).await;
    assert_eq!(
        described(&hydra, PREFIXED, "read").await,
        since_1_9(&hydra.public_url())
    );
    let url = format!("{}{PLAIN}", hydra.admin_url());
    let answer = send(form_request(url, &[("token", "x")])).await;
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()["location"], "http:///admin/oauth2/introspect");
}

#[tokio::test]
async fn replies_of_1_11() {
    let hydra = hydra(HydraVersion::V1_11).await;
    let expected = since_1_9(&format!("{}/", hydra.public_url()));
    assert_eq!(described(&hydra, PLAIN, "read").await, expected);
    assert_eq!(introspection_status(&hydra, PREFIXED).await, 404);
}

#[tokio::test]
async fn replies_of_1_8() {
    let hydra = hydra(HydraVersion::V1_8).await;
    let expected = json!({
        "active": true, "scope": "read", "client_id": "web", "sub": "web", "iss": format!("{}/", hydra.public_url()),
        "token_type": "access_token", "nbf": false,
    });
    assert_eq!(described(&hydra, PLAIN, "read").await, expected);
    assert_eq!(introspection_status(&hydra, PREFIXED).await, 404);
}

#[tokio::test]
async fn replies_of_0_11() {
    let hydra = hydra(HydraVersion::V0_11).await;
    let expected = json!({
        "active": true, "scope": "read", "client_id": "web", "sub": "web", "iss": hydra.public_url(), "nbf": false,
    });
    assert_eq!(described(&hydra, PLAIN, "read").await, expected);
}

#[tokio::test]
async fn replies_of_0_6() {
    let hydra = hydra(HydraVersion::V0_6).await;
    let expected =
        json!({"active": true, "scope": "read", "client_id": "web", "sub": "web", "aud": "web", "nbf": false});
    assert_eq!(described(&hydra, PLAIN, "read").await, expected);
}

/// Every version calls them active; what tells them apart changed twice.
#[tokio::test]
async fn refresh_tokens() {
    for (version, prefix, token_type, token_use) in [
        (HydraVersion::V0_6, "", Value::Null, Value::Null),
        (HydraVersion::V0_11, "", Value::Null, Value::Null),
        (HydraVersion::V1_8, "", json!("refresh_token"), Value::Null),
        (HydraVersion::V1_11, "", json!("Bearer"), json!("refresh_token")),
        (HydraVersion::V2_3, "ory_rt_", json!("Bearer"), json!("refresh_token")),
        (HydraVersion::V2, "ory_rt_", json!("Bearer"), json!("refresh_token")),
    ] {
        let hydra = hydra(version).await;
        let token = hydra.refresh_token("web", "alice", "offline read").expect("randomness");
        assert!(token.starts_with(prefix), "{token}");
        let path = if version >= HydraVersion::V2_3 { PREFIXED } else { PLAIN };
        let request = form_request(format!("{}{path}", hydra.admin_url()), &[("token", &token)]);
        let reply = json_of(request.basic_auth("web", Some("s3cret"))).await;
        assert_eq!(
            (
                &reply["active"],
                &reply["sub"],
                &reply["token_type"],
                &reply["token_use"]
            ),
            (&json!(true), &json!("alice"), &token_type, &token_use),
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn hydra_0_11_wants_a_scope_of_who_introspects() {
    let web = OauthClient {
        id: "web".to_owned(),
        secret: "s3cret".to_owned(),
        scope: "read hydra.introspect".to_owned(),
    };
    let options = HydraOptions {
        clients: vec![web],
        version: HydraVersion::V0_11,
        ..HydraOptions::default()
    };
    let hydra = Hydra::start(listener().await, listener().await, options).expect("it starts");
    let (with, without) = (token(&hydra, "hydra.introspect").await, token(&hydra, "read").await);
    let ask = || form_request(format!("{}{PLAIN}", hydra.public_url()), &[("token", &without)]);
    for (index, (request, status)) in [
        (ask().bearer_auth(&with), 200),
        (ask().basic_auth("web", Some("s3cret")), 200),
        (ask().bearer_auth(&without), 403),
        (ask().bearer_auth("unknown"), 401),
        (ask().basic_auth("web", Some("wrong")), 401),
        (ask(), 401),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(send(request).await.status().as_u16(), status, "case {index}");
    }
    let health = json_of(client().get(format!("{}/health/status", hydra.public_url()))).await;
    assert_eq!(health, json!({"status": "ok"}));
}

#[tokio::test]
async fn hydra_0_6_asks_who_introspects() {
    let hydra = hydra(HydraVersion::V0_6).await;
    let (system, user) = (token(&hydra, "").await, token(&hydra, "read").await);
    assert!(!system.starts_with("ory_at_"));
    // One port has it all, so both do here.
    for url in [hydra.admin_url(), hydra.public_url()] {
        let ask = || form_request(format!("{url}/oauth2/introspect"), &[("token", &user)]);
        let cases = [
            (ask().bearer_auth(&system), 200),
            (ask().basic_auth("web", Some("s3cret")), 200),
            (ask().bearer_auth(&user), 401),
            (ask().bearer_auth("unknown"), 401),
            (ask().basic_auth("web", Some("wrong")), 401),
            (ask(), 401),
        ];
        for (index, (request, status)) in cases.into_iter().enumerate() {
            let answer = send(request).await;
            assert_eq!(answer.status().as_u16(), status, "case {index}");
            let json = answer.headers()["content-type"]
                .to_str()
                .is_ok_and(|kind| kind.starts_with("application/json"));
            assert_eq!(json, status == 401, "case {index}");
        }
    }
    // Not decoded: what needs escapes elsewhere is taken as it is.
    let ask = form_request(format!("{}/oauth2/introspect", hydra.admin_url()), &[("token", &user)]);
    assert_eq!(
        send(ask.basic_auth("o d&d", Some("a%2B+b:c@é"))).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        send(client().get(format!("{}/health", hydra.public_url())))
            .await
            .status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_wanted_scope_that_was_not_granted_makes_it_inactive() {
    let hydra = hydra(HydraVersion::V2).await;
    let token = token(&hydra, "read").await;
    for (scope, active) in [("read", true), ("", true), ("read write", false)] {
        let url = format!("{}/admin/oauth2/introspect", hydra.admin_url());
        let reply = json_of(form_request(url, &[("token", &token), ("scope", scope)])).await;
        assert_eq!(reply["active"], active, "{scope}");
    }
}

#[tokio::test]
async fn ports_are_apart_from_1_on() {
    for (version, number) in [
        (HydraVersion::V1_8, "v1.8.5"),
        (HydraVersion::V1_11, "v1.11.10"),
        (HydraVersion::V2_3, "v2.3.0"),
        (HydraVersion::V2, "v25.4.0"),
    ] {
        let hydra = hydra(version).await;
        let (admin, public) = (hydra.admin_url(), hydra.public_url());
        let status = async |url: String| send(form_request(url, &[("token", "x")])).await.status().as_u16();
        assert_eq!(status(format!("{public}/oauth2/introspect")).await, 404);
        assert_eq!(status(format!("{public}/admin/oauth2/introspect")).await, 404);
        assert_eq!(status(format!("{admin}/oauth2/token")).await, 404);
        for url in [&admin, &public] {
            for path in ["alive", "ready"] {
                assert_eq!(
                    json_of(client().get(format!("{url}/health/{path}"))).await,
                    json!({"status": "ok"})
                );
            }
        }
        assert_eq!(
            json_of(client().get(format!("{admin}/version"))).await,
            json!({"version": number})
        );
        assert_eq!(send(client().get(format!("{public}/version"))).await.status(), 404);
        let found = json_of(client().get(format!("{public}/.well-known/openid-configuration"))).await;
        assert_eq!(found["token_endpoint"], format!("{public}/oauth2/token"));
        assert_eq!(found["revocation_endpoint"], format!("{public}/oauth2/revoke"));
        assert!(found.get("introspection_endpoint").is_none());
    }
}
