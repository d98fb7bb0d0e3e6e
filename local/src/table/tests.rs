//! Tables that are checked, and routes of APISIX that become tables which pass the check.

use serde_json::json;

use super::*;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn a_table_is_checked_as_the_function_does_it() {
    let table = json!({"version": 1, "routes": [
        {"uri": "/a", "function_uri": "https://api.example.com/", "authorization": {"iam": {
            "service": "execute-api", "accesskey": {"env": "KEY_ID"},
            "secretkey": {"secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf"},
        }}},
        {"uri": "/b", "function": {"name": "hello"}},
    ]});
    assert_eq!(
        check(&table.to_string(), Path::new(HERE)),
        Report {
            problems: Vec::new(),
            routes: 2,
            remarks: Vec::new(),
            needs: vec![
                "variable KEY_ID".to_owned(),
                "secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf".to_owned(),
            ],
        }
    );
    let bad = json!({"version": 1, "routes": [
        {"uri": "a", "function_uri": "https://api.example.com/", "ca_file": "Cargo.toml"},
        {"uri": "/b", "function_uri": "https://api.example.com/", "ca_file": "none.pem", "tiemout": 1},
    ]});
    assert_eq!(
        check(&bad.to_string(), Path::new(HERE)).problems,
        [
            "routes[0].uri: must start with \"/\"",
            "routes[0].ca_file: holds no certificate in PEM",
            "routes[1].ca_file: cannot be read: entity not found",
            "routes[1].tiemout: unknown field, did you mean \"timeout\"?",
        ]
    );
    assert_eq!(
        check("{", Path::new(HERE)).problems,
        ["config: invalid JSON at line 1 column 1: EOF while parsing an object"]
    );
}

#[test]
fn a_route_that_keeps_requests_from_a_broader_one_is_told() {
    let routes = json!([
        {"uri": "/*", "function": {"name": "a"}},
        {"uri": "/api/*", "function": {"name": "b"}, "methods": ["GET"]},
        {"uri": "/off", "function": {"name": "c"}, "enabled": false, "hosts": ["x.example.com"]},
        {"uri": "/twice", "function": {"name": "d"}, "enabled": false},
        {"uri": "/twice", "function": {"name": "e"}},
        {"uri": "/both", "function": {"name": "f"}, "methods": ["GET"]},
        {"uri": "/both", "function": {"name": "g"}, "methods": ["POST"], "priority": -1},
    ]);
    let said = |compat: serde_json::Value| {
        let table = json!({"version": 1, "compat": compat, "routes": routes});
        let report = check(&table.to_string(), Path::new(HERE));
        assert_eq!(report.problems, [""; 0]);
        report.remarks
    };
    assert_eq!(
        said(json!(null)),
        [
            "routes[1].methods: other methods are a 405 and do not go to routes[0]",
            "routes[2]: is off, so what it matches is a 404 and does not go to routes[0]",
            "routes[5].methods: other methods are a 405 and do not go to routes[0]",
        ]
    );
    assert_eq!(said(json!("apisix")), [""; 0]);
}

/// Converts, and lets the result pass the check.
fn converted(text: &str) -> Converted {
    let converted = from_apisix(text).unwrap();
    let report = check(&converted.table.to_string(), Path::new(HERE));
    assert_eq!(report.problems, [""; 0], "{}", converted.table);
    converted
}

