//! The authorizer's days: a good one, and one for each of its alarms.

use std::time::Duration;

use local::standin::{Fault, Hydra, HydraOptions};
use serde_json::{Value, json};
use tests::watch::Scenario;
use tests::watch::metrics::Period;

use super::actor::Actor;
use crate::stage::listener;

const RESOURCE: &str = "AuthorizerFunction";

async fn hydra() -> Hydra {
    Hydra::start(listener().await, listener().await, HydraOptions::default()).unwrap()
}

fn variables(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AUTHZ_INTROSPECTION_URL", url.to_owned()),
        ("AUTHZ_ALLOW_HTTP", "true".to_owned()),
        ("AUTHZ_REQUIRED_SCOPES", "hello".to_owned()),
    ]
}

fn of(hydra: &Hydra) -> Vec<(&'static str, String)> {
    variables(&format!("{}/admin/oauth2/introspect", hydra.admin_url()))
}

fn event(token: &str) -> Value {
    json!({
        "type": "TOKEN", "authorizationToken": token,
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/prod/GET/hello",
    })
}

/// A token with this scope.
fn token(hydra: &Hydra, scope: &str) -> Value {
    let reply = json!({"active": true, "sub": "alice", "client_id": "web", "scope": scope, "exp": 4_102_444_800_u64});
    event(&format!("Bearer {}", hydra.mint(&reply).unwrap()))
}

/// Tokens that nobody knows, so that each is asked about.
fn strangers(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| event(&format!("Bearer ory_at_{number}")))
        .collect()
}

/// Many good requests, a few of everything that a good day has.
fn usual(hydra: &Hydra) -> Vec<Value> {
    let good = token(hydra, "hello");
    let mut events = vec![good; 30];
    events.push(token(hydra, "other"));
    events.push(event(""));
    events.extend([event("Bearer ory_at_old"), event("Bearer ory_at_old")]);
    events
}

pub(super) async fn well() -> Scenario {
    let hydra = hydra().await;
    let mut actor = Actor::new("authorizer", RESOURCE, &of(&hydra));
    let mut periods = actor.three(&usual(&hydra)).await;
    // The same with a token of its own.
    let mut own = of(&hydra);
    own.extend([
        ("AUTHZ_INTROSPECTION_AUTH", "client_credentials".to_owned()),
        ("AUTHZ_CLIENT_ID", "authorizer".to_owned()),
        ("AUTHZ_CLIENT_SECRET", "s3cret".to_owned()),
        ("AUTHZ_TOKEN_URL", format!("{}/oauth2/token", hydra.public_url())),
    ]);
    hydra.public().fault(Fault {
        status: Some(200),
        body: Some(json!({"access_token": "own", "token_type": "bearer", "expires_in": 600}).to_string()),
        ..Fault::default()
    });
    let mut actor = Actor::new("authorizer", RESOURCE, &own);
    periods.push(actor.period(&usual(&hydra)).await);
    Scenario {
        name: "the authorizer decides",
        fires: &[],
        periods,
    }
}

