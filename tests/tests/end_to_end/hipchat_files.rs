//! Files and add-ons' tokens, through a load balancer and the real binary, with a Slack that keeps what it gets.

use local::standin::{Fault, Slack};
use serde_json::json;

use crate::stage::{Answer, Stage};

const COMPLETE: &str = "/api/files.completeUploadExternal";

fn slack(stage: &Stage) -> &Slack {
    stage.suite.stand_ins().slack.as_ref().unwrap()
}

/// A body with bare line feeds and raw bytes, whose last boundary lacks its dashes.
fn body(message: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--B\nContent-Type: application/json; charset=UTF-8\nContent-Disposition: attachment; name=\"metadata\"\n\n\
         {{\"message\": \"{message}\"}}\n--B\nContent-Type: image/png charset=UTF-8\n\
         Content-Disposition: attachment; name=file; filename=graph.png\n\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\n--B\n");
    body
}

async fn share(stage: &Stage, target: &str, token: &str, body: Vec<u8>) -> Answer {
    let url = format!("{}/v2/{target}/share/file", stage.suite.addresses().hipchat_alb);
    let request = stage.client.post(url).bearer_auth(token);
    let kind = "multipart/related; boundary=B";
    stage.send(request.header("content-type", kind).body(body)).await
}

fn token(stage: &Stage) -> String {
    stage.suite.addresses().hipchat_token.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_seen_in_rooms_and_by_people() {
    let stage = Stage::start().await;
    let content: Vec<u8> = (0..=255).cycle().take(600_000).collect();
    let answer = share(&stage, "room/Ops", &token(&stage), body("say \"hi\" & more", &content)).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    assert!(answer.headers.contains_key("x-floodcontrol-remaining"));
    let answer = share(&stage, "user/@chris", &token(&stage), body("for you", b"x")).await;
    assert_eq!(answer.status, 204, "{}", answer.text());

    let kept = slack(&stage).messages();
    let shown: Vec<_> = kept
        .iter()
        .map(|message| {
            (
                message.channel_name.as_str(),
                message.text.as_str(),
                message.files.len(),
            )
        })
        .collect();
    assert_eq!(shown, [("ops", "say \"hi\" &amp; more", 1), ("U3", "for you", 1)]);
    let file = &kept[0].files[0];
    assert_eq!((file.name.as_str(), file.size), ("graph.png", 600_000));
    let url = format!("{}{}", slack(&stage).url(), file.url_private);
    let seen = stage.send(stage.client.get(url)).await;
    assert!(seen.body == content);
    let uploads = slack(&stage).calls().into_iter();
    let uploads: Vec<_> = uploads.filter(|call| call.path.starts_with("/upload/")).collect();
    assert_eq!(uploads.len(), 2);
    assert!(uploads.iter().all(|call| !call.headers.contains_key("authorization")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shared_once_or_not_at_all() {
    let stage = Stage::start().await;
    let fault = |path: &str, fault: Fault| Fault {
        path: Some(path.to_owned()),
        ..fault
    };
    let send = async || share(&stage, "room/Ops", &token(&stage), body("m", b"content")).await;
    // Before the last step everything may be done again.
    for path in ["/api/files.getUploadURLExternal", "/upload/"] {
        for taken in [false, true] {
            slack(&stage).fault(fault(
                path,
                Fault {
                    reset: true,
                    taken,
                    ..Fault::default()
                },
            ));
            slack(&stage).clear_messages();
            assert_eq!(send().await.status, 204, "{path} {taken}");
            assert_eq!(slack(&stage).messages().len(), 1);
        }
        slack(&stage).fault(fault(
            path,
            Fault {
                times: 2,
                ..Fault::status(500)
            },
        ));
        slack(&stage).clear_messages();
        assert_eq!(send().await.status, 503, "{path}");
        assert!(slack(&stage).messages().is_empty());
    }
    // The last one is not, whether it was heard or not.
    for (taken, kept) in [(false, 0), (true, 1)] {
        slack(&stage).fault(fault(
            COMPLETE,
            Fault {
                reset: true,
                taken,
                ..Fault::default()
            },
        ));
        slack(&stage).clear_messages();
        slack(&stage).clear_calls();
        assert_eq!(send().await.status, 503);
        assert_eq!(slack(&stage).messages().len(), kept);
        let calls = slack(&stage).calls().into_iter().filter(|call| call.path == COMPLETE);
        assert_eq!(calls.count(), 1);
    }
    // A load balancer takes no more than 1 MB and says so itself.
    slack(&stage).clear_calls();
    let large = share(&stage, "room/Ops", &token(&stage), body("m", &vec![b'x'; 1_048_576])).await;
    assert_eq!(large.status, 413);
    let half = share(&stage, "room/Ops", &token(&stage), b"--B\n\nhalf".to_vec()).await;
    assert_eq!(half.status, 400);
    assert!(half.json()["error"]["message"].is_string());
    assert!(slack(&stage).calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_add_on_fetches_a_token_and_shares_with_it() {
    let secret = "add-on-s3cret";
    // Its SHA-256.
    let hash = "41439b4163e8496990930c17f42f3359124200a197a334833237085bdd794343";
    let clients = json!([{"id": "ci", "secret_sha256": hash, "token": {"kind": "v2_user", "rooms": ["Ops"]}}]);
    let stage = Stage::with(|options| {
        let variables = &mut options.variables;
        variables.insert("HIPCHAT_OAUTH_CLIENTS".to_owned(), clients.to_string());
        variables.insert("HIPCHAT_OAUTH_KEY".to_owned(), "k3y-".repeat(10));
    })
    .await;
    let base = format!("{}/v2", stage.suite.addresses().hipchat_alb);
    let capabilities = stage
        .send(stage.client.get(format!("{base}/capabilities")))
        .await
        .json();
    assert!(capabilities["capabilities"]["oauth2Provider"]["tokenUrl"].is_string());
    let fetch = |secret: &str, scope: &str| {
        let request = stage.client.post(format!("{base}/oauth/token"));
        let form = "application/x-www-form-urlencoded";
        request
            .basic_auth("ci", Some(secret))
            .header("content-type", form)
            .body(format!("grant_type=client_credentials&scope={scope}"))
    };
    assert_eq!(stage.send(fetch("wrong", "send_message")).await.status, 401);
    assert_eq!(stage.send(fetch(secret, "view_room")).await.status, 400);
    let issued = stage.send(fetch(secret, "send_message")).await;
    assert_eq!(issued.headers["cache-control"], "no-store");
    let token = issued.json()["access_token"].as_str().unwrap().to_owned();
    // A token for notifications alone shares no file.
    let issued = stage.send(fetch(secret, "send_notification")).await;
    let other = issued.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(share(&stage, "room/Ops", &other, body("m", b"x")).await.status, 401);
    assert_eq!(share(&stage, "room/Ops", &token, body("m", b"x")).await.status, 204);
    assert_eq!(share(&stage, "room/7", &token, body("m", b"x")).await.status, 401);
    assert_eq!(slack(&stage).messages().len(), 1);
    let log = stage.log("hipchat-proxy").await;
    assert!(!log.contains("s3cret") && !log.contains(&token) && !log.contains("graph.png"));
}
