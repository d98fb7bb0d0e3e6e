//! Tokens, topics, lists and members.

use super::*;

#[tokio::test]
async fn only_members_are_known_when_there_is_a_list() {
    let user = SlackUser {
        id: "U3".to_owned(),
        name: "chris".to_owned(),
        email: "c@example.com".to_owned(),
    };
    let slack = start(SlackOptions {
        users: vec![user],
        ..options()
    })
    .await;
    let found = call(&slack, "users.lookupByEmail", json!({"email": "C@example.com"})).await;
    assert_eq!(
        (found["ok"].as_bool(), found["user"]["id"].as_str()),
        (Some(true), Some("U3"))
    );
    assert_eq!(
        call(&slack, "users.lookupByEmail", json!({"email": "x@example.com"})).await,
        error("users_not_found")
    );
    assert_eq!(
        call(&slack, "conversations.open", json!({"users": "U4"})).await,
        error("user_not_found")
    );
    assert_eq!(
        call(&slack, "chat.postMessage", json!({"channel": "U4", "text": "x"})).await,
        error("channel_not_found")
    );
    assert_eq!(
        call(&slack, "chat.postMessage", json!({"channel": "U3", "text": "x"})).await["ok"],
        true
    );
}

#[tokio::test]
async fn the_token_is_asked_for() {
    let slack = start(options()).await;
    let form = |body: &'static str| {
        let url = format!("{}/api/auth.test", slack.url());
        client()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    assert_eq!(answer(form("x=1")).await, error("not_authed"));
    assert_eq!(answer(form("token=wrong")).await, error("invalid_auth"));
    assert_eq!(answer(form("token=xoxb-1")).await["ok"], true);
    assert_eq!(answer(form("token=wrong").bearer_auth("xoxb-1")).await["ok"], true);
    assert_eq!(answer(post(&slack, "auth.test")).await, error("not_authed"));
    // In JSON a token does not count.
    assert_eq!(
        answer(post(&slack, "auth.test").body(r#"{"token":"xoxb-1"}"#)).await,
        error("not_authed")
    );
    assert_eq!(
        answer(post(&slack, "auth.test").bearer_auth("xoxb-2")).await,
        error("invalid_auth")
    );
    assert_eq!(
        answer(post(&slack, "auth.best").bearer_auth("xoxb-1")).await,
        error("unknown_method")
    );
    let kept = serde_json::to_string(&slack.calls()).expect("JSON");
    assert!(!kept.contains("xoxb-"), "{kept}");
}

#[tokio::test]
async fn topics_are_set_and_channels_listed_page_by_page() {
    let slack = start(options()).await;
    let set = call(
        &slack,
        "conversations.setTopic",
        json!({"channel": "C200", "topic": "a & b"}),
    )
    .await;
    assert_eq!(set["channel"]["topic"]["value"], "a & b");
    let long = "x".repeat(251);
    assert_eq!(
        call(
            &slack,
            "conversations.setTopic",
            json!({"channel": "C200", "topic": long})
        )
        .await,
        error("too_long")
    );
    let unknown = json!({"channel": "ops", "topic": "x"});
    assert_eq!(
        call(&slack, "conversations.setTopic", unknown).await,
        error("channel_not_found")
    );
    let direct = call(&slack, "conversations.open", json!({"users": "U3"})).await["channel"]["id"].clone();
    let reply = call(
        &slack,
        "conversations.setTopic",
        json!({"channel": direct, "topic": "x"}),
    )
    .await;
    assert_eq!(reply, error("method_not_supported_for_channel_type"));

    let first = call(&slack, "conversations.list", json!({"limit": 1})).await;
    assert_eq!(first["channels"][0]["name"], "dev-ops");
    let cursor = &first["response_metadata"]["next_cursor"];
    assert_ne!(cursor, "");
    let url = format!(
        "{}/api/conversations.list?limit=1&cursor={}",
        slack.url(),
        cursor.as_str().expect("a cursor")
    );
    let second = answer(client().get(url).bearer_auth("xoxb-1")).await;
    assert_eq!(
        (
            second["channels"][0]["id"].as_str(),
            second["channels"][0]["topic"]["value"].as_str()
        ),
        (Some("C200"), Some("a & b"))
    );
    assert_eq!(second["response_metadata"]["next_cursor"], "");
    assert_eq!(
        call(&slack, "conversations.list", json!({"limit": 0})).await,
        error("invalid_limit")
    );
    assert_eq!(
        call(&slack, "conversations.list", json!({"cursor": "x"})).await,
        error("invalid_cursor")
    );
}
