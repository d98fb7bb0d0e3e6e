//! What is kept of replies, under which key, and which ARN a kept policy is measured by.

use super::*;

#[tokio::test]
async fn replies_are_cached_by_token_and_errors_are_not() {
    let (function, seen) = counting();
    let options = GatewayOptions::new(Api::RestToken, function);
    let gateway = start(GatewayOptions {
        ttl: Duration::from_millis(500),
        ..options
    })
    .await;
    let with =
        async |token: &str, path: &str| send(&gateway, "GET", path, &[("authorization", token)]).await[..3].to_owned();
    let count = || seen.0.load(Ordering::SeqCst);

    let allow = format!("Bearer Allow {API}/prod/GET/hello");
    assert_eq!((with(&allow, "/prod/hello").await, count()), ("200".into(), 1));
    assert_eq!((with(&allow, "/prod/hello").await, count()), ("200".into(), 1));
    // The policy of one path is what another path is measured by.
    assert_eq!((with(&allow, "/prod/hello/you").await, count()), ("403".into(), 1));
    assert_eq!((with("Bearer Deny *", "/prod/hello").await, count()), ("403".into(), 2));
    assert_eq!((with("Bearer Deny *", "/prod/hello").await, count()), ("403".into(), 2));
    assert_eq!((with("no", "/prod/hello").await, count()), ("401".into(), 3));
    assert_eq!((with("no", "/prod/hello").await, count()), ("401".into(), 4));
    gateway.flush_cache();
    assert_eq!((with(&allow, "/prod/hello").await, count()), ("200".into(), 5));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!((with(&allow, "/prod/hello").await, count()), ("200".into(), 6));
}

#[tokio::test]
async fn replies_can_be_kept_for_each_route() {
    let (function, seen) = counting();
    let gateway = start(GatewayOptions {
        ttl: Duration::from_secs(60),
        route_key_is_identity: true,
        ..GatewayOptions::new(Api::HttpPolicy, function)
    })
    .await;
    let token = [("authorization", "Bearer Allow *")];
    let mut counts = Vec::new();
    for (method, path) in [
        ("GET", "/hello"),
        ("GET", "/hello"),
        ("POST", "/hello"),
        ("GET", "/hello/a"),
        ("PUT", "/hello/b"),
    ] {
        assert!(send(&gateway, method, path, &token).await.starts_with("200"));
        counts.push(seen.0.load(Ordering::SeqCst));
    }
    // Two paths of one route share a reply.
    assert_eq!(counts, [1, 1, 2, 3, 3]);
    let event = seen.1.lock().expect("no panic").clone();
    assert_eq!(
        event["identitySource"],
        json!(["Bearer Allow *", "ANY /hello/{proxy+}"])
    );
}

#[tokio::test]
async fn an_http_apis_policy_is_measured_by_the_arn_that_was_sent() {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/hello";
    for (tail, resource, other) in [(ArnTail::Route, "{proxy+}", "you"), (ArnTail::Path, "you", "{proxy+}")] {
        let (function, seen) = counting();
        let gateway = start(GatewayOptions {
            http_arn_tail: tail,
            ..GatewayOptions::new(Api::HttpPolicy, function)
        })
        .await;
        let ask = async |tail: &str| {
            let token = format!("Bearer Allow {arn}/{tail}");
            send(&gateway, "GET", "/hello/you", &[("authorization", &token)]).await[..3].to_owned()
        };
        assert_eq!((ask(resource).await, ask(other).await), ("200".into(), "403".into()));
        let event = seen.1.lock().expect("no panic").clone();
        assert_eq!(event["routeArn"], format!("{arn}/{resource}"));
    }
}

#[tokio::test]
async fn without_a_time_to_live_every_call_asks() {
    let (function, seen) = counting();
    let gateway = start(GatewayOptions::new(Api::RestToken, function)).await;
    for _ in 0..3 {
        send(&gateway, "GET", "/prod/hello", &[("authorization", "Bearer Allow *")]).await;
    }
    assert_eq!(seen.0.load(Ordering::SeqCst), 3);
}
