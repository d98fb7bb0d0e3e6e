//! What cannot be asked, and answers that nobody should believe.

use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
        .with("AWS_ENDPOINT_URL", &format!("http://{closed}"));
    assert_eq!(
        AwsSecrets::new(env).fetch(&arn(""), long()).await.unwrap_err().code(),
        "unreachable"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_has_a_word() {
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let bare = || env(&service.url).with("AWS_ACCESS_KEY_ID", "");
    let container = |url: &str| bare().with("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    let expired =
        json!({"AccessKeyId": "ASIA", "SecretAccessKey": "s", "Token": "t", "Expiration": "1994-11-06T08:00:00Z"});
    let expired = Scripted::start(vec![answer(200, "", &expired.to_string())]).await;
    let refusing = Scripted::start(vec![answer(403, "", "")]).await;
    for (env, word) in [
        (bare(), "no_credentials"),
        (container("http://192.0.2.1/"), "container"),
        (container(&refusing.url), "container"),
        (container(&expired.url), "expired"),
        (
            env(&service.url).with("AWS_SESSION_TOKEN", "a\r\nx-injected: 1"),
            "unsigned",
        ),
        (env(&service.url).with("AWS_USE_FIPS_ENDPOINT", "true"), "no_endpoint"),
        (env("no url"), "no_endpoint"),
        (env(&service.url).with("HTTPS_PROXY", "socks5://proxy"), "no_endpoint"),
    ] {
        assert_eq!(code(&store(env).0).await, word);
    }
    let hanging = Scripted::start(vec![Reaction::Stall]).await;
    let soon = Deadline::after(Duration::from_millis(400));
    let error = store(container(&hanging.url)).0.fetch(&arn(""), soon).await;
    assert_eq!(error.unwrap_err().code(), "container_timeout");
    let mut elsewhere = arn("");
    elsewhere.region = "eu-west-1.example.com/".to_owned();
    let (secrets, _) = store(env("http://127.0.0.1:1"));
    assert_eq!(
        secrets.fetch(&elsewhere, long()).await.unwrap_err().code(),
        "no_endpoint"
    );
    assert_eq!(service.calls(), 0);
}

#[tokio::test]
async fn hostile_answers_are_no_values() {
    let elsewhere = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let location = format!("Location: {}/\r\n", elsewhere.url);
    let huge = format!("{{\"SecretString\":\"{}\"}}", "x".repeat(1024 * 1024));
    let announced = "HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n{".to_owned();
    let deep = "[".repeat(200_000);
    for (reaction, expected, calls) in [
        (answer(307, &location, GOOD), "http_307", 1),
        (answer(302, &location, GOOD), "http_302", 1),
        (answer(200, "", &huge), "bad_answer", 1),
        (Reaction::Send(announced), "bad_answer", 1),
        (answer(200, "", &format!("{{\"x\":{deep}")), "bad_answer", 1),
        (answer(400, "", &format!("{{\"__type\":{deep}")), "http_400", 1),
        (Reaction::Send("SSH-2.0-OpenSSH_9.9\r\n".to_owned()), "bad_answer", 3),
        (answer(400, "x-amzn-ErrorType: <script>\r\n", "{}"), "http_400", 1),
        (answer(400, "", r#"{"__type":"line\nbreak"}"#), "http_400", 1),
    ] {
        let (secrets, service) = reacting(vec![reaction.clone()]).await;
        assert_eq!(code(&secrets).await, expected, "{calls}");
        assert_eq!(service.calls(), calls);
    }
    assert_eq!(elsewhere.calls(), 0);
}
