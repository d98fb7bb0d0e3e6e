//! Clients of the second API that send notifications alone: hipnotify, kawasemi, hipchat-notifier.

use serde_json::{Value, json};

use super::{
    ALL_HOSTS, GREEN, HOSTS, HTML, MARKUP, RED, TEXT, TEXT_MARKUP, YELLOW, ask, asked_of_slack, posted, slack, token,
};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn hipnotify_sends_its_booleans_as_texts() {
    let stage = Stage::start().await;
    for host in ALL_HOSTS {
        let calls = json!([
            ["notify", {"room": 7, "msg": TEXT}],
            ["notify", {"room": "Dev%20Ops", "msg": HTML, "color": "red", "notify": "false", "message_format": "html"}],
            ["notify", {"room": "nope", "msg": "x"}],
            ["notify", {"room": "Ops", "msg": "x", "color": "blue"}],
        ]);
        let told = ask(&stage, "hipchat-hipnotify", host, &token(&stage), &calls).await;
        let taken = json!({"returned": {"status": 204, "body": ""}});
        assert_eq!(told[..2], [taken.clone(), taken]);
        assert_eq!(
            (&told[2]["returned"]["status"], &told[3]["returned"]["status"]),
            (&json!(404), &json!(400))
        );
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", GREEN, TEXT_MARKUP, "<!here>"]),
                json!(["C100", RED, MARKUP, ""])
            ]
        );
        let told = ask(
            &stage,
            "hipchat-hipnotify",
            host,
            "wrong",
            &json!([["notify", {"room": 7, "msg": "x"}]]),
        )
        .await;
        let answer = &told[0]["returned"];
        assert_eq!(answer["status"], 401);
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["error"]["type"], "Unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kawasemi_is_content_with_204_alone() {
    let stage = Stage::start().await;
    for host in ALL_HOSTS {
        let calls = json!([
            ["send", {"message": HTML, "api_id": "Dev Ops", "color": "green", "notify": true}],
            ["send", {"message": TEXT, "api_id": 8, "message_format": "text"}],
            ["send", {"message": "a", "api_id": 8, "options": {"hipchat": {"color": "red"}}}],
            ["send", {"message": "x", "api_id": "nope"}],
        ]);
        let told = ask(&stage, "hipchat-kawasemi", host, &token(&stage), &calls).await;
        assert_eq!(told[..3], vec![json!({"returned": null}); 3]);
        assert_eq!(told[3]["raised"], "HttpError");
        assert!(told[3]["text"].as_str().unwrap().contains("404"), "{}", told[3]);
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", GREEN, MARKUP, "<!here>"]),
                json!(["C200", YELLOW, TEXT_MARKUP, ""]),
                json!(["C200", RED, "a", ""]),
            ]
        );
        let calls = json!([["send", {"message": "x", "api_id": 8}]]);
        let told = ask(&stage, "hipchat-kawasemi", host, "wrong", &calls).await;
        assert!(told[0]["text"].as_str().unwrap().contains("401"), "{}", told[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hipchat_notifier_guesses_the_format() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let calls = json!([
            ["success", {"room": "Dev%20Ops", "message": HTML, "from": "bot", "notify": true}],
            ["failure", {"room": "8", "message": TEXT}],
            ["info", {"room": "nope", "message": "x"}],
        ]);
        let told = ask(&stage, "hipchat-hipchat-notifier", host, &token(&stage), &calls).await;
        assert_eq!(told[0]["returned"]["status"], 204);
        assert_eq!(told[1]["returned"]["status"], 204);
        let refusal = &told[2]["returned"];
        assert_eq!(
            (&refusal["status"], &refusal["body"]["error"]["message"]),
            (&json!(404), &json!("Room 'nope' not found"))
        );
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", GREEN, format!("*bot*\n{MARKUP}"), "<!here>"]),
                json!(["C200", RED, TEXT_MARKUP, ""]),
            ]
        );
        let calls = json!([["notice", {"room": "8", "message": "x"}]]);
        let told = ask(&stage, "hipchat-hipchat-notifier", host, "wrong", &calls).await;
        assert_eq!(told[0]["returned"]["body"]["error"]["code"], 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hipchat_notifier_sends_cards() {
    let stage = Stage::start().await;
    let card = json!({
        "style": "application", "id": "build-7", "format": "medium", "url": "https://ci.example.com/7",
        "title": "Build <7> & more", "thumbnail": {"url": "https://ci.example.com/t.png", "width": 1},
        "icon": {"url": "https://ci.example.com/i.png"}, "description": {"value": "<b>red</b>", "format": "html"},
        "activity": {"html": "<i>Build 7</i> failed"},
        "attributes": [{"label": "Branch", "value": {"label": "main", "style": "lozenge-error"}}],
    });
    for host in HOSTS {
        let message =
            |card: &Value| json!({"message": "Build 7 failed", "message_format": "text", "color": "red", "card": card});
        let calls = json!([
            ["send", {"room": "Ops", "message": message(&card)}],
            ["send", {"room": "Ops", "message": message(&json!({"style": "link"}))}],
        ]);
        let told = ask(&stage, "hipchat-hipchat-notifier", host, &token(&stage), &calls).await;
        assert_eq!(
            (&told[0]["returned"]["status"], &told[1]["returned"]["status"]),
            (&json!(204), &json!(204))
        );
        let posts = asked_of_slack(&stage);
        let shown = &posts[0].1["attachments"][0];
        assert_eq!(
            (&shown["color"], &shown["fallback"]),
            (&json!(RED), &json!("Build 7 failed"))
        );
        let text = |text: &str| json!({"type": "mrkdwn", "text": text, "verbatim": true});
        let image = |name: &str| json!({"type": "image", "image_url": format!("https://ci.example.com/{name}.png"), "alt_text": "Build <7> & more"});
        assert_eq!(
            shown["blocks"],
            json!([
                {"type": "context", "elements": [image("i"), text("_Build 7_ failed")]},
                {"type": "section", "text": text("*<https://ci.example.com/7|Build &lt;7&gt; &amp; more>*"), "accessory": image("t")},
                {"type": "section", "text": text("*red*")},
                {"type": "section", "fields": [text("*Branch*\n:red_circle: main")]},
            ])
        );
        // A card that is none leaves its message.
        assert_eq!(posts[1].1["attachments"][0]["text"], "Build 7 failed");
        // Slack took the first one for what it is.
        assert_eq!(slack(&stage).messages().len(), 2);
        slack(&stage).clear_messages();
    }
}
