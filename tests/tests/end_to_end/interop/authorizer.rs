//! The authorizer in front of real authorization servers: oidc-provider (Node) and django-oauth-toolkit (Python).

mod server;
mod signed;

use std::time::Duration;

use serde_json::{Value, json};

use self::server::{GATEWAY, Product, Server};
use crate::stage::{Answer, Stage};
use crate::terminator::Terminator;

/// How the authorizer shows itself to the server.
#[derive(Clone, Copy)]
enum Caller {
    Basic,
    Bearer,
    ClientCredentials,
}

/// Variables of the authorizer.
type Variables = Vec<(&'static str, String)>;

/// The variables for a caller that the server at `base` knows.
async fn variables(server: &Server, base: &str, caller: Caller) -> Variables {
    let product = server.product();
    let mut all = vec![
        ("AUTHZ_INTROSPECTION_URL", format!("{base}{}", product.introspection())),
        // Long enough for an interpreter on a busy machine.
        ("AUTHZ_CONNECT_TIMEOUT_MS", "3000".to_owned()),
        ("AUTHZ_REQUEST_TIMEOUT_MS", "6000".to_owned()),
        ("AUTHZ_TOTAL_BUDGET_MS", "9000".to_owned()),
        ("AUTHZ_CACHE_TTL_SECS", "1".to_owned()),
    ];
    let client = [
        ("AUTHZ_CLIENT_ID", GATEWAY.id.to_owned()),
        ("AUTHZ_CLIENT_SECRET", GATEWAY.secret.to_owned()),
    ];
    match caller {
        Caller::Basic => {
            all.push(("AUTHZ_INTROSPECTION_AUTH", "basic".to_owned()));
            all.extend(client);
        }
        Caller::Bearer => {
            all.push(("AUTHZ_INTROSPECTION_AUTH", "bearer".to_owned()));
            all.push(("AUTHZ_BEARER", server.mint(&GATEWAY, "introspection").await));
        }
        Caller::ClientCredentials => {
            all.push(("AUTHZ_INTROSPECTION_AUTH", "client_credentials".to_owned()));
            all.push(("AUTHZ_TOKEN_URL", format!("{base}{}", product.token())));
            all.push(("AUTHZ_TOKEN_SCOPE", "introspection".to_owned()));
            all.extend(client);
        }
    }
    all
}

/// A suite whose authorizer asks `base`, without a stand-in for Hydra; gateways that remember for a second.
async fn stage(base: &str, variables: Variables) -> Stage {
    Stage::with(|options| {
        options.hydra_url = Some(base.to_owned());
        options.gateway_ttl = Duration::from_secs(1);
        let own = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        options.authorizer.environment.extend(own);
    })
    .await
}

/// The REST API's and the HTTP API's answers to a token.
async fn ask(stage: &Stage, token: &str) -> (Answer, Answer) {
    let get = async |api: &str| {
        let request = stage.client.get(format!("{api}/hello")).bearer_auth(token);
        stage.send(request).await
    };
    let addresses = stage.suite.addresses();
    (get(&addresses.rest_api).await, get(&addresses.http_api).await)
}

#[track_caller]
fn check(answers: &(Answer, Answer), expected: (u16, u16)) {
    let statuses = (answers.0.status, answers.1.status);
    assert_eq!(statuses, expected, "{} {}", answers.0.text(), answers.1.text());
}

const ALLOWED: (u16, u16) = (200, 200);
/// No valid token: an error for the REST API, a denial for the HTTP API.
const UNAUTHENTICATED: (u16, u16) = (401, 403);
const FORBIDDEN: (u16, u16) = (403, 403);
const FAILED: (u16, u16) = (500, 500);

/// Mint, allow, scope denied, unknown, revoked.
async fn the_whole_flow(product: Product, caller: Caller) {
    let server = Server::start(product, 600).await;
    let stage = stage(server.url(), variables(&server, server.url(), caller).await).await;

    let token = server.mint_for_web("hello").await;
    let answers = ask(&stage, &token).await;
    check(&answers, ALLOWED);
    for answer in [&answers.0, &answers.1] {
        let told = answer.json();
        assert_eq!(
            (&told["context"]["client_id"], &told["context"]["scope"]),
            (&json!("web"), &json!("hello")),
            "{told}"
        );
        let exp = told["context"]["exp"].as_str().map(str::parse::<u64>);
        assert!(matches!(exp, Some(Ok(exp)) if exp > 1_700_000_000), "{told}");
    }

    let other = server.mint_for_web("bye").await;
    let answers = ask(&stage, &other).await;
    check(&answers, FORBIDDEN);
    assert!(answers.0.text().contains("explicit deny"), "{}", answers.0.text());
    check(&ask(&stage, "not.a~token").await, UNAUTHENTICATED);

    server.revoke(&token).await;
    // Both caches: the authorizer's claims and the gateway's policies.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    check(&ask(&stage, &token).await, UNAUTHENTICATED);

    let log = stage.log("authorizer").await;
    for secret in [token.as_str(), &other, GATEWAY.secret] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_asked_with_basic_credentials() {
    the_whole_flow(Product::OidcProvider, Caller::Basic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_oauth_toolkit_asked_with_basic_credentials() {
    the_whole_flow(Product::DjangoOauthToolkit, Caller::Basic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_oauth_toolkit_asked_with_a_static_token() {
    the_whole_flow(Product::DjangoOauthToolkit, Caller::Bearer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_oauth_toolkit_asked_with_a_token_of_our_own() {
    the_whole_flow(Product::DjangoOauthToolkit, Caller::ClientCredentials).await;
}

/// Claims that may be kept for a minute are not used beyond the token's own end.
async fn an_expired_token_is_refused(product: Product) {
    let server = Server::start(product, 3).await;
    let mut variables = variables(&server, server.url(), Caller::Basic).await;
    variables.push(("AUTHZ_CACHE_TTL_SECS", "60".to_owned()));
    let stage = stage(server.url(), variables).await;
    let token = server.mint_for_web("hello").await;
    check(&ask(&stage, &token).await, ALLOWED);
    tokio::time::sleep(Duration::from_millis(4100)).await;
    check(&ask(&stage, &token).await, UNAUTHENTICATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_of_oidc_provider_is_refused() {
    an_expired_token_is_refused(Product::OidcProvider).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_of_django_oauth_toolkit_is_refused() {
    an_expired_token_is_refused(Product::DjangoOauthToolkit).await;
}

/// Our own bad credentials are a failure, with the reason in the log, and say nothing about the caller's token.
async fn wrong_credentials_are_a_failure(product: Product, caller: Caller, reason: &str) {
    let server = Server::start(product, 600).await;
    let mut variables = variables(&server, server.url(), caller).await;
    for (name, value) in &mut variables {
        if matches!(*name, "AUTHZ_CLIENT_SECRET" | "AUTHZ_BEARER") {
            *value = "wr0ng".to_owned();
        }
    }
    let stage = stage(server.url(), variables).await;
    check(&ask(&stage, &server.mint_for_web("hello").await).await, FAILED);
    let log = stage.log("authorizer").await;
    let failures: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let failures = failures.iter().filter(|line| line["decision"] == "error");
    let reasons: Vec<_> = failures.map(|line| line["reason"].clone()).collect();
    assert_eq!(reasons, [json!(reason), json!(reason)], "{log}");
    assert!(!log.contains("wr0ng"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_at_oidc_provider_are_a_failure() {
    wrong_credentials_are_a_failure(Product::OidcProvider, Caller::Basic, "upstream_unauthorized").await;
}

/// This server says 403 to a caller that it does not know.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_at_django_oauth_toolkit_are_a_failure() {
    let product = Product::DjangoOauthToolkit;
    tokio::join!(
        wrong_credentials_are_a_failure(product, Caller::Basic, "upstream_forbidden"),
        wrong_credentials_are_a_failure(product, Caller::Bearer, "upstream_forbidden"),
        wrong_credentials_are_a_failure(product, Caller::ClientCredentials, "system_token"),
    );
}

/// Behind TLS with a certificate of a private authority: nothing passes until that authority is trusted.
async fn a_private_authority_must_be_named(product: Product, caller: Caller, reason: &str) {
    let server = Server::start(product, 600).await;
    let tls = Terminator::before(server.url()).await;
    let variables = variables(&server, tls.url(), caller).await;
    let token = server.mint_for_web("hello").await;

    let strict = stage(tls.url(), variables.clone()).await;
    check(&ask(&strict, &token).await, FAILED);
    let log = strict.log("authorizer").await;
    assert!(log.contains(&format!("\"reason\":\"{reason}\"")), "{log}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, tls.authority()).unwrap();
    for bundle in [tls.authority(), file.to_str().unwrap()] {
        let mut variables = variables.clone();
        variables.push(("AUTHZ_CA_BUNDLE", bundle.to_owned()));
        check(&ask(&stage(tls.url(), variables).await, &token).await, ALLOWED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_behind_a_private_authority() {
    a_private_authority_must_be_named(Product::OidcProvider, Caller::Basic, "upstream_tls").await;
}

/// The token endpoint is behind the same certificate and is asked first.
#[tokio::test(flavor = "multi_thread")]
async fn django_oauth_toolkit_behind_a_private_authority() {
    a_private_authority_must_be_named(Product::DjangoOauthToolkit, Caller::ClientCredentials, "system_token").await;
}
