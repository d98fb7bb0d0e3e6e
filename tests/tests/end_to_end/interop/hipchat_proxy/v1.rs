//! Clients of the first API: python-simple-hipchat, node-hipchat.

use local::standin::Fault;
use serde_json::{Value, json};

use super::{ALL_HOSTS, HOSTS, HTML, MARKUP, RED, YELLOW, ask, asked_of_slack, posted, slack, token};
use crate::stage::Stage;

/// The room as the first API lists it, as far as applications look at it.
fn is_room(room: &Value, id: u64, name: &str) -> bool {
    room["room_id"] == id
        && room["name"] == name
        && room["topic"].is_string()
        && room["created"].is_u64()
        && room["is_archived"] == false
}

fn error(told: &Value) -> Value {
    let body: Value = serde_json::from_str(told["body"].as_str().unwrap()).unwrap();
    json!([body["error"]["code"], body["error"]["type"], body["error"]["message"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn python_simple_hipchat_sends() {
    let stage = Stage::start().await;
    for host in ALL_HOSTS {
        let message = |room: Value, text: &str, more: Value| {
            let mut arguments = json!({"room_id": room, "message_from": "Nagios on the far host", "message": text});
            arguments
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!(["message_room", arguments])
        };
        let calls = json!([
            message(
                json!("Dev Ops"),
                HTML,
                json!({"message_format": "html", "color": "red", "notify": true})
            ),
            message(json!(8), "(success) a<b + c\nd", json!({})),
        ]);
        let told = ask(&stage, "hipchat-python-simple-hipchat", host, &token(&stage), &calls).await;
        assert_eq!(told, vec![json!({"returned": {"status": "sent"}}); 2]);
        // The client itself cuts the name.
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", RED, format!("*Nagios on the f*\n{MARKUP}"), "<!here>"]),
                json!([
                    "C200",
                    YELLOW,
                    "*Nagios on the f*\n:white_check_mark: a&lt;b + c\nd",
                    ""
                ]),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_simple_hipchat_lists() {
    let stage = Stage::start().await;
    for host in ALL_HOSTS {
        let calls = json!([
            ["list_rooms", {}],
            ["find_room", {"room_name": "Ops"}],
            ["find_room", {"room_name": "nope"}],
            ["show_room", {"room_id": 7}],
            ["list_users", {}],
            ["find_user", {"user_name": "Chris"}],
        ]);
        let told = ask(&stage, "hipchat-python-simple-hipchat", host, &token(&stage), &calls).await;
        let rooms = told[0]["returned"]["rooms"].as_array().unwrap();
        assert!(
            is_room(&rooms[0], 7, "Dev Ops") && is_room(&rooms[1], 8, "Ops"),
            "{rooms:?}"
        );
        assert!(is_room(&told[1]["returned"], 8, "Ops"));
        assert_eq!(told[2]["returned"], Value::Null);
        let shown = &told[3]["returned"]["room"];
        assert!(
            is_room(shown, 7, "Dev Ops") && shown["participants"].is_array(),
            "{shown}"
        );
        for user in [&told[4]["returned"]["users"][0], &told[5]["returned"]] {
            assert_eq!(
                json!([user["user_id"], user["name"], user["mention_name"], user["email"]]),
                json!([3, "Chris", "chris", "chris@example.com"])
            );
        }
        assert!(asked_of_slack(&stage).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_simple_hipchat_reads_refusals() {
    let stage = Stage::with(|options| options.hipchat_proxy.timeout = std::time::Duration::from_secs(3)).await;
    for host in ALL_HOSTS {
        let message = |room: &str| json!([["message_room", {"room_id": room, "message_from": "a", "message": "x"}]]);
        let told = ask(&stage, "hipchat-python-simple-hipchat", host, "wrong", &message("Ops")).await;
        assert_eq!(
            (&told[0]["raised"], &told[0]["status"]),
            (&json!("HTTPError"), &json!(401))
        );
        assert_eq!(error(&told[0])[0], 401);
        let told = ask(
            &stage,
            "hipchat-python-simple-hipchat",
            host,
            &token(&stage),
            &message("nope"),
        )
        .await;
        assert_eq!(error(&told[0]), json!([404, "Not Found", "Room 'nope' not found"]));
        assert!(asked_of_slack(&stage).is_empty());
        let mut limited = Fault::status(429);
        limited.headers.insert("retry-after".to_owned(), "30".to_owned());
        slack(&stage).fault(limited);
        // The first API says 403 to who is too fast.
        let told = ask(
            &stage,
            "hipchat-python-simple-hipchat",
            host,
            &token(&stage),
            &message("Ops"),
        )
        .await;
        assert_eq!(error(&told[0])[0], 403);
        assert_eq!(asked_of_slack(&stage).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_hipchat_sends_and_counts() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let calls = json!([
            ["postMessage", {"room": "Dev Ops", "from": "node", "message": "Hello <b>x</b> + &amp;", "notify": true, "color": "red"}],
            ["postMessage", {"room": 8, "message": "plain text", "message_format": "text"}],
        ]);
        let told = ask(&stage, "hipchat-node-hipchat", host, &token(&stage), &calls).await;
        for told in &told {
            assert_eq!(told["returned"], json!({"status": "sent"}), "{told}");
        }
        // The client hands these on to the application.
        let number = |told: &Value, name: &str| told["limits"][name].as_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(number(&told[0], "limit"), 500);
        assert_eq!(number(&told[0], "remaining"), number(&told[1], "remaining") + 1);
        assert!(number(&told[0], "reset") > 1_700_000_000);
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", RED, "*node*\nHello *x* + &amp;", "<!here>"]),
                json!(["C200", YELLOW, "*node-hipchat*\nplain text", ""]),
            ]
        );
        let told = ask(
            &stage,
            "hipchat-node-hipchat",
            host,
            "wrong",
            &json!([["postMessage", {"room": 8, "message": "x"}]]),
        )
        .await;
        assert_eq!(
            (&told[0]["raised"], error(&told[0])),
            (&json!("error"), json!([401, "Unauthorized", error(&told[0])[2]]))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_hipchat_lists() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let calls = json!([["listRooms", null], ["showRoom", 8], ["listUsers", null], ["getHistory", {"room": 8}], ["createRoom", {"name": "New", "owner_user_id": 3}]]);
        let told = ask(&stage, "hipchat-node-hipchat", host, &token(&stage), &calls).await;
        assert!(is_room(&told[0]["returned"]["rooms"][1], 8, "Ops"), "{}", told[0]);
        assert!(is_room(&told[1]["returned"]["room"], 8, "Ops"), "{}", told[1]);
        assert_eq!(told[2]["returned"]["users"][0]["name"], "Chris");
        assert_eq!(told[3]["returned"], json!({"messages": []}));
        assert_eq!(
            error(&told[4]),
            json!([401, "Unauthorized", "Not supported by this proxy"])
        );
        assert!(asked_of_slack(&stage).is_empty());
    }
}
