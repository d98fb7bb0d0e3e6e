//! Roles that are assumed: asked for once, kept for their time, forgotten when they are called stale.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::testing::{FixedEnv, MemorySecrets};
use tokio::task::JoinSet;

use crate::support::event::{get, post};
use crate::support::oracle::verify;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{ACCESS_KEY, Function, SECRET_KEY, env, function, start, table};

const ROLE: &str = "arn:aws:iam::123456789012:role/path/reader";

/// An answer with the keys of generation `number`, good until a time of 2026-03-01; all tests happen at noon.
pub(crate) fn assumed(number: u32, until: &str) -> Reaction {
    assumed_until(number, &format!("2026-03-01T{until}Z"))
}

fn assumed_until(number: u32, until: &str) -> Reaction {
    let xml = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret{number}</SecretAccessKey>\
         <SessionToken>token{number}</SessionToken><Expiration>{until}</Expiration>\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    Reaction::Send(http("200 OK", "Content-Type: text/xml\r\n", xml.as_bytes()))
}

fn denied(code: &str) -> Reaction {
    let xml =
        format!("<ErrorResponse><Error><Code>{code}</Code><Message>s3cret {ROLE}</Message></Error></ErrorResponse>");
    Reaction::Send(http("403 Forbidden", "Content-Type: text/xml\r\n", xml.as_bytes()))
}

pub(crate) fn role(sts: &Upstream) -> Value {
    json!({"arn": ROLE, "session_name": "front", "external_id": "x:1/2", "duration": 900, "sts_endpoint": sts.url("/")})
}

pub(crate) fn route(upstream: &Upstream, sts: &Upstream) -> Value {
    let iam = json!({"service": "execute-api", "assume_role": role(sts)});
    json!({"uri": "/", "function_uri": upstream.url("/"), "authorization": {"iam": iam}})
}

pub(crate) async fn status(function: &Function) -> (u64, String) {
    let answer = function.call(&post("/", b"x").alb()).await;
    let error = if answer.status == 200 {
        String::new()
    } else {
        answer.error()
    };
    (answer.status, error)
}

/// Whether the last request was signed with the keys of this generation.
pub(crate) fn signed_with(upstream: &Upstream, number: u32) {
    let (key, secret, token) = (
        format!("ASIA{number}"),
        format!("secret{number}"),
        format!("token{number}"),
    );
    verify(&upstream.last(), &key, &secret, Some(&token)).unwrap();
}

#[tokio::test]
async fn case_15_a_role_is_assumed_once_for_all_routes_that_want_it() {
    let (upstream, sts) = (Upstream::fine().await, Upstream::reacting(assumed(1, "13:00:00")).await);
    let mut other = route(&upstream, &sts);
    other["uri"] = json!("/other");
    let function = function(json!([route(&upstream, &sts), other])).await;
    for path in ["/", "/other", "/"] {
        assert_eq!(function.call(&get(path).alb()).await.status, 200);
        signed_with(&upstream, 1);
    }
    assert_eq!(sts.calls(), 1);
    let asked = sts.last();
    assert_eq!(asked.line, "POST / HTTP/1.1");
    assert_eq!(
        asked.header("content-type"),
        Some("application/x-www-form-urlencoded; charset=utf-8")
    );
    assert_eq!(
        String::from_utf8(asked.body.clone()).unwrap(),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Freader\
         &RoleSessionName=front&DurationSeconds=900&ExternalId=x%3A1%2F2"
    );
    let signed = verify(&asked, ACCESS_KEY, SECRET_KEY, None).unwrap();
    assert_eq!((signed.service.as_str(), signed.region.as_str()), ("sts", "eu-west-1"));
    assert!(!function.log.lock().unwrap().join("").contains("secret1"));
}

#[tokio::test]
async fn credentials_are_asked_for_anew_five_minutes_before_they_expire() {
    let upstream = Upstream::fine().await;
    let sts = Upstream::script(vec![assumed(1, "13:00:00"), assumed(2, "14:00:00")]).await;
    let function = function(json!([route(&upstream, &sts)])).await;
    for (gone_on_ms, generation) in [(0, 1), (54 * 60_000, 1), (60_000, 2), (0, 2)] {
        function.clock.advance_ms(gone_on_ms);
        assert_eq!(status(&function).await.0, 200);
        signed_with(&upstream, generation);
    }
    assert_eq!(sts.calls(), 2);
}