#[test]
fn a_route_of_apisix_keeps_every_setting_and_default() {
    let route = json!({
        "uri": "/aws/*",
        "plugins": {"aws-lambda": {
            "function_uri": "https://a1.execute-api.us-east-1.amazonaws.com/dev",
            "authorization": {"apikey": "k", "iam": {"accesskey": "A", "secretkey": "S"}},
        }},
    });
    let Converted { table, warnings } = converted(&route.to_string());
    assert_eq!(
        table,
        json!({"version": 1, "compat": "apisix", "routes": [{
            "uri": "/aws/*",
            "function_uri": "https://a1.execute-api.us-east-1.amazonaws.com/dev",
            "authorization": {"apikey": "k", "iam": {
                "accesskey": "A", "secretkey": "S", "aws_region": "us-east-1", "service": "execute-api",
            }},
            "timeout": 3000, "connect_timeout": 3000, "keepalive": true, "keepalive_timeout": 60_000, "keepalive_pool": 5,
            "max_req_body_size": 67_108_864,
        }]})
    );
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn an_apisix_yaml_becomes_a_table_and_tells_what_is_lost() {
    let Converted { table, warnings } = converted(
        r#"
routes:
  - id: 7
    name: my orders
    uris: [/orders, /orders/:id/*]
    hosts: ["*.example.com"]
    methods: [GET, POST, PURGE]
    priority: 3
    status: 0
    vars: [["arg_a", "==", "1"]]
    upstream: {nodes: {}}
    enable_websocket: true
    plugins:
      key-auth: {}
      aws-lambda:
        function_uri: "http://internal.example.com/x?stage=1"
        authorization:
          apikey: $env://ORDERS_KEY
          iam: {accesskey: $secret://vault/1/a/b, secretkey: S, aws_region: eu-west-1, service: lambda}
        timeout: 1000000
        ssl_verify: false
        keepalive: false
        retries: 2
  - id: other
    uri: /other
    plugins: {proxy-rewrite: {}}
  - id: off
    uri: /off
    plugins: {aws-lambda: {_meta: {disable: true}, function_uri: "https://x.example.com"}}
#END
"#,
    );
    let route = |name: &str, uri: &str| {
        json!({
            "name": name, "uri": uri, "hosts": ["*.example.com"], "methods": ["GET", "POST"], "priority": 3,
            "enabled": false, "function_uri": "http://internal.example.com/x",
            "authorization": {"apikey": {"env": "ORDERS_KEY"}, "iam": {
                "accesskey": {"env": "APISIX_MY_ORDERS_ACCESSKEY"}, "secretkey": "S", "aws_region": "eu-west-1", "service": "lambda",
            }},
            "timeout": 900_000, "connect_timeout": 900_000, "keepalive": false, "keepalive_timeout": 60_000,
            "keepalive_pool": 5, "max_req_body_size": 67_108_864,
        })
    };
    assert_eq!(
        table,
        json!({"version": 1, "compat": "apisix", "allow_http": true, "routes": [
            route("my-orders", "/orders"), route("my-orders-2", "/orders/:id/*"),
        ]})
    );
    assert_eq!(
        warnings,
        [
            "route \"my orders\": the plugin key-auth is dropped: what it did is done no longer",
            "route \"my orders\": enable_websocket is dropped",
            "route \"my orders\": vars is dropped: it takes more requests than before",
            "route \"my orders\": [\"PURGE\"] are not forwarded",
            "route \"my orders\": aws-lambda.retries is dropped: the plugin has no such setting",
            "route \"my orders\": its function_uri is plain HTTP: whoever is on the way reads and changes its requests",
            "route \"my orders\": the query of function_uri is dropped: APISIX does not send it",
            "route \"my orders\": accesskey stood in a secret manager of APISIX: put it into APISIX_MY_ORDERS_ACCESSKEY, or name a secret_arn",
            "route \"my orders\": aws-lambda.timeout becomes 900000, the most that there is",
            "route \"my orders\": ssl_verify: false is dropped: certificates are always verified; name a private authority with ca_file",
            "route \"my orders\": \":id\" in its uri is taken literally",
            "route \"other\": left out: it has no plugin aws-lambda",
            "route \"off\": left out: its plugin aws-lambda is disabled",
        ]
    );
}

#[test]
fn answers_of_the_admin_api_are_routes_too() {
    let route = |id: &str| {
        json!({"id": id, "uri": format!("/{id}"), "create_time": 1, "plugins": {"aws-lambda": {
            "function_uri": "https://abc.lambda-url.eu-west-1.on.aws/", "authorization": {"iam": {"accesskey": "A", "secretkey": "S"}},
        }}})
    };
    let many = json!({"total": 2, "list": [
        {"key": "/apisix/routes/1", "value": route("1")},
        {"key": "/apisix/routes/2", "value": route("2")},
    ]});
    let result = converted(&many.to_string());
    assert_eq!(result.table["routes"][1]["name"], "2");
    assert_eq!(
        &result.warnings[..2],
        [
            "route \"1\": it signs for aws_region \"us-east-1\", as APISIX does, but its host says \"eu-west-1\"",
            "route \"1\": it signs for service \"execute-api\", as APISIX does, but its host says \"lambda\"",
        ]
    );
    for one in [
        json!({"key": "/apisix/routes/1", "value": route("1")}),
        json!([route("1")]),
    ] {
        assert_eq!(converted(&one.to_string()).table["routes"].as_array().unwrap().len(), 1);
    }
    for (text, problem) in [
        ("{", "invalid JSON: EOF while parsing an object at line 1 column 1"),
        ("routes: []", "no route with the plugin aws-lambda"),
        ("just text", "no route with the plugin aws-lambda"),
        (
            "{\"uri\": \"/x\"}",
            "no route with the plugin aws-lambda is left: route \"/x\": left out: it has no plugin aws-lambda",
        ),
    ] {
        assert_eq!(from_apisix(text).unwrap_err(), problem);
    }
}

/// The plugin's own misnamed field of the seed's documentation is told by the check.
#[test]
fn a_misnamed_field_is_left_to_the_check() {
    let route = json!({"uri": "/x", "plugins": {"aws-lambda": {
        "function_uri": "https://x.example.com", "authorization": {"iam": {"accesskey": "A", "secret_key": "S"}},
    }}});
    let table = from_apisix(&route.to_string()).unwrap().table;
    assert_eq!(
        check(&table.to_string(), Path::new(HERE)).problems,
        [
            "routes[0].authorization.iam.secretkey: required with accesskey",
            "routes[0].authorization.iam.secret_key: unknown field, did you mean \"secretkey\"?",
        ]
    );
}
