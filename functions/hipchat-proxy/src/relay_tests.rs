//! Tests of the envelope.

use super::*;
use crate::message::{Color, Format};

fn message(text: &str, format: Format) -> Message {
    Message {
        text: text.to_owned(),
        format,
        color: Color::Green,
        odd_color: false,
        notify: false,
        from: None,
        has_card: false,
    }
}

const ROOM: Destination<'static> = Destination {
    channel: "C1",
    notify: Ping::Here,
    mentions: Ping::None,
    unlisted: None,
};

fn posted(
    destination: &Destination<'static>,
    message: &Message,
    label: Option<&str>,
    customize: bool,
) -> Post<'static> {
    let people = Mentions::default();
    let rules = Rules {
        mentions: destination.mentions,
        people: &people,
        emoticons: &Emoticons::default(),
        strict: false,
    };
    let manner = Manner {
        customize,
        strict: false,
        dry_run: false,
    };
    let rendered = render(&message.text, message.format, rules);
    let (post, truncated) = envelope(manner, destination, message, label, rendered);
    assert!(!truncated);
    post
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
    assert_eq!(
        (post.text.as_str(), post.attachments[0].text.as_str()),
        ("<!channel>", "<!channel> hi")
    );
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
    let first_line = |post: Post<'_>| (post.username, post.attachments[0].text.clone());
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
        posted(&elsewhere, &signed, None, false).attachments[0].text,
        "[Lost &amp; &lt;!here&gt;]\n*bot*\nhi"
    );
}

#[test]
fn a_long_message_is_several_attachments_of_one_call() {
    let text = format!("{}\n{}", "a".repeat(5000), "b".repeat(5000));
    let post = posted(&ROOM, &message(&text, Format::Text), None, false);
    let texts: Vec<&str> = post.attachments.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(texts, ["a".repeat(5000), "b".repeat(5000)]);
    assert!(post.attachments.iter().all(|part| part.color == "#2EB67D"));
    assert_eq!(post.attachments[0].fallback, format!("{}…", "a".repeat(1000)));
    assert_eq!(post.attachments[1].fallback, "");
}
