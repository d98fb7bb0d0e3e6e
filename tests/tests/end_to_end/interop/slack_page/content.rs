//! What the function itself never posts: every kind of mark and of block, and files.

use local::standin::{Slack, SlackOptions};
use serde_json::{Value, json};

use super::browser::{Browser, DESKTOP, PHONE};
use crate::stage::listener;

pub(super) async fn slack() -> Slack {
    let options = SlackOptions {
        token: "xoxb-1".to_owned(),
        channels: vec![("C1".to_owned(), "one".to_owned())],
        ..SlackOptions::default()
    };
    Slack::start(listener().await, options).unwrap()
}

pub(super) async fn say(slack: &Slack, message: Value) {
    let mut message = message;
    message["channel"] = json!("C1");
    let url = format!("{}/api/chat.postMessage", slack.url());
    let request = reqwest::Client::new().post(url).bearer_auth("xoxb-1").json(&message);
    let told: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(told["ok"], true, "{told} {message}");
}

/// The HTML that the page makes of one text in Slack's mark-up.
async fn drawn(page: &mut Browser, text: &str) -> String {
    let expression = format!("mrkdwn(document.createElement('p'), {}).innerHTML", json!(text));
    page.value(&expression).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_drawn_as_slack_draws_it() {
    let slack = slack().await;
    let mut page = Browser::open(&slack.url(), DESKTOP, 700, false).await;
    // The names of channels come with the first look.
    page.until("names.size").await;
    for (text, html) in [
        (
            "*a* _b_ ~c~ `d`",
            "<strong>a</strong> <em>b</em> <s>c</s> <code>d</code>",
        ),
        (
            "*_a_* 2*3*4 snake_case_name",
            "<strong><em>a</em></strong> 2*3*4 snake_case_name",
        ),
        ("* a * _ b _ **", "* a * _ b _ **"),
        ("a &amp;amp; &lt;b&gt;", "a &amp;amp; &lt;b&gt;"),
        ("```\n*a*\n```\nb", "<pre>*a*</pre>b"),
        ("a\n```b```", "a<pre>b</pre>"),
        ("a ```b", "a ```b"),
        ("&gt; a\n&gt; *b*\nc", "<blockquote>a\n<strong>b</strong></blockquote>c"),
        ("a\n\nb", "a\n\nb"),
        ("a\n&gt;&gt;&gt;b\nc", "a<blockquote>b\nc</blockquote>"),
        ("`*a* <b>`", "<code>*a* &lt;b&gt;</code>"),
        (
            ":tada: :nobody: 8:30:10",
            "<span class=\"emoji\" title=\":tada:\">🎉</span> :nobody: 8:30:10",
        ),
        (
            "<@U3> <#C1> <!here> <!subteam^S1|@team>",
            "<span class=\"mention\">@U3</span> <span class=\"mention\">#one</span> <span class=\"mention\">@here</span> <span class=\"mention\">@team</span>",
        ),
        // Links and code are whole, whatever marks stand in them.
        (
            "_see `snake_case` now_ `a*b` *c*",
            "<em>see <code>snake_case</code> now</em> <code>a*b</code> <strong>c</strong>",
        ),
        (
            "_see <#C1|my_file> now_",
            "<em>see <span class=\"mention\">#my_file</span> now</em>",
        ),
        (
            "*\u{e000}* `\u{e000}`",
            "<strong>\u{e000}</strong> <code>\u{e000}</code>",
        ),
        ("<b>", "&lt;b&gt;"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
    ] {
        assert_eq!(drawn(&mut page, text).await, html, "{text}");
    }
    let link = drawn(&mut page, "see https://x.example.com/?a=1&amp;b=2. <mailto:a@b.c|me>").await;
    assert_eq!(
        link,
        "see <a href=\"https://x.example.com/?a=1&amp;b=2\" rel=\"noopener noreferrer\" target=\"_blank\">https://x.example.com/?a=1&amp;b=2</a>. \
         <a href=\"mailto:a@b.c\" rel=\"noopener noreferrer\" target=\"_blank\">me</a>"
    );
    for (text, element, url, label) in [
        ("_<https://x/my_file|f>_", "em", "https://x/my_file", "f"),
        ("*<https://x/*/1|build>*", "strong", "https://x/*/1", "build"),
        ("~<https://x/~me|home>~", "s", "https://x/~me", "home"),
        ("_https://x/my_file_", "em", "https://x/my_file", "https://x/my_file"),
        ("*_<https://x/*_|b>_*", "strong><em", "https://x/*_", "b"),
    ] {
        let closing = element.split("><").collect::<Vec<_>>();
        let closing: String = closing.iter().rev().map(|name| format!("</{name}>")).collect();
        let html =
            format!("<{element}><a href=\"{url}\" rel=\"noopener noreferrer\" target=\"_blank\">{label}</a>{closing}");
        assert_eq!(drawn(&mut page, text).await, html, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_names_nothing_shows_everything() {
    let slack = slack().await;
    say(&slack, json!({"text": "still here"})).await;
    for place in ["#%", "#nowhere", "#%E0%A4%A"] {
        let mut page = Browser::open(&format!("{}/{place}", slack.url()), DESKTOP, 700, false).await;
        page.until("document.querySelector('article:not([hidden])')").await;
        assert_eq!(page.text("#title").await, "All messages", "{place}");
        page.value("location.hash = '#C1'").await;
        page.until("document.getElementById('title').textContent === '# one'")
            .await;
        page.value("location.hash = '#%'").await;
        page.until("document.getElementById('title').textContent === 'All messages'")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_block_is_drawn() {
    let slack = slack().await;
    let text = |text: &str| json!({"type": "mrkdwn", "text": text});
    let rich = |elements: Value| json!({"type": "rich_text_section", "elements": elements});
    say(
        &slack,
        json!({
            "username": "blocks", "icon_emoji": ":rocket:", "text": "a notification alone",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "Head *er*"}},
                {"type": "section", "text": text("*section*"), "accessory": {"type": "image", "image_url": "https://x.example.com/a.png", "alt_text": "beside"}},
                {"type": "section", "fields": [text("f1"), text("f2")]},
                {"type": "divider"},
                {"type": "context", "elements": [{"type": "image", "image_url": "https://x.example.com/i.png", "alt_text": "icon"}, text("context")]},
                {"type": "image", "image_url": "https://x.example.com/p.png", "alt_text": "picture"},
                {"type": "markdown", "text": "# Top\n**bold** and *italic* [a link](https://x.example.com/)"},
                {"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Press"}}]},
                {"type": "rich_text", "elements": [
                    rich(json!([{"type": "text", "text": "bold code", "style": {"bold": true, "code": true}}, {"type": "emoji", "name": "tada"},
                                {"type": "link", "url": "https://x.example.com/", "text": "out"}, {"type": "user", "user_id": "U3"},
                                {"type": "broadcast", "range": "here"}])),
                    {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [rich(json!([{"type": "text", "text": "third"}]))]},
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "pre  formatted"}]},
                    {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
                ]},
                {"type": "table", "column_settings": [{}, {"align": "right"}], "rows": [
                    [{"type": "raw_text", "text": "Name"}, {"type": "raw_text", "text": "Number"}],
                    [{"type": "raw_text", "text": "a".repeat(60)}, {"type": "rich_text", "elements": [rich(json!([{"type": "text", "text": "7"}]))]}],
                ]},
                {"type": "file", "external_id": "x", "source": "remote"},
            ],
            "attachments": [{"color": "danger", "pretext": "pre", "author_name": "author", "title": "title", "title_link": "https://x.example.com/",
                             "text": format!("long {}", "words ".repeat(200)), "fields": [{"title": "f", "value": "*v*", "short": true}],
                             "footer": "foot", "thumb_url": "https://x.example.com/t.png"}],
        }),
    )
    .await;
    for width in [DESKTOP, PHONE] {
        let mut page = Browser::open(&slack.url(), width, 800, false).await;
        page.until("document.querySelector('article')").await;
        assert_eq!(page.text(".avatar").await, "🚀");
        for (selector, text) in [
            (".header", "Head *er*"),
            (".section strong", "section"),
            (".section .picture", "🖼️ beside"),
            (".fields", "f1 f2"),
            (".context .text", "context"),
            (".actions", "Press"),
            ("strong code", "bold code"),
            (".body .mention", "@U3"),
            ("ol li", "third"),
            ("blockquote", "quoted"),
            ("td + td", "Number"),
            (".attachment .title", "title"),
        ] {
            let words: Vec<String> = page
                .text(selector)
                .await
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            assert_eq!(words.join(" "), text, "{selector}");
        }
        assert_eq!(page.value("document.querySelector('ol').start").await, 3);
        assert_eq!(
            page.value("[...document.querySelectorAll('pre')].map((e) => e.textContent)")
                .await,
            json!(["pre  formatted"])
        );
        assert!(page.text("article").await.contains("[file]"));
        assert!(!page.text("article").await.contains("a notification alone"));
        let right = "getComputedStyle(document.querySelectorAll('tr')[1].cells[1]).textAlign";
        assert_eq!(page.value(right).await, "right");
        let color = "getComputedStyle(document.querySelector('.attachment')).borderLeftColor";
        assert_eq!(page.value(color).await, "rgb(224, 30, 90)");
        // What is long is cut short, and there on a click.
        let height = "document.querySelector('.attachment .text').clientHeight";
        let short = page.value(height).await.as_u64().unwrap();
        page.click(".more").await;
        assert!(page.value(height).await.as_u64().unwrap() > short);
        assert!(
            page.value("document.getElementById('scroll').scrollWidth")
                .await
                .as_u64()
                .unwrap()
                <= u64::from(width)
        );
        page.was_quiet(&slack.url()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_uploaded_is_shown() {
    let slack = slack().await;
    let client = reqwest::Client::new();
    let call = async |method: &str, body: Value| -> Value {
        let request = client
            .post(format!("{}/api/{method}", slack.url()))
            .bearer_auth("xoxb-1");
        request.json(&body).send().await.unwrap().json().await.unwrap()
    };
    // One pixel.
    let picture = tokio::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/slack-page.png"))
        .await
        .unwrap();
    let ticket = call(
        "files.getUploadURLExternal",
        json!({"filename": "page.png", "length": picture.len()}),
    )
    .await;
    let upload = client.post(ticket["upload_url"].as_str().unwrap()).body(picture);
    assert!(upload.send().await.unwrap().status().is_success());
    let shared = json!({"files": [{"id": ticket["file_id"], "title": "The <page>"}], "channel_id": "C1", "initial_comment": "*look*"});
    assert_eq!(call("files.completeUploadExternal", shared).await["ok"], true);
    let mut page = Browser::open(&slack.url(), PHONE, 700, true).await;
    page.until("document.querySelector('.file img')?.naturalWidth > 300")
        .await;
    assert_eq!(page.text("article strong").await, "look");
    assert_eq!(page.text(".file a").await, "The <page>");
    assert!(
        page.value("document.querySelector('.file img').width")
            .await
            .as_u64()
            .unwrap()
            < u64::from(PHONE)
    );
    page.was_quiet(&slack.url()).await;
}
