//! Where clients send and what they prove themselves with.

use serde_json::{Value, json};

use super::Mark::{Body, Head, Line, NoHead};
use super::{
    API, CURL, GO, HIPCHATTER, KAWASEMI, NAGIOS, NOTIF, NOTIFICATIONS, Row, WINSTON, api, kawasemi, nagios, returned,
    sent, taken,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        NOTIF
            .row(
                "path",
                "two slashes in a row",
                json!(["notif", {"room": "Dev Ops", "sender": "ci", "message": "<b>x</b>", "notify": 1}]),
                returned(Value::Null),
            )
            .seen(&[Line("POST /v1//rooms/message?format=json&auth_token=")])
            .shows("C100", "*ci*\n*x*")
            .pings(),
        CURL.row("path", "a slash at the end", json!(["form", "8", "a<b"]), taken())
            .seen(&[Line("POST /v2/room/8/notification/?auth_token=")])
            .shows("C200", "a&lt;b"),
        KAWASEMI
            .row(
                "path",
                "an escaped space, the name in other letters",
                kawasemi(),
                returned(Value::Null),
            )
            .seen(&[Line("POST /v2/room/dev%20ops/notification?")])
            .shows("C100", "*x*"),
        NOTIFICATIONS
            .row(
                "path",
                "a plus that is one, an at-sign as it stands",
                json!(["notify_user", {"user": "a+b@example.com", "message": "<b>x</b>"}]),
                returned(json!(204)),
            )
            .seen(&[Line("POST /v2/user/a+b@example.com/message "), Body("\"from\": \"\"")])
            .shows("U9", "*x*"),
        GO.row(
            "token",
            "Bearer",
            json!(["tell", {"User": "a+b@example.com", "Message": "hello"}]),
            json!({"returned": null, "status": 204}),
        )
        .seen(&[Head("authorization: Bearer ")])
        .shows("U9", "hello"),
        CURL.row("token", "bearer, in lower case", json!(["untyped", "8", "x"]), taken())
            .seen(&[Head("authorization: bearer ")])
            .shows("C200", "x"),
        KAWASEMI
            .row("token", "in the query", kawasemi(), returned(Value::Null))
            .seen(&[
                Line("POST /v2/room/dev%20ops/notification?auth_token="),
                NoHead("authorization"),
            ])
            .shows("C100", "*x*"),
        NAGIOS
            .row("token", "in the form", nagios(), returned(Value::Null))
            .seen(&[Line("POST /v1/rooms/message HTTP"), Body("auth_token=")])
            .shows("C100", "```\ndisk &lt;full&gt; &amp; hot\n```"),
        HIPCHATTER
            .row(
                "token",
                "in the query, and once more in the body",
                json!(["notify", {"room": "8", "message": "x"}]),
                returned(json!("")),
            )
            .seen(&[Line("POST /v2/room/8/notification?auth_token="), Body("\"token\":\"")])
            .shows("C200", "x"),
        HIPCHATTER
            .row(
                "token",
                "empty ones in the query",
                json!(["capabilities", {}]),
                returned(json!({"name": "HipChat"})),
            )
            .seen(&[Line("GET /v2/capabilities?auth_token=&token=")]),
        API.row(
            "parameters",
            "in the query and in the form",
            api(),
            returned(Value::Null),
        )
        .seen(&[
            Line("POST /v1/rooms/message?format=json&auth_token="),
            Body("room_id=7&"),
        ])
        .shows("C100", "a&lt;b")
        .pings(),
        WINSTON
            .row(
                "parameters",
                "in the query alone, POST without a body",
                json!(["log", {"room": "Dev Ops", "level": "error", "message": "a<b", "meta": {"n": 1}}]),
                returned(json!(true)),
            )
            .seen(&[
                Line("POST /v1/rooms/message?room_id=Dev%20Ops&"),
                NoHead("content-type"),
            ])
            .shows("C100", "a&lt;b\n\n{\n  \"n\": 1\n}"),
        CURL.row(
            "parameters",
            "in the query alone, GET",
            json!(["get", "Dev Ops", "<i>x</i>"]),
            sent(),
        )
        .seen(&[Line("GET /v1/rooms/message/?room_id=Dev")])
        .shows("C100", "_x_"),
        CURL.row(
            "parameters",
            "in a form that is not encoded",
            json!(["room_message_v1", "Dev Ops", "a bot", "<i>x</i>"]),
            sent(),
        )
        .seen(&[Body("&room_id=Dev Ops&from=a bot&")])
        .shows("C100", "*a bot*\n_x_")
        .pings(),
        CURL.row(
            "parameters",
            "in a form that does not say so",
            json!(["untyped_v1", "8", "<i>x</i>"]),
            sent(),
        )
        .seen(&[
            Line("POST /v1/rooms/message "),
            NoHead("content-type"),
            Body("room_id=8&"),
        ])
        .shows("C200", "_x_"),
    ]
}
