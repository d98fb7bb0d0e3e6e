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
    assert_eq!(expires, Some(issued + 3599));
    reply["nbf"] = json!(not_before == Some(issued));
    reply
}

#[tokio::test]
async fn replies_of_2() {
    let hydra = hydra(HydraVersion::V2).await;
    let expected = json!({
        "active": true, "scope": "read", "client_id": "web", "sub": "web", "aud": [], "iss": hydra.public_url(),
        "token_type": "Bearer", "token_use": "access_token", "nbf": true,
    });
    assert_eq!(described(&hydra, "/admin/oauth2/introspect", "read").await, expected);
    assert_eq!(described(&hydra, "/oauth2/introspect", "read").await, expected);
    assert!(described(&hydra, "/oauth2/introspect", "").await.get("scope").is_none());
}

#[tokio::test]
async fn replies_of_1_8() {
    let hydra = hydra(HydraVersion::V1_8).await;
    let expected = json!({
        "active": true, "scope": "read", "client_id": "web", "sub": "web", "iss": format!("{}/", hydra.public_url()),
        "token_type": "access_token", "nbf": false,
    });
    assert_eq!(described(&hydra, "/oauth2/introspect", "read").await, expected);
    let url = format!("{}/admin/oauth2/introspect", hydra.admin_url());
    assert_eq!(
        send(form_request(url, &[("token", "x")])).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn replies_of_0_6() {
    let hydra = hydra(HydraVersion::V0_6).await;
    let expected =
        json!({"active": true, "scope": "read", "client_id": "web", "sub": "web", "aud": "web", "nbf": false});
    assert_eq!(described(&hydra, "/oauth2/introspect", "read").await, expected);
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
async fn introspection_refuses_what_is_no_form_post() {
    for version in [HydraVersion::V1_8, HydraVersion::V2] {
        let hydra = hydra(version).await;
        let url = format!("{}/oauth2/introspect", hydra.admin_url());
        let cases = [
            (client().get(&url), 400, json!("invalid_request")),
            (client().put(&url).body("token=x"), 400, json!("invalid_request")),
            (form_request(url.clone(), &[]), 400, json!("invalid_request")),
            (
                client().post(&url).json(&json!({"token": "x"})),
                400,
                json!("invalid_request"),
            ),
            (form_request(url.clone(), &[("token", "unknown")]), 200, Value::Null),
            (form_request(url.clone(), &[("other", "x")]), 200, Value::Null),
        ];
        for (index, (request, status, error)) in cases.into_iter().enumerate() {
            let answer = send(request).await;
            assert_eq!(answer.status().as_u16(), status, "case {index}");
            let reply: Value = answer.json().await.expect("JSON");
            assert_eq!(reply["error"], error, "case {index}");
            assert_eq!(
                reply["active"],
                if status == 200 { json!(false) } else { Value::Null },
                "case {index}"
            );
        }
    }
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
    for (version, number) in [(HydraVersion::V1_8, "v1.8.5"), (HydraVersion::V2, "v25.4.0")] {
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
            assert_eq!(
                json_of(client().get(format!("{url}/version"))).await,
                json!({"version": number})
            );
        }
        let found = json_of(client().get(format!("{public}/.well-known/openid-configuration"))).await;
        assert_eq!(found["token_endpoint"], format!("{public}/oauth2/token"));
        assert_eq!(found["revocation_endpoint"], format!("{public}/oauth2/revoke"));
        assert!(found.get("introspection_endpoint").is_none());
    }
}
