//! The exact line of each setting of a route that goes beyond where it leads: resilience, connections, credentials,
//! headers; and settings that are taken.

use serde_json::{Value, json};
use shared::testing::FixedEnv;

use crate::support::{env, table};
use crate::table::{URL, lines, lines_in};

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

fn with(members: Value) -> Value {
    let mut route = json!({"uri": "/aws", "function_uri": URL});
    for (name, value) in members.as_object().unwrap() {
        route[name.as_str()] = value.clone();
    }
    table(json!([route]))
}

#[tokio::test]
async fn each_wrong_setting_has_its_line() {
    let words = "must be one of \"connect\", \"stale\", \"429\", \"502\", \"503\", \"504\"";
    for (members, line) in [
        (json!({"retry": 3}), "retry: must be an object"),
        (json!({"retry": {"attempts": 0}}), "retry.attempts: 0 is less than 1"),
        (json!({"retry": {"attempts": 4}}), "retry.attempts: 4 is more than 3"),
        (json!({"retry": {"on": ["500"]}}), &format!("retry.on[0]: {words}")),
        (json!({"retry": {"on": [503]}}), &format!("retry.on[0]: {words}")),
        (
            json!({"retry": {"methods": ["BREW"]}}),
            "retry.methods[0]: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (json!({"retry": {"base_ms": 0}}), "retry.base_ms: 0 is less than 1"),
        (
            json!({"retry": {"base_ms": 100, "max_ms": 99}}),
            "retry.max_ms: 99 is less than 100",
        ),
        (
            json!({"retry": {"atempts": 2}}),
            "retry.atempts: unknown field, did you mean \"attempts\"?",
        ),
        (json!({"circuit": true}), "circuit: must be an object"),
        (
            json!({"circuit": {"failures": 0}}),
            "circuit.failures: 0 is less than 1",
        ),
        (
            json!({"circuit": {"window_ms": 0}}),
            "circuit.window_ms: 0 is less than 1",
        ),
        (json!({"circuit": {"open_ms": 0}}), "circuit.open_ms: 0 is less than 1"),
        (json!({"keepalive": 1}), "keepalive: must be true or false"),
        (
            json!({"keepalive_timeout": 999}),
            "keepalive_timeout: 999 is less than 1000",
        ),
        (json!({"keepalive_pool": 0}), "keepalive_pool: 0 is less than 1"),
        (json!({"compat": "nginx"}), "compat: must be one of \"apisix\""),
        (
            json!({"forwarded": "keep"}),
            "forwarded: must be one of \"append\", \"replace\", \"drop\"",
        ),
        (
            json!({"proxy_url": "https://proxy.internal"}),
            "proxy_url: scheme must be http",
        ),
        (
            json!({"proxy_url": "http://user:s3cret@proxy.internal"}),
            "proxy_url: must not hold a user name or password",
        ),
        (
            json!({"proxy_url": "http://proxy.internal/x"}),
            "proxy_url: must hold scheme, host and port only",
        ),
        (json!({"deadline_margin": -1}), "deadline_margin: -1 is less than 0"),
        (json!({"connect_timeout": 49}), "connect_timeout: 49 is less than 50"),
        (json!({"max_resp_body_size": 0}), "max_resp_body_size: 0 is less than 1"),
    ] {
        assert_eq!(
            lines(&with(members.clone())).await,
            [format!("routes[0].{line}")],
            "{members}"
        );
    }
}

#[tokio::test]
async fn headers_that_are_made_here_cannot_be_set() {
    for side in ["request_headers", "response_headers"] {
        for name in [
            "Host",
            "authorization",
            "X-Amz-Date",
            "x-amz-security-token",
            "Connection",
            "transfer-encoding",
            "content-length",
            "Via",
        ] {
            for list in ["set", "add"] {
                let line = format!("routes[0].{side}.{list}.{name}: this header cannot be set");
                assert_eq!(lines(&with(json!({side: {list: {name: "x"}}}))).await, [line]);
            }
        }
        for (members, line) in [
            (json!({"set": []}), "set: must be an object"),
            (json!({"set": {"a b": "x"}}), "set.a b: must be the name of a header"),
            (
                json!({"set": {"x-a": "s3\ncret"}}),
                "set.x-a: must be a string of visible ASCII characters and spaces between them",
            ),
            (
                json!({"set": {"x-a": 1}}),
                "set.x-a: must be a string of visible ASCII characters and spaces between them",
            ),
            (
                json!({"set": {"X-A": "1", "x-a": "2"}}),
                "set.x-a: this header stands twice",
            ),
            (json!({"remove": "x-a"}), "remove: must be a list"),
            (json!({"remove": ["host"]}), "remove[0]: \"host\" is not allowed here"),
            (json!({"remove": ["via"]}), "remove[0]: \"via\" is not allowed here"),
            (json!({"duplicate": ["te"]}), "duplicate[0]: \"te\" is not allowed here"),
            (json!({"append": {}}), "append: unknown field"),
        ] {
            let line = format!("routes[0].{side}.{line}");
            assert_eq!(lines(&with(json!({side: members}))).await, [line], "{members}");
        }
    }
}

#[tokio::test]
async fn credentials_have_their_lines() {
    let role = |members: Value| {
        let mut role = json!({"arn": ROLE});
        for (name, value) in members.as_object().unwrap() {
            role[name.as_str()] = value.clone();
        }
        json!({"assume_role": role})
    };
    for (iam, line) in [
        (
            json!({"credentials": "no-such"}),
            "credentials: no entry of this name in credentials",
        ),
        (
            json!({"credentials": "audit", "accesskey": "A", "secretkey": "s3cret"}),
            "credentials: makes no sense beside accesskey and secretkey",
        ),
        (json!({"assume_role": {}}), "assume_role.arn: is required"),
        (
            role(json!({"arn": "reader"})),
            "assume_role.arn: must be arn:PARTITION:iam::ACCOUNT:role/NAME",
        ),
        (
            role(json!({"session_name": "a b"})),
            "assume_role.session_name: must be 2 to 64 letters, digits and _+=,.@-",
        ),
        (
            role(json!({"external_id": "x"})),
            "assume_role.external_id: must be 2 to 1224 letters, digits and _+=,.@:/-",
        ),
        (
            role(json!({"duration": 899})),
            "assume_role.duration: 899 is less than 900",
        ),
        (
            role(json!({"duration": 43_201})),
            "assume_role.duration: 43201 is more than 43200",
        ),
        (
            role(json!({"sts_endpoint": "http://sts.example.com"})),
            "assume_role.sts_endpoint: scheme must be https",
        ),
        (
            json!({"signed_headers": ["User-Agent"]}),
            "signed_headers[0]: this header may change on the way and is never signed",
        ),
        (
            json!({"signed_headers": ["x-forwarded-for"]}),
            "signed_headers[0]: this header may change on the way and is never signed",
        ),
        (
            json!({"signed_headers": ["a b"]}),
            "signed_headers[0]: must be the name of a header",
        ),
        (
            json!({"unsigned_payload": 1}),
            "unsigned_payload: must be true or false",
        ),
    ] {
        let mut document = with(json!({"authorization": {"iam": iam}}));
        document["credentials"] = json!({"audit": {}});
        let line = format!("routes[0].authorization.iam.{line}");
        assert_eq!(lines(&document).await, [line], "{iam}");
    }
    for (entry, line) in [
        (json!("A"), "credentials.audit: must be an object"),
        (
            json!({"secretkey": "s3cret"}),
            "credentials.audit.accesskey: required with secretkey",
        ),
        (
            json!({"aws_region": "eu-west-1"}),
            "credentials.audit.aws_region: unknown field",
        ),
        (
            json!({"assume_role": {"arn": "x"}}),
            "credentials.audit.assume_role.arn: must be arn:PARTITION:iam::ACCOUNT:role/NAME",
        ),
    ] {
        let mut document = with(json!({"authorization": {"iam": {"credentials": "audit"}}}));
        document["credentials"] = json!({"audit": entry});
        assert_eq!(lines(&document).await, [line], "{entry}");
    }
    let document = with(json!({"authorization": {"iam": {"assume_role": {"arn": ROLE}}}}));
    let nowhere = FixedEnv::new([("INVOKER_CONFIG", document.to_string().as_str())]);
    let path = "routes[0].authorization.iam.assume_role.sts_endpoint";
    assert_eq!(
        lines_in(nowhere).await,
        [format!("{path}: is required: AWS_REGION does not tell it")]
    );
}

#[tokio::test]
async fn a_body_may_stay_unsigned_where_nobody_can_change_it() {
    let mut document = with(json!({
        "function_uri": "http://api.example.com/",
        "authorization": {"iam": {"aws_region": "eu-west-1", "service": "execute-api", "unsigned_payload": true}},
    }));
    document["allow_http"] = json!(true);
    assert_eq!(
        lines(&document).await,
        ["routes[0].authorization.iam.unsigned_payload: needs https"]
    );
    for url in ["http://127.0.0.1:8080/", "https://api.example.com/"] {
        document["routes"][0]["function_uri"] = json!(url);
        assert!(lines(&document).await.is_empty(), "{url}");
    }
}

#[tokio::test]
async fn apisix_says_it_in_its_own_words_too() {
    let document = with(json!({"compat": "apisix", "authorization": {"iam": {"secretkey": "s3cret"}}}));
    let path = "routes[0].authorization.iam.accesskey";
    assert_eq!(
        lines(&document).await,
        [format!(
            "{path}: required with secretkey (property \"accesskey\" is required)"
        )]
    );
}

#[tokio::test]
async fn whatever_the_table_names_for_all_routes_is_checked_once() {
    let two = json!([
        {"uri": "/a", "function_uri": URL},
        {"uri": "/b", "function_uri": URL},
    ]);
    for (name, value, line) in [
        ("compat", json!("kong"), "compat: must be one of \"apisix\""),
        ("credentials", json!([]), "credentials: must be an object"),
        (
            "metrics_namespace",
            json!(1),
            "metrics_namespace: must be a string that is not empty",
        ),
        (
            "metrics_namespace",
            json!("AWS/Lambda"),
            "metrics_namespace: must be 1 to 255 letters, digits, \".\", \"-\", \"_\", \"/\", \"#\" and \":\", and not begin with \"AWS/\"",
        ),
        (
            "defaults",
            json!({"retry": {"attempts": 9}}),
            "defaults.retry.attempts: 9 is more than 3",
        ),
        (
            "defaults",
            json!({"retry": {"tries": 9}}),
            "defaults.retry.tries: unknown field",
        ),
    ] {
        let mut document = table(two.clone());
        document[name] = value;
        assert_eq!(lines(&document).await, [line], "{name}");
    }
    // A default is wrong also where no route takes it.
    let mut document = table(json!([{"uri": "/a", "function_uri": URL, "timeout": 1000, "circuit": null}]));
    document["defaults"] = json!({"timeout": 1, "circuit": {"failures": 0}, "function": {"name": "a b"}});
    assert_eq!(
        lines(&document).await,
        [
            "defaults.timeout: 1 is less than 100",
            "defaults.circuit.failures: 0 is less than 1",
            "defaults.function.name: must be a function's name, partial ARN or ARN",
        ]
    );
    let proxied = env(&table(two)).with("HTTPS_PROXY", "socks5://proxy.internal");
    assert_eq!(lines_in(proxied).await, ["HTTPS_PROXY: must be an http or https URL"]);
}

#[tokio::test]
async fn every_member_of_the_schema_is_taken() {
    let route = json!({
        "name": "all", "uri": "/aws/*", "methods": ["GET", "POST"], "hosts": ["a.example.com", "*.example.com"],
        "priority": 1, "enabled": true, "function_uri": URL, "host_header": "api.internal:8443", "ssl_verify": true,
        "authorization": {
            "apikey": "k", "apikey_override": true, "client_authorization": "replace",
            "iam": {
                "credentials": "audit", "aws_region": "eu-west-1", "service": "execute-api",
                "signed_headers": ["x-tenant"], "unsigned_payload": true,
                "assume_role": {
                    "arn": ROLE, "session_name": "invoker", "external_id": "e-1", "duration": 900,
                    "sts_endpoint": "https://sts.eu-west-1.amazonaws.com",
                },
            },
        },
        "timeout": 3000, "connect_timeout": 1000, "deadline_margin": 200,
        "keepalive": true, "keepalive_timeout": 60_000, "keepalive_pool": 5,
        "max_req_body_size": 1, "max_resp_body_size": 1,
        "path": {"append_tail": true, "strip_prefix": "/aws", "include_stage": false, "encoding": "preserve"},
        "query": {"forward": true, "override": true, "allow": ["a"], "deny": [], "plus_as_space": true},
        "request_headers": {"set": {"x-a": "1"}, "add": {"x-b": "2"}, "remove": ["cookie"], "duplicate": ["authorization"]},
        "response_headers": {"set": {"x-a": ""}, "add": {"x-b": "2"}, "remove": ["server"], "duplicate": ["etag"]},
        "forwarded": "replace",
        "retry": {"attempts": 3, "on": ["connect", "stale", "429"], "methods": ["GET"], "base_ms": 50, "max_ms": 500},
        "circuit": {"failures": 5, "window_ms": 10_000, "open_ms": 5000},
        "proxy_url": "http://proxy.internal:3128", "compat": null,
    });
    let document = json!({
        "version": 1,
        "defaults": {"timeout": 1000, "retry": {"attempts": 2}, "circuit": {"failures": 3}},
        "credentials": {
            "audit": {"accesskey": "A", "secretkey": {"env": "AWS_SECRET_ACCESS_KEY"}, "sessiontoken": "t"},
            "default": {"assume_role": {"arn": ROLE}},
        },
        "allowed_hosts": ["*.amazonaws.com"], "allow_http": false, "metrics_namespace": "Example/Invoker",
        "compat": "apisix",
        "routes": [route, {"uri": "/f", "function": {"name": "hello"}, "circuit": null, "retry": null}],
    });
    assert!(lines(&document).await.is_empty());
}
