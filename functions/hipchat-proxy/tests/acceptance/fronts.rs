//! All fronts, health checks, unknown paths and events that hold no request.

use serde_json::{Value, json};

use crate::support::ask::FRONTS;
use crate::support::{Answer, Ask, World};

#[tokio::test]
async fn both_apis_work_through_every_front() {
    for front in FRONTS {
        let world = World::new().await;
        let ask = Ask::notify("Dev%20Ops", &json!({"message": "<b>é</b>"})).through(front);
        world.ask(ask).await.is_no_content();
        assert_eq!(
            (world.only_text().as_str(), &world.only_post()["channel"]),
            ("*é*", &json!("C100")),
            "{front:?}"
        );
        world.slack.forget();
        let ask = Ask::post("/v1/rooms/message?auth_token=tok%4E&from=a%26b")
            .form("room_id=Dev+Ops&message=a%26b")
            .through(front);
        world.ask(ask).await.is_sent();
        assert_eq!(world.only_text(), "a&amp;b", "{front:?}");
        assert_eq!(world.only_post()["username"], "a&b");
        let ask = Ask::notify("nope", &json!({"message": "a"})).through(front);
        world.ask(ask).await.is_error(404, "Not Found");
    }
}

#[tokio::test]
async fn health_checks_touch_nothing() {
    let world = World::new().await;
    for ask in [
        Ask::get("/"),
        Ask::get("/any/path").header("User-Agent", "ELB-HealthChecker/2.0"),
        Ask::get("/v2/room/Ops/notification").header("User-Agent", "ELB-HealthChecker/2.0"),
    ] {
        let answer = world.ask(ask).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})));
        assert_eq!(world.last_line()["outcome"], "health");
    }
    // The event as a load balancer sends it, without a host.
    let event = r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
        "httpMethod":"GET","path":"/","queryStringParameters":{},"headers":{"user-agent":"ELB-HealthChecker/2.0"},"body":"","isBase64Encoded":false}"#;
    assert_eq!(world.raw(event, 10_000).await["statusCode"], 200);
    // Only a GET is one.
    let ask = Ask::post("/").header("User-Agent", "ELB-HealthChecker/2.0");
    world.ask(ask).await.is_error(404, "Not Found");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let world = World::new().await;
    for path in [
        "/v3/room",
        "/favicon.ico",
        "/v2",
        "/v1/rooms/nothing",
        "/v2/room/Ops/notifications",
    ] {
        world
            .ask(Ask::post(path).bearer("tokA"))
            .await
            .is_error(404, "Not Found");
    }
    for (method, path, allow) in [
        ("GET", "/v2/room/Ops/notification", "POST"),
        ("PUT", "/v2/room/Ops/notification/", "POST"),
        ("DELETE", "/v1/rooms/message", "GET, POST"),
        ("POST", "/v2/room/Ops", "GET, PUT, DELETE"),
    ] {
        let answer = world.ask(Ask::new(method, path)).await;
        answer.is_error(405, "Method Not Allowed");
        assert_eq!(answer.headers["allow"], allow);
    }
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    for front in FRONTS {
        let world = World::new().await;
        for (path, token, status) in [
            ("/v2/room/7", "tokA", 200),
            ("/v2/capabilities", "", 200),
            ("/v2/room/7/history/latest", "tokA", 200),
            ("/v1/rooms/list", "tokV", 200),
            ("/v1/rooms/list?auth_test=true", "tokV", 202),
            ("/v2/room/nope", "tokA", 404),
            ("/v2/room/7", "wrong", 401),
            // Nothing is sent by it, nor changed.
            ("/v2/room/7/notification", "tokA", 405),
            ("/v1/rooms/message?room_id=7&from=a&message=x", "tokA", 405),
            ("/v1/rooms/topic?room_id=7&topic=x", "tokV", 405),
            ("/v1/rooms/delete?room_id=7", "tokV", 405),
        ] {
            let ask = |method| Ask::new(method, path).bearer(token).through(front);
            let answer = world.ask(ask("HEAD")).await;
            assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{path}");
            assert_eq!(answer.headers["content-type"], "application/json");
            answer.has_rate_headers();
            if status != 405 {
                assert_eq!(world.ask(ask("GET")).await.status, status, "{path}");
            }
        }
        assert!(world.slack.calls().is_empty());
    }
}

#[tokio::test]
async fn unreadable_events_are_answered_in_their_fronts_shape() {
    let world = World::new().await;
    for front in FRONTS {
        for (member, value) in [
            ("isBase64Encoded", json!(7)),
            ("body", json!({"a": 1})),
            ("headers", json!("x")),
            ("requestContext", json!({"elb": {}, "http": {"method": "B AD"}})),
        ] {
            let ask = Ask::notify("Ops", &json!({"message": "s3cret"})).through(front);
            let mut event = ask.event();
            if member == "requestContext" {
                event["httpMethod"] = json!("B AD");
                if event.get("rawPath").is_some() {
                    event[member]["http"]["method"] = json!("B AD");
                }
            } else {
                event[member] = value;
            }
            let answer = world.raw(&event.to_string(), 10_000).await;
            Answer::read(front, &answer).is_error(400, "Bad Request");
            assert_eq!(world.last_line()["reason"], "unreadable_event");
            assert!(world.last_line()["detail"].is_string());
        }
    }
    for event in [
        "null",
        "[]",
        "7",
        "\"s3cret\"",
        "{}",
        r#"{"httpMethod":"GET"}"#,
        r#"{"requestContext":{"elb":{}}}"#,
    ] {
        let answer: Value = world.raw(event, 10_000).await;
        assert_eq!(answer["statusCode"], 400, "{event}");
        assert!(answer["body"].as_str().unwrap().contains(r#""code":400"#));
    }
    assert!(world.slack.calls().is_empty());
    assert!(!world.log().contains("s3cret"));
}
