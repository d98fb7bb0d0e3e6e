//! The ladder as a table: every failure, in both APIs.

use super::*;

/// One of every failure. A new variant fails to compile here until it has its row below.
fn all() -> Vec<Failure> {
    let room = || Subject::Room("Ops".to_owned());
    let slack = |failure| Failure::Slack(failure, room());
    let rows = vec![
        Failure::Unreadable,
        Failure::UnknownPath,
        Failure::WrongMethod("POST".to_owned()),
        Failure::NoToken,
        Failure::UnknownToken,
        Failure::ExpiredToken,
        Failure::UnknownClient,
        Failure::InvalidScope(Scopes::ALL),
        Failure::NoAccess,
        Failure::Unknown(room()),
        Failure::Unknown(Subject::User("chris".to_owned())),
        Failure::Absent("Webhook"),
        Failure::BadArgument("message is required"),
        Failure::UnknownFormat,
        Failure::Unsupported,
        Failure::NoTopic,
        Failure::NoFiles,
        Failure::FileTooLarge(1000),
        Failure::AnswerTooLong,
        Failure::TooManyRequests,
        Failure::Flooded,
        slack(SlackFailure::ChannelGone),
        Failure::Slack(SlackFailure::UserGone, Subject::User("chris".to_owned())),
        slack(SlackFailure::Forbidden),
        slack(SlackFailure::Content),
        slack(SlackFailure::TooLarge),
        slack(SlackFailure::Limited { retry_after: 30 }),
        slack(SlackFailure::Credentials),
        slack(SlackFailure::Unexpected),
        slack(SlackFailure::Unavailable),
        slack(SlackFailure::Unreachable),
        slack(SlackFailure::OutOfTime),
    ];
    for row in &rows {
        match row {
            Failure::Unreadable
            | Failure::UnknownPath
            | Failure::WrongMethod(_)
            | Failure::NoToken
            | Failure::UnknownToken
            | Failure::ExpiredToken
            | Failure::UnknownClient
            | Failure::InvalidScope(_)
            | Failure::NoAccess
            | Failure::Unknown(_)
            | Failure::Absent(_)
            | Failure::NoTopic
            | Failure::NoFiles
            | Failure::FileTooLarge(_)
            | Failure::AnswerTooLong
            | Failure::BadArgument(_)
            | Failure::UnknownFormat
            | Failure::Unsupported
            | Failure::TooManyRequests
            | Failure::Flooded => {}
            Failure::Slack(failure, _) => match failure {
                SlackFailure::ChannelGone
                | SlackFailure::UserGone
                | SlackFailure::Forbidden
                | SlackFailure::Content
                | SlackFailure::TooLarge
                | SlackFailure::Limited { .. }
                | SlackFailure::Credentials
                | SlackFailure::Unexpected
                | SlackFailure::Unavailable
                | SlackFailure::Unreachable
                | SlackFailure::OutOfTime => {}
            },
        }
    }
    rows
}

#[test]
fn every_failure_has_its_rung() {
    let table = "\
        400 400 refused unreadable_event WARN
        404 404 refused unknown_path INFO
        405 405 refused wrong_method INFO
        401 401 refused no_token INFO
        401 401 refused unknown_token INFO
        401 401 refused expired_token INFO
        401 401 refused unknown_client INFO
        400 400 refused invalid_scope INFO
        401 401 refused no_access INFO
        404 404 refused unknown_room INFO
        404 404 refused unknown_user INFO
        404 404 refused absent INFO
        400 400 refused bad_argument INFO
        406 406 refused unknown_format INFO
        403 401 refused unsupported INFO
        403 401 refused no_topic INFO
        403 401 refused no_files INFO
        400 400 refused file_too_large INFO
        500 500 failed answer_too_long ERROR
        429 403 limited rate_limit WARN
        429 403 limited flood_limit WARN
        404 404 failed channel_gone ERROR
        404 404 failed user_gone ERROR
        403 401 failed channel_forbids ERROR
        400 400 failed content_refused WARN
        400 400 failed file_refused WARN
        429 403 limited slack_rate_limit WARN
        503 503 failed slack_credentials ERROR
        500 500 failed slack_error ERROR
        503 503 failed slack_unavailable WARN
        503 503 failed slack_unreachable WARN
        503 503 failed out_of_time WARN";
    let told: Vec<String> = all()
        .iter()
        .map(|failure| {
            let (v2, v1) = (failure.rung(Version::V2), failure.rung(Version::V1));
            assert_eq!((v1.outcome, v1.reason, v1.level), (v2.outcome, v2.reason, v2.level));
            assert!(!v1.message.is_empty() && !v2.message.is_empty());
            let level = v2.level.word();
            format!(
                "{} {} {} {} {level}",
                v2.status.as_u16(),
                v1.status.as_u16(),
                v2.outcome,
                v2.reason
            )
        })
        .collect();
    let expected: Vec<&str> = table.lines().map(str::trim).collect();
    assert_eq!(told, expected);
}

#[test]
fn the_second_api_never_answers_with_a_status_that_its_clients_do_not_know() {
    let known = [400, 401, 403, 404, 405, 429, 500, 503];
    for failure in all().iter().filter(|failure| **failure != Failure::UnknownFormat) {
        assert!(
            known.contains(&failure.rung(Version::V2).status.as_u16()),
            "{failure:?}"
        );
    }
}

#[test]
fn clients_compare_these_words() {
    let message = |failure: Failure, version| failure.rung(version).message.into_owned();
    assert_eq!(
        message(Failure::NoAccess, Version::V1),
        "This auth token does not have access to this method. Please see: https://www.hipchat.com/docs/api/auth"
    );
    assert_eq!(message(Failure::UnknownToken, Version::V2), "Invalid OAuth session");
    assert_eq!(
        message(Failure::Unknown(Subject::Room("nope".to_owned())), Version::V2),
        "Room 'nope' not found"
    );
    assert_eq!(
        message(
            Failure::Slack(SlackFailure::ChannelGone, Subject::User("@x".to_owned())),
            Version::V2
        ),
        "User '@x' not found"
    );
    let long = message(Failure::Unknown(Subject::Room("é".repeat(5000))), Version::V1);
    assert_eq!(long.chars().count(), "Room '' not found".len() + 100);
}
