//! A morning of a shop's operations, told to the real hipchat-proxy as old clients would.

use local::standin::{Fault, Slack};
use serde_json::{Value, json};

use crate::stage::{Answer, Stage};

/// What the page shows of it: eight messages, a topic and a refused call.
pub(super) const ENTRIES: usize = 10;

/// A suite whose app posts under the senders' names.
pub(super) async fn stage() -> Stage {
    Stage::with(|options| {
        options
            .variables
            .insert("SLACK_CUSTOMIZE".to_owned(), "true".to_owned());
    })
    .await
}

/// Where the page is, without a slash at the end.
pub(super) fn page_url(stage: &Stage) -> String {
    stage.suite.addresses().slack_page.clone().unwrap()
}

pub(super) fn slack(stage: &Stage) -> &Slack {
    stage.suite.stand_ins().slack.as_ref().unwrap()
}

pub(super) async fn post(stage: &Stage, path: &str, body: Value) -> Answer {
    call(stage, reqwest::Method::POST, path, "application/json", body.to_string()).await
}

async fn call(stage: &Stage, method: reqwest::Method, path: &str, kind: &str, body: String) -> Answer {
    let url = format!("{}/v2/{path}", stage.suite.addresses().hipchat_alb);
    let token = stage.suite.addresses().hipchat_token.clone().unwrap();
    let request = stage.client.request(method, url).bearer_auth(token);
    stage.send(request.header("content-type", kind).body(body)).await
}

/// Tells all of it.
pub(super) async fn tell(stage: &Stage) {
    let took = |answer: &Answer| assert!(answer.status < 300, "{} {}", answer.status, answer.text());
    let topic = json!({"topic": "Release day: 4.2 goes out at 14:00"}).to_string();
    took(&call(stage, reqwest::Method::PUT, "room/Ops/topic", "application/json", topic).await);
    let built = json!({
        "from": "Bamboo", "color": "green", "notify": true,
        "message": "<a href=\"https://ci.example.com/1842?a=1&amp;b=2\">shop #1842</a> <b>passed</b> in 4 min<br>\
                    Changes by <i>Dana</i> and <i>Robin</i>: <ul><li>Checkout takes <code>--dry-run</code></li>\
                    <li>R&amp;D flags are gone</li></ul>",
    });
    took(&post(stage, "room/Dev%20Ops/notification", built).await);
    let card = json!({
        "style": "application", "id": "SHOP-7", "format": "medium", "url": "https://jira.example.com/SHOP-7",
        "title": "SHOP-7 Checkout & <payment>", "thumbnail": {"url": "https://jira.example.com/t.png"},
        "description": {"value": "Customers with <b>two carts</b> pay twice.", "format": "html"},
        "attributes": [{"label": "Priority", "value": {"label": "Blocker", "style": "lozenge-error"}},
                       {"label": "Assignee", "value": {"label": "Robin"}}],
    });
    let issue = json!({"from": "Jira", "color": "yellow", "message": "SHOP-7 was created", "card": card});
    took(&post(stage, "room/Dev%20Ops/notification", issue).await);
    let form = "room_id=Ops&from=Nagios&color=red&notify=1&message=%3Cstrong%3EPROBLEM%3C%2Fstrong%3E%20db1%20is%20CRITICAL%3Cpre%3E\
                Filesystem%20%20Use%25%20%20Mounted%20on%0A%2Fdev%2Fnvme1%20%20%2097%25%20%20%2Fvar%2F%3Cfull%3E%20%26%20hot%3C%2Fpre%3E";
    let token = stage.suite.addresses().hipchat_token.clone().unwrap();
    let url = format!(
        "{}/v1/rooms/message?auth_token={token}",
        stage.suite.addresses().hipchat_alb
    );
    let request = stage.client.post(url).body(form);
    took(
        &stage
            .send(request.header("content-type", "application/x-www-form-urlencoded"))
            .await,
    );
    let said = post(
        stage,
        "room/Ops/message",
        json!({"message": "Rolling back to 4.1, @chris please watch the queue :) (coffee)"}),
    )
    .await;
    took(&said);
    let id = said.json()["id"].clone();
    let reply = json!({"parentMessageId": id, "message": "Done (success) https://status.example.com/?from=4.2&to=4.1"});
    took(&post(stage, "room/Ops/reply", reply).await);
    let multipart = "--B\nContent-Type: application/json; charset=UTF-8\nContent-Disposition: attachment; name=\"metadata\"\n\n\
                     {\"message\": \"The log of the roll-back\"}\n--B\nContent-Type: text/plain\n\
                     Content-Disposition: attachment; name=\"file\"; filename=\"deploy.log\"\n\n10:02 stop\n10:03 start 4.1\n\n--B--";
    let shared = call(
        stage,
        reqwest::Method::POST,
        "room/Ops/share/file",
        "multipart/related; boundary=B",
        multipart.to_owned(),
    );
    took(&shared.await);
    slack(stage).fault(Fault {
        status: Some(200),
        body: Some(r#"{"ok":false,"error":"is_archived"}"#.to_owned()),
        ..Fault::default()
    });
    let lost = json!({"from": "Cron", "color": "gray", "message": "Nobody reads this"});
    assert_eq!(post(stage, "room/Dev%20Ops/notification", lost).await.status, 404);
    let link = json!({"link": "https://wiki.example.com/roll-back", "message": "What to do next time"});
    took(&post(stage, "room/Ops/share/link", link).await);
    took(
        &post(
            stage,
            "user/@chris/message",
            json!({"message": "Your shift begins (beer)"}),
        )
        .await,
    );
}
