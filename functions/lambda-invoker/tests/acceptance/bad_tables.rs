//! The lines of bad tables that other documents quote.

use serde_json::{Value, json};
use shared::testing::FixedEnv;

use crate::support::table;
use crate::table::{URL, lines_in};

/// The lines that operators of other gateways and our own documentation know by heart.
#[tokio::test]
async fn case_30_a_bad_table_stops_the_start_with_its_line() {
    let route = |members: Value| {
        let mut route = json!({"uri": "/aws", "function_uri": URL});
        for (name, value) in members.as_object().unwrap() {
            route[name.as_str()] = value.clone();
        }
        route
    };
    let good = route(json!({}));
    let iam = |members: Value| route(json!({"authorization": {"iam": members}}));
    let other = |uri: &str| route(json!({"uri": uri}));
    for (document, line) in [
        (json!({"version": 1}), "routes: at least one route is required"),
        (
            table(json!([other("/a"), other("/b"), other("aws")])),
            "routes[2].uri: must start with \"/\"",
        ),
        (
            table(json!([other("/a"), other("/b"), other("/*/x")])),
            "routes[2].uri: \"*\" is only allowed at the end",
        ),
        (
            table(json!([route(json!({"function_uri": null}))])),
            "routes[0]: exactly one of function_uri, function is required",
        ),
        (
            table(json!([route(json!({"function_uri": "http://x/"}))])),
            "routes[0].function_uri: scheme must be https",
        ),
        (
            json!({"version": 1, "allowed_hosts": ["y"], "routes": [route(json!({"function_uri": "https://x/"}))]}),
            "routes[0].function_uri: host \"x\" is not in allowed_hosts",
        ),
        (
            table(json!([iam(json!({"secretkey": "s3cret"}))])),
            "routes[0].authorization.iam.accesskey: required with secretkey",
        ),
        (
            table(json!([route(
                json!({"function_uri": "https://x/", "authorization": {"iam": {"service": "s"}}})
            )])),
            "routes[0].authorization.iam.aws_region: cannot be derived from host \"x\", set it",
        ),
        (
            table(json!([route(json!({"timeout": 50}))])),
            "routes[0].timeout: 50 is less than 100",
        ),
        (
            table(json!([iam(
                json!({"accesskey": "A", "secretkey": "s3cret", "secret_key": "s3cret"})
            )])),
            "routes[0].authorization.iam.secret_key: unknown field, did you mean \"secretkey\"?",
        ),
        (
            table(json!([
                route(json!({"uri": "/1", "name": "a"})),
                other("/2"),
                other("/3"),
                route(json!({"uri": "/4", "name": "a"})),
            ])),
            "routes[3].name: duplicate \"a\"",
        ),
        (
            table(json!([other("/items%3apurge"), other("/items:purge")])),
            "routes[1]: unreachable, same match as routes[0]",
        ),
        (
            table(json!([good, good])),
            "routes[1]: unreachable, same match as routes[0]",
        ),
    ] {
        let bare = FixedEnv::new([("INVOKER_CONFIG", document.to_string().as_str())]);
        assert_eq!(lines_in(bare).await, [line]);
    }
    for (text, line) in [
        (
            "",
            "config: no source: set one of INVOKER_CONFIG, INVOKER_CONFIG_FILE, INVOKER_CONFIG_SECRET_ARN",
        ),
        (
            "{\"routes\":\n s3cret",
            "config: invalid JSON at line 2 column 2: expected value",
        ),
    ] {
        assert_eq!(lines_in(FixedEnv::new([("INVOKER_CONFIG", text)])).await, [line]);
    }
}

/// A path that no request can have matches nothing, whatever its route is meant to keep.
#[tokio::test]
async fn a_path_that_matches_nothing_has_its_line() {
    let dots = "must not have dot segments";
    let slashes = "must not have two slashes in a row";
    let query = "must be a path, without \"?\" and \"#\"";
    let plain = "must not escape letters, digits, \"-\", \".\", \"_\" and \"~\"";
    let slash = "must not have an escaped slash";
    let odd = "must not have a backslash or a control character";
    for (uri, what) in [
        ("/a/../b", dots),
        ("/a/./*", dots),
        ("/..", dots),
        ("/a/.", dots),
        ("/a/..;x/b", dots),
        ("/a/..%3Bx*", dots),
        ("//a", slashes),
        ("/a//*", slashes),
        ("/a?x=1", query),
        ("/a#b", query),
        ("/%61dmin", plain),
        ("/a/%2e%2e/b", plain),
        ("/a%7Eb", plain),
        ("/a%2Fb", slash),
        ("/a%2f*", slash),
        ("/a\\b", odd),
        ("/a%5cb", odd),
        ("/a%00", odd),
        ("/a\u{7f}b", odd),
        ("/a\nb", odd),
    ] {
        let document = table(json!([{"uri": uri, "function_uri": URL}]));
        let bare = FixedEnv::new([("INVOKER_CONFIG", document.to_string().as_str())]);
        assert_eq!(lines_in(bare).await, [format!("routes[0].uri: {what}")], "{uri}");
    }
    for uri in [
        "/.well-known/x",
        "/.*",
        "/a/..*",
        "/a..b/*",
        "/a%20b/%C3%A9",
        "/a%25b",
        "/a%3Ab",
        "/a;..",
        "/a/b/",
    ] {
        let document = table(json!([{"uri": uri, "function_uri": URL}]));
        let env = crate::support::env(&document);
        crate::support::start(env, shared::testing::MemorySecrets::default())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_address_or_a_region_that_leads_nowhere_has_its_line() {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:hello";
    let sts = |url: &str| json!({"arn": "arn:aws:iam::123456789012:role/r", "sts_endpoint": url});
    for (members, line) in [
        (
            json!({"function_uri": "https://x.example.com:0/"}),
            "function_uri: port must not be 0",
        ),
        (
            json!({"function_uri": URL, "proxy_url": "http://proxy.example.com:0"}),
            "proxy_url: port must not be 0",
        ),
        (
            json!({"function": {"name": "hello", "region": "eu-west-1", "endpoint_url": "https://x.example.com:0"}}),
            "function.endpoint_url: port must not be 0",
        ),
        (
            json!({"function_uri": URL, "authorization": {"iam": {"assume_role": sts("https://sts.eu-west-1.amazonaws.com:0")}}}),
            "authorization.iam.assume_role.sts_endpoint: port must not be 0",
        ),
        (
            json!({"function": {"name": arn, "region": "eu-west-1"}}),
            "function.region: is not the region of the ARN, \"us-east-1\"",
        ),
    ] {
        let mut route = members.clone();
        route["uri"] = json!("/");
        let document = table(json!([route]));
        let bare = FixedEnv::new([("INVOKER_CONFIG", document.to_string().as_str())]);
        assert_eq!(lines_in(bare).await, [format!("routes[0].{line}")], "{members}");
    }
}
