//! The X-Ray trace of a request goes on with everything that the functions ask on its behalf, and not to Slack, which is
//! somebody else's.

use std::collections::BTreeMap;

use local::function::{Function, FunctionOptions};
use local::standin::{Call, Hydra, HydraOptions};
use local::suite::Permissions;
use serde_json::json;

use crate::stage::{Stage, binaries, listener};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// Whether each of these calls, of which there are some, continues the trace.
#[track_caller]
fn assert_continued(what: &str, calls: &[Call], root: &str) {
    assert!(!calls.is_empty(), "{what} was not asked");
    for call in calls {
        let trace = call.headers.get("x-amzn-trace-id").map(String::as_str);
        assert!(
            trace.is_some_and(|trace| trace.starts_with(&format!("Root={root}"))),
            "{what}, {}: {trace:?}",
            call.path
        );
    }
}

fn traced(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request.header("x-amzn-trace-id", format!("Root={ROOT}"))
}

fn of(calls: Vec<Call>, path: &str) -> Vec<Call> {
    calls.into_iter().filter(|call| call.path.contains(path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_and_permission_continue_the_trace() {
    let asked = async |permissions: Permissions| {
        let stage = Stage::with(|options| options.permissions = permissions).await;
        let stand_ins = stage.suite.stand_ins();
        let hydra = stand_ins.hydra.as_ref().unwrap();
        let addresses = stage.suite.addresses();
        let client = addresses.oauth_client.as_ref().unwrap();
        let url = format!("{}/oauth2/token", addresses.hydra_public.as_ref().unwrap());
        let request = stage.client.post(url).basic_auth(&client.id, Some(&client.secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let granted = stage
            .send(request.body("grant_type=client_credentials&scope=hello"))
            .await;
        let token = granted.json()["access_token"].as_str().unwrap().to_owned();
        hydra.clear_calls();
        let url = format!("{}/hello", addresses.rest_api);
        stage.send(stage.client.get(url).bearer_auth(token)).await;
        let keto = stand_ins.keto.as_ref().map(|keto| keto.calls()).unwrap_or_default();
        // The API begins a trace for its authorizer, which tells its root in the log.
        let log = stage.log("authorizer").await;
        let root = log
            .split("Root=")
            .nth(1)
            .unwrap()
            .split([';', '"'])
            .next()
            .unwrap()
            .to_owned();
        (hydra.calls(), keto, root)
    };
    let (hydra, keto, root) = asked(Permissions::Keto).await;
    assert_continued("introspection", &of(hydra, "introspect"), &root);
    assert_continued("Keto", &keto, &root);
    let (hydra, _, root) = asked(Permissions::Warden).await;
    assert_continued("warden", &of(hydra, "/warden/"), &root);
}

/// Runs the authorizer once in the trace, with a token of Hydra's that is signed.
async fn authorize(hydra: &Hydra, variables: &[(&str, String)]) {
    let mut options = FunctionOptions::new("authorizer", binaries().join("authorizer"));
    for (name, value) in variables {
        options = options.env(*name, value);
    }
    let token = hydra
        .mint_jwt(&json!({"iss": hydra.public_url(), "sub": "alice", "exp": 4_102_444_800_u64}))
        .unwrap();
    let event = json!({
        "type": "TOKEN", "authorizationToken": format!("Bearer {token}"),
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/prod/GET/hello",
    });
    Function::new(options)
        .invoke_traced(event.to_string().into(), Some(ROOT))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_our_own_token_are_fetched_in_the_trace() {
    let hydra = Hydra::start(listener().await, listener().await, HydraOptions::default()).unwrap();
    let keys = json!([{"name": "hydra", "kind": "jwks", "issuers": [hydra.public_url()], "audiences": ["api"],
                       "jwks_url": format!("{}/.well-known/jwks.json", hydra.public_url())}]);
    authorize(&hydra, &[("AUTHZ_PROVIDERS", keys.to_string())]).await;
    assert_continued("the server of keys", &of(hydra.calls(), "jwks.json"), ROOT);
    authorize(
        &hydra,
        &[
            (
                "AUTHZ_INTROSPECTION_URL",
                format!("{}/admin/oauth2/introspect", hydra.admin_url()),
            ),
            ("AUTHZ_INTROSPECTION_AUTH", "client_credentials".to_owned()),
            ("AUTHZ_CLIENT_ID", "authorizer".to_owned()),
            ("AUTHZ_CLIENT_SECRET", "s3cret".to_owned()),
            ("AUTHZ_TOKEN_URL", format!("{}/oauth2/token", hydra.public_url())),
        ],
    )
    .await;
    assert_continued("the token endpoint", &of(hydra.calls(), "/oauth2/token"), ROOT);
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_and_functions_are_asked_in_the_trace_and_slack_is_not_told() {
    let stage = Stage::start().await;
    let (addresses, stand_ins) = (stage.suite.addresses(), stage.suite.stand_ins());
    let invoker = addresses.invoker_alb.as_ref().unwrap();
    for path in ["url/x", "key/x", "invoke"] {
        let answer = stage.send(traced(stage.client.get(format!("{invoker}/{path}")))).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert_continued("the endpoint", &stand_ins.target.as_ref().unwrap().calls(), ROOT);
    assert_continued("Lambda", &stand_ins.lambda.as_ref().unwrap().calls(), ROOT);

    let url = format!("{}/v2/room/Ops/notification", addresses.hipchat_alb);
    let token = addresses.hipchat_token.clone().unwrap();
    let request = stage
        .client
        .post(url)
        .bearer_auth(token)
        .json(&json!({"message": "hi"}));
    assert_eq!(stage.send(traced(request)).await.status, 204);
    // The log has it, for whoever looks for the message.
    assert!(stage.log("hipchat-proxy").await.contains(ROOT));
    let calls = stand_ins.slack.as_ref().unwrap().calls();
    assert!(!calls.is_empty());
    for call in calls {
        let told: BTreeMap<_, _> = call.headers.iter().filter(|(_, value)| value.contains(ROOT)).collect();
        assert!(told.is_empty() && !call.body.contains(ROOT), "{told:?}");
    }
}
