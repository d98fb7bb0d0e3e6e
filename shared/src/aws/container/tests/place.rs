//! Whom a container asks for credentials, and what it shows there.

use std::io::Write;
use std::time::Instant;

use super::*;

#[tokio::test]
async fn a_token_is_shown_and_one_in_a_file_is_read_each_time() {
    let shown = |fixture: &Fixture| {
        let last = fixture.endpoint.asked().pop().unwrap();
        let value = last
            .split("\r\nauthorization: ")
            .nth(1)
            .map(|rest| rest.split("\r\n").next().unwrap());
        value.map(str::to_owned)
    };
    let fixture = Fixture::with(vec![good(1, "13:00:00")], |env| env.with(TOKEN, "Basic c2VjcmV0")).await;
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "Basic c2VjcmV0");

    let folder = std::env::temp_dir().join(format!("container-token-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("token");
    std::fs::File::create(&path).unwrap().write_all(b"first").unwrap();
    let path_text = path.to_str().unwrap().to_owned();
    let fixture = Fixture::with(vec![good(1, "13:00:00"), good(2, "14:00:00")], |env| {
        env.with(TOKEN, "not this one").with(TOKEN_FILE, &path_text)
    })
    .await;
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "first");
    std::fs::write(&path, "second").unwrap();
    fixture.clock.advance_ms(55 * MINUTE_MS);
    fixture.number().await.unwrap();
    assert_eq!(shown(&fixture).unwrap(), "second");
    // Nobody is asked without what should be shown.
    fixture.clock.advance_ms(70 * MINUTE_MS);
    let long = "x".repeat(64 * 1024 + 1);
    for hostile in ["third\r\nx-injected: 1", "third\n", "th\0ird", &long] {
        std::fs::write(&path, hostile).unwrap();
        fixture.clock.advance_ms(500);
        assert_eq!(fixture.number().await.unwrap_err(), "container", "{hostile:.20}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    fixture.clock.advance_ms(500);
    assert_eq!(fixture.number().await.unwrap_err(), "container");
    assert_eq!(fixture.endpoint.calls(), 2);
    let fixture = Fixture::with(vec![good(1, "13:00:00")], |env| env.with(TOKEN, "a\r\nx-injected: 1")).await;
    assert_eq!(fixture.number().await.unwrap_err(), "container");
    assert_eq!(fixture.endpoint.calls(), 0);
}

#[test]
fn a_relative_uri_is_one_of_ecs_and_wins() {
    let found = |variables: &[(&str, &str)]| {
        let env = FixedEnv::new(variables.iter().copied());
        let container = Container::from_env(&env, Arc::new(ManualClock::default()));
        let endpoint = container.endpoint.ok()?;
        Some((endpoint.host.to_str().unwrap().to_owned(), endpoint.target.to_string()))
    };
    let some = |host: &str, target: &str| Some((host.to_owned(), target.to_owned()));
    let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    for (variables, expected) in [
        (&[][..], None),
        (&[(relative, "/v2/x?id=1")], some("169.254.170.2", "/v2/x?id=1")),
        (
            &[(relative, "/v2/x"), (FULL, "http://127.0.0.1/y")],
            some("169.254.170.2", "/v2/x"),
        ),
        (
            &[(relative, ""), (FULL, "http://127.0.0.1:9001/y")],
            some("127.0.0.1:9001", "/y"),
        ),
        (
            &[(relative, "//evil.example.com/x")],
            some("169.254.170.2", "//evil.example.com/x"),
        ),
        (&[(relative, ".evil.example.com/x")], None),
        (&[(relative, "@evil.example.com/x")], None),
        (&[(relative, ":80@evil.example.com/x")], None),
        (&[(relative, "http://evil.example.com/x")], None),
        (
            &[(FULL, "https://credentials.example.com/x")],
            some("credentials.example.com", "/x"),
        ),
        (
            &[(FULL, "http://[fd00:ec2::23]/v1/credentials")],
            some("[fd00:ec2::23]", "/v1/credentials"),
        ),
        (&[(FULL, "file:///etc/passwd")], None),
        (&[(FULL, "/only/a/path")], None),
    ] {
        assert_eq!(found(variables), expected, "{variables:?}");
    }
}

/// An address that others may answer at is asked for nothing, and shown no token, without TLS.
#[tokio::test]
async fn without_tls_only_this_machine_is_asked() {
    let endpoint = Scripted::start(vec![good(1, "13:00:00")]).await;
    let port = endpoint.url.rsplit_once(':').unwrap().1;
    for (url, calls) in [
        // Linux takes this for loopback, but it is no address of anybody's.
        (format!("http://0.0.0.0:{port}/role"), 0),
        (format!("http://[::ffff:127.0.0.1]:{port}/role"), 0),
        ("http://192.0.2.1/role".to_owned(), 0),
        ("http://169.254.169.254/latest".to_owned(), 0),
        (format!("http://localhost:{port}/role"), 1),
    ] {
        let env = FixedEnv::default().with(FULL, &url).with(TOKEN, "t0ken");
        let provider = Provider::of_function(&env, Arc::new(ManualClock::at_ms(NOON_MS)));
        let started = Instant::now();
        let asked = provider.credentials(LONG).await.map_err(|unavailable| unavailable.0);
        let none = || "container".to_owned();
        assert_eq!(
            asked.map(|_| ()),
            if calls == 0 { Err(none()) } else { Ok(()) },
            "{url}"
        );
        assert!(started.elapsed() < Duration::from_millis(500), "{url}");
        assert_eq!(endpoint.calls(), calls, "{url}");
    }
}

#[tokio::test]
async fn without_an_endpoint_there_are_none() {
    let provider = Provider::of_function(&FixedEnv::default(), Arc::new(ManualClock::default()));
    assert_eq!(provider.credentials(LONG).await.unwrap_err().0, "no_credentials");
}
