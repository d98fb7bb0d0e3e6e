//! Tests of the envelope.

use serde_json::{Value, json};

use super::*;
use crate::message::{Card, Color, Format};
use crate::rooms;

fn message(text: &str, format: Format) -> Message {
    Message {
        text: text.to_owned(),
        format,
        color: Color::Green,
        odd: None,
        notify: false,
        from: None,
        card: None,
    }
}

const ROOM: Destination<'static> = Destination {
    target: Target::Channel("C1"),
    notify: Ping::Here,
    mentions: Ping::None,
    unlisted: None,
    thread_ts: None,
};

fn letter<'a>(destination: &Destination<'a>, message: &Message, look: Look, customize: bool) -> Option<Letter<'a>> {
    let directory = rooms::read(r#"{"fallback": "slug", "emoticons": {"jenkins": ":jenkins:"}}"#).unwrap();
    let manner = Manner {
        customize,
        strict: false,
    };
    compose(
        manner,
        &directory,
        destination,
        message,
        look,
        Some("ci").filter(|_| customize),
    )
}

fn posted<'a>(destination: &Destination<'a>, message: &Message, label: Option<&str>, customize: bool) -> Post<'a> {
    let manner = Manner {
        customize,
        strict: false,
    };
    let letter = compose(
        manner,
        &Directory::default(),
        destination,
        message,
        Look::Notification,
        label,
    )
    .unwrap();
    assert!(!letter.truncated);
    letter.post
}

fn first_text<'p>(post: &'p Post<'_>) -> &'p str {
    post.attachments[0].content.text()
}

#[test]
fn a_notification_is_one_attachment_and_says_nothing_above_it() {
    let post = posted(&ROOM, &message("<b>hi</b> <!channel>", Format::Html), None, false);
    assert_eq!(
        serde_json::to_value(&post).unwrap(),
        serde_json::json!({
            "channel": "C1", "text": "", "unfurl_links": false, "unfurl_media": false,
            "attachments": [{
                "color": "#2EB67D", "fallback": "hi &lt;!channel&gt;", "mrkdwn_in": ["text"], "text": "*hi* &lt;!channel&gt;"
            }]
        })
    );
}

#[test]
fn the_room_is_called_by_its_policy_alone() {
    let mut loud = message("@all hi", Format::Text);
    loud.notify = true;
    assert_eq!(posted(&ROOM, &loud, None, false).text, "<!here>");
    let channel = Destination {
        mentions: Ping::Channel,
        ..ROOM
    };
    let post = posted(&channel, &loud, None, false);
    assert_eq!((post.text.as_str(), first_text(&post)), ("<!channel>", "<!channel> hi"));
    assert_eq!(post.attachments[0].fallback, "@all hi");
    let quiet = Destination {
        notify: Ping::None,
        ..ROOM
    };
    assert_eq!(posted(&quiet, &loud, None, false).text, "");
}

#[test]
fn the_sender_is_a_name_or_a_first_line() {
    let mut signed = message("hi", Format::Text);
    signed.from = Some(" bot\n <x> ".to_owned());
    let first_line = |post: Post<'_>| (post.username.clone(), first_text(&post).to_owned());
    assert_eq!(
        first_line(posted(&ROOM, &signed, Some("ci"), false)),
        (None, "*bot &lt;x&gt;*\nhi".to_owned())
    );
    assert_eq!(
        first_line(posted(&ROOM, &signed, Some("ci"), true)),
        (Some("ci · bot <x>".to_owned()), "hi".to_owned())
    );
    assert_eq!(posted(&ROOM, &signed, None, true).username.as_deref(), Some("bot <x>"));
    signed.from = None;
    assert_eq!(posted(&ROOM, &signed, Some("ci"), true).username.as_deref(), Some("ci"));
    assert_eq!(
        first_line(posted(&ROOM, &signed, Some("ci"), false)),
        (None, "hi".to_owned())
    );
    signed.from = Some("é".repeat(200));
    let name = posted(&ROOM, &signed, None, true).username.unwrap();
    assert_eq!(name.chars().count(), 80);
}

#[test]
fn a_room_that_is_not_listed_is_named_in_the_first_line() {
    let elsewhere = Destination {
        unlisted: Some("Lost & <!here>"),
        ..ROOM
    };
    let mut signed = message("hi", Format::Text);
    signed.from = Some("bot".to_owned());
    assert_eq!(
        first_text(&posted(&elsewhere, &signed, None, false)),
        "[Lost &amp; &lt;!here&gt;]\n*bot*\nhi"
    );
}

