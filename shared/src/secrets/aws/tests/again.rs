//! What is asked once more, and until when.

use std::time::Instant;

use super::*;
use crate::scripted::whole;

#[tokio::test]
async fn what_may_pass_is_asked_three_times() {
    let throttled = || answer(400, "x-amzn-ErrorType: ThrottlingException:http://x/\r\n", "{}");
    let down = || answer(500, "", r#"{"__type":"InternalServiceError"}"#);
    for (reactions, error, calls) in [
        (vec![Reaction::Close, answer(200, "", GOOD)], None, 2),
        (vec![throttled(), throttled(), answer(200, "", GOOD)], None, 3),
        (vec![down(), throttled(), answer(200, "", GOOD)], None, 3),
        (vec![throttled()], Some("ThrottlingException"), 3),
        (vec![down()], Some("InternalServiceError"), 3),
        (vec![answer(502, "", "<html>")], Some("http_502"), 3),
        (vec![Reaction::Close], Some("unreachable"), 3),
        (
            vec![down(), answer(400, "", r#"{"__type":"DecryptionFailure"}"#)],
            Some("DecryptionFailure"),
            2,
        ),
        // These would be the same again.
        (
            vec![answer(403, "", "<html>"), answer(200, "", GOOD)],
            Some("http_403"),
            1,
        ),
        (vec![answer(200, "", "{"), answer(200, "", GOOD)], Some("bad_answer"), 1),
        (vec![answer(200, "", "{}x")], Some("bad_answer"), 1),
        (vec![answer(200, "", r#"{"SecretString":7}"#)], Some("bad_answer"), 1),
        (
            vec![
                answer(400, "", r#"{"__type":"ns#AccessDeniedException"}"#),
                answer(200, "", GOOD),
            ],
            Some("AccessDeniedException"),
            1,
        ),
    ] {
        let (secrets, service) = reacting(reactions.clone()).await;
        let value = secrets.fetch(&arn(""), long()).await;
        match error {
            None => assert!(value.unwrap().matches("x"), "{reactions:?}"),
            Some(error) => assert_eq!(value.unwrap_err().code(), error, "{reactions:?}"),
        }
        assert_eq!(service.calls(), calls, "{reactions:?}");
    }
}

#[tokio::test]
async fn beside_an_attempt_that_hangs_another_is_made_and_all_end_in_time() {
    let pace = Pace {
        read: Duration::from_millis(600),
        patience: Duration::from_millis(150),
        ..QUICK
    };
    let (mut secrets, service) = reacting(vec![Reaction::Stall, answer(200, "", GOOD)]).await;
    secrets.pace = pace;
    assert!(secrets.fetch(&arn(""), long()).await.unwrap().matches("x"));
    assert_eq!((service.calls(), service.connections()), (2, 2));
    // What goes wrong with one of the two is not the end of the other.
    for other in [Reaction::Close, answer(500, "", "{}")] {
        let late = Reaction::Late(Duration::from_millis(300), whole(200, "", GOOD));
        let (mut secrets, service) = reacting(vec![late, other]).await;
        secrets.pace = pace;
        assert!(secrets.fetch(&arn(""), long()).await.unwrap().matches("x"));
        assert_eq!(service.calls(), 2);
    }
    let (mut secrets, service) = reacting(vec![Reaction::Stall]).await;
    secrets.pace = pace;
    let started = Instant::now();
    assert_eq!(code(&secrets).await, "timeout");
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(590)..Duration::from_millis(1500)).contains(&took),
        "{took:?}"
    );
    assert_eq!(service.calls(), 2);
    // What is known of it is told.
    let (mut secrets, _) = reacting(vec![answer(503, "", ""), Reaction::Stall]).await;
    secrets.pace = pace;
    assert_eq!(code(&secrets).await, "http_503");
    // A pause that would take all that is left is not made.
    let busy = answer(400, "", r#"{"__type":"ThrottlingException"}"#);
    let (mut secrets, service) = reacting(vec![busy]).await;
    secrets.pace = Pace {
        read: Duration::from_millis(100),
        throttled_pause: Duration::from_secs(3600),
        ..QUICK
    };
    let started = Instant::now();
    assert_eq!(code(&secrets).await, "ThrottlingException");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(service.calls(), 1);
}

/// Each answer takes more than the time after which another is asked for.
#[tokio::test]
async fn a_slow_service_has_nearly_all_of_the_time() {
    let pace = Pace {
        read: Duration::from_millis(900),
        patience: Duration::from_millis(150),
        ..QUICK
    };
    let late = Reaction::Late(Duration::from_millis(600), whole(200, "", GOOD));
    let (mut secrets, service) = reacting(vec![late]).await;
    secrets.pace = pace;
    let started = Instant::now();
    assert!(secrets.fetch(&arn(""), long()).await.unwrap().matches("x"));
    // It was the first answer, which was not thrown away.
    assert!(
        started.elapsed() < Duration::from_millis(740),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(service.calls(), 2);
}

#[test]
fn a_read_takes_four_seconds_at_most_and_a_second_attempt_begins_after_one_and_a_half() {
    let pace = AwsSecrets::new(FixedEnv::default()).pace;
    assert_eq!((pace.read.as_millis(), pace.patience.as_millis()), (4000, 1500));
}

#[tokio::test]
async fn a_read_ends_when_whoever_asked_has_no_more_time() {
    let (secrets, _) = reacting(vec![Reaction::Stall]).await;
    let (started, soon) = (Instant::now(), Deadline::after(Duration::from_millis(200)));
    assert_eq!(secrets.fetch(&arn(""), soon).await.unwrap_err().code(), "timeout");
    assert!(
        started.elapsed() < Duration::from_millis(1000),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn no_more_than_eight_secrets_are_read_at_the_same_time() {
    let late = Reaction::Late(Duration::from_millis(100), whole(200, "", GOOD));
    let (secrets, service) = reacting(vec![late]).await;
    let arns: Vec<SecretArn> = (0..12).map(|number| arn(&format!("::v{number}"))).collect();
    let reads = arns.iter().map(|arn| secrets.fetch(arn, long())).collect();
    for value in crate::together(reads).await {
        assert!(value.unwrap().matches("x"));
    }
    assert_eq!((service.calls(), service.connections()), (12, 8));
    // Those who get no turn are told so in time.
    let (secrets, service) = reacting(vec![Reaction::Stall]).await;
    let soon = Deadline::after(Duration::from_millis(200));
    let reads = arns.iter().map(|arn| secrets.fetch(arn, soon)).collect();
    for value in crate::together(reads).await {
        assert_eq!(value.unwrap_err().code(), "timeout");
    }
    assert_eq!(service.calls(), 8);
}

#[tokio::test]
async fn a_signature_of_another_time_is_made_once_more_by_the_services_clock() {
    let refused = "x-amzn-ErrorType: InvalidSignatureException\r\nDate: Sun, 06 Nov 1994 10:49:37 GMT\r\n";
    let service = Scripted::start(vec![answer(400, refused, "{}"), answer(200, "", GOOD)]).await;
    let (secrets, clock) = store(env(&service.url));
    for _ in 0..2 {
        secrets.fetch(&arn(""), long()).await.unwrap();
        clock.advance_ms(1000);
    }
    let dates = service.asked().into_iter().map(|request| {
        let date = request.split("x-amz-date: ").nth(1).unwrap();
        date.split("\r\n").next().unwrap().to_owned()
    });
    // The second read knows the time from the first one.
    let expected = ["19941106T084937Z", "19941106T104937Z", "19941106T104938Z"];
    assert_eq!(dates.collect::<Vec<_>>(), expected);
    // Three minutes are not why it was refused, and a service that goes on refusing is believed.
    for (date, calls) in [("08:52:37", 1), ("10:49:37", 2)] {
        let refused = format!("x-amzn-ErrorType: SignatureDoesNotMatch\r\nDate: Sun, 06 Nov 1994 {date} GMT\r\n");
        let (secrets, service) = reacting(vec![answer(400, &refused, "{}")]).await;
        assert_eq!(code(&secrets).await, "SignatureDoesNotMatch");
        assert_eq!(service.calls(), calls, "{date}");
    }
}

#[tokio::test]
async fn a_containers_credentials_sign_and_stale_ones_are_replaced() {
    let keys = |number: u32| {
        let body = json!({"AccessKeyId": format!("ASIA{number}"), "SecretAccessKey": "s", "Token": format!("token{number}"),
            "Expiration": "1994-11-06T12:00:00Z"});
        answer(200, "", &body.to_string())
    };
    let container = Scripted::start(vec![keys(1), keys(2)]).await;
    let stale = || answer(400, "", r#"{"__type":"ExpiredTokenException"}"#);
    let snapstart = |service: &Scripted| {
        env(&service.url)
            .with("AWS_ACCESS_KEY_ID", "")
            .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url)
    };
    let service = Scripted::start(vec![answer(200, "", GOOD), stale(), answer(200, "", GOOD)]).await;
    let (secrets, _) = store(snapstart(&service));
    for _ in 0..2 {
        assert!(secrets.fetch(&arn(""), long()).await.unwrap().matches("x"));
    }
    let signed_with = |number: u32| {
        let (key, token) = (
            format!("Credential=ASIA{number}/"),
            format!("x-amz-security-token: token{number}\r\n"),
        );
        move |request: &String| request.contains(&key) && request.contains(&token)
    };
    let asked = service.asked();
    assert!(
        asked[..2].iter().all(signed_with(1)) && asked[2..].iter().all(signed_with(2)),
        "{asked:?}"
    );
    assert_eq!((asked.len(), container.calls()), (3, 2));
    // Those of the environment are all that there is.
    let (secrets, service) = reacting(vec![stale(), answer(200, "", GOOD)]).await;
    assert_eq!(code(&secrets).await, "ExpiredTokenException");
    assert_eq!(service.calls(), 1);
}
