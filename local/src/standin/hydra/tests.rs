//! Tests of the stand-in for Hydra, over HTTP.

mod refusals;
mod versions;
mod warden;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::super::tests::{client, listener};
use super::{Hydra, HydraOptions, HydraVersion, OauthClient};
use crate::standin::Fault;

/// A Hydra with the clients `web` (scopes `read write`) and one whose id and secret need escapes.
async fn hydra(version: HydraVersion) -> Hydra {
    let client = |id: &str, secret: &str, scope: &str| OauthClient {
        id: id.to_owned(),
        secret: secret.to_owned(),
        scope: scope.to_owned(),
    };
    let clients = vec![
        client("web", "s3cret", "read write"),
        client("o d&d", "a%2B+b:c@é", "read"),
    ];
    let options = HydraOptions {
        clients,
        version,
        ..HydraOptions::default()
    };
    Hydra::start(listener().await, listener().await, options).expect("it starts")
}

fn token_request(hydra: &Hydra, form: &[(&str, &str)]) -> RequestBuilder {
    form_request(format!("{}/oauth2/token", hydra.public_url()), form)
}

fn form_request(url: String, form: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    client()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn json_of(request: RequestBuilder) -> Value {
    send(request).await.json().await.expect("JSON")
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A token of the client `web`.
async fn token(hydra: &Hydra, scope: &str) -> String {
    let reply = json_of(token_request(hydra, &[GRANT, ("scope", scope)]).basic_auth("web", Some("s3cret"))).await;
    reply["access_token"].as_str().expect("a token").to_owned()
}

async fn introspect(hydra: &Hydra, token: &str) -> Value {
    json_of(form_request(
        format!("{}/admin/oauth2/introspect", hydra.admin_url()),
        &[("token", token)],
    ))
    .await
}

#[tokio::test]
async fn a_token_is_given_out_used_and_revoked() {
    let hydra = hydra(HydraVersion::V2).await;
    let request = token_request(&hydra, &[GRANT, ("scope", "write  read")]).basic_auth("web", Some("s3cret"));
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let reply: Value = answer.json().await.expect("JSON");
    let token = reply["access_token"].as_str().expect("a token");
    assert!(token.starts_with("ory_at_") && token.len() > 80, "{token}");
    assert_eq!(
        reply,
        json!({"access_token": token, "expires_in": 3599, "scope": "write read", "token_type": "bearer"})
    );
    assert_eq!(introspect(&hydra, token).await["active"], true);
    let revoke = |secret: &str, token: &str| {
        form_request(format!("{}/oauth2/revoke", hydra.public_url()), &[("token", token)])
            .basic_auth("web", Some(secret))
    };
    assert_eq!(send(revoke("wrong", token)).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(introspect(&hydra, token).await["active"], true);
    // Another client is told nothing, and the token lives on.
    let other = form_request(format!("{}/oauth2/revoke", hydra.public_url()), &[("token", token)]);
    let answer = send(other.basic_auth("o+d%26d", Some("a%252B%2Bb%3Ac%40%C3%A9"))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(introspect(&hydra, token).await["active"], true);
    for token in [token, token, "unknown"] {
        let answer = send(revoke("s3cret", token)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.text().await.expect("text"), "");
    }
    assert_eq!(introspect(&hydra, token).await, json!({"active": false}));
}

#[tokio::test]
async fn tokens_differ_and_expire() {
    let clients = vec![OauthClient {
        id: "web".to_owned(),
        secret: "s3cret".to_owned(),
        scope: String::new(),
    }];
    let options = HydraOptions {
        clients,
        lifespan_secs: 1,
        ..HydraOptions::default()
    };
    let hydra = Hydra::start(listener().await, listener().await, options).expect("it starts");
    let (one, other) = (token(&hydra, "").await, token(&hydra, "").await);
    assert_ne!(one, other);
    assert_eq!(introspect(&hydra, &one).await["active"], true);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(introspect(&hydra, &one).await, json!({"active": false}));
}

#[tokio::test]
async fn clients_prove_themselves_by_basic() {
    let hydra = hydra(HydraVersion::V2).await;
    let posted = [GRANT, ("client_id", "web"), ("client_secret", "s3cret")];
    let cases = [
        (
            token_request(&hydra, &[GRANT]).basic_auth("web", Some("s3cret")),
            200,
            "",
        ),
        // Form-encoded inside Basic, as RFC 6749 section 2.3.1 wants it.
        (
            token_request(&hydra, &[GRANT]).basic_auth("o+d%26d", Some("a%252B%2Bb%3Ac%40%C3%A9")),
            200,
            "",
        ),
        (
            token_request(&hydra, &[GRANT]).basic_auth("o d&d", Some("a%2B+b:c@é")),
            401,
            "invalid_client",
        ),
        (
            token_request(&hydra, &[GRANT]).basic_auth("web", Some("wrong")),
            401,
            "invalid_client",
        ),
        (
            token_request(&hydra, &[GRANT]).basic_auth("nobody", Some("s3cret")),
            401,
            "invalid_client",
        ),
        (token_request(&hydra, &posted), 401, "invalid_client"),
        (
            token_request(&hydra, &posted).basic_auth("web", Some("s3cret")),
            401,
            "invalid_client",
        ),
        (token_request(&hydra, &[GRANT]), 400, "invalid_request"),
        (token_request(&hydra, &[GRANT]).bearer_auth("x"), 400, "invalid_request"),
    ];
    for (index, (request, status, error)) in cases.into_iter().enumerate() {
        let answer = send(request).await;
        assert_eq!(answer.status().as_u16(), status, "case {index}");
        assert!(!answer.headers().contains_key("www-authenticate"), "case {index}");
        let reply: Value = answer.json().await.expect("JSON");
        assert_eq!(reply["error"].as_str().unwrap_or_default(), error, "case {index}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_token_request_is_told() {
    let hydra = hydra(HydraVersion::V2).await;
    let cases = [
        (&[GRANT, ("scope", "read admin")][..], "invalid_scope"),
        (&[GRANT, ("scope", "rea")], "invalid_scope"),
        (&[("grant_type", "authorization_code")], "unauthorized_client"),
        (&[("grant_type", "nonsense")], "invalid_request"),
        (&[("scope", "read")], "invalid_request"),
        (&[("grant_type", "")], "invalid_request"),
        (&[], "invalid_request"),
    ];
    for (form, error) in cases {
        let answer = send(token_request(&hydra, form).basic_auth("web", Some("s3cret"))).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{form:?}");
        let reply: Value = answer.json().await.expect("JSON");
        assert_eq!(reply["error"], error, "{form:?}");
        assert!(reply["error_description"].is_string());
    }
    // Of a parameter that comes twice the first counts.
    let twice = token_request(&hydra, &[GRANT, ("grant_type", "nonsense")]).basic_auth("web", Some("s3cret"));
    assert_eq!(send(twice).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_minted_token_answers_what_it_was_given() {
    let hydra = hydra(HydraVersion::V2).await;
    let claims = json!({"active": true, "exp": 1, "token_use": "refresh_token", "ext": {"a": [1]}});
    let token = hydra.mint(&claims).expect("randomness");
    assert_eq!(introspect(&hydra, &token).await, claims);
    let odd = r#"{"active":true, "active":false,"exp":"soon"}"#;
    let minted = json_of(client().post(format!("{}/_tokens", hydra.admin_url())).body(odd)).await;
    let token = minted["access_token"].as_str().expect("a token");
    let answer = form_request(format!("{}/oauth2/introspect", hydra.admin_url()), &[("token", token)]);
    assert_eq!(send(answer).await.text().await.expect("text"), odd);
    let bad = send(client().post(format!("{}/_tokens", hydra.admin_url())).body("{")).await;
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    // The tests' own door is on the administrative port only.
    let public = send(client().post(format!("{}/_tokens", hydra.public_url())).body("{}")).await;
    assert_eq!(public.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_port_has_its_own_calls_and_faults() {
    let hydra = hydra(HydraVersion::V2).await;
    hydra.admin().fault(Fault::status(503));
    let token = token(&hydra, "read").await;
    let url = format!("{}/oauth2/introspect", hydra.admin_url());
    let answer = send(form_request(url.clone(), &[("token", &token)])).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        send(form_request(url, &[("token", &token)])).await.status(),
        StatusCode::OK
    );
    assert_eq!((hydra.public().calls().len(), hydra.admin().calls().len()), (1, 2));
    let calls = hydra.calls();
    assert_eq!(calls[0].path, "/oauth2/token");
    let kept = serde_json::to_string(&calls).expect("JSON");
    assert!(!kept.contains(&token) && !kept.contains("s3cret"), "{kept}");
    assert_eq!(calls[1].body, "token=***");
    hydra.clear_calls();
    assert!(hydra.calls().is_empty());
}
