//! Permissions as a caller of an API sees them, with the stand-ins for Keto and for Hydra's warden; and that an API that keeps
//! answers opens nothing by them.

mod authorities;
mod kept;

use local::standin::{Call, Effect, Fault, WardenPolicy};
use local::suite::Permissions;
use serde_json::{Value, json};

use crate::stage::Stage;

impl Stage {
    async fn asking(permissions: Permissions) -> (Self, String) {
        let stage = Self::with(|options| options.permissions = permissions).await;
        let token = stage.mint(Some("hello")).await;
        (stage, token)
    }

    /// The statuses of the REST API and of the HTTP API.
    async fn both(&self, method: &str, path: &str, token: &str) -> [u16; 2] {
        let addresses = self.suite.addresses();
        let mut statuses = [0; 2];
        for (status, base) in statuses.iter_mut().zip([&addresses.rest_api, &addresses.http_api]) {
            let request = self.client.request(method.parse().unwrap(), format!("{base}{path}"));
            *status = self.send(request.bearer_auth(token)).await.status;
        }
        statuses
    }
}

/// The checks among some calls.
fn checks(calls: Vec<Call>) -> Vec<Value> {
    let checks = calls
        .into_iter()
        .filter(|call| call.json.get("action").is_some() || call.path.ends_with("/check"));
    checks.map(|call| call.json).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keto_decides_for_each_method_and_path() {
    let (stage, token) = Stage::asking(Permissions::Keto).await;
    let keto = stage.suite.stand_ins().keto.as_ref().unwrap();
    for (method, path, status) in [
        ("GET", "/hello", 200),
        ("GET", "/hello/world", 200),
        ("GET", "/hello/you", 403),
        ("POST", "/hello", 403),
        ("GET", "/hello", 200),
    ] {
        assert_eq!(stage.both(method, path, &token).await, [status; 2], "{method} {path}");
    }
    assert_eq!(stage.both("GET", "/hello", "unknown").await, [401, 403]);
    let asked = checks(keto.calls());
    assert_eq!(asked.len(), 10, "an unknown token is not asked about");
    assert_eq!(
        asked[6],
        json!({"namespace": "api", "object": "resources:hello", "relation": "write", "subject_id": "local"})
    );
    // What is permitted now is let in now.
    keto.permit("api", "resources:hello", "write", "local");
    assert_eq!(stage.both("POST", "/hello", &token).await, [200; 2]);
    keto.clear();
    assert_eq!(stage.both("POST", "/hello", &token).await, [403; 2]);
    assert_eq!(stage.both("GET", "/hello", &token).await, [403; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warden_decides_for_each_method_and_path() {
    let (stage, token) = Stage::asking(Permissions::Warden).await;
    let hydra = stage.suite.stand_ins().hydra.as_ref().unwrap();
    for (method, path, status) in [
        ("GET", "/hello", 200),
        ("POST", "/hello", 403),
        ("GET", "/hello/you", 403),
    ] {
        assert_eq!(stage.both(method, path, &token).await, [status; 2], "{method} {path}");
    }
    let asked = checks(hydra.calls());
    let expected =
        json!({"token": "***", "scopes": [], "resource": "resources:hello", "action": "read", "context": {}});
    assert_eq!((asked.len(), &asked[0]), (6, &expected));
    hydra.add_policy(WardenPolicy {
        subjects: vec!["local".to_owned()],
        actions: vec!["write".to_owned()],
        resources: vec!["resources:hello<.*>".to_owned()],
        effect: Effect::Allow,
    });
    assert_eq!(stage.both("POST", "/hello", &token).await, [200; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_lets_nobody_in() {
    let page = |status: u16, body: &str| Fault {
        status: Some(status),
        body: Some(body.to_owned()),
        path: Some("/relation-tuples/check".to_owned()),
        ..Fault::default()
    };
    let (stage, token) = Stage::asking(Permissions::Keto).await;
    let keto = stage.suite.stand_ins().keto.as_ref().unwrap();
    for fault in [
        page(403, "<html>Forbidden</html>"),
        page(403, r#"{"error":{"code":403}}"#),
        page(200, "<html>Sign in</html>"),
        page(200, r#"{"allowed":"true"}"#),
        page(400, r#"{"allowed":true}"#),
        page(503, r#"{"allowed":true}"#),
        Fault::reset(),
    ] {
        keto.read().fault(fault.clone().times(1000));
        assert_eq!(stage.both("GET", "/hello", &token).await, [500; 2], "{fault:?}");
        keto.read().clear_faults();
    }
    assert_eq!(stage.both("GET", "/hello", &token).await, [200; 2]);
    let log = stage.log("authorizer").await;
    assert!(
        log.contains("\"permission\":\"failed\"") && log.contains("\"permission\":\"allowed\""),
        "{log}"
    );
    assert!(!log.contains(&token) && !log.contains("resources:"), "{log}");
}