#[tokio::test]
async fn what_still_lasts_is_used_while_no_others_can_be_had() {
    let upstream = Upstream::fine().await;
    let down = Reaction::Send(http("500 Internal Server Error", "", b""));
    let sts = Upstream::script(vec![assumed(1, "13:00:00"), down]).await;
    let function = function(json!([route(&upstream, &sts)])).await;
    // From 12:56 on others are asked for, every ten seconds, three times each.
    for (gone_on_ms, asked) in [(0, 1), (56 * 60_000, 4), (9_000, 4), (1_000, 7)] {
        function.clock.advance_ms(gone_on_ms);
        assert_eq!(status(&function).await.0, 200);
        signed_with(&upstream, 1);
        assert_eq!(sts.calls(), asked);
    }
    let calls = upstream.calls();
    function.clock.advance_ms(4 * 60_000);
    assert_eq!(status(&function).await, (502, "credentials_unavailable".to_owned()));
    assert_eq!(upstream.calls(), calls, "nothing goes out unsigned");
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_wait_for_one_answer() {
    let upstream = Upstream::fine().await;
    let Reaction::Send(bytes) = assumed(1, "13:00:00") else {
        unreachable!()
    };
    let sts = Upstream::reacting(Reaction::Late(Duration::from_millis(100), bytes)).await;
    let function = Arc::new(function(json!([route(&upstream, &sts)])).await);
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let function = function.clone();
        calls.spawn(async move { status(&function).await });
    }
    for (status, _) in calls.join_all().await {
        assert_eq!(status, 200);
    }
    assert_eq!((sts.calls(), upstream.calls()), (1, 20));
}

#[tokio::test]
async fn while_one_asks_the_others_go_on_with_what_still_lasts() {
    let upstream = Upstream::fine().await;
    let Reaction::Send(bytes) = assumed(2, "14:00:00") else {
        unreachable!()
    };
    let late = Reaction::Late(Duration::from_millis(300), bytes);
    let sts = Upstream::script(vec![assumed(1, "13:00:00"), late]).await;
    let function = function(json!([route(&upstream, &sts)])).await;
    status(&function).await;
    function.clock.advance_ms(56 * 60_000);
    let others = async {
        while sts.calls() < 2 {
            tokio::task::yield_now().await;
        }
        status(&function).await;
        signed_with(&upstream, 1);
    };
    tokio::join!(status(&function), others);
    signed_with(&upstream, 2);
    assert_eq!(sts.calls(), 2);
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let html = Reaction::Send(http("200 OK", "", b"<html>"));
    for (reaction, word) in [
        (denied("AccessDenied"), "AccessDenied"),
        (html, "sts_answer"),
        (Reaction::Close(Vec::new()), "sts_unreachable"),
        // Credentials that have expired already are none.
        (assumed(1, "11:59:59"), "expired"),
    ] {
        let (upstream, sts) = (Upstream::fine().await, Upstream::reacting(reaction).await);
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let iam = json!({"assume_role": role(&sts)});
        let function = function(json!([
            route(&upstream, &sts),
            {"uri": "/invoke", "function": invoked, "authorization": {"iam": iam}},
        ]))
        .await;
        for path in ["/", "/invoke"] {
            let answer = function.call(&get(path).alb()).await;
            assert_eq!(
                (answer.status, answer.error().as_str()),
                (502, "credentials_unavailable")
            );
            assert!(!answer.text().contains("reader"));
            let line = function.line();
            assert_eq!(
                (&line["level"], &line["upstream_error"]),
                (&json!("ERROR"), &json!(word)),
                "{path}"
            );
        }
        assert_eq!(upstream.calls(), 0);
        assert!(!function.log.lock().unwrap().join("").contains("s3cret"));
    }
}

