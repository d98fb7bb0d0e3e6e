//! A load balancer with the HipChat proxy behind it, and Slack on the other side.

mod php;
mod slack;

use local::standin::{Fault, Slack};
use serde_json::{Value, json};

use crate::stage::{Answer, Stage};

const RATE_HEADERS: [&str; 6] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-floodcontrol-limit",
    "x-floodcontrol-remaining",
    "x-floodcontrol-reset",
];

impl Stage {
    fn token(&self) -> String {
        self.suite.addresses().hipchat_token.clone().unwrap()
    }

    async fn notify(&self, room: &str, body: Value) -> Answer {
        let url = format!("{}/v2/room/{room}/notification", self.suite.addresses().hipchat_alb);
        self.send(self.client.post(url).bearer_auth(self.token()).json(&body))
            .await
    }

    fn slack(&self) -> &Slack {
        self.suite.stand_ins().slack.as_ref().unwrap()
    }

    /// What Slack was asked to post, in order.
    fn posts(&self) -> Vec<Value> {
        self.slack()
            .calls()
            .into_iter()
            .filter(|call| call.path == "/api/chat.postMessage")
            .map(|call| call.json)
            .collect()
    }
}

fn assert_hipchat_error(answer: &Answer, code: u16) {
    assert_eq!(answer.status, code, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(body["error"]["code"], code);
    assert!(
        body["error"]["type"].is_string() && body["error"]["message"].is_string(),
        "{body}"
    );
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_v2_notification_lands_in_its_channel() {
    let stage = Stage::start().await;
    let body =
        json!({"message": "<b>Build</b> &amp; deploy &lt;ok&gt;", "color": "green", "notify": true, "from": "ci"});
    let answer = stage.notify("Dev%20Ops", body).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    assert!(!answer.headers.contains_key("content-type"));
    for name in RATE_HEADERS {
        let value: u64 = answer.headers[name].to_str().unwrap().parse().unwrap();
        assert!(!name.ends_with("reset") || value > 1_700_000_000, "{name}: {value}");
    }
    let posts = stage.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["channel"], "C100");
    assert_eq!(posts[0]["attachments"][0]["color"], "#2EB67D");
    let text = posts[0]["attachments"][0]["text"].as_str().unwrap();
    assert!(text.contains("*Build* &amp; deploy &lt;ok&gt;"), "{text}");
    assert!(posts[0]["text"].as_str().unwrap().contains("<!here>"));
    assert_eq!(stage.slack().messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_v1_message_lands_in_its_channel_through_every_listener() {
    let stage = Stage::start().await;
    let addresses = stage.suite.addresses();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&addresses.ca_file).unwrap()).unwrap();
    let trusting = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    for (client, base) in [
        (&stage.client, &addresses.hipchat_alb),
        (&stage.client, &addresses.hipchat_alb_single_value),
        (&trusting, &addresses.hipchat_alb_tls),
    ] {
        let form = format!(
            "room_id=Ops&from=Nagios&message=%3Cb%3Ex%3C%2Fb%3E&color=red&auth_token={}",
            stage.token()
        );
        let request = client.post(format!("{base}/v1/rooms/message"));
        let answer = stage
            .send(
                request
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form),
            )
            .await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"status": "sent"})),
            "{base}"
        );
        let posts = stage.posts();
        let post = posts.last().unwrap();
        assert_eq!(post["channel"], "C200");
        assert_eq!(post["attachments"][0]["color"], "#E01E5A");
        assert!(post["attachments"][0]["text"].as_str().unwrap().contains("*x*"));
    }
    assert_eq!(stage.posts().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_never_reaches_slack() {
    let stage = Stage::start().await;
    let url = |path: &str| format!("{}{path}", stage.suite.addresses().hipchat_alb);
    let notification = url("/v2/room/Ops/notification");
    let message = json!({"message": "hi"});
    assert_hipchat_error(&stage.send(stage.client.post(&notification).json(&message)).await, 401);
    assert_hipchat_error(
        &stage
            .send(stage.client.post(&notification).bearer_auth("nope").json(&message))
            .await,
        401,
    );
    let unknown = stage.notify("nope", message).await;
    assert_hipchat_error(&unknown, 404);
    assert_eq!(unknown.json()["error"]["message"], "Room 'nope' not found");
    for body in [
        json!({}),
        json!({"message": ""}),
        json!({"message": "x".repeat(10_001)}),
        json!({"message": "x", "color": "blue"}),
    ] {
        assert_hipchat_error(&stage.notify("Ops", body).await, 400);
    }
    let broken = stage
        .client
        .post(&notification)
        .bearer_auth(stage.token())
        .header("content-type", "application/json");
    assert_hipchat_error(&stage.send(broken.body("[")).await, 400);
    assert_hipchat_error(
        &stage
            .send(stage.client.get(&notification).bearer_auth(stage.token()))
            .await,
        405,
    );
    assert_hipchat_error(
        &stage
            .send(stage.client.get(url("/v3/nothing")).bearer_auth(stage.token()))
            .await,
        404,
    );
    assert!(stage.slack().calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_markup_of_a_message_pings_anybody() {
    let stage = Stage::start().await;
    let answer = stage
        .notify(
            "Ops",
            json!({"message": "<!channel> @all <b><!here></b>", "message_format": "html"}),
        )
        .await;
    assert_eq!(answer.status, 204);
    let answer = stage
        .notify(
            "Ops",
            json!({"message": "<!everyone> @all @here <@U3>", "message_format": "text"}),
        )
        .await;
    assert_eq!(answer.status, 204);
    for post in stage.posts() {
        let text = post.to_string();
        assert!(!text.contains("<!") && !text.contains("<@"), "{text}");
        assert!(text.contains("&lt;!"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_needs_nobody() {
    let stage = Stage::start().await;
    stage.slack().fault(Fault::status(500).times(100));
    assert_eq!(stage.suite.fronts().hipchat.health_check("/").await, 200);
    assert!(stage.slack().calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_tokens_nor_messages_are_logged() {
    let stage = Stage::with(|options| {
        options
            .hipchat_proxy
            .environment
            .insert("AWS_LAMBDA_LOG_LEVEL".into(), "TRACE".into());
    })
    .await;
    stage
        .notify("Ops", json!({"message": "s3cret words", "from": "s3cret-sender"}))
        .await;
    stage.notify("s3cret-room", json!({"message": "hi"})).await;
    stage.slack().fault(Fault::status(500));
    stage.notify("Ops", json!({"message": "s3cret words"})).await;
    let url = format!(
        "{}/v1/rooms/message?auth_token=s3cret-token&message=s3cret",
        stage.suite.addresses().hipchat_alb
    );
    stage.send(stage.client.get(url)).await;
    let log = stage.log("hipchat-proxy").await;
    assert!(log.contains("function_request_id"), "{log}");
    assert!(
        !log.contains("s3cret") && !log.contains(&stage.token()) && !log.contains("xoxb-"),
        "{log}"
    );
}
