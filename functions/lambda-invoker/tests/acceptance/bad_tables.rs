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
