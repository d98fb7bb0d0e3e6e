//! Cards beyond Slack's limits: what is cut, dropped, or stands elsewhere.

use serde_json::json;

use super::*;

#[test]
fn fields_come_in_tens_and_the_last_are_dropped_first() {
    let attributes =
        |count: usize| card(json!({"attributes": vec![json!({"label": "L", "value": {"label": "v"}}); count]}));
    let of_eleven = serde_json::to_value(drawn(&attributes(11)).blocks).unwrap();
    assert_eq!(of_eleven[1]["fields"].as_array().unwrap().len(), 10);
    assert_eq!(of_eleven[2]["fields"].as_array().unwrap().len(), 1);
    let many = drawn(&attributes(600));
    assert!(many.truncated);
    let blocks = serde_json::to_value(&many.blocks).unwrap();
    let blocks = blocks.as_array().unwrap();
    assert!(blocks.len() <= 50);
    assert_eq!(
        blocks.last().unwrap(),
        &json!({"type": "context", "elements": [text("… 130 more")]})
    );
}

#[test]
fn the_address_of_an_attribute_that_no_link_takes_stands_below_it() {
    let long = format!("https://x/?a&{}", "c".repeat(2000));
    let attribute = |url: &str| json!({"label": "Log", "value": {"label": "build", "url": url}});
    let fields = |markup: &str| json!({"type": "section", "fields": [text(markup)]});
    let below = format!("*Log*\n{}", long.replace('&', "&amp;"));
    check(
        json!({"attributes": [attribute(&long)]}),
        &[section("*T*"), fields("*Log*\nbuild"), section(&below)],
    );
    // Beside its label it may be too long for a field, too.
    let nearly = format!("https://x/{}", "c".repeat(1985));
    check(
        json!({"attributes": [attribute(&nearly)]}),
        &[
            section("*T*"),
            fields("*Log*\nbuild"),
            section(&format!("*Log*\n{nearly}")),
        ],
    );
    check(
        json!({"attributes": [attribute(&format!("javascript:{}", "c".repeat(3000)))]}),
        &[section("*T*"), fields("*Log*\nbuild")],
    );
    // Addresses that are no use when cut are not shown in part, and that is told.
    let endless = drawn(&card(
        json!({"attributes": [attribute(&format!("https://x/{}", "c".repeat(4000)))]}),
    ));
    assert_eq!(endless.blocks.len(), 2);
    assert!(endless.truncated);
    let many = drawn(&card(json!({"attributes": vec![attribute(&long); 60]})));
    assert!(many.truncated && many.blocks.len() <= 50);
    assert!(many.blocks.iter().map(Block::length).sum::<usize>() < 13_000);
}

#[test]
fn long_texts_are_cut_within_slacks_limits() {
    let url = format!("http://{}", "x".repeat(1900));
    let title = drawn(&card(json!({"title": "&".repeat(600), "url": url})));
    let expected = format!("*{}…*", "&amp;".repeat(499));
    assert_eq!(
        serde_json::to_value(&title.blocks).unwrap(),
        json!([section(&expected), section(&url)])
    );
    let long = drawn(&card(json!({
        "activity": {"html": "<b>a</b> ".repeat(1000)},
        "description": "&".repeat(10_000),
        "attributes": [{"label": "<".repeat(1000), "value": {"label": ">".repeat(1000), "url": "http://x"}}]
    })));
    assert!(long.truncated);
    assert!(long.blocks.iter().map(Block::length).sum::<usize>() < 13_000);
}
