//! Files: three steps, and nothing to be seen before the last.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{call, client, error, options, start};
use crate::standin::slack::{Slack, SlackOptions};

/// The first two steps; the file's id.
async fn uploaded(slack: &Slack, name: &str, content: &'static str) -> String {
    let begun = call(
        slack,
        "files.getUploadURLExternal",
        json!({"filename": name, "length": content.len()}),
    )
    .await;
    let url = begun["upload_url"].as_str().expect("a URL");
    assert!(url.starts_with(&format!("{}/upload/v1/", slack.url())), "{url}");
    let sent = client().post(url).body(content).send().await.expect("an answer");
    assert_eq!(sent.status(), StatusCode::OK);
    begun["file_id"].as_str().expect("an id").to_owned()
}

fn complete(id: &str, channel: &str) -> Value {
    json!({"files": [{"id": id, "title": "t"}], "channel_id": channel, "initial_comment": "*c*"})
}

#[tokio::test]
async fn a_file_is_shared_by_the_third_step() {
    let slack = start(options()).await;
    let id = uploaded(&slack, "a.png", "content").await;
    let content = format!("{}/_files/{id}", slack.url());
    let unseen = client().get(&content).send().await.expect("an answer");
    assert_eq!(unseen.status(), StatusCode::NOT_FOUND);
    assert!(slack.messages().is_empty());
    let shared = call(&slack, "files.completeUploadExternal", complete(&id, "C200")).await;
    assert_eq!(shared, json!({"ok": true, "files": [{"id": id, "title": "t"}]}));
    let messages = serde_json::to_value(slack.messages()).expect("JSON");
    assert_eq!(
        (&messages[0]["channel"], &messages[0]["text"]),
        (&json!("C200"), &json!("*c*"))
    );
    assert_eq!(
        messages[0]["files"],
        json!([{"id": id, "name": "a.png", "title": "t", "mimetype": "image/png", "size": 7, "url_private": format!("/_files/{id}")}])
    );
    let seen = client().get(&content).send().await.expect("an answer");
    assert_eq!(seen.headers()["content-type"], "image/png");
    assert_eq!(seen.text().await.expect("a body"), "content");
    let again = call(&slack, "files.completeUploadExternal", complete(&id, "C200")).await;
    assert_eq!(again, error("file_not_found"));
    let paths: Vec<String> = slack.calls().into_iter().map(|call| call.path).collect();
    assert!(paths[1].starts_with("/upload/v1/") && paths.len() == 4, "{paths:?}");
}

#[tokio::test]
async fn a_file_is_shared_where_the_app_is() {
    let slack = start(SlackOptions {
        not_joined: vec!["C100".to_owned()],
        archived: vec!["C200".to_owned()],
        ..options()
    })
    .await;
    let id = uploaded(&slack, "a.txt", "content").await;
    for (channel, code) in [
        ("C100", "not_in_channel"),
        ("C200", "invalid_channel"),
        ("C300", "channel_not_found"),
        ("ops", "channel_not_found"),
        ("U3", "channel_not_found"),
    ] {
        let refused = call(&slack, "files.completeUploadExternal", complete(&id, channel)).await;
        assert_eq!(refused, error(code), "{channel}");
    }
    assert!(slack.messages().is_empty());
    call(&slack, "conversations.join", json!({"channel": "C100"})).await;
    call(&slack, "files.completeUploadExternal", complete(&id, "C100")).await;
    let direct = call(&slack, "conversations.open", json!({"users": "U3"})).await;
    let direct = direct["channel"]["id"].as_str().expect("an id").to_owned();
    let id = uploaded(&slack, "a.txt", "content").await;
    call(&slack, "files.completeUploadExternal", complete(&id, &direct)).await;
    let channels: Vec<String> = slack.messages().into_iter().map(|message| message.channel).collect();
    assert_eq!(channels, ["C100".to_owned(), direct]);
}

#[tokio::test]
async fn what_is_no_upload_is_refused() {
    let slack = start(options()).await;
    for (arguments, code) in [
        (json!({"filename": "a"}), "missing_argument"),
        (json!({"filename": "a", "length": 0}), "missing_argument"),
        (json!({"length": 1}), "missing_argument"),
        (json!({"filename": "a", "length": "x"}), "invalid_arguments"),
    ] {
        assert_eq!(call(&slack, "files.getUploadURLExternal", arguments).await, error(code));
    }
    let begun = call(
        &slack,
        "files.getUploadURLExternal",
        json!({"filename": "a", "length": 3}),
    )
    .await;
    let url = begun["upload_url"].as_str().expect("a URL");
    let status = async |request: reqwest::RequestBuilder| request.send().await.expect("an answer").status();
    assert_eq!(status(client().post(url).body("four")).await, StatusCode::BAD_REQUEST);
    assert_eq!(
        status(client().post(url).bearer_auth("xoxb-1").body("abc")).await,
        StatusCode::BAD_REQUEST
    );
    let id = begun["file_id"].as_str().expect("an id");
    let refused = call(&slack, "files.completeUploadExternal", complete(id, "C200")).await;
    assert_eq!(refused, error("file_not_found"));
    assert_eq!(status(client().post(url).body("abc")).await, StatusCode::OK);
    assert_eq!(status(client().post(url).body("abc")).await, StatusCode::NOT_FOUND);
    let refused = call(&slack, "files.completeUploadExternal", json!({"files": []})).await;
    assert_eq!(refused, error("invalid_arguments"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_completed_once_however_many_ask_at_once() {
    for _ in 0..20 {
        let slack = start(options()).await;
        let id = uploaded(&slack, "a.png", "content").await;
        let one = || call(&slack, "files.completeUploadExternal", complete(&id, "C200"));
        let answers = tokio::join!(one(), one(), one(), one());
        let answers: [Value; 4] = answers.into();
        let taken = answers.iter().filter(|answer| answer["ok"] == true).count();
        assert_eq!((taken, slack.messages().len()), (1, 1));
    }
}
