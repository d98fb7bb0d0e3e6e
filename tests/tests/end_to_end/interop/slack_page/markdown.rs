//! The markdown block, which has another language than the rest of a message.

use serde_json::json;

use super::browser::{Browser, DESKTOP};
use super::content::slack;

#[tokio::test(flavor = "multi_thread")]
async fn links_and_code_are_taken_before_marks() {
    let slack = slack().await;
    let mut page = Browser::open(&slack.url(), DESKTOP, 700, false).await;
    page.until("names.size").await;
    for (text, html) in [
        (
            "**b** *i* ~~s~~ `c`",
            "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>",
        ),
        ("# Top\n- one", "<strong>Top</strong>\n• one"),
        (
            "[x](https://e.com/*a*b**c**d)",
            "<a href=\"https://e.com/*a*b**c**d\" rel=\"noopener noreferrer\" target=\"_blank\">x</a>",
        ),
        (
            "https://e.com/~~a~~*b* *i*",
            "<a href=\"https://e.com/~~a~~*b\" rel=\"noopener noreferrer\" target=\"_blank\">https://e.com/~~a~~*b</a>* <em>i</em>",
        ),
        (
            "**see [the *x*](https://e.com/) now**",
            "<strong>see <a href=\"https://e.com/\" rel=\"noopener noreferrer\" target=\"_blank\">the x</a> now</strong>",
        ),
        (
            "[a|b<c>](https://e.com/?a|b)",
            "<a href=\"https://e.com/?a%7Cb\" rel=\"noopener noreferrer\" target=\"_blank\">a|b&lt;c&gt;</a>",
        ),
        (
            "`**a** *b*` <@U9>",
            "<code>**a** *b*</code> <span class=\"mention\">@U9</span>",
        ),
        ("```\n# a\n*b*\n```\n*c*", "<pre># a\n*b*</pre><em>c</em>"),
        (
            "[no](javascript:alert(1)) \u{e000}",
            "[no](javascript:alert(1)) \u{e000}",
        ),
    ] {
        let draw = format!(
            "(() => {{ const box = document.createElement('p'); markdown(box, {}); return box.firstChild.innerHTML; }})()",
            json!(text)
        );
        assert_eq!(page.value(&draw).await, html, "{text}");
    }
    // Many opening marks without an end are looked at once each.
    for piece in ["[", "[a](", "`", "<", "**", "~~", "*a", "```", "](https:"] {
        let draw = format!(
            "(() => {{ const began = performance.now(); markdown(document.createElement('p'), {}.repeat(4000)); \
             return performance.now() - began; }})()",
            json!(piece)
        );
        let took = page.value(&draw).await.as_f64().unwrap();
        assert!(took < 2000.0, "{piece} {took} ms");
    }
}
