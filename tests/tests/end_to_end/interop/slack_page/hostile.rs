//! Hostile text in every place of a message: none of it gets in as markup.

use serde_json::{Value, json};

use super::browser::{Browser, DESKTOP};
use super::content::{say, slack};

/// Every text of a message, in every place that the page draws.
fn hostile(text: &str) -> Value {
    let object = json!({"type": "mrkdwn", "text": text});
    let plain = json!({"type": "plain_text", "text": text});
    let image = json!({"type": "image", "image_url": text, "alt_text": text});
    json!({
        "text": text, "username": text, "icon_emoji": text,
        "blocks": [
            {"type": "header", "text": plain}, {"type": "section", "text": object, "fields": [object, plain], "accessory": image},
            {"type": "context", "elements": [image, object]}, image, {"type": "markdown", "text": text},
            {"type": "video", "title": plain, "title_url": text, "video_url": text, "alt_text": text, "thumbnail_url": text},
            {"type": "actions", "elements": [{"type": text, "text": plain}, {"type": text}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": text}, {"type": "link", "url": text, "text": text}, {"type": "emoji", "name": text},
                {"type": "user", "user_id": text}, {"type": text}, {"type": "color", "value": text},
            ]}]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": text}]], "column_settings": [{"align": text}]},
        ],
        "attachments": [{
            "color": text, "pretext": text, "author_name": text, "author_link": text, "title": text, "title_link": text, "text": text,
            "fields": [{"title": text, "value": text}], "image_url": text, "thumb_url": text, "footer": text, "fallback": text,
            "blocks": [{"type": "section", "text": object}],
        }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_gets_in_as_markup() {
    let slack = slack().await;
    let attacks = [
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(1)</script>",
        "</script></style><script>alert(1)</script>",
        "javascript:alert(1)",
        "<javascript:alert(1)|click>",
        "<https://x.example.com/\" onmouseover=\"alert(1)|x>",
        "&lt;svg onload=alert(1)&gt;",
        "data:text/html,<script>alert(1)</script>",
        "red; background: url(https://evil.example.com/)",
        "/_faults",
        "constructor",
        "__proto__",
        "`<b>`*<i>*```<u>```",
    ];
    for attack in attacks {
        say(&slack, hostile(attack)).await;
    }
    let mut page = Browser::open(&slack.url(), DESKTOP, 800, false).await;
    page.until(&format!(
        "document.querySelectorAll('article.message').length === {}",
        attacks.len()
    ))
    .await;
    for selector in [
        "article script",
        "article style",
        "article svg",
        "article iframe",
        "article img",
        "article u",
        "article b",
    ] {
        assert_eq!(page.count(selector).await, 0, "{selector}");
    }
    assert!(page.text("#log").await.contains("<img src=x onerror=alert(1)>"));
    let attributes = "[...document.querySelectorAll('article *')].flatMap((e) => [...e.attributes].map((a) => a.name)).filter((n) => n.startsWith('on'))";
    assert_eq!(page.value(attributes).await, json!([]));
    let schemes = "[...new Set([...document.querySelectorAll('article a')].map((a) => new URL(a.href).protocol))]";
    assert_eq!(page.value(schemes).await, json!(["https:"]));
    // Raw JSON is text as well.
    page.value("document.querySelectorAll('.show').forEach((button) => button.click())")
        .await;
    assert_eq!(page.count(".raw *").await, 0);
    assert_eq!(page.count(".error").await, 0, "all of it can be shown");
    // Even a mistake in the script would not get mark-up in.
    let refused = "(() => { try { document.body.insertAdjacentHTML('beforeend', '<i>x</i>') } catch (error) { return error.name } })()";
    assert_eq!(page.value(refused).await, "TypeError");
}
