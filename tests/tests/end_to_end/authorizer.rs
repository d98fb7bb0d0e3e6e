//! API Gateway with the authorizer in front of a backend: what a caller with and without a good token sees.

mod hydra_versions;
mod signed_tokens;

use std::time::{Duration, Instant};

use local::standin::Fault;
use serde_json::{Value, json};

use crate::stage::{Answer, Stage};

impl Stage {
    async fn rest(&self, authorization: Option<&str>) -> Answer {
        let url = format!("{}/hello", self.suite.addresses().rest_api);
        self.get_with(url, authorization).await
    }

    async fn http_api(&self, authorization: Option<&str>) -> Answer {
        let url = format!("{}/hello", self.suite.addresses().http_api);
        self.get_with(url, authorization).await
    }

    async fn get_with(&self, url: String, authorization: Option<&str>) -> Answer {
        let mut request = self.client.get(url);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        self.send(request).await
    }

    fn introspections(&self) -> usize {
        self.hydra().admin().calls().len()
    }

    fn hydra(&self) -> &local::standin::Hydra {
        self.suite.stand_ins().hydra.as_ref().unwrap()
    }

    /// Makes every introspection misbehave, also those that are tried again.
    fn break_hydra(&self, fault: Fault) {
        self.hydra().admin().fault(fault.times(1000));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_token_reaches_the_backend_with_its_context() {
    let stage = Stage::start().await;
    let token = stage.mint(Some("hello")).await;
    for answer in [
        stage.rest(Some(&format!("Bearer {token}"))).await,
        stage.http_api(Some(&format!("bearer  {token}"))).await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!(body["context"]["client_id"], "local", "{body}");
        assert_eq!(body["context"]["scope"], "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_policy_serves_every_method_and_path_from_the_gateways_cache() {
    let stage = Stage::with(|options| options.gateway_ttl = Duration::from_secs(60)).await;
    let token = format!("Bearer {}", stage.mint(Some("hello")).await);
    assert_eq!(stage.rest(Some(&token)).await.status, 200);
    let url = format!("{}/hello", stage.suite.addresses().rest_api);
    let answer = stage.send(stage.client.post(url).header("authorization", &token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.introspections(), 1);
    let invocations = stage.log("authorizer").await.matches("function_request_id").count();
    assert_eq!(invocations, 1, "the second call was answered by the gateway's cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_nobody_gets_in() {
    let stage = Stage::start().await;
    let unauthorized = json!({"message": "Unauthorized"});
    for authorization in [
        None,
        Some("Bearer ory_at_unknown"),
        Some("Basic dXNlcjpwYXNz"),
        Some("Bearer a,b"),
    ] {
        let answer = stage.rest(authorization).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, unauthorized.clone()),
            "{authorization:?}"
        );
    }
    assert_eq!(stage.http_api(None).await.status, 401);
    let answer = stage.http_api(Some("Bearer ory_at_unknown")).await;
    assert_eq!((answer.status, answer.json()), (403, json!({"message": "Forbidden"})));
    // Only the two unknown tokens are worth a question; one of them is answered from the negative cache.
    assert_eq!(stage.introspections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_the_scope_is_forbidden() {
    let stage = Stage::start().await;
    let token = format!("Bearer {}", stage.mint(None).await);
    let answer = stage.rest(Some(&token)).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("explicit deny"), "{}", answer.text());
    assert_eq!(stage.http_api(Some(&token)).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_when_the_caches_have_let_it_go() {
    let stage = Stage::with(|options| {
        options.gateway_ttl = Duration::from_secs(1);
        options
            .authorizer
            .environment
            .insert("AUTHZ_CACHE_TTL_SECS".into(), "1".into());
    })
    .await;
    let token = stage.mint(Some("hello")).await;
    let header = format!("Bearer {token}");
    assert_eq!(stage.rest(Some(&header)).await.status, 200);
    stage.revoke(&token).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(stage.rest(Some(&header)).await.status, 401);
    assert_eq!(stage.http_api(Some(&header)).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_introspection_says_is_checked() {
    let stage = Stage::start().await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let good = json!({"active": true, "scope": "hello", "client_id": "web", "sub": "alice", "exp": now + 600});
    let changed = |name: &str, value: Value| {
        let mut answer = good.clone();
        answer[name] = value;
        answer
    };
    for (answer, status) in [
        (good.clone(), 200),
        (changed("active", json!(false)), 401),
        (changed("exp", json!(now - 60)), 401),
        (changed("nbf", json!(now + 60)), 401),
        (changed("token_use", json!("refresh_token")), 401),
        (changed("token_type", json!("refresh_token")), 401),
        (changed("cnf", json!({"jkt": "x"})), 401),
        (changed("scope", json!("hello.other")), 403),
        (changed("active", json!("true")), 500),
        (changed("exp", json!("soon")), 500),
        (changed("scope", json!(["hello"])), 500),
        (json!([]), 500),
    ] {
        let token = stage.hydra().mint(&answer).unwrap();
        assert_eq!(
            stage.rest(Some(&format!("Bearer {token}"))).await.status,
            status,
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_is_an_error_and_never_a_decision() {
    let stage = Stage::start().await;
    let token = format!("Bearer {}", stage.mint(Some("hello")).await);
    for fault in [
        Fault::status(503),
        Fault::status(401),
        Fault::status(302),
        Fault {
            status: Some(200),
            body: Some("<html>Sign in</html>".into()),
            ..Fault::default()
        },
        Fault::reset(),
    ] {
        stage.break_hydra(fault.clone());
        for answer in [stage.rest(Some(&token)).await, stage.http_api(Some(&token)).await] {
            assert_eq!(answer.status, 500, "{fault:?}");
        }
        stage.hydra().admin().clear_faults();
    }
    assert_eq!(stage.rest(Some(&token)).await.status, 200, "an error is cached nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_slow_is_given_up_in_time() {
    let stage = Stage::with(|options| {
        let environment = &mut options.authorizer.environment;
        environment.insert("AUTHZ_REQUEST_TIMEOUT_MS".into(), "200".into());
        environment.insert("AUTHZ_TOTAL_BUDGET_MS".into(), "600".into());
    })
    .await;
    let token = format!("Bearer {}", stage.mint(Some("hello")).await);
    stage.break_hydra(Fault::delay_ms(5000));
    let started = Instant::now();
    assert_eq!(stage.rest(Some(&token)).await.status, 500);
    assert!(
        started.elapsed() < Duration::from_millis(2500),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_ever_logged() {
    let stage = Stage::with(|options| {
        options
            .authorizer
            .environment
            .insert("AWS_LAMBDA_LOG_LEVEL".into(), "TRACE".into());
    })
    .await;
    let token = stage.mint(Some("hello")).await;
    let header = format!("Bearer {token}");
    stage.rest(Some(&header)).await;
    stage.http_api(Some(&header)).await;
    stage.rest(Some("Bearer s3cret s3cret")).await;
    stage.break_hydra(Fault::status(500));
    stage.rest(Some("Bearer ory_at_s3cret")).await;
    let log = stage.log("authorizer").await;
    assert!(log.contains("\"decision\":\"allow\""), "{log}");
    assert!(log.contains("\"decision\":\"error\""), "{log}");
    for secret in [token.as_str(), "s3cret", "dXNlcjpw"] {
        assert!(!log.contains(secret), "{log}");
    }
}
