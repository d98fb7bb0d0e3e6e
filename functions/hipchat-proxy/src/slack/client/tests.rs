//! A token that was refused and is read anew.

use shared::testing::{ManualClock, MemorySecrets};

use super::*;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf";

fn options() -> SlackOptions {
    SlackOptions {
        api_url: "http://127.0.0.1:9/api".to_owned(),
        token: Some(SecretSource::Arn(shared::secrets::SecretArn::parse(ARN).unwrap())),
        client_msg_id: false,
    }
}

#[tokio::test]
async fn every_request_that_was_sent_with_the_old_token_may_try_the_new_one() {
    let clock = Arc::new(ManualClock::at_secs(1000));
    let store = Arc::new(MemorySecrets::default());
    store.put(ARN, "xoxb-new");
    let secrets = Arc::new(Secrets::new(store, clock.clone(), Duration::from_secs(300)));
    let old = Secret::new("xoxb-old".to_owned());
    let slack = Slack::new(options(), secrets, Some(&old), clock).unwrap();
    let deadline = Deadline::after(Duration::from_secs(1));
    let sent = slack.authorization();
    assert!(slack.reread_token(&sent, deadline).await);
    assert!(slack.reread_token(&sent, deadline).await);
    assert!(!slack.reread_token(&slack.authorization(), deadline).await);
}

/// While the token cannot be read, not every message of a burst waits for that.
#[tokio::test]
async fn a_token_that_cannot_be_read_is_not_tried_by_every_request() {
    let clock = Arc::new(ManualClock::at_secs(1000));
    let store = Arc::new(MemorySecrets::default());
    let secrets = Arc::new(Secrets::new(store.clone(), clock.clone(), Duration::from_secs(300)));
    let slack = Slack::new(options(), secrets, Some(&Secret::new("xoxb-old")), clock.clone()).unwrap();
    let deadline = Deadline::after(Duration::from_secs(1));
    for (gone_on_ms, reads) in [(0, 1), (0, 1), (4_999, 1), (1, 2)] {
        clock.advance_ms(gone_on_ms);
        assert!(!slack.reread_token(&slack.authorization(), deadline).await);
        assert_eq!(store.reads(), reads);
    }
}