#[test]
fn a_long_message_is_several_attachments_of_one_call() {
    let text = format!("{}\n{}", "a".repeat(5000), "b".repeat(5000));
    let post = posted(&ROOM, &message(&text, Format::Text), None, false);
    let texts: Vec<&str> = post.attachments.iter().map(|part| part.content.text()).collect();
    assert_eq!(texts, ["a".repeat(5000), "b".repeat(5000)]);
    assert!(post.attachments.iter().all(|part| part.color == "#2EB67D"));
    assert_eq!(post.attachments[0].fallback, format!("{}…", "a".repeat(1000)));
    assert_eq!(post.attachments[1].fallback, "");
}

#[test]
fn what_is_said_is_a_text_without_attachment() {
    let room = Destination {
        mentions: Ping::Channel,
        ..ROOM
    };
    let mut said = message("@all (jenkins) <b> /me", Format::Said);
    said.from = Some("bot".to_owned());
    let post = letter(&room, &said, Look::Said, false).unwrap().post;
    assert_eq!(
        serde_json::to_value(&post).unwrap(),
        json!({"channel": "C1", "text": "*bot*\n<!channel> :jenkins: &lt;b&gt; /me", "unfurl_links": false, "unfurl_media": false})
    );
    let long = message(&"& ".repeat(10_000), Format::Said);
    let letter = letter(&room, &long, Look::Said, false).unwrap();
    assert!(letter.truncated && letter.post.text.chars().count() <= 39_000);
}

#[test]
fn what_shows_nothing_is_no_letter() {
    assert_eq!(
        letter(&ROOM, &message("<b> </b>", Format::Html), Look::Notification, true),
        None
    );
    assert_eq!(letter(&ROOM, &message(" \n", Format::Said), Look::Said, true), None);
}

#[test]
fn a_webhook_is_told_neither_channel_nor_name() {
    let url = shared::Secret::new("https://hooks.example.com/s3cret");
    let hook = Destination {
        target: Target::Webhook(&url),
        ..ROOM
    };
    let mut signed = message("hi", Format::Text);
    signed.from = Some("bot".to_owned());
    let post = letter(&hook, &signed, Look::Notification, true).unwrap().post;
    let body = serde_json::to_value(&post).unwrap();
    assert_eq!((body.get("channel"), body.get("username")), (None, None));
    assert_eq!(first_text(&post), "*bot*\nhi");
    assert!(!body.to_string().contains("s3cret"));
}

fn card() -> Card {
    let card: Value = json!({"style": "application", "id": "1", "title": "T & <b>", "url": "http://x"});
    Card::read(&card).unwrap()
}

#[test]
fn a_card_stands_for_its_message_which_is_its_plain_form() {
    let mut shown = message("<b>plain</b> & text", Format::Html);
    shown.card = Some(card());
    shown.from = Some("bot".to_owned());
    shown.notify = true;
    let post = letter(&ROOM, &shown, Look::Notification, false).unwrap().post;
    let body = serde_json::to_value(&post).unwrap();
    let attachment = &body["attachments"][0];
    assert_eq!(
        (&body["text"], &attachment["color"], &attachment["fallback"]),
        (&json!("<!here>"), &json!("#2EB67D"), &json!("plain &amp; text"))
    );
    assert_eq!((attachment.get("text"), attachment.get("mrkdwn_in")), (None, None));
    assert_eq!(attachment["blocks"][0]["elements"][0]["text"], "*bot*");
    assert!(
        attachment["blocks"][1]
            .to_string()
            .contains("<http://x|T &amp; &lt;b&gt;>"),
        "{attachment}"
    );
    // Where blocks cannot be shown, the message is.
    let plain = post.as_text(1000);
    assert_eq!(plain.text, "<!here>\n*bot*\n*plain* &amp; text");
    assert!(plain.attachments.is_empty());
}

#[test]
fn a_card_whose_message_shows_nothing_stands_for_itself() {
    let mut shown = message("<br>", Format::Html);
    shown.card = Some(card());
    let post = letter(&ROOM, &shown, Look::Said, true).unwrap().post;
    assert!(post.attachments[0].fallback.contains("T &amp; &lt;b&gt;"));
    assert!(post.as_text(1000).text.contains("T &amp; &lt;b&gt;"));
}

#[test]
fn an_answer_names_what_it_answers() {
    let thread = Destination {
        thread_ts: Some("1503435956.000247".to_owned()),
        ..ROOM
    };
    let post = letter(&thread, &message("hi", Format::Said), Look::Said, true)
        .unwrap()
        .post;
    assert_eq!(serde_json::to_value(&post).unwrap()["thread_ts"], "1503435956.000247");
}
