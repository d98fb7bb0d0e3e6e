//! The page on which the stand-in for Slack shows what it was sent, in a real browser.

mod browser;
mod content;
mod hostile;
mod markdown;
mod story;

use std::path::Path;

use serde_json::{Value, json};

use self::browser::{Browser, DESKTOP, PHONE};
use self::story::{page_url, slack, stage, tell};
use crate::stage::Stage;

/// An expression that is true once the page shows so many entries.
fn shown(entries: usize) -> String {
    format!("document.querySelectorAll('article:not([hidden])').length === {entries}")
}

async fn post(stage: &Stage, path: &str, body: Value) {
    let answer = story::post(stage, path, body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_proxy_posts_looks_as_in_slack() {
    let stage = stage().await;
    tell(&stage).await;
    let url = page_url(&stage);
    let mut page = Browser::open(&url, DESKTOP, 900, false).await;
    page.until(&shown(story::ENTRIES)).await;
    assert_eq!(page.text("#title").await, "All messages");
    assert_eq!(page.text("#state").await, "8 messages");

    // Colour bar, sender, link, bold, escapes, the call for attention.
    let color = "getComputedStyle(document.querySelector('.attachment')).borderLeftColor";
    assert_eq!(page.value(color).await, "rgb(46, 182, 125)");
    assert_eq!(page.text(".message .sender").await, "local · Bamboo");
    assert_eq!(page.text(".attachment a").await, "shop #1842");
    assert_eq!(
        page.value("document.querySelector('.attachment a').href").await,
        "https://ci.example.com/1842?a=1&b=2"
    );
    assert_eq!(page.text(".attachment strong").await, "passed");
    assert_eq!(page.text("article .mention").await, "@here");
    // A block of code keeps its columns; a table is one.
    let code = page.text("article pre").await;
    assert_eq!(
        code,
        "Filesystem  Use%  Mounted on\n/dev/nvme1   97%  /var/<full> & hot"
    );
    // Emoji, a mention of a person, inline code.
    let said = page.text(".message:has([title=':coffee:']) .text").await;
    assert!(said.contains("🙂") && said.contains("@U3"), "{said}");
    // The card: title, fields, a picture that is named and not loaded.
    assert_eq!(page.text(".section strong a").await, "SHOP-7 Checkout & <payment>");
    assert_eq!(page.count(".fields > div").await, 2);
    assert_eq!(page.count(".picture img").await, 0);
    assert!(page.text(".picture").await.contains("SHOP-7"));
    // The reply stands below what it answers, the topic in its channel, the file with its name.
    let reply = "document.querySelector('.reply').previousElementSibling.innerText";
    assert!(page.value(reply).await.as_str().unwrap().contains("Rolling back"));
    assert!(page.text(".event .event").await.contains("Release day"));
    assert!(page.text(".file").await.contains("deploy.log"));
    assert_eq!(
        page.value("document.querySelector('.file a').href").await,
        format!("{url}/_files/F00000001")
    );
    // What was refused, in Slack's own word, with what would have been posted.
    assert_eq!(page.text(".refused .error code").await, "is_archived");
    assert!(page.text(".refused .attempt").await.contains("Nobody reads this"));
    page.was_quiet(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_filters_and_shows_the_raw_json() {
    let stage = stage().await;
    let url = page_url(&stage);
    let mut page = Browser::open(&url, DESKTOP, 700, false).await;
    page.until("document.getElementById('state').innerText === '0 messages'")
        .await;
    assert!(page.text("#empty").await.contains("No message here yet"));
    assert_eq!(page.count("nav button").await, 4);

    post(&stage, "room/Ops/notification", json!({"message": "one"})).await;
    page.until(&shown(1)).await;
    post(&stage, "room/Dev%20Ops/notification", json!({"message": "<b>two</b>"})).await;
    post(&stage, "user/@chris/message", json!({"message": "three"})).await;
    page.until(&shown(3)).await;
    assert_eq!(page.value("document.getElementById('empty').hidden").await, true);

    // By channel; what comes to others stays out of sight, and is there when it is asked for.
    page.click("nav [data-place=C200]").await;
    page.until(&shown(1)).await;
    assert_eq!(
        (
            page.text("#title").await,
            page.text("article:not([hidden]) .text").await
        ),
        ("# ops".to_owned(), "one".to_owned())
    );
    post(&stage, "room/Dev%20Ops/message", json!({"message": "four"})).await;
    page.until("document.querySelector('[data-place=C100] .count').innerText === '2'")
        .await;
    page.until(&shown(1)).await;
    page.click("nav [data-place=C100]").await;
    page.until(&shown(2)).await;
    // A direct message is a place, too, and a place has an address.
    let direct = "location.hash = [...document.querySelectorAll('nav button')].find((b) => b.innerText.startsWith('@')).dataset.place";
    page.value(direct).await;
    page.until(&shown(1)).await;
    assert_eq!(page.text("#title").await, "@U3");
    page.value("location.hash = ''").await;
    page.until(&shown(4)).await;

    // One click: what Slack was sent, what it answered, what it kept.
    page.click("article .show").await;
    let raw: Value = serde_json::from_str(&page.text("article .raw").await).unwrap();
    assert_eq!(raw["call"], "POST /api/chat.postMessage");
    assert_eq!(raw["sent"]["channel"], "C200");
    assert_eq!(raw["sent"]["attachments"][0]["text"], "one");
    assert_eq!(raw["answered"]["body"]["ok"], true);
    assert_eq!(raw["kept"]["ts"], raw["answered"]["body"]["ts"]);
    page.click("article .show").await;
    assert_eq!(page.count(".raw").await, 0);

    // A restart of nothing, and a clean table.
    page.click("#clear").await;
    page.until(&shown(0)).await;
    assert!(slack(&stage).messages().is_empty());
    post(&stage, "room/Ops/notification", json!({"message": "five"})).await;
    page.until(&shown(1)).await;
    page.was_quiet(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_calls_stand_where_they_happened() {
    let stage = stage().await;
    let url = page_url(&stage);
    let refuse = |status: u16, body: &str| {
        let fault = json!({"status": status, "body": body});
        stage.client.post(format!("{url}/_faults")).json(&fault)
    };
    for (status, body) in [(200, r#"{"ok":false,"error":"msg_too_long"}"#), (500, "<html>")] {
        // The function tries plain text after the first: that is refused as well.
        let times = if status == 200 { 2 } else { 1 };
        for _ in 0..times {
            stage.send(refuse(status, body)).await;
        }
        let answer = story::post(&stage, "room/Ops/notification", json!({"message": "lost <b>words</b>"})).await;
        assert!(answer.status >= 400, "{}", answer.status);
    }
    let mut page = Browser::open(&format!("{url}/#refused"), DESKTOP, 700, true).await;
    page.until(&shown(3)).await;
    let words = "[...document.querySelectorAll('.refused .error code')].map((code) => code.innerText)";
    assert_eq!(
        page.value(words).await,
        json!(["msg_too_long", "msg_too_long", "HTTP 500"])
    );
    assert!(page.text(".refused").await.contains("# ops"));
    assert_eq!(page.text(".refused .attempt strong").await, "words");
    page.click(".refused .show").await;
    let raw: Value = serde_json::from_str(&page.text(".raw").await).unwrap();
    assert_eq!(raw["answered"]["body"]["error"], "msg_too_long");
    assert!(!page.text(".raw").await.contains("xoxb-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_read_on_a_phone_and_in_the_dark() {
    let stage = stage().await;
    tell(&stage).await;
    let url = page_url(&stage);
    let mut paper = Vec::new();
    for (width, dark) in [(PHONE, false), (PHONE, true), (DESKTOP, true)] {
        let mut page = Browser::open(&url, width, 740, dark).await;
        page.until(&shown(story::ENTRIES)).await;
        let widest = "Math.max(document.documentElement.scrollWidth, document.getElementById('scroll').scrollWidth)";
        assert!(page.value(widest).await.as_u64().unwrap() <= u64::from(width));
        let beyond = format!(
            "[...document.querySelectorAll('article *, header *')].filter((e) => e.getBoundingClientRect().right > {width} \
             && !e.closest('pre, .wide')).map((e) => e.outerHTML)"
        );
        assert_eq!(page.value(&beyond).await, json!([]));
        // Big enough to read, and all of it can be reached.
        let small = "Math.min(...[...document.querySelectorAll('article .text')].map((e) => parseFloat(getComputedStyle(e).fontSize)))";
        assert!(page.value(small).await.as_f64().unwrap() >= 12.0);
        let end = "(() => { const box = document.getElementById('scroll'); return box.scrollHeight - box.scrollTop - box.clientHeight })()";
        assert!(
            page.value(end).await.as_f64().unwrap().abs() < 2.0,
            "it begins at the newest"
        );
        paper.push(page.value("getComputedStyle(document.body).backgroundColor").await);
        page.click("nav [data-place=C200]").await;
        page.until("document.getElementById('title').innerText === '# ops'")
            .await;
        let name = format!("slack-page-{width}-{}.png", if dark { "dark" } else { "light" });
        page.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
            .await;
    }
    assert_eq!(paper, ["rgb(255, 255, 255)", "rgb(26, 29, 33)", "rgb(26, 29, 33)"]);
}

/// `make screenshot` sets the variable, and so makes the picture of the README again.
#[tokio::test(flavor = "multi_thread")]
async fn the_readme_shows_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = match std::env::var_os("SCREENSHOT") {
        Some(path) => root.join(path),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).join("slack-page.png"),
    };
    let stage = stage().await;
    tell(&stage).await;
    let mut page = Browser::open(&page_url(&stage), DESKTOP, 1060, false).await;
    page.until(&shown(story::ENTRIES)).await;
    page.screenshot(&path).await;
    let committed = std::fs::read(root.join("docs/slack-page.png")).unwrap();
    assert!(committed.starts_with(b"\x89PNG") && committed.len() < 200_000);
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("](docs/slack-page.png)"));
}
