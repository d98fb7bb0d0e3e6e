//! Calls that would change what lives in the directory or nowhere.

use serde_json::json;

use crate::support::{Ask, World};

/// All such calls of the second API, with the status of their success.
const CHANGES: &[(&str, &str, u16)] = &[
    ("POST", "/v2/room", 201),
    ("PUT", "/v2/room/7", 204),
    ("DELETE", "/v2/room/7", 204),
    ("PUT", "/v2/room/7/member/3", 204),
    ("DELETE", "/v2/room/7/member/@chris", 204),
    ("POST", "/v2/room/7/invite/3", 204),
    ("POST", "/v2/room/7/webhook", 201),
    ("DELETE", "/v2/room/7/webhook/1", 204),
    ("POST", "/v2/user", 201),
    ("PUT", "/v2/user/3", 204),
    ("DELETE", "/v2/user/3", 204),
    ("PUT", "/v2/user/3/photo", 204),
    ("DELETE", "/v2/user/@chris/photo", 204),
];

/// And of the first, where 403 is the rate limit.
const CHANGES_V1: &[(&str, &str)] = &[
    ("rooms/create", r#"{"room":{"#),
    ("rooms/delete", r#"{"deleted":true}"#),
    ("users/create", r#"{"user":{"#),
    ("users/update", r#"{"user":{"#),
    ("users/delete", r#"{"deleted":true}"#),
    ("users/undelete", r#"{"undeleted":true}"#),
];

const BODY: &str = r#"{"name":"new room","url":"http://x","event":"room_message","pattern":null}"#;

#[tokio::test]
async fn they_are_refused_in_hipchats_words() {
    let world = World::new().await;
    for (method, path, _) in CHANGES {
        let message = world
            .ask(Ask::new(method, path).bearer("tokA").json(BODY))
            .await
            .is_error(403, "Forbidden");
        assert_eq!(message, "Not supported by this proxy", "{path}");
        let ask = Ask::new(method, path).bearer("wrong").json(BODY);
        world.ask(ask).await.is_error(401, "Unauthorized");
        let ask = Ask::new(method, path).bearer("tokN").json(BODY);
        world.ask(ask).await.is_error(401, "Unauthorized");
    }
    for (call, _) in CHANGES_V1 {
        let ask = Ask::post(&format!("/v1/{call}?auth_token=tokV&room_id=7&name=n"));
        let message = world.ask(ask).await.is_error(401, "Unauthorized");
        assert_eq!(message, "Not supported by this proxy", "{call}");
    }
    // A room is looked for first.
    let ask = Ask::new("DELETE", "/v2/room/nope").bearer("tokA");
    world.ask(ask).await.is_error(404, "Not Found");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn they_are_answered_as_done_where_the_operator_says_so() {
    let world = World::with(&[("HIPCHAT_UNSUPPORTED", "accept")]).await;
    for (method, path, status) in CHANGES {
        let answer = world.ask(Ask::new(method, path).bearer("tokA").json(BODY)).await;
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.body);
        answer.has_rate_headers();
        if *status == 204 {
            answer.is_no_content();
        } else {
            let body = answer.json();
            let itself = body["links"]["self"].as_str().unwrap();
            assert!(
                body["id"].is_u64() && itself.starts_with("https://api.hipchat.com/v2/"),
                "{body}"
            );
        }
        let ask = Ask::new(method, path).bearer("tokN").json(BODY);
        world.ask(ask).await.is_error(401, "Unauthorized");
    }
    let webhook = Ask::post("/v2/room/Dev%20Ops/webhook").bearer("tokA").json(BODY);
    assert_eq!(
        world.ask(webhook).await.json(),
        json!({"id": 1, "links": {"self": "https://api.hipchat.com/v2/room/7/webhook/1"}})
    );
    for (call, begins) in CHANGES_V1 {
        let ask = Ask::post(&format!("/v1/{call}?auth_token=tokV&room_id=7&name=n&user_id=3"));
        let answer = world.ask(ask).await;
        assert_eq!(answer.status, 200, "{call}");
        assert!(answer.body.starts_with(begins), "{call}: {}", answer.body);
    }
    let nameless = Ask::post("/v2/room").bearer("tokA").json("{}");
    world.ask(nameless).await.is_error(400, "Bad Request");
    assert!(world.slack.calls().is_empty());
}
