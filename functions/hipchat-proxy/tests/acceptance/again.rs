//! When a message is sent again: with a token that was rotated, or under an id by which Slack knows it.

use serde_json::json;

use crate::support::{Ask, Reply, World};

fn ask() -> Ask {
    Ask::notify("Ops", &json!({"message": "a <b>b</b>"}))
}

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf";

#[tokio::test]
async fn a_rotated_token_is_read_anew_once() {
    let variables = [("SLACK_TOKEN", ""), ("SLACK_TOKEN_SECRET_ARN", ARN)];
    let world = World::with_secrets(&variables, &[(ARN, "xoxb-old")]).await;
    world.ask(ask()).await.is_no_content();
    world.clock.advance_ms(60_000);
    world.secrets.put(ARN, "xoxb-new");
    world.slack.will([Reply::ok_false("token_revoked")]);
    world.ask(ask()).await.is_no_content();
    world.ask(ask()).await.is_no_content();
    let used: Vec<bool> = world
        .slack
        .calls()
        .iter()
        .map(|call| call.head.contains("Bearer xoxb-new"))
        .collect();
    assert_eq!(used, [false, false, true, true]);
    assert_eq!(world.secrets.reads(), 2);
    // The same token again: nothing is sent twice, and no storm of reads.
    world.slack.forget();
    world
        .slack
        .will([Reply::ok_false("invalid_auth"), Reply::ok_false("invalid_auth")]);
    world.ask(ask()).await.is_error(503, "Service Unavailable");
    world.ask(ask()).await.is_error(503, "Service Unavailable");
    assert_eq!((world.slack.calls().len(), world.secrets.reads()), (2, 2));
    let line = world.last_line();
    assert_eq!(
        (&line["level"], &line["SlackAuthFailures"]),
        (&json!("ERROR"), &json!(1))
    );
    // A scope that is missing is not the token's fault.
    world.clock.advance_ms(60_000);
    world.slack.will([Reply::ok_false("missing_scope")]);
    world.ask(ask()).await.is_error(503, "Service Unavailable");
    assert_eq!(world.secrets.reads(), 2);
}

#[tokio::test]
async fn with_an_id_that_slack_knows_a_lost_answer_is_asked_for_again() {
    let ids = |world: &World| -> Vec<String> {
        let posts = world.slack.posts();
        posts
            .iter()
            .map(|post| post["client_msg_id"].as_str().unwrap().to_owned())
            .collect()
    };
    for reply in [
        Reply::Hang,
        Reply::Half,
        Reply::ok_false("fatal_error"),
        Reply::Http(502, String::new(), String::new()),
    ] {
        let world = World::with(&[("SLACK_CLIENT_MSG_ID", "true")]).await;
        world.slack.will([reply.clone()]);
        world.ask(ask()).await.is_no_content();
        let told = ids(&world);
        assert_eq!((told.len(), &told[0]), (2, &told[1]), "{reply:?}");
        assert_eq!(told[0].len(), 36);
        // Only once, and not where Slack has seen the message.
        world.slack.forget();
        world.slack.will([reply.clone(), reply]);
        world.ask(ask()).await.is_error(503, "Service Unavailable");
        assert_eq!(world.slack.posts().len(), 2);
        world.slack.forget();
        world.slack.will([Reply::ok_false("duplicate_message_not_found")]);
        world.ask(ask()).await.is_error(503, "Service Unavailable");
        assert_eq!(world.slack.posts().len(), 1);
    }
    // What was refused as one form is another message in the next.
    let world = World::with(&[("SLACK_CLIENT_MSG_ID", "true")]).await;
    world.slack.will([Reply::ok_false("invalid_blocks")]);
    world.ask(ask()).await.is_no_content();
    let told = ids(&world);
    assert_ne!(told[0], told[1]);
}
