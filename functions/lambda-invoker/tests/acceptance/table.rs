//! Tables that are refused, by the exact lines of the refusal, and tables that are taken.

use serde_json::{Value, json};
use shared::testing::{FixedEnv, MemorySecrets};

use crate::support::{env, start, table};

pub(crate) const URL: &str = "https://a1.execute-api.eu-west-1.amazonaws.com/";

/// The lines that a document is refused with; none when it is taken.
pub(crate) async fn lines(document: &Value) -> Vec<String> {
    lines_in(env(document)).await
}

/// The same for a whole environment.
pub(crate) async fn lines_in(env: FixedEnv) -> Vec<String> {
    match start(env, MemorySecrets::default()).await {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    }
}

#[tokio::test]
async fn exactly_one_source_is_wanted() {
    let none = "config: no source: set one of INVOKER_CONFIG, INVOKER_CONFIG_FILE, INVOKER_CONFIG_SECRET_ARN";
    assert_eq!(lines_in(FixedEnv::new([])).await, [none]);
    assert_eq!(lines_in(FixedEnv::new([("INVOKER_CONFIG", "")])).await, [none]);
    let several =
        "config: more than one source: set one of INVOKER_CONFIG, INVOKER_CONFIG_FILE, INVOKER_CONFIG_SECRET_ARN";
    let two = FixedEnv::new([("INVOKER_CONFIG", "{}"), ("INVOKER_CONFIG_FILE", "routes.json")]);
    assert_eq!(lines_in(two).await, [several]);
    let bad = FixedEnv::new([
        ("INVOKER_CONFIG_SECRET_ARN", "arn"),
        ("INVOKER_CONFIG_TTL_SECS", "0"),
        ("INVOKER_CONFIG_TTL", "60"),
        ("INVOKER_ROUTES", ""),
        ("AWS_ENDPOINT_URL", "not a url"),
        ("AWS_ENDPOINT_URL_STS", "ftp://sts.example.com"),
    ]);
    assert_eq!(
        lines_in(bad).await,
        [
            "INVOKER_CONFIG_SECRET_ARN: must be arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]",
            "INVOKER_CONFIG_TTL_SECS: must be a whole number from 1 to 86400",
            "INVOKER_CONFIG_TTL: unknown variable",
            "AWS_ENDPOINT_URL: must be an absolute URL",
            "AWS_ENDPOINT_URL_STS: must be an http or https URL",
        ]
    );
    let set = [("INVOKER_CONFIG", "{"), ("AWS_ENDPOINT_URL", "not a url")];
    let bad = lines_in(FixedEnv::new(set)).await;
    assert_eq!(
        bad,
        ["AWS_ENDPOINT_URL: must be an absolute URL"],
        "once for all services"
    );
    let ignored = FixedEnv::new(set).with("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert!(!lines_in(ignored).await.concat().contains("AWS_ENDPOINT_URL"));
    let missing = FixedEnv::new([("INVOKER_CONFIG_FILE", "/nowhere/routes.json")]);
    assert_eq!(
        lines_in(missing).await,
        ["INVOKER_CONFIG_FILE: cannot be read: entity not found"]
    );
}

#[tokio::test]
async fn a_table_may_stand_in_a_file_or_in_a_secret() {
    let text = table(json!([{"uri": "/", "function_uri": URL}])).to_string();
    let file = std::env::temp_dir().join(format!("lambda-invoker-routes-{}.json", std::process::id()));
    std::fs::write(&file, &text).unwrap();
    let from_file = FixedEnv::new([("INVOKER_CONFIG_FILE", file.to_str().unwrap())]);
    assert!(lines_in(from_file).await.is_empty());
    std::fs::remove_file(file).unwrap();

    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:routes-AbCdEf";
    let from_secret = FixedEnv::new([("INVOKER_CONFIG_SECRET_ARN", arn)]);
    assert_eq!(
        lines_in(from_secret.clone()).await,
        ["INVOKER_CONFIG_SECRET_ARN: cannot be read from Secrets Manager (ResourceNotFoundException)"]
    );
    let store = MemorySecrets::default();
    store.put(arn, &text);
    assert!(start(from_secret, store).await.is_ok());
}

#[tokio::test]
async fn text_that_is_no_json_is_told_by_its_place() {
    let text = |text| FixedEnv::new([("INVOKER_CONFIG", text)]);
    for (document, line) in [
        (
            "{\n  \"version\": s3cret\n}",
            "config: invalid JSON at line 2 column 14: expected value",
        ),
        (
            "{\"a\": \"s3cret",
            "config: invalid JSON at line 1 column 13: EOF while parsing a string",
        ),
        (
            "{} s3cret",
            "config: invalid JSON at line 1 column 4: trailing characters",
        ),
        (
            "{\"version\": 1, \"version\": 1}",
            "config: invalid JSON at line 1 column 28: this member stands twice in its object",
        ),
        ("[]", "config: must be a JSON object"),
    ] {
        assert_eq!(lines_in(text(document)).await, [line], "{document}");
    }
}

#[tokio::test]
async fn every_problem_is_reported_at_once_and_no_secret_with_it() {
    let document = json!({
        "verson": 1,
        "defaults": {"timeout": 50, "name": "x", "retries": 1},
        "allowed_hosts": ["*.amazonaws.com", "bad host"],
        "routes": [
            {"name": "a", "uri": "aws", "function_uri": "https://evil.example.com/"},
            {"name": "a", "uri": "/b", "function_uri": URL, "authorization": {"iam": {"secretkey": "s3cret"}, "apikey": ["s3cret"]}},
            "s3cret",
        ],
    });
    let found = lines(&document).await;
    assert_eq!(
        found,
        [
            "version: is required",
            "allowed_hosts[1]: must be a host name without port, or \"*.\" and a host name",
            "defaults.name: every route needs its own",
            "verson: unknown field, did you mean \"version\"?",
            "routes[0].uri: must start with \"/\"",
            "defaults.timeout: 50 is less than 100",
            "routes[0].function_uri: host \"evil.example.com\" is not in allowed_hosts",
            "defaults.retries: unknown field",
            "routes[1].authorization.apikey: must be a string, {\"env\": NAME} or {\"secret_arn\": ARN}",
            "routes[1].authorization.iam.accesskey: required with secretkey",
            "routes[2]: must be an object",
            "routes[1].name: duplicate \"a\"",
        ]
    );
    assert!(!found.join("\n").contains("s3cret"));
}

#[tokio::test]
async fn a_table_needs_routes_that_can_be_reached() {
    for document in [
        json!({"version": 1}),
        json!({"version": 1, "routes": []}),
        json!({"version": 1, "routes": null}),
    ] {
        assert_eq!(lines(&document).await, ["routes: at least one route is required"]);
    }
    let many: Vec<_> = (0..201)
        .map(|at| json!({"uri": format!("/{at}"), "function_uri": URL}))
        .collect();
    assert_eq!(lines(&table(json!(many))).await, ["routes: more than 200 routes"]);

    let twice = |first: Value, second: Value| {
        let route = |members: Value| {
            let mut route = json!({"uri": "/x/*", "function_uri": URL});
            for (name, value) in members.as_object().unwrap() {
                route[name.as_str()] = value.clone();
            }
            route
        };
        table(json!([route(first), route(second)]))
    };
    let hidden = ["routes[1]: unreachable, same match as routes[0]"];
    assert_eq!(lines(&twice(json!({}), json!({}))).await, hidden);
    assert_eq!(lines(&twice(json!({}), json!({"methods": ["GET"]}))).await, hidden);
    assert_eq!(lines(&twice(json!({"priority": 1}), json!({}))).await, hidden);
    assert_eq!(
        lines(&twice(json!({}), json!({"priority": 1}))).await,
        ["routes[0]: unreachable, same match as routes[1]"]
    );
    for (first, second) in [
        (json!({"methods": ["GET"]}), json!({})),
        (json!({"hosts": ["a.example.com"]}), json!({})),
        (json!({"enabled": false}), json!({})),
        (json!({}), json!({"uri": "/x/y"})),
    ] {
        assert!(
            lines(&twice(first.clone(), second.clone())).await.is_empty(),
            "{first} {second}"
        );
    }
}

#[tokio::test]
async fn a_custom_domain_must_say_service_and_region() {
    let route = json!([{"uri": "/", "function_uri": "https://api.example.com/", "authorization": {"iam": {}}}]);
    let bare = FixedEnv::new([("INVOKER_CONFIG", table(route).to_string().as_str())]);
    let what = "cannot be derived from host \"api.example.com\", set it";
    assert_eq!(
        lines_in(bare).await,
        [
            format!("routes[0].authorization.iam.aws_region: {what}"),
            format!("routes[0].authorization.iam.service: {what}"),
        ]
    );
    let said = json!({"aws_region": "eu-west-1", "service": "execute-api"});
    let route = json!([{"uri": "/", "function_uri": "https://api.example.com/", "authorization": {"iam": said}}]);
    let bare = FixedEnv::new([("INVOKER_CONFIG", table(route).to_string().as_str())]);
    assert!(lines_in(bare).await.is_empty());
}
