//! The rules find out what they are there to find.

use std::time::Instant;

use local::standin::SlackMessage;

use super::client::Told;
use super::traffic::plan;
use super::verdict::Case;
use crate::stage::Answer;

#[test]
fn a_lie_is_found_out() {
    let told = |status: u16, headers: &[(&'static str, &'static str)], body: &'static str| Told {
        answer: Answer {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| {
                    (
                        http::HeaderName::from_static(name),
                        http::HeaderValue::from_static(value),
                    )
                })
                .collect(),
            body: body.into(),
        },
        sent: Instant::now(),
        sent_unix: 0,
        answered: Instant::now(),
    };
    const LIMITS: [(&str, &str); 6] = [
        ("x-ratelimit-limit", "500"),
        ("x-ratelimit-remaining", "1"),
        ("x-ratelimit-reset", "9"),
        ("x-floodcontrol-limit", "30"),
        ("x-floodcontrol-remaining", "1"),
        ("x-floodcontrol-reset", "9"),
    ];
    let (taken, bare) = (told(204, &LIMITS, ""), told(204, &[], ""));
    let (page, refused) = (told(502, &LIMITS, "<html>"), told(429, &LIMITS, "{}"));
    let plans = plan(1, 1, 2);
    let message = &plans[0][1];
    let kept = |text: &str, channel: &str| SlackMessage {
        seq: 1,
        at: String::new(),
        channel: channel.to_owned(),
        channel_name: String::new(),
        ts: "1.000001".to_owned(),
        username: String::new(),
        icon: None,
        thread_ts: None,
        text: text.to_owned(),
        attachments: Vec::new(),
        blocks: Vec::new(),
        files: Vec::new(),
    };
    let good = kept(&message.shown, "C100");
    let (cut, astray) = (kept(&message.shown[..20], "C100"), kept(&message.shown, "C101"));
    let judge = |told, kept: &[&SlackMessage]| {
        let case = Case {
            message,
            told,
            asked: Vec::new(),
            kept: kept.to_vec(),
            hung_up: true,
            known_twice: false,
        };
        case.judge()
            .map_err(|problem| problem.split(':').next().unwrap_or_default().to_owned())
    };
    assert_eq!(judge(&taken, &[&good]), Ok("taken while connections broke"));
    for (told, kept, problem) in [
        (&taken, vec![], "taken and not in Slack"),
        (&taken, vec![&good, &good], "2 times in Slack"),
        (&taken, vec![&cut], "not as it was sent"),
        (&taken, vec![&astray], "not as it was sent"),
        (&bare, vec![&good], "not HipChat's success"),
        (&refused, vec![], "not HipChat's error"),
        (&page, vec![], "expected value at line 1 column 1"),
    ] {
        assert_eq!(judge(told, &kept), Err(problem.to_owned()));
    }
}
