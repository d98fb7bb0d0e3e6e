//! The page and the list that it reads.

use super::*;

#[tokio::test]
async fn messages_are_listed_after_a_number_and_forgotten() {
    let slack = start(options()).await;
    for text in ["one", "two", "<b>&"] {
        call(&slack, "chat.postMessage", json!({"channel": "C100", "text": text})).await;
    }
    let url = format!("{}/_messages", slack.url());
    let all = client().get(&url).send().await.expect("an answer");
    let epoch = all.headers()["x-epoch"].clone();
    let all: Value = all.json().await.expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert_eq!(
        (all[2]["text"].as_str(), all[2]["seq"].as_u64()),
        (Some("<b>&"), Some(3))
    );
    assert!(all[2]["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    let rest = answer(client().get(format!("{url}?after=2"))).await;
    assert_eq!(rest, json!([all[2]]));
    let bad = client().get(format!("{url}?after=x")).send().await.expect("an answer");
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    let gone = client().delete(&url).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let empty = client().get(&url).send().await.expect("an answer");
    assert_ne!(empty.headers()["x-epoch"], epoch);
    assert_eq!(empty.json::<Value>().await.expect("JSON"), json!([]));
    // Reading the list is not a call of Slack.
    assert_eq!(slack.calls().len(), 3);
}

#[tokio::test]
async fn the_page_runs_its_own_script_and_nothing_else() {
    let slack = start(options()).await;
    let page = client().get(slack.url()).send().await.expect("an answer");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let text = page.text().await.expect("text");
    assert!(
        policy.starts_with("default-src 'none'; connect-src 'self'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for element in ["style", "script"] {
        // One of each, so that the policy's hash is of the only one.
        assert_eq!(text.matches(&format!("<{element}")).count(), 1, "{element}");
        assert!(
            !policy.contains("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            "the hash of nothing: {policy}"
        );
    }
    // What was posted reaches the page as text only, and nothing comes from elsewhere.
    for forbidden in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "src=",
        "//cdn",
        "@import",
        "onclick=",
    ] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn the_page_reads_what_is_new_and_who_is_who() {
    let slack = start(SlackOptions {
        private: vec!["C200".to_owned()],
        ..options()
    })
    .await;
    for channel in ["C100", "nope", "C200"] {
        call(&slack, "chat.postMessage", json!({"channel": channel, "text": "x"})).await;
    }
    let topic = json!({"channel": "C100", "topic": "today"});
    call(&slack, "conversations.setTopic", topic).await;
    let calls = |after: &str| client().get(format!("{}/_calls?after={after}", slack.url()));
    let new = answer(calls("1")).await;
    assert_eq!([&new[0]["seq"], &new[2]["seq"]], [2, 4]);
    assert!(
        new[0]["answered"]["body"]
            .as_str()
            .is_some_and(|body| body.contains("channel_not_found"))
    );
    // Numbers go on after calls were forgotten.
    slack.clear_calls();
    call(&slack, "auth.test", json!({})).await;
    assert_eq!(answer(calls("4")).await[0]["seq"], 5);
    assert_eq!(
        calls("x").send().await.expect("an answer").status(),
        StatusCode::BAD_REQUEST
    );
    let told = answer(client().get(format!("{}/_workspace", slack.url()))).await;
    assert_eq!(
        told,
        json!({"users": [], "channels": [
            {"id": "C100", "name": "dev-ops", "topic": "today", "is_private": false, "is_archived": false},
            {"id": "C200", "name": "ops", "topic": "", "is_private": true, "is_archived": false},
        ]})
    );
}
