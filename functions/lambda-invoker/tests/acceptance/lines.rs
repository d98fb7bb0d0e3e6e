//! The exact line of each member that can be wrong.

use serde_json::{Value, json};
use shared::testing::FixedEnv;

use crate::support::table;
use crate::table::{URL, lines, lines_in};

/// The lines for a table of one good route with these members changed.
async fn changed(members: Value) -> Vec<String> {
    let mut route = json!({"uri": "/aws", "function_uri": URL});
    for (name, value) in members.as_object().unwrap() {
        route[name.as_str()] = value.clone();
    }
    lines(&table(json!([route]))).await
}

#[tokio::test]
async fn each_wrong_member_has_its_line() {
    for (members, line) in [
        (json!({"uri": "aws"}), "routes[0].uri: must start with \"/\""),
        (
            json!({"uri": "/a/*/b"}),
            "routes[0].uri: \"*\" is only allowed at the end",
        ),
        (json!({"uri": null}), "routes[0].uri: is required"),
        (json!({"uri": 1}), "routes[0].uri: must be a string"),
        (
            json!({"function_uri": null}),
            "routes[0]: exactly one of function_uri, function is required",
        ),
        (
            json!({"function": {"name": "hello"}}),
            "routes[0]: exactly one of function_uri, function is required",
        ),
        (
            json!({"function_uri": "http://api.example.com/"}),
            "routes[0].function_uri: scheme must be https",
        ),
        (
            json!({"function_uri": "ftp://api.example.com/"}),
            "routes[0].function_uri: must be an http or https URL",
        ),
        (
            json!({"function_uri": "api.example.com"}),
            "routes[0].function_uri: must be an absolute URL",
        ),
        (
            json!({"function_uri": "https://user:s3cret@api.example.com/"}),
            "routes[0].function_uri: must not hold a user name or password",
        ),
        (
            json!({"function_uri": "https://api.example.com/#s3cret"}),
            "routes[0].function_uri: must not hold a fragment",
        ),
        (
            json!({"function_uri": "https://169.254.169.254/"}),
            "routes[0].function_uri: host \"169.254.169.254\" is not allowed",
        ),
        (
            json!({"function_uri": "https://[fe80::1]/"}),
            "routes[0].function_uri: host \"[fe80::1]\" is not allowed",
        ),
        (
            json!({"function_uri": "https://[::ffff:169.254.169.254]/"}),
            "routes[0].function_uri: host \"[::ffff:a9fe:a9fe]\" is not allowed",
        ),
        (json!({"timeout": 50}), "routes[0].timeout: 50 is less than 100"),
        (
            json!({"timeout": 900_001}),
            "routes[0].timeout: 900001 is more than 900000",
        ),
        (json!({"timeout": "3s"}), "routes[0].timeout: must be a whole number"),
        (
            json!({"connect_timeout": 3001}),
            "routes[0].connect_timeout: 3001 is more than 3000",
        ),
        (
            json!({"max_req_body_size": 0}),
            "routes[0].max_req_body_size: 0 is less than 1",
        ),
        (
            json!({"ssl_verify": false}),
            "routes[0].ssl_verify: certificates are always verified; name a private certificate authority with ca_file",
        ),
        (
            json!({"ca_file": "/nowhere/ca.pem"}),
            "routes[0].ca_file: cannot be read: entity not found",
        ),
        (
            json!({"ca_file": concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")}),
            "routes[0].ca_file: holds no certificate in PEM",
        ),
        (
            json!({"name": "a b"}),
            "routes[0].name: must be 1 to 64 letters, digits, \"_\" and \"-\"",
        ),
        (
            json!({"methods": []}),
            "routes[0].methods: at least one method is required",
        ),
        (
            json!({"methods": ["get"]}),
            "routes[0].methods[0]: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            json!({"methods": ["TRACE"]}),
            "routes[0].methods[0]: CONNECT and TRACE cannot be forwarded",
        ),
        (
            json!({"hosts": ["a:80"]}),
            "routes[0].hosts[0]: must be a host name without port, or \"*.\" and a host name",
        ),
        (json!({"enabled": "yes"}), "routes[0].enabled: must be true or false"),
        (
            json!({"path": {"encoding": "raw"}}),
            "routes[0].path.encoding: must be one of \"preserve\", \"decoded\"",
        ),
        (json!({"path": []}), "routes[0].path: must be an object"),
        (
            json!({"query": {"allow": "a"}}),
            "routes[0].query.allow: must be a list",
        ),
        (
            json!({"host_header": "a b"}),
            "routes[0].host_header: must be a host name, with a port if need be",
        ),
        (
            json!({"authorization": {"iam": {"secretkey": "s3cret"}}}),
            "routes[0].authorization.iam.accesskey: required with secretkey",
        ),
        (
            json!({"authorization": {"iam": {"accesskey": "AKIDEXAMPLE"}}}),
            "routes[0].authorization.iam.secretkey: required with accesskey",
        ),
        (
            json!({"authorization": {"iam": {"sessiontoken": "s3cret"}}}),
            "routes[0].authorization.iam.sessiontoken: needs accesskey and secretkey",
        ),
        (
            json!({"authorization": {"iam": {"accesskey": "A", "secret_key": "s3cret", "secretkey": "s3cret"}}}),
            "routes[0].authorization.iam.secret_key: unknown field, did you mean \"secretkey\"?",
        ),
        (
            json!({"authorization": {"iam": {"aws_region": "EU West"}}}),
            "routes[0].authorization.iam.aws_region: must be made of lower-case letters, digits and \"-\"",
        ),
        (
            json!({"authorization": {"apikey": ""}}),
            "routes[0].authorization.apikey: must be visible ASCII characters, at least one",
        ),
        (
            json!({"authorization": {"apikey": "s3\ncret"}}),
            "routes[0].authorization.apikey: must be visible ASCII characters, at least one",
        ),
        (
            json!({"authorization": {"apikey": 5}}),
            "routes[0].authorization.apikey: must be a string, {\"env\": NAME} or {\"secret_arn\": ARN}",
        ),
        (
            json!({"authorization": {"apikey": {"env": "NO_SUCH"}}}),
            "routes[0].authorization.apikey.env: this variable is not set",
        ),
        (
            json!({"authorization": {"apikey": {}}}),
            "routes[0].authorization.apikey: exactly one of env, secret_arn is required",
        ),
        (
            json!({"authorization": {"apikey": {"secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf"}}}),
            "routes[0].authorization.apikey.secret_arn: cannot be read from Secrets Manager (ResourceNotFoundException)",
        ),
        (
            json!({"authorization": {"client_authorization": "drop"}}),
            "routes[0].authorization.client_authorization: must be one of \"keep\", \"replace\"",
        ),
    ] {
        assert_eq!(changed(members.clone()).await, [line], "{members}");
    }
}

#[tokio::test]
async fn functions_have_their_own_lines() {
    for (members, lines_of) in [
        (json!({"function": {}}), vec!["routes[0].function.name: is required"]),
        (
            json!({"function": "hello"}),
            vec!["routes[0].function: must be an object"],
        ),
        (
            json!({"function": {"name": "a b"}}),
            vec!["routes[0].function.name: must be a function's name, partial ARN or ARN"],
        ),
        (
            json!({"function": {"name": "a", "qualifier": "a/b"}}),
            vec!["routes[0].function.qualifier: must be a version, an alias or $LATEST"],
        ),
        (
            json!({"function": {"name": "a", "endpoint_url": "http://lambda.example.com"}}),
            vec!["routes[0].function.endpoint_url: scheme must be https"],
        ),
        (
            json!({"function": {"name": "a"}, "authorization": {"apikey": "k", "iam": {"service": "lambda"}}, "host_header": "x"}),
            vec![
                "routes[0].authorization.apikey: needs function_uri",
                "routes[0].authorization.iam.service: needs function_uri",
                "routes[0].host_header: needs function_uri",
            ],
        ),
    ] {
        let mut route = members.clone();
        route["uri"] = json!("/");
        assert_eq!(lines(&table(json!([route]))).await, lines_of, "{members}");
    }
    let route = table(json!([{"uri": "/", "function": {"name": "a"}}]));
    let nowhere = FixedEnv::new([("INVOKER_CONFIG", route.to_string().as_str())]);
    assert_eq!(
        lines_in(nowhere).await,
        ["routes[0].function.region: is required: neither an ARN nor AWS_REGION tells it"]
    );
}
