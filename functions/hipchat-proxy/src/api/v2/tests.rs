//! Tests of what the second API's calls may hold.

use serde_json::{Value, json};

use super::*;

fn read(value: Value) -> Result<Message, Failure> {
    let Value::Object(object) = value else {
        panic!("not an object")
    };
    notification(&Fields::from_object(object), Overlong::Reject)
}

#[test]
fn defaults_are_html_yellow_and_quiet() {
    let message = read(json!({"message": "hi", "room_id": 5, "token": "x", "card": null, "from": ""})).unwrap();
    assert_eq!(
        message,
        Message {
            text: "hi".to_owned(),
            format: Format::Html,
            color: Color::Yellow,
            odd: None,
            notify: false,
            from: None,
            card: None
        }
    );
}

#[test]
fn what_hipchat_refused_is_refused() {
    for bad in [
        json!({}),
        json!({"message": ""}),
        json!({"message": null}),
        json!({"message": ["a"]}),
        json!({"message": "x".repeat(10_001)}),
        json!({"message": "a", "message_format": "markdown"}),
        json!({"message": "a", "color": "blue"}),
        json!({"message": "a", "color": ["red"]}),
        json!({"message": "a", "from": "x".repeat(65)}),
        json!({"message": "a", "from": {}}),
    ] {
        assert!(matches!(read(bad.clone()), Err(Failure::BadArgument(_))), "{bad}");
    }
}

#[test]
fn lengths_are_counted_in_characters() {
    assert!(read(json!({"message": "é".repeat(10_000)})).is_ok());
    assert!(read(json!({"message": "é".repeat(10_001)})).is_err());
    let Value::Object(long) = json!({"message": "é".repeat(10_001)}) else {
        panic!()
    };
    let cut = message_text(&Fields::from_object(long), Overlong::Truncate).unwrap();
    assert_eq!(cut.chars().count(), 10_000);
    assert!(cut.ends_with("é..."));
}

#[test]
fn a_number_as_message_is_its_text() {
    assert_eq!(
        read(json!({"message": 42, "message_format": "TEXT"})).unwrap().text,
        "42"
    );
}

fn fields(value: Value) -> Fields {
    let Value::Object(object) = value else {
        panic!("not an object")
    };
    Fields::from_object(object)
}

#[test]
fn a_card_is_read_or_told_to_be_none() {
    let card = json!({"style": "link", "id": "1", "title": "t"});
    let message = read(json!({"message": "m", "card": card})).unwrap();
    assert!(message.card.is_some() && message.odd.is_none());
    let message = read(json!({"message": "m", "card": {"style": "link"}})).unwrap();
    assert!(message.card.is_none());
    assert!(message.odd.is_some_and(|word| word.starts_with("card")));
}

#[test]
fn what_is_said_is_a_text_without_bar_and_ping() {
    let body =
        fields(json!({"message": "hello", "color": "blue", "from": "", "notify": true, "message_format": "html"}));
    let message = room_message(&body, Overlong::Reject).unwrap();
    assert_eq!(
        (message.format, message.notify, message.from, message.text.as_str()),
        (Format::Said, false, None, "hello")
    );
    let message = user_message(&body, Overlong::Reject).unwrap();
    assert_eq!((message.format, message.notify), (Format::Html, false));
    let body = fields(json!({"message": "hello"}));
    assert_eq!(user_message(&body, Overlong::Reject).unwrap().format, Format::Said);
    assert!(
        user_message(
            &fields(json!({"message": "a", "message_format": "x"})),
            Overlong::Reject
        )
        .is_err()
    );
    assert!(room_message(&fields(json!({})), Overlong::Reject).is_err());
}

#[test]
fn a_link_is_shared_under_its_message() {
    let text = |value| shared_link(&fields(value), Overlong::Reject).map(|message| message.text);
    assert_eq!(
        text(json!({"link": "http://x/?a=1&b=\"2", "message": "a <b>"})).unwrap(),
        "<a href=\"http://x/?a=1&amp;b=&quot;2\">a &lt;b&gt;</a>"
    );
    assert_eq!(
        text(json!({"link": "https://x", "message": null})).unwrap(),
        "<a href=\"https://x\"></a>"
    );
    for bad in [
        json!({}),
        json!({"link": ""}),
        json!({"link": "javascript:alert(1)"}),
        json!({"link": "http://"}),
    ] {
        assert!(text(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn parents_and_topics() {
    assert_eq!(parent(&fields(json!({"parentMessageId": "a"}))).as_deref(), Ok("a"));
    assert_eq!(parent(&fields(json!({"parent_message_id": "b"}))).as_deref(), Ok("b"));
    assert!(parent(&fields(json!({"message": "a"}))).is_err());
    assert_eq!(topic(&fields(json!({"topic": ""}))).as_deref(), Ok(""));
    assert!(topic(&fields(json!({"topic": "é".repeat(250)}))).is_ok());
    for bad in [
        json!({}),
        json!({"topic": null}),
        json!({"topic": []}),
        json!({"topic": "é".repeat(251)}),
    ] {
        assert!(topic(&fields(bad.clone())).is_err(), "{bad}");
    }
}
