//! Which bodies and messages are taken.

use super::*;

async fn posted(slack: &Slack, content: Value) -> Value {
    let mut arguments = content;
    arguments["channel"] = json!("C100");
    call(slack, "chat.postMessage", arguments).await
}

fn section(length: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}})
}

#[tokio::test]
async fn bodies_are_read_by_their_type() {
    let slack = start(options()).await;
    let send = async |kind: Option<&str>, body: &'static str| {
        let request = client()
            .post(format!("{}/api/chat.postMessage", slack.url()))
            .bearer_auth("xoxb-1")
            .body(body);
        answer(match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        })
        .await
    };
    let form = Some("application/x-www-form-urlencoded; charset=utf-8");
    let json = Some("application/json; charset=utf-8");
    let good = r#"{"channel":"C100","text":"x"}"#;
    assert_eq!(
        send(form, "channel=C100&text=a+%26+b").await["message"]["text"],
        "a & b"
    );
    assert_eq!(
        send(form, "channel=C100&attachments=%5B%7B%22text%22%3A%22x%22%7D%5D").await["ok"],
        true
    );
    assert_eq!(send(json, good).await.get("warning"), None);
    let bare = send(Some("application/json"), good).await;
    assert_eq!(
        (bare["ok"].as_bool(), bare["warning"].as_str()),
        (Some(true), Some("missing_charset"))
    );
    assert_eq!(bare["response_metadata"], json!({"warnings": ["missing_charset"]}));
    assert_eq!(send(json, "{").await, error("invalid_json"));
    assert_eq!(send(json, "[]").await, error("json_not_object"));
    assert_eq!(send(None, good).await, error("missing_post_type"));
    assert_eq!(send(Some("text/plain"), good).await, error("invalid_post_type"));
    assert_eq!(
        send(form, "channel=C100&attachments=x").await,
        error("invalid_attachments")
    );
    assert_eq!(
        send(form, "channel=C100&blocks=x").await,
        error("invalid_blocks_format")
    );
}

#[tokio::test]
async fn messages_have_something_to_say() {
    let slack = start(options()).await;
    for content in [
        json!({}),
        json!({"text": ""}),
        json!({"text": " \n"}),
        json!({"text": "", "attachments": [], "blocks": []}),
    ] {
        assert_eq!(posted(&slack, content.clone()).await, error("no_text"), "{content}");
    }
    for content in [
        json!({"text": 1}),
        json!({"attachments": [{"text": "x"}]}),
        json!({"blocks": [section(1)]}),
    ] {
        assert_eq!(posted(&slack, content.clone()).await["ok"], true, "{content}");
    }
}

#[tokio::test]
async fn limits_hold() {
    let slack = start(options()).await;
    let long = posted(&slack, json!({"text": "é".repeat(40_001)})).await;
    assert_eq!(
        long["message"]["text"].as_str().map(|text| text.chars().count()),
        Some(40_000)
    );
    let attachments = |count: usize| json!({"attachments": vec![json!({"text": "x"}); count]});
    assert_eq!(posted(&slack, attachments(100)).await["ok"], true);
    assert_eq!(posted(&slack, attachments(101)).await, error("too_many_attachments"));
    assert_eq!(
        posted(&slack, json!({"attachments": [{"text": "x".repeat(40_001)}]})).await,
        error("msg_too_long")
    );
    let blocks = |count: usize, length: usize| json!({"blocks": vec![section(length); count]});
    assert_eq!(posted(&slack, blocks(50, 10)).await["ok"], true);
    assert_eq!(posted(&slack, blocks(51, 10)).await, error("invalid_blocks"));
    assert_eq!(posted(&slack, blocks(4, 3000)).await["ok"], true);
    assert_eq!(posted(&slack, blocks(1, 3001)).await, error("invalid_blocks"));
    assert_eq!(posted(&slack, blocks(5, 3000)).await, error("msg_blocks_too_long"));
    let inside = json!({"attachments": [{"blocks": vec![section(3000); 5]}]});
    assert_eq!(posted(&slack, inside).await, error("msg_blocks_too_long"));
}

#[tokio::test]
async fn blocks_have_their_shapes() {
    let slack = start(options()).await;
    let text = json!({"type": "plain_text", "text": "x"});
    let good = [
        json!({"type": "divider"}),
        json!({"type": "header", "text": text}),
        json!({"type": "section", "fields": [text, text]}),
        json!({"type": "context", "elements": [text, {"type": "image", "image_url": "http://x/i.png", "alt_text": "i"}]}),
        json!({"type": "image", "image_url": "http://x/i.png", "alt_text": "i"}),
        json!({"type": "markdown", "text": "**x**"}),
        json!({"type": "rich_text", "elements": []}),
    ];
    for block in good {
        assert_eq!(
            posted(&slack, json!({"text": "x", "blocks": [block]})).await["ok"],
            true,
            "{block}"
        );
    }
    let bad = [
        json!("x"),
        json!({}),
        json!({"type": "paragraph"}),
        json!({"type": "section"}),
        json!({"type": "section", "text": "x"}),
        json!({"type": "section", "text": {"type": "html", "text": "x"}}),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}}),
        json!({"type": "section", "fields": vec![text.clone(); 11]}),
        json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
        json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(151)}}),
        json!({"type": "context", "elements": vec![text; 11]}),
        json!({"type": "image", "image_url": "http://x/i.png"}),
        json!({"type": "markdown", "text": ""}),
    ];
    for block in bad {
        assert_eq!(
            posted(&slack, json!({"text": "x", "blocks": [block]})).await,
            error("invalid_blocks"),
            "{block}"
        );
        let inside = json!({"text": "x", "attachments": [{"blocks": [block]}]});
        assert_eq!(posted(&slack, inside).await, error("invalid_attachments"), "{block}");
    }
    for attachment in [json!("x"), json!({"text": 1}), json!({"blocks": {}})] {
        let reply = posted(&slack, json!({"attachments": [attachment]})).await;
        assert_eq!(reply, error("invalid_attachments"), "{attachment}");
    }
}

#[tokio::test]
async fn a_thread_is_named_by_a_timestamp() {
    let slack = start(options()).await;
    let first = posted(&slack, json!({"text": "x"})).await;
    let reply = posted(&slack, json!({"text": "y", "thread_ts": first["ts"]})).await;
    assert_eq!(reply["message"]["thread_ts"], first["ts"]);
    assert_eq!(slack.messages()[1].thread_ts.as_deref(), first["ts"].as_str());
    for thread in ["0", "x", "1.", ".1", "1.2.3"] {
        let refused = posted(&slack, json!({"text": "y", "thread_ts": thread})).await;
        assert_eq!(refused, error("invalid_thread_ts"), "{thread}");
    }
}
