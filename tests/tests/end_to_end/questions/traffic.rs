//! One request of every kind that the questions are about.

use std::time::Duration;

use local::standin::Fault;
use local::suite::defaults::HIPCHAT_TOKENS_SECRET;
use serde_json::json;

use crate::stage::Stage;

/// One request of every kind that the questions are about.
pub(super) async fn traffic(stage: &Stage) {
    let addresses = stage.suite.addresses();
    let stand_ins = stage.suite.stand_ins();
    let hydra = stand_ins.hydra.as_ref().unwrap();
    let token = |scope: &str| {
        let reply =
            json!({"active": true, "sub": "alice", "client_id": "web", "scope": scope, "exp": 4_102_444_800_u64});
        hydra.mint(&reply).unwrap()
    };
    let (good, narrow) = (token("hello"), token("other"));
    let get = |api: &str, token: Option<&str>| {
        let request = stage.client.get(format!("{api}/hello"));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request.header("authorization", "Basic x"),
        }
    };
    let (rest, http) = (&addresses.rest_api, &addresses.http_api);
    // A REST API's TOKEN events do not tell the route.
    for (api, token, status) in [
        (rest, Some(&good), 200),
        (http, Some(&good), 200),
        (rest, Some(&narrow), 403),
        (rest, None, 401),
    ] {
        assert_eq!(stage.send(get(api, token.map(String::as_str))).await.status, status);
    }
    hydra.admin().fault(Fault::status(500).times(100));
    assert_eq!(stage.send(get(rest, Some(&token("hello")))).await.status, 500);

    let tell = async |token: &str| {
        let url = format!("{}/v2/room/Ops/notification", addresses.hipchat_alb);
        let request = stage
            .client
            .post(url)
            .bearer_auth(token)
            .json(&json!({"message": "seven.."}));
        stage.send(request).await.status
    };
    let hipchat_token = addresses.hipchat_token.clone().unwrap();
    assert_eq!(tell(&hipchat_token).await, 204);
    assert_eq!(tell(&hipchat_token).await, 204);
    assert_eq!(tell("unknown").await, 401);
    let body = Some(r#"{"ok":false,"error":"is_archived"}"#.to_owned());
    let fault = Fault {
        body,
        ..Fault::status(200)
    };
    stand_ins.slack.as_ref().unwrap().fault(fault);
    assert_eq!(tell(&hipchat_token).await, 404);
    // The documents' time is a second.
    stand_ins
        .secrets_manager
        .as_ref()
        .unwrap()
        .put(HIPCHAT_TOKENS_SECRET, "no list");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(tell(&hipchat_token).await, 204);

    let invoker = addresses.invoker_alb.clone().unwrap();
    let call = async |path: &str| stage.send(stage.client.get(format!("{invoker}{path}"))).await.status;
    assert_eq!(call("/url/a").await, 200);
    assert_eq!(call("/invoke").await, 200);
    stand_ins.target.as_ref().unwrap().fault(Fault::status(503).times(100));
    assert_eq!(call("/key/a").await, 503);
}
