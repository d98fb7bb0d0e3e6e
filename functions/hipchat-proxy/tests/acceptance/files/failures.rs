//! What goes wrong between the three steps: nothing is half shared, and nothing shared twice.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{STEPS, share, to_ops};
use crate::support::{Reply, World};

/// What Slack answers, the status for the client, and what was asked of it.
type Row = (Vec<Reply>, u16, &'static [&'static str]);

#[tokio::test]
async fn what_goes_wrong_leaves_nothing_half_shared() {
    const GET: &str = STEPS[0];
    const PUT: &str = STEPS[1];
    const DONE: &str = STEPS[2];
    let ok = || Reply::Slow(Duration::ZERO);
    let status = |status| Reply::Http(status, String::new(), "x".to_owned());
    let rows: Vec<Row> = vec![
        // Nobody sees anything yet: the first two steps may be done again.
        (vec![Reply::Hang], 204, &[GET, GET, PUT, DONE]),
        (vec![Reply::Hang, Reply::Hang], 503, &[GET, GET]),
        (vec![Reply::ok_false("file_uploads_disabled")], 403, &[GET]),
        (vec![Reply::ok_false("file_upload_size_restricted")], 400, &[GET]),
        (vec![Reply::ok_false("invalid_auth")], 503, &[GET]),
        (vec![Reply::limited(60)], 429, &[GET]),
        (vec![Reply::limited(1)], 204, &[GET, GET, PUT, DONE]),
        (
            vec![Reply::Http(200, String::new(), r#"{"ok":true}"#.to_owned())],
            503,
            &[GET],
        ),
        (vec![ok(), Reply::Hang], 204, &[GET, PUT, GET, PUT, DONE]),
        (vec![ok(), status(500)], 204, &[GET, PUT, GET, PUT, DONE]),
        (vec![ok(), status(500), ok(), status(500)], 503, &[GET, PUT, GET, PUT]),
        (vec![ok(), Reply::limited(1)], 204, &[GET, PUT, PUT, DONE]),
        (vec![ok(), Reply::limited(1), Reply::limited(1)], 429, &[GET, PUT, PUT]),
        (vec![ok(), Reply::limited(60)], 429, &[GET, PUT]),
        (vec![ok(), status(413)], 400, &[GET, PUT]),
        (vec![ok(), status(403)], 500, &[GET, PUT]),
        (vec![ok(), status(302)], 500, &[GET, PUT]),
        // The last step is repeated only where Slack refused it.
        (vec![ok(), ok(), Reply::Hang], 503, &[GET, PUT, DONE]),
        (vec![ok(), ok(), Reply::Half], 503, &[GET, PUT, DONE]),
        (vec![ok(), ok(), status(500)], 503, &[GET, PUT, DONE]),
        (vec![ok(), ok(), status(200)], 503, &[GET, PUT, DONE]),
        (vec![ok(), ok(), Reply::ok_false("fatal_error")], 503, &[GET, PUT, DONE]),
        (
            vec![ok(), ok(), Reply::ok_false("channel_not_found")],
            404,
            &[GET, PUT, DONE],
        ),
        (
            vec![ok(), ok(), Reply::ok_false("posting_to_channel_denied")],
            403,
            &[GET, PUT, DONE],
        ),
        (
            vec![ok(), ok(), Reply::ok_false("file_not_found")],
            503,
            &[GET, PUT, DONE],
        ),
        (vec![ok(), ok(), Reply::limited(1)], 204, &[GET, PUT, DONE, DONE]),
        (
            vec![ok(), ok(), Reply::ok_false("not_in_channel")],
            204,
            &[GET, PUT, DONE, "conversations.join", DONE],
        ),
    ];
    for (replies, expected, asked) in rows {
        let world = World::new().await;
        world.slack.will(replies.clone());
        let answer = world.ask(to_ops()).await;
        assert_eq!(answer.status, expected, "{replies:?}");
        answer.has_rate_headers();
        assert_eq!(world.slack.methods(), asked, "{replies:?}");
    }
}

#[tokio::test]
async fn time_is_kept_back_for_the_last_step() {
    let world = World::new().await;
    // The content takes longer than its share: the file is given up before anybody could see it.
    world
        .slack
        .will([Reply::Slow(Duration::ZERO), Reply::Slow(Duration::from_secs(3))]);
    let begun = Instant::now();
    world
        .ask_within(to_ops(), 2300)
        .await
        .is_error(503, "Service Unavailable");
    assert!(begun.elapsed() < Duration::from_millis(1700), "{:?}", begun.elapsed());
    assert_eq!(world.slack.methods(), STEPS[..2]);
    assert_eq!(world.last_line()["reason"], "out_of_time");
}

#[tokio::test]
async fn words_that_slack_calls_too_long_are_cut() {
    let world = World::new().await;
    let message = format!("{}&", "x".repeat(9_000));
    let metadata = json!({ "message": message }).to_string();
    let ask = || share("/v2/room/Ops/share/file", &metadata, b"x");
    let ok = || Reply::Slow(Duration::ZERO);
    world.slack.will([ok(), ok(), Reply::ok_false("msg_too_long")]);
    world.ask(ask()).await.is_no_content();
    assert_eq!(world.slack.methods()[2..], [STEPS[2], STEPS[2]]);
    let comment = |at: usize| {
        world.slack.calls()[at].body["initial_comment"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(comment(2).len(), 9_005);
    assert_eq!(comment(3), "x".repeat(3_999) + "…");
    assert_eq!(world.last_line()["level"], "WARN");
    // Once, and only where there is something to cut.
    world.slack.forget();
    world.slack.will([
        ok(),
        ok(),
        Reply::ok_false("msg_too_long"),
        Reply::ok_false("msg_too_long"),
    ]);
    world.ask(ask()).await.is_error(400, "Bad Request");
    assert_eq!(world.slack.calls().len(), 4);
    world.slack.forget();
    world.slack.will([ok(), ok(), Reply::ok_false("msg_too_long")]);
    world.ask(to_ops()).await.is_error(400, "Bad Request");
    assert_eq!(world.slack.calls().len(), 3);
}
