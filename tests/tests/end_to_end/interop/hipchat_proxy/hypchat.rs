//! hypchat, a client of the second API that works with objects: rooms and users are found, and used through their links.

use local::standin::Fault;
use serde_json::{Value, json};

use super::{HOSTS, HTML, Host, MARKUP, RED, TEXT, TEXT_MARKUP, YELLOW, ask, asked_of_slack, posted, slack, token};
use crate::stage::Stage;

/// What hypchat makes of a refusal.
fn raised(told: &Value) -> (&str, u64, Value) {
    let body = serde_json::from_str(told["body"].as_str().unwrap()).unwrap();
    (told["raised"].as_str().unwrap(), told["status"].as_u64().unwrap(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn hypchat_finds_rooms_and_notifies_them() {
    let stage = Stage::start().await;
    let alb = stage
        .suite
        .addresses()
        .hipchat_alb_tls
        .replace("127.0.0.1", "localhost");
    for (host, base) in HOSTS.into_iter().zip([alb.as_str(), "https://api.hipchat.com"]) {
        let calls = json!([
            ["room", {"name": "Dev Ops"}],
            ["room", {"name": "8"}],
            ["notify", {"room": "Dev Ops", "message": HTML, "color": "red", "notify": true}],
            ["notify", {"room": "Ops", "message": TEXT}],
        ]);
        let told = ask(&stage, "hipchat-hypchat", host, &token(&stage), &calls).await;
        let room = |id: u64, name: &str| json!({"returned": {"class": "Room", "id": id, "name": name, "url": format!("{base}/v2/room/{id}")}});
        assert_eq!(
            told,
            [
                room(7, "Dev Ops"),
                room(8, "Ops"),
                json!({"returned": null}),
                json!({"returned": null})
            ]
        );
        // hypchat takes a message that ends in a mention for a text.
        assert_eq!(
            posted(&stage),
            [
                json!(["C100", RED, MARKUP, "<!here>"]),
                json!(["C200", YELLOW, TEXT_MARKUP, ""])
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hypchat_pages_through_collections() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let calls = json!([["rooms", {}], ["rooms", {"max_results": 1}], ["users", {}], ["history", {"room": "Ops"}]]);
        let told = ask(&stage, "hipchat-hypchat", host, &token(&stage), &calls).await;
        assert_eq!(
            told,
            [
                json!({"returned": ["Dev Ops", "Ops"]}),
                json!({"returned": ["Dev Ops", "Ops"]}),
                json!({"returned": ["chris"]}),
                json!({"returned": []})
            ]
        );
        assert!(asked_of_slack(&stage).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hypchat_talks_and_sets_topics() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let calls = json!([
            ["say", {"room": "Ops", "message": "/me waves <b>"}],
            ["topic", {"room": "Ops", "text": "a & b"}],
            ["tell", {"user": "chris@example.com", "message": "hi (beer)"}],
            ["tell", {"user": "@chris", "message": "hi"}],
        ]);
        let told = ask(&stage, "hipchat-hypchat", host, &token(&stage), &calls).await;
        assert_eq!(told, vec![json!({"returned": null}); 4], "{host:?}");
        let asked = asked_of_slack(&stage);
        let said: Vec<_> = asked
            .iter()
            .map(|(method, arguments)| json!([method, arguments["channel"], arguments["text"], arguments["topic"]]))
            .collect();
        assert_eq!(
            said,
            [
                json!(["chat.postMessage", "C200", "_waves &lt;b&gt;_", null]),
                json!(["conversations.setTopic", "C200", null, "a & b"]),
                json!(["chat.postMessage", "U3", "hi :beer:", null]),
                json!(["chat.postMessage", "U3", "hi", null]),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hypchat_reads_refusals() {
    let stage = Stage::start().await;
    for host in HOSTS {
        let told = ask(
            &stage,
            "hipchat-hypchat",
            host,
            "wrong",
            &json!([["room", {"name": "Ops"}]]),
        )
        .await;
        let (kind, status, body) = raised(&told[0]);
        assert_eq!((kind, status), ("HttpUnauthorized", 401));
        assert_eq!(
            (&body["error"]["code"], &body["error"]["type"]),
            (&json!(401), &json!("Unauthorized"))
        );
        let calls = json!([["room", {"name": "nope"}], ["webhook", {"room": "Ops"}], ["notify", {"room": "Ops", "message": "", "format": "text"}]]);
        let told = ask(&stage, "hipchat-hypchat", host, &token(&stage), &calls).await;
        let (kind, status, body) = raised(&told[0]);
        assert_eq!(
            (kind, status, &body["error"]["message"]),
            ("HttpNotFound", 404, &json!("Room 'nope' not found"))
        );
        let (kind, status, body) = raised(&told[1]);
        assert_eq!(
            (kind, status, &body["error"]["message"]),
            ("HttpForbidden", 403, &json!("Not supported by this proxy"))
        );
        assert_eq!(raised(&told[2]).1, 400);
        assert!(asked_of_slack(&stage).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hypchat_waits_as_long_as_slack_asks_and_sends_again() {
    let stage = Stage::with(|options| options.hipchat_proxy.timeout = std::time::Duration::from_secs(3)).await;
    let mut limited = Fault::status(429);
    limited.headers.insert("retry-after".to_owned(), "4".to_owned());
    slack(&stage).fault(limited);
    let started = std::time::Instant::now();
    let calls = json!([["notify", {"room": "Ops", "message": "hi"}]]);
    let told = ask(&stage, "hipchat-hypchat", Host::Repointed, &token(&stage), &calls).await;
    assert_eq!(told, [json!({"returned": null})]);
    assert!(
        started.elapsed() >= std::time::Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(posted(&stage).len(), 2, "refused once, then taken");
    assert_eq!(slack(&stage).messages().len(), 1);
}
