//! What clients send.

use serde_json::{Value, json};

use super::Mark::{Body, End, Head, Line, NoHead};
use super::{API, CURL, GO, HIPNOTIFY, NAGIOS, NOTIFIER, Row, SIMPLE, api, nagios, returned, taken, to_room};

pub(super) fn rows() -> Vec<Row> {
    vec![
        GO.row(
            "body",
            "JSON with a line's end behind it",
            json!(["notify", {"Room": "Dev%20Ops", "Notification": {"message": "a<b", "message_format": "text", "notify": true}}]),
            json!({"returned": null, "status": 204}),
        )
        .seen(&[Line("POST /v2/room/Dev%20Ops/notification "), End("}\n")])
        .shows("C100", "a&lt;b")
        .pings(),
        CURL.row("body", "JSON with a tab in a text", json!(["room_message", "7", "a\tb \"c\" \\d"]), taken())
            .seen(&[Body("a\tb \\\"c\\\"")])
            .shows("C100", "a\tb \"c\" \\d")
            .pings(),
        CURL.row("body", "JSON that does not say so", json!(["untyped", "8", "x"]), taken())
            .seen(&[NoHead("content-type"), Body("message=x")])
            .shows("C200", "x"),
        CURL.row("body", "a form where JSON is documented", json!(["form", "Dev%20Ops", "a<b"]), taken())
            .seen(&[Head("content-type: application/x-www-form-urlencoded"), Body("notify=true")])
            .shows("C100", "a&lt;b")
            .pings(),
        NOTIFIER
            .row(
                "body",
                "a member that is null",
                to_room(json!({"message": "x", "card": null, "notify": null, "color": null})),
                json!({"returned": {"status": 204}}),
            )
            .seen(&[Body("\"card\":null"), Body("\"notify\":null")])
            .shows("C100", "x"),
        HIPNOTIFY
            .row(
                "boolean",
                "\"true\" as a text",
                json!(["notify", {"room": 7, "msg": "x"}]),
                returned(json!({"status": 204, "body": ""})),
            )
            .seen(&[Body("\"notify\": \"true\"")])
            .shows("C100", "x")
            .pings(),
        API.row("boolean", "True", api(), returned(Value::Null))
            .seen(&[Body("notify=True")])
            .shows("C100", "a&lt;b")
            .pings(),
        SIMPLE
            .row(
                "boolean",
                "1",
                json!(["message_room", {"room_id": 7, "message_from": "x", "message": "<b>x</b>", "notify": true}]),
                returned(json!({"status": "sent"})),
            )
            .seen(&[Body("notify=1")])
            .shows("C100", "*x*")
            .pings(),
        NOTIFIER
            .row("boolean", "true", to_room(json!({"message": "x", "notify": true})), json!({"returned": {"status": 204}}))
            .seen(&[Body("\"notify\":true")])
            .shows("C100", "x")
            .pings(),
        NAGIOS
            .row("name", "escaped twice", nagios(), returned(Value::Null))
            .seen(&[Body("room_id=Dev%2520Ops&")])
            .shows("C100", "*Type:* PROBLEM"),
    ]
}