/// Every introspection meets this fault.
async fn faulty(name: &'static str, fault: Fault, fires: &'static [&'static str]) -> Scenario {
    let hydra = hydra().await;
    hydra.admin().fault(fault.times(10_000));
    let mut actor = Actor::new("authorizer", RESOURCE, &of(&hydra));
    let periods = actor.three(&strangers(24)).await;
    Scenario { name, fires, periods }
}

const UPSTREAM: &[&str] = &[
    "AuthorizerErrorsAlarm",
    "AuthorizerErrorRateAlarm",
    "AuthorizerUpstreamAlarm",
];

pub(super) async fn overloaded() -> Scenario {
    faulty("the authorization server answers 503", Fault::status(503), UPSTREAM).await
}

pub(super) async fn gone() -> Scenario {
    faulty("the authorization server breaks off", Fault::reset(), UPSTREAM).await
}

pub(super) async fn other_answers() -> Scenario {
    let page = Fault {
        status: Some(200),
        body: Some("<html>".to_owned()),
        ..Fault::default()
    };
    faulty("another server answers", page, UPSTREAM).await
}

pub(super) async fn refused() -> Scenario {
    let fires = &[
        "AuthorizerErrorsAlarm",
        "AuthorizerErrorRateAlarm",
        "AuthorizerCredentialsAlarm",
    ];
    faulty(
        "the authorization server refuses the authorizer",
        Fault::status(401),
        fires,
    )
    .await
}

pub(super) async fn untrusted() -> Scenario {
    // Speaks no TLS at all.
    let hydra = hydra().await;
    let url = hydra.admin_url().replace("http:", "https:");
    let mut actor = Actor::new("authorizer", RESOURCE, &variables(&url));
    Scenario {
        name: "no TLS can be agreed on",
        fires: UPSTREAM,
        periods: actor.three(&strangers(24)).await,
    }
}

pub(super) async fn slow() -> Scenario {
    let hydra = hydra().await;
    hydra.admin().fault(Fault::delay_ms(1000).times(10_000));
    let mut actor = Actor::faster(10, "authorizer", RESOURCE, &of(&hydra));
    Scenario {
        name: "the authorization server hangs",
        fires: &[
            "AuthorizerErrorsAlarm",
            "AuthorizerUpstreamAlarm",
            "AuthorizerDurationAlarm",
        ],
        periods: actor.three(&strangers(6)).await,
    }
}

pub(super) async fn stale() -> Scenario {
    let hydra = hydra().await;
    let mut settings = of(&hydra);
    settings.extend([
        ("AUTHZ_CACHE_TTL_SECS", "1".to_owned()),
        ("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "1".to_owned()),
        ("AUTHZ_STALE_IF_ERROR_SECS", "300".to_owned()),
    ]);
    let mut actor = Actor::new("authorizer", RESOURCE, &settings);
    let known = token(&hydra, "hello");
    let mut periods = vec![actor.period(std::slice::from_ref(&known)).await];
    tokio::time::sleep(Duration::from_millis(1100)).await;
    hydra.admin().fault(Fault::status(503).times(10_000));
    periods.push(actor.period(&[known]).await);
    Scenario {
        name: "old answers stand in for the authorization server",
        fires: &["AuthorizerStaleAlarm"],
        periods,
    }
}

pub(super) async fn no_keys() -> Scenario {
    let hydra = hydra().await;
    hydra.public().fault(Fault::status(503).times(10_000));
    let claims = json!({"iss": hydra.public_url(), "sub": "alice", "exp": 4_102_444_800_u64});
    let known = event(&format!("Bearer {}", hydra.mint_jwt(&claims).unwrap()));
    let keys = json!([{"name": "hydra", "kind": "jwks", "issuers": [hydra.public_url()], "audiences": ["api"],
                       "jwks_url": format!("{}/.well-known/jwks.json", hydra.public_url())}]);
    let settings = [
        ("AUTHZ_PROVIDERS", keys.to_string()),
        ("AUTHZ_ALLOW_HTTP", "true".to_owned()),
    ];
    let mut actor = Actor::new("authorizer", RESOURCE, &settings);
    let period = actor.period(&[known]).await;
    Scenario {
        name: "the keys cannot be fetched",
        fires: &["AuthorizerKeysAlarm"],
        periods: vec![period],
    }
}

pub(super) async fn denied() -> Scenario {
    let hydra = hydra().await;
    let mut actor = Actor::new("authorizer", RESOURCE, &of(&hydra));
    Scenario {
        name: "most tokens are no good",
        fires: &["AuthorizerDeniedAlarm"],
        periods: actor.three(&strangers(24)).await,
    }
}

pub(super) async fn throttled() -> Scenario {
    let hydra = hydra().await;
    hydra.admin().fault(Fault::delay_ms(300).times(10));
    let mut actor = Actor::with(1, "authorizer", RESOURCE, &of(&hydra), super::no_queue);
    let known = token(&hydra, "hello");
    let periods: Vec<Period> = vec![actor.at_a_time(&known, 3).await];
    Scenario {
        name: "more authorizers are wanted than there are",
        fires: &["AuthorizerThrottlesAlarm"],
        periods,
    }
}
