//! What cannot be asked, and answers that nobody should believe.

use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
        .with("AWS_ENDPOINT_URL", &format!("http://{closed}"));
    assert_eq!(
        AwsSecrets::new(env).fetch(&arn("")).await.unwrap_err().code(),
        "unreachable"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_unreachable() {
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let no_keys = env(&service.url).with("AWS_ACCESS_KEY_ID", "");
    let bad_token = env(&service.url).with("AWS_SESSION_TOKEN", "a\r\nx-injected: 1");
    let fips = env(&service.url).with("AWS_USE_FIPS_ENDPOINT", "true");
    for env in [no_keys, bad_token, fips, env("no url")] {
        assert_eq!(code(&store(env).0).await, "unreachable");
    }
    let mut elsewhere = arn("");
    elsewhere.region = "eu-west-1.example.com/".to_owned();
    let (secrets, _) = store(env("http://127.0.0.1:1"));
    assert_eq!(secrets.fetch(&elsewhere).await.unwrap_err().code(), "unreachable");
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
        (answer(307, &location, GOOD), "unreachable", 1),
        (answer(302, &location, GOOD), "unreachable", 1),
        (answer(200, "", &huge), "unreachable", 1),
        (Reaction::Send(announced), "unreachable", 1),
        (answer(200, "", &format!("{{\"x\":{deep}")), "unreachable", 3),
        (answer(400, "", &format!("{{\"__type\":{deep}")), "unreachable", 1),
        (Reaction::Send("SSH-2.0-OpenSSH_9.9\r\n".to_owned()), "unreachable", 3),
        (answer(400, "x-amzn-ErrorType: <script>\r\n", "{}"), "unreachable", 1),
        (answer(400, "", r#"{"__type":"line\nbreak"}"#), "unreachable", 1),
    ] {
        let (secrets, service) = reacting(vec![reaction.clone()]).await;
        assert_eq!(code(&secrets).await, expected, "{calls}");
        assert_eq!(service.calls(), calls);
    }
    assert_eq!(elsewhere.calls(), 0);
}
