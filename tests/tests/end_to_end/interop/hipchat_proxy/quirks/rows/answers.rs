//! What clients make of the answers, and how they come to us.

use serde_json::{Value, json};

use super::Mark::{Body, End, Head, Line, NoHead, Secure};
use super::{CURL, GO, HYPCHAT, KAWASEMI, NODE, NODE_API, NOTIFICATIONS, Row, kawasemi, node_message, returned, taken};

pub(super) fn rows() -> Vec<Row> {
    vec![
        KAWASEMI
            .row("success", "204 and nothing else", kawasemi(), returned(Value::Null))
            .seen(&[Line("POST /v2/")])
            .shows("C100", "*x*"),
        NODE.row(
            "success",
            "200 and JSON",
            node_message(),
            returned(json!({"status": "sent"})),
        )
        .seen(&[Line("POST /v1/rooms/message?")])
        .shows("C200", "*node*\n*x*"),
        GO.row(
            "success",
            "201",
            json!(["say", {"Room": "8", "Message": "a<b"}]),
            json!({"returned": null, "status": 201}),
        )
        .seen(&[Line("POST /v2/room/8/message ")])
        .shows("C200", "a&lt;b"),
        HYPCHAT
            .row(
                "limits",
                "dies without the headers",
                json!(["notify", {"room": "Ops", "message": "x"}]),
                returned(Value::Null),
            )
            .seen(&[Line("POST /v2/room/8/notification ")])
            .shows("C200", "x"),
        NODE_API
            .row(
                "plain HTTP",
                "to port 80",
                json!(["post", {"room": "Dev Ops", "from": "ci", "message": "<b>x</b>"}]),
                returned(json!({"status": "sent"})),
            )
            .seen(&[Secure(false), Head("host: api.hipchat.com")])
            .shows("C100", "*ci*\n*x*"),
        NOTIFICATIONS
            .row(
                "host",
                "the old name, set by the client",
                json!(["notify_room", {"room": "Dev Ops", "message": "<b>x</b>", "notify": true}]),
                returned(json!(204)),
            )
            .seen(&[Secure(true), Head("host: api.hipchat.com")])
            .shows("C100", "*x*")
            .pings(),
        CURL.row("host", "the old name, led elsewhere", json!(["old_host", "Ops"]), taken())
            .seen(&[Secure(true), Head("host: api.hipchat.com")])
            .shows("C200", "still here"),
        NODE.row("headers", "neither User-Agent nor Accept", node_message(), returned(json!({"status": "sent"})))
            .seen(&[NoHead("user-agent"), NoHead("accept")])
            .shows("C200", "*node*\n*x*"),
        GO.row(
            "certificate",
            "must be trusted",
            json!(["room", {"Room": "8"}]),
            json!({"returned": {"id": 8, "name": "Ops"}, "status": 200}),
        )
        .seen(&[Secure(true), Line("GET /v2/room/8 ")]),
        GO.row(
            "file",
            "line feeds alone, no end, a message that is not escaped",
            json!(["share", {"Room": "8", "Message": "it \"broke\"", "Path": concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/interop/hipchat_proxy/clients/client.sh")}]),
            json!({"returned": null, "status": 204}),
        )
        .seen(&[
            Line("POST /v2/room/8/share/file "),
            Body("\n--hipfileboundary\nContent-Type:"),
            Body("name=file; filename=client.sh\n"),
            End("\n--hipfileboundary\n"),
        ])
        .shows("C200", "it \"broke\""),
    ]
}
