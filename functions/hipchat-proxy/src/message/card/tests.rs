//! Tests of cards: JSON in, blocks out.

mod limits;

use serde_json::{Value, json};

use super::*;
use crate::message::{Emoticons, Mentions, Rules};
use crate::rooms::Ping;

fn drawn(card: &Value) -> Drawn {
    let people = Mentions::new([("chris", "U3")].into_iter());
    let rules = Rules {
        mentions: Ping::Channel,
        people: &people,
        emoticons: &Emoticons::default(),
        strict: false,
    };
    Card::read(card).unwrap().draw(rules)
}

/// A card of a title and these members.
fn card(members: Value) -> Value {
    let mut card = json!({"style": "application", "id": "1", "title": "T"});
    let (Value::Object(card_members), Value::Object(more)) = (&mut card, members) else {
        panic!("not objects")
    };
    card_members.extend(more);
    card
}

fn text(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn section(markup: &str) -> Value {
    json!({"type": "section", "text": text(markup)})
}

fn image(address: &str) -> Value {
    json!({"type": "image", "image_url": address, "alt_text": "T"})
}

#[track_caller]
fn check(members: Value, expected: &[Value]) {
    let drawn = drawn(&card(members.clone()));
    assert_eq!(
        serde_json::to_value(&drawn.blocks).unwrap(),
        json!(expected),
        "{members}"
    );
    assert!(!drawn.truncated);
}

#[test]
fn a_whole_card() {
    let drawn = drawn(&json!({
        "id": "id1", "style": "application", "title": "Title & <b>", "format": "medium", "url": "http://x",
        "description": {"value": "<b>d</b>", "format": "html"},
        "attributes": [{"label": "Priority", "value": {"label": "P1", "style": "lozenge-error"}}],
        "activity": {"html": "<b>act</b>"}, "icon": {"url": "http://x/i.png"}, "thumbnail": {"url": "http://x/t.png"}
    }));
    assert_eq!(
        serde_json::to_value(&drawn.blocks).unwrap(),
        json!([
            {"type": "context", "elements": [text("*act*")]},
            section("*<http://x|Title &amp; &lt;b&gt;>*"),
            section("*d*"),
            {"type": "section", "fields": [text("*Priority*\n:red_circle: P1")]},
        ])
    );
    assert_eq!(drawn.plain, "act\nTitle & <b>\nd\nPriority: P1");
}

#[test]
fn titles() {
    check(json!({}), &[section("*T*")]);
    check(json!({"url": "https://x/?a&b"}), &[section("*<https://x/?a&amp;b|T>*")]);
    check(json!({"url": "placeholder"}), &[section("*T*")]);
    // What is too long for a link is not lost.
    let long = format!("https://x/?a&b{}", "c".repeat(2000));
    let shown = long.replace('&', "&amp;");
    check(json!({"url": long}), &[section("*T*"), section(&shown)]);
    check(
        json!({"style": "image", "thumbnail": {"url": long}}),
        &[section("*T*"), section(&shown)],
    );
    let drawn = drawn(&card(json!({"url": format!("https://x/{}", "c".repeat(4000))})));
    assert!(drawn.truncated && drawn.plain.len() > 4000);
    check(
        json!({"style": "file", "url": "https://x/f"}),
        &[section("*<https://x/f|T>*")],
    );
    check(
        json!({"title": " a\n<!channel>  b "}),
        &[section("*a &lt;!channel&gt; b*")],
    );
    check(json!({"title": 5, "id": 7}), &[section("*5*")]);
    check(json!({"style": "unheard of", "extra": {}}), &[section("*T*")]);
}

#[test]
fn pictures() {
    let beside = |address: &str| json!({"type": "section", "text": text("*T*"), "accessory": image(address)});
    check(
        json!({"thumbnail": {"url": "https://x/t.png"}}),
        &[beside("https://x/t.png")],
    );
    check(
        json!({"style": "link", "thumbnail": "https://x/t.png"}),
        &[beside("https://x/t.png")],
    );
    for style in ["image", "media"] {
        check(
            json!({"style": style, "thumbnail": {"url": "https://x/t.png"}, "url": "https://x"}),
            &[section("*<https://x|T>*"), image("https://x/t.png")],
        );
    }
    check(
        json!({"style": "image", "thumbnail": {"url": "http://x/t.png"}}),
        &[section("*<http://x/t.png|T>*")],
    );
    for bad in [
        "http://x/t.png",
        "data:image/png;base64,x",
        "https://x/a b",
        "https://x/é",
        "//x",
        "",
    ] {
        check(json!({"thumbnail": {"url": bad}, "icon": bad}), &[section("*T*")]);
    }
}

#[test]
fn icons_and_activities() {
    let icon = image("https://x/i");
    check(
        json!({"icon": "https://x/i"}),
        &[json!({"type": "context", "elements": [icon]}), section("*T*")],
    );
    check(
        json!({"icon": {"url": "https://x/i"}, "activity": {"html": "<i>a</i>"}}),
        &[
            json!({"type": "context", "elements": [icon, text("_a_")]}),
            section("*T*"),
        ],
    );
    check(
        json!({"icon": "https://x/i", "activity": {"html": "a", "icon": {"url": "https://x/o"}}}),
        &[
            json!({"type": "context", "elements": [image("https://x/o"), text("a")]}),
            json!({"type": "context", "elements": [icon]}),
            section("*T*"),
        ],
    );
    check(
        json!({"activity": "plain"}),
        &[json!({"type": "context", "elements": [text("plain")]}), section("*T*")],
    );
    check(json!({"activity": {"html": "<br> "}}), &[section("*T*")]);
    let long = "x".repeat(2001);
    check(json!({"activity": {"html": long}}), &[section(&long), section("*T*")]);
}

#[test]
fn descriptions() {
    for (description, markup) in [
        (
            json!("a <b> & (beer) @chris @all"),
            "a &lt;b&gt; &amp; :beer: @chris @all",
        ),
        (
            json!({"value": "<b>d</b> @all (beer)", "format": "HTML"}),
            "*d* @all (beer)",
        ),
        (json!({"value": "<b>d</b>", "format": "text"}), "&lt;b&gt;d&lt;/b&gt;"),
        (json!({"value": "<b>d</b>"}), "&lt;b&gt;d&lt;/b&gt;"),
        (json!("see http://x/?a&b."), "see <http://x/?a&amp;b>."),
        (
            json!({"value": "<!here> &lt;!channel&gt;", "format": "html"}),
            "&lt;!here&gt; &lt;!channel&gt;",
        ),
        (json!(5), "5"),
    ] {
        check(json!({"description": description}), &[section("*T*"), section(markup)]);
    }
    for nothing in [
        json!(null),
        json!(" "),
        json!({}),
        json!({"value": null}),
        json!([1]),
        json!({"value": "<br>", "format": "html"}),
    ] {
        check(json!({"description": nothing}), &[section("*T*")]);
    }
}

#[test]
fn attributes() {
    for (attribute, field) in [
        (json!({"label": "L", "value": {"label": "v"}}), "*L*\nv"),
        (
            json!({"label": "L", "value": {"label": "v", "url": "http://x"}}),
            "*L*\n<http://x|v>",
        ),
        (json!({"label": "L", "value": {"label": "v", "url": "x"}}), "*L*\nv"),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge"}}),
            "*L*\nv",
        ),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge-success"}}),
            "*L*\n:large_green_circle: v",
        ),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge-error"}}),
            "*L*\n:red_circle: v",
        ),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge-current"}}),
            "*L*\n:large_yellow_circle: v",
        ),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge-complete"}}),
            "*L*\n:white_check_mark: v",
        ),
        (
            json!({"label": "L", "value": {"label": "v", "style": "lozenge-moved"}}),
            "*L*\n:arrow_right: v",
        ),
        (
            json!({"label": "a&b", "value": {"label": "<!here>\n@all"}}),
            "*a&amp;b*\n&lt;!here&gt; @all",
        ),
        (json!({"label": "L", "value": "v"}), "*L*\nv"),
        (json!({"label": "L", "value": 5}), "*L*\n5"),
        (json!({"label": "L"}), "*L*"),
        (json!({"value": {"label": "v"}}), "v"),
    ] {
        let fields = json!({"type": "section", "fields": [text(field)]});
        check(json!({"attributes": [attribute]}), &[section("*T*"), fields]);
    }
    for none in [
        json!([]),
        json!([{}]),
        json!(["x"]),
        json!({"label": "L"}),
        json!([{"label": " "}]),
        json!(null),
    ] {
        check(json!({"attributes": none}), &[section("*T*")]);
    }
}

#[test]
fn what_lacks_a_required_member_is_no_card() {
    for (given, reason) in [
        (json!({"id": "1", "title": "T"}), Malformed::NoStyle),
        (json!({"style": "link", "title": "T"}), Malformed::NoId),
        (json!({"style": "link", "id": null, "title": "T"}), Malformed::NoId),
        (json!({"style": "link", "id": "1"}), Malformed::NoTitle),
        (json!({"style": "link", "id": "1", "title": " "}), Malformed::NoTitle),
        (json!({"style": "link", "id": "1", "title": ["T"]}), Malformed::NoTitle),
        (json!([]), Malformed::NotAnObject),
        (json!("x"), Malformed::NotAnObject),
        (json!(true), Malformed::NotAnObject),
    ] {
        assert_eq!(Card::read(&given), Err(reason), "{given}");
    }
    assert!(Card::read(&json!(card(json!({})).to_string())).is_ok());
}
