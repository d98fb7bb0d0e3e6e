//! Settings of how we show ourselves, good ones and those that nobody would notice to be of no use.

use shared::testing::FixedEnv;

use crate::config::Config;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf";

/// What a start is refused for, by variables and, with the same settings as members, in an entry.
#[track_caller]
fn check(settings: &[(&str, &str)], expected: &[&str]) {
    let url = ("AUTHZ_INTROSPECTION_URL", "https://hydra.example.com/introspect");
    let mut env = FixedEnv::new([url]);
    let mut members = vec![format!(r#""introspection_url": "{}""#, url.1)];
    for (name, value) in settings {
        env = env.with(name, value);
        let member = name.strip_prefix("AUTHZ_").unwrap().to_ascii_lowercase();
        let is_object = value.starts_with('{');
        let value = if is_object {
            (*value).to_owned()
        } else {
            format!("{value:?}")
        };
        members.push(format!(r#""{member}": {value}"#));
    }
    let list = format!(r#"[{{"name": "a", "kind": "introspection", {}}}]"#, members.join(", "));
    let read = |env| Config::from_env(&env).map_or_else(|error| error.problems().to_vec(), |_| Vec::new());
    assert_eq!(read(env), expected, "{settings:?}");
    let in_entry = |line: &str| {
        let words = line.split_inclusive([' ', ':', '=']);
        let moved = words.map(|word| match word.strip_prefix("AUTHZ_") {
            Some(rest) => format!("AUTHZ_PROVIDERS[0].{}", rest.to_ascii_lowercase()),
            None => word.to_owned(),
        });
        moved.collect::<String>()
    };
    let expected: Vec<String> = expected.iter().map(|line| in_entry(line)).collect();
    assert_eq!(
        read(FixedEnv::new([("AUTHZ_PROVIDERS", list.as_str())])),
        expected,
        "{list}"
    );
}

#[test]
fn credentials_that_are_never_shown_stop_the_start() {
    let line = |name: &str, word: &str| {
        format!(
            "{name}: is of no use with AUTHZ_INTROSPECTION_AUTH={word}: set that to what shows it, or leave this out"
        )
    };
    let client = [("AUTHZ_CLIENT_ID", "x"), ("AUTHZ_CLIENT_SECRET", "s3cret")];
    let told = [line("AUTHZ_CLIENT_ID", "none"), line("AUTHZ_CLIENT_SECRET", "none")];
    check(&client, &[&told[0], &told[1]]);
    for (name, value) in [
        ("AUTHZ_BEARER", "s3cret"),
        ("AUTHZ_BEARER_SECRET_ARN", ARN),
        ("AUTHZ_CLIENT_SECRET_SECRET_ARN", ARN),
    ] {
        check(&[(name, value)], &[&line(name, "none")]);
    }
    let basic = [client[0], client[1], ("AUTHZ_INTROSPECTION_AUTH", "basic")];
    check(&basic, &[]);
    check(
        &[basic[0], basic[1], basic[2], ("AUTHZ_BEARER", "s3cret")],
        &[&line("AUTHZ_BEARER", "basic")],
    );
    let bearer = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", "s3cret")];
    check(&bearer, &[]);
    check(
        &[bearer[0], bearer[1], client[0]],
        &[&line("AUTHZ_CLIENT_ID", "bearer")],
    );
    let fetched = ("AUTHZ_INTROSPECTION_AUTH", "client_credentials");
    let url = ("AUTHZ_TOKEN_URL", "https://hydra.example.com/token");
    check(
        &[client[0], client[1], fetched, url, bearer[1]],
        &[&line("AUTHZ_BEARER", "client_credentials")],
    );
    // Where the word is none that is known, nobody can tell.
    check(
        &[client[0], client[1], ("AUTHZ_INTROSPECTION_AUTH", "mtls")],
        &["AUTHZ_INTROSPECTION_AUTH: must be one of none, basic, bearer, client_credentials"],
    );
}

#[test]
fn what_is_of_no_use_must_be_good_all_the_same() {
    let arn = "must be arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]";
    check(
        &[
            ("AUTHZ_CLIENT_AUTH_ENCODING", "nonsense"),
            ("AUTHZ_TOKEN_URL", "ftp://s3cret"),
        ],
        &[
            "AUTHZ_CLIENT_AUTH_ENCODING: must be one of form, raw",
            "AUTHZ_TOKEN_URL: must be an http or https URL",
        ],
    );
    let unused = |name: &str| {
        format!("{name}: is of no use with AUTHZ_INTROSPECTION_AUTH=none: set that to what shows it, or leave this out")
    };
    check(
        &[("AUTHZ_CLIENT_SECRET_SECRET_ARN", "garbage")],
        &[
            &unused("AUTHZ_CLIENT_SECRET_SECRET_ARN"),
            &format!("AUTHZ_CLIENT_SECRET_SECRET_ARN: {arn}"),
        ],
    );
    check(
        &[("AUTHZ_BEARER", "s3cret"), ("AUTHZ_BEARER_SECRET_ARN", ARN)],
        &[
            &unused("AUTHZ_BEARER"),
            &unused("AUTHZ_BEARER_SECRET_ARN"),
            "AUTHZ_BEARER: is set together with AUTHZ_BEARER_SECRET_ARN; set one of them",
        ],
    );
}

#[test]
fn a_header_is_given_once() {
    let twice = "AUTHZ_INTROSPECTION_HEADERS: names a header twice, be it in another case";
    for (headers, expected) in [
        (r#"{"X-A": "1", "X-B": "1"}"#, vec![]),
        (r#"{"X-A": "1", "X-A": "1"}"#, vec![twice]),
        (r#"{"X-A": "1", "x-a": "2"}"#, vec![twice]),
        (r#"{"X-A": "1", "X-A": "1", "x-a": "2"}"#, vec![twice, twice]),
    ] {
        check(&[("AUTHZ_INTROSPECTION_HEADERS", headers)], &expected);
    }
}
