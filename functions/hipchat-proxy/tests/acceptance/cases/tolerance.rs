//! What notifications may hold, and what is made of odd ones.

use serde_json::json;

use super::{OPS, relayed};
use crate::support::{Ask, World};

#[tokio::test]
async fn case_11_no_message_or_too_much_of_it() {
    let world = World::new().await;
    let long = json!({"message": "x".repeat(10_001)}).to_string();
    for body in ["{}", r#"{"message":""}"#, long.as_str(), "["] {
        let ask = Ask::post(OPS).bearer("tokA").json(body);
        world.ask(ask).await.is_error(400, "Bad Request");
    }
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_12_colors_that_hipchat_knew_and_did_not_know() {
    let world = World::new().await;
    let blue = Ask::notify("Ops", &json!({"message": "a", "color": "blue"}));
    world.ask(blue).await.is_error(400, "Bad Request");
    assert!(world.slack.calls().is_empty());
    let red = Ask::notify("Ops", &json!({"message": "a", "color": "RED"}));
    world.ask(red).await.is_no_content();
    assert_eq!(world.only_post()["attachments"][0]["color"], "#E01E5A");
}

#[tokio::test]
async fn case_13_a_boolean_that_is_a_text() {
    let world = World::new().await;
    let body = json!({"message": "a", "notify": "true"});
    world.ask(Ask::notify("Dev%20Ops", &body)).await.is_no_content();
    assert_eq!(world.only_post()["text"], "<!here>");
}

#[tokio::test]
async fn case_14_a_text_with_emoticon_mention_and_url() {
    let text = "(success) @all a<b & c http://x/?a=1&b=2";
    let shown = relayed(json!({"message": text, "message_format": "text"})).await;
    assert_eq!(shown, ":white_check_mark: @all a&lt;b &amp; c http://x/?a=1&amp;b=2");
}

#[tokio::test]
async fn case_15_html_that_would_call_the_channel() {
    let world = World::new().await;
    let body = json!({"message": "<!channel> (success) @all", "message_format": "html"});
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    assert_eq!(world.only_text(), "&lt;!channel&gt; (success) @all");
    assert!(!world.only_post().to_string().contains("<!channel>"));
}

#[tokio::test]
async fn case_16_unescaped_html_of_a_monitoring_plugin() {
    let message =
        "\n<strong>State:</strong> CRITICAL<br>\n(<a href=\"10.0.0.1\">10.0.0.1</a>)\n<pre>disk <full> & hot</pre>\n";
    let shown = relayed(json!({"message": message})).await;
    assert_eq!(
        shown,
        "*State:* CRITICAL\n(10.0.0.1)\n```\ndisk &lt;full&gt; &amp; hot\n```"
    );
}

#[tokio::test]
async fn case_17_a_literal_tab_in_json() {
    let world = World::new().await;
    let ask = Ask::post(OPS)
        .bearer("tokA")
        .json("{\"message\":\"a\tb\",\"message_format\":\"text\"}");
    world.ask(ask).await.is_no_content();
    assert_eq!(world.only_text(), "a\tb");
}
