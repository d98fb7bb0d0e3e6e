//! Lists that do not fit into one answer of their front.

use std::fmt::Write;

use serde_json::json;

use crate::support::ask::Front;
use crate::support::{Ask, World};

/// What a load balancer takes, in bytes.
const LARGEST: usize = 1024 * 1024;

async fn world(rooms: usize) -> World {
    let mut list = String::new();
    let filler = "of many ".repeat(20);
    for number in 1..=rooms {
        let comma = if number == 1 { "" } else { "," };
        write!(
            list,
            r#"{comma}{{"name": "Room \"{number}\" {filler}", "channel": "C{number}", "id": {number}}}"#
        )
        .unwrap();
    }
    World::with(&[("HIPCHAT_DIRECTORY", &format!(r#"{{"rooms": [{list}]}}"#))]).await
}

#[tokio::test]
async fn a_list_is_told_in_pages_that_fit() {
    let world = world(1500).await;
    let mut target = "/v2/room?max-results=1000&expand=items".to_owned();
    let mut seen = 0;
    let mut pages = 0;
    loop {
        let ask = Ask::get(&target).bearer("tokA");
        let raw = world.raw(&ask.event().to_string(), 10_000).await;
        assert!(raw.to_string().len() <= LARGEST, "{}", raw.to_string().len());
        let page: serde_json::Value = serde_json::from_str(raw["body"].as_str().unwrap()).unwrap();
        let items = page["items"].as_array().unwrap();
        assert_eq!((&items[0]["id"], &page["startIndex"]), (&json!(seen + 1), &json!(seen)));
        seen += items.len();
        pages += 1;
        let Some(next) = page["links"]["next"].as_str() else {
            break;
        };
        // Only what did not fit is left out: a page is nearly full.
        assert!(raw.to_string().len() > LARGEST - 8192, "{}", raw.to_string().len());
        assert_eq!(page["maxResults"], json!(items.len()));
        target = next.strip_prefix("https://api.hipchat.com").unwrap().to_owned();
    }
    assert_eq!(seen, 1500);
    assert!(pages >= 2, "{pages}");
    // Six times as much fits elsewhere.
    let ask = Ask::get("/v2/room?max-results=1000&expand=items").bearer("tokA");
    let whole = world.ask(ask.through(Front::FunctionUrl)).await.json();
    assert_eq!(whole["items"].as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn a_list_without_pages_is_refused_when_it_does_not_fit() {
    let world = world(4000).await;
    let ask = Ask::get("/v1/rooms/list?auth_token=tokV");
    let message = world.ask(ask.clone()).await.is_error(500, "Internal Server Error");
    assert_eq!(message, "The list is too long for one answer; ask for fewer results");
    let line = world.last_line();
    assert_eq!(
        (&line["reason"], &line["status"]),
        (&json!("answer_too_long"), &json!(500))
    );
    let elsewhere = world.ask(ask.through(Front::ApiGatewayV2)).await;
    assert_eq!(elsewhere.status, 200);
}