#[tokio::test]
async fn credentials_that_the_target_calls_stale_are_replaced_once() {
    let fine = || Reaction::Send(http("200 OK", "", b"ok"));
    let refused = |headers: &str, body: &str| Reaction::Send(http("403 Forbidden", headers, body.as_bytes()));
    let by_header = || {
        refused(
            "x-amzn-errortype: ExpiredTokenException:http://internal.amazon.com/\r\n",
            "{}",
        )
    };
    let by_body = || {
        refused(
            "",
            r#"{"__type":"com.amazon.coral.service#InvalidClientTokenId","message":"x"}"#,
        )
    };
    let unrecognized = refused("x-amzn-errortype: UnrecognizedClientException\r\n", "{}");
    for (method, reactions, expected, calls) in [
        ("POST", vec![by_header(), fine()], 200, 2),
        ("POST", vec![by_header()], 403, 2),
        ("POST", vec![unrecognized, fine()], 200, 2),
        ("GET", vec![by_body(), fine()], 200, 2),
        ("PUT", vec![by_body(), fine()], 200, 2),
        ("GET", vec![by_body()], 403, 2),
        // It may be an application's own, which has done something already.
        ("POST", vec![by_body(), fine()], 403, 1),
        ("PATCH", vec![by_body(), fine()], 403, 1),
        (
            "GET",
            vec![refused("x-amzn-errortype: AccessDeniedException\r\n", "{}"), fine()],
            403,
            1,
        ),
        ("GET", vec![refused("", "ExpiredToken"), fine()], 403, 1),
    ] {
        let upstream = Upstream::script(reactions).await;
        let sts = Upstream::script(vec![assumed(1, "13:00:00"), assumed(2, "13:00:00")]).await;
        let function = function(json!([route(&upstream, &sts)])).await;
        let answer = function.call(&post("/", b"x").method(method).alb()).await;
        assert_eq!(answer.status, expected, "{method}");
        assert_eq!((upstream.calls(), sts.calls()), (calls, calls), "{method}");
        signed_with(&upstream, u32::try_from(calls).unwrap());
        assert_eq!(function.line()["attempts"], calls);
    }
    // Keys of the table are all that there is.
    let upstream = Upstream::reacting(by_header()).await;
    let iam = json!({"service": "execute-api", "accesskey": "AKIDOTHER", "secretkey": "other"});
    let fixed = function(json!([{"uri": "/", "function_uri": upstream.url("/"), "authorization": {"iam": iam}}])).await;
    assert_eq!(fixed.call(&get("/").alb()).await.status, 403);
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn the_invoke_api_too_gets_fresh_credentials_for_stale_ones() {
    let stale = Reaction::Send(http(
        "403 Forbidden",
        "x-amzn-errortype: ExpiredTokenException\r\n",
        b"{}",
    ));
    let fine = Reaction::Send(http("200 OK", "", b"{\"statusCode\":201}"));
    let upstream = Upstream::script(vec![stale, fine]).await;
    // Good for long by every clock: nothing but our own memory may keep them.
    let sts = Upstream::script(
        [1, 2]
            .map(|number| assumed_until(number, "2199-01-01T00:00:00Z"))
            .into(),
    )
    .await;
    let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
    let iam = json!({"assume_role": role(&sts)});
    let function = function(json!([{"uri": "/", "function": invoked, "authorization": {"iam": iam}}])).await;
    assert_eq!(function.call(&post("/", b"x").alb()).await.status, 201);
    assert_eq!((upstream.calls(), sts.calls()), (2, 2));
    assert!(
        upstream
            .last()
            .header("authorization")
            .unwrap()
            .contains("Credential=ASIA2/")
    );
}

#[tokio::test]
async fn a_role_is_assumed_with_a_named_entrys_role() {
    let upstream = Upstream::fine().await;
    let (first, second) = (
        Upstream::reacting(assumed(1, "13:00:00")).await,
        Upstream::script(vec![denied("ExpiredToken"), assumed(2, "13:00:00")]).await,
    );
    let mut document = table(json!([route(&upstream, &second)]));
    document["routes"][0]["authorization"]["iam"]["credentials"] = json!("base");
    document["credentials"] =
        json!({"base": {"accesskey": "AKIDBASE", "secretkey": "base", "assume_role": role(&first)}});
    let environment: FixedEnv = env(&document);
    let function = start(environment, MemorySecrets::default()).await.unwrap();
    assert_eq!(status(&function).await.0, 200);
    signed_with(&upstream, 2);
    verify(&first.last(), "AKIDBASE", "base", None).unwrap();
    // What the first role gave was called stale, and asked for once more.
    signed_with(&second, 1);
    assert_eq!((first.calls(), second.calls()), (2, 2));
}
