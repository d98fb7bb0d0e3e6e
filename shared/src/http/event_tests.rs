//! Events of every front, what hostile ones give, and the comparison with the reading of `lambda_http`.

use lambda_http::RequestExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::pairs;
use super::*;

fn read_json(event: &Value) -> Result<Inbound, Unreadable> {
    read(&event.to_string())
}

fn alb() -> Value {
    json!({"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/6d0e"}},
        "httpMethod": "POST", "path": "/v2//room/Dev%20Ops%2FX/", "queryStringParameters": {"b": "p+q", "a": "a%26b%3Dc"},
        "headers": {"content-type": "application/json", "host": "api.hipchat.com"}, "body": "{\"a\": 1}",
        "isBase64Encoded": false})
}

fn v1() -> Value {
    json!({"version": "1.0", "resource": "/{proxy+}", "path": "/a/b", "httpMethod": "GET",
        "headers": {"X-M": "2", "Host": "h", "X-Only": "o"}, "multiValueHeaders": {"X-M": ["1", "2"], "Host": ["h"]},
        "queryStringParameters": {"k": "v w"}, "multiValueQueryStringParameters": {"k": ["é&", "v w"]},
        "requestContext": {"stage": "prod", "requestId": "r-1", "httpMethod": "GET", "accountId": "123456789012",
            "apiId": "a1b2c3d4e5", "resourceId": "x", "resourcePath": "/{proxy+}", "path": "/prod/a/b", "identity": {"sourceIp": "203.0.113.9"}},
        "body": null, "isBase64Encoded": false})
}

fn v2() -> Value {
    json!({"version": "2.0", "routeKey": "$default", "rawPath": "/prod/a%20b", "rawQueryString": "b=2&a=1&a=%2F",
        "cookies": ["a=1", "b=2"], "headers": {"host": "x.execute-api.eu-west-1.amazonaws.com", "x-m": "1,2"},
        "requestContext": {"stage": "prod", "requestId": "r-2", "accountId": "123456789012", "apiId": "h7x9k2m4p6",
            "routeKey": "$default", "time": "09/Oct/2025:08:53:20 +0000", "timeEpoch": 1_760_000_000_000_u64, "domainName": "x.execute-api.eu-west-1.amazonaws.com",
            "http": {"method": "POST", "path": "/prod/a b", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"}},
        "body": "AP8=", "isBase64Encoded": true})
}

#[test]
fn a_load_balancer_event_keeps_path_and_query_as_sent() {
    let inbound = read_json(&alb()).unwrap();
    assert_eq!(inbound.context.front, Front::AlbSingleValue);
    assert_eq!(inbound.context.raw_path, "/v2//room/Dev%20Ops%2FX/");
    assert_eq!(inbound.request.uri(), "/v2//room/Dev%20Ops%2FX/?a=a%26b%3Dc&b=p+q");
    assert_eq!(inbound.request.method(), "POST");
    assert_eq!(inbound.request.headers()["host"], "api.hipchat.com");
    assert_eq!(inbound.request.body().as_ref(), b"{\"a\": 1}");
}

#[test]
fn the_order_of_the_document_is_kept() {
    let text = alb()
        .to_string()
        .replace(r#"{"a":"a%26b%3Dc","b":"p+q"}"#, r#"{"z":"1","a":"2","z2":"3"}"#);
    assert_eq!(read(&text).unwrap().request.uri().query(), Some("z=1&a=2&z2=3"));
}

#[test]
fn multi_value_headers_and_queries_keep_every_value() {
    let mut event = alb();
    event["headers"].take();
    event["queryStringParameters"].take();
    event["multiValueHeaders"] = json!({"x-m": ["1", "2"], "host": ["h"]});
    event["multiValueQueryStringParameters"] = json!({"auth_token": ["", "t%2BA"], "q": ["1"]});
    let inbound = read_json(&event).unwrap();
    assert_eq!(inbound.context.front, Front::AlbMultiValue);
    assert_eq!(inbound.request.uri().query(), Some("auth_token=&auth_token=t%2BA&q=1"));
    let values: Vec<_> = inbound.request.headers().get_all("x-m").iter().collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn format_1_loses_no_repeated_header_and_encodes_the_decoded_query() {
    let inbound = read_json(&v1()).unwrap();
    assert_eq!(inbound.context.front, Front::ApiGatewayV1);
    let headers = inbound.request.headers();
    assert_eq!(headers.get_all("x-m").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(headers["x-only"], "o");
    assert_eq!(inbound.request.uri(), "/a/b?k=%C3%A9%26&k=v%20w");
    assert_eq!(inbound.context.source_ip.as_deref(), Some("203.0.113.9"));
    assert_eq!(inbound.context.request_id.as_deref(), Some("r-1"));
    assert!(inbound.request.body().is_empty());
}

#[test]
fn format_2_keeps_query_order_and_drops_the_stage() {
    let inbound = read_json(&v2()).unwrap();
    assert_eq!(inbound.context.front, Front::ApiGatewayV2);
    assert_eq!(inbound.context.raw_path, "/prod/a%20b");
    assert_eq!(inbound.request.uri(), "/a%20b?b=2&a=1&a=%2F");
    assert_eq!(inbound.request.headers()["cookie"], "a=1; b=2");
    assert_eq!(inbound.request.body().as_ref(), [0, 255]);
    let mut event = v2();
    event["requestContext"]["domainName"] = json!("abc.lambda-url.eu-west-1.on.aws");
    event["requestContext"]["stage"] = json!("$default");
    let inbound = read_json(&event).unwrap();
    assert_eq!(inbound.context.front, Front::FunctionUrl);
    assert_eq!(inbound.request.uri().path(), "/prod/a%20b");
}

#[test]
fn a_domain_of_ones_own_is_no_function_url() {
    for (domain, front) in [
        ("abc.lambda-url.eu-west-1.on.aws", Front::FunctionUrl),
        (
            "abc.lambda-url.cn-north-1.on.amazonwebservices.com.cn",
            Front::FunctionUrl,
        ),
        ("abc.lambda-url.cn-north-1.on.aws", Front::FunctionUrl),
        ("abc.lambda-url.example.com", Front::ApiGatewayV2),
        ("abc.lambda-url.eu-west-1.on.aws.example.com", Front::ApiGatewayV2),
        ("abc.lambda-url.eu-west-1.example.com", Front::ApiGatewayV2),
        ("x.abc.lambda-url.eu-west-1.on.aws", Front::ApiGatewayV2),
        ("lambda-url", Front::ApiGatewayV2),
        ("", Front::ApiGatewayV2),
    ] {
        let mut event = v2();
        event["requestContext"]["domainName"] = json!(domain);
        assert_eq!(read_json(&event).unwrap().context.front, front, "{domain}");
    }
}

#[test]
fn only_a_whole_segment_is_a_stage() {
    assert_eq!(without_stage("/prod", Some("prod")), "/");
    assert_eq!(without_stage("/prod/x", Some("prod")), "/x");
    assert_eq!(without_stage("/production/x", Some("prod")), "/production/x");
    assert_eq!(without_stage("/x/prod", Some("prod")), "/x/prod");
    assert_eq!(without_stage("/$default/x", Some("$default")), "/$default/x");
    assert_eq!(without_stage("/x", None), "/x");
}

#[test]
fn a_health_check_without_host_is_read() {
    let event = json!({"requestContext": {"elb": {"targetGroupArn": "arn:x"}}, "httpMethod": "GET", "path": "/",
        "queryStringParameters": {}, "headers": {"user-agent": "ELB-HealthChecker/2.0"}, "body": "", "isBase64Encoded": false});
    let inbound = read_json(&event).unwrap();
    assert_eq!(inbound.request.uri(), "/");
    assert_eq!(inbound.request.headers().len(), 1);
}

#[test]
fn null_members_are_absent_members() {
    let mut event = alb();
    for name in [
        "queryStringParameters",
        "headers",
        "body",
        "isBase64Encoded",
        "multiValueHeaders",
    ] {
        event[name] = Value::Null;
    }
    let inbound = read_json(&event).unwrap();
    assert_eq!(inbound.context.front, Front::AlbSingleValue);
    assert!(inbound.request.headers().is_empty() && inbound.request.uri().query().is_none());
}

#[test]
fn what_cannot_be_read_still_tells_the_front() {
    let check = |mut event: Value, pointer: &str, value: Value, front: Front, reason: &str| {
        *event.pointer_mut(pointer).unwrap() = value.clone();
        let refused = read_json(&event).unwrap_err();
        assert_eq!((refused.front, refused.reason), (front, reason), "{pointer} = {value}");
    };
    check(
        alb(),
        "/headers",
        json!({"a b": "x"}),
        Front::AlbSingleValue,
        "bad_header",
    );
    check(
        alb(),
        "/headers",
        json!({"a": "x\r\ny: z"}),
        Front::AlbSingleValue,
        "bad_header",
    );
    check(
        alb(),
        "/headers",
        json!({"a": 5}),
        Front::AlbSingleValue,
        "malformed_event",
    );
    check(alb(), "/headers", json!([]), Front::AlbSingleValue, "malformed_event");
    check(alb(), "/path", json!(""), Front::AlbSingleValue, "bad_path");
    check(alb(), "/path", json!("http://evil/"), Front::AlbSingleValue, "bad_path");
    check(alb(), "/path", json!(7), Front::AlbSingleValue, "malformed_event");
    check(alb(), "/httpMethod", json!("GE T"), Front::AlbSingleValue, "bad_method");
    check(alb(), "/httpMethod", Value::Null, Front::AlbSingleValue, "bad_method");
    check(
        alb(),
        "/isBase64Encoded",
        json!(true),
        Front::AlbSingleValue,
        "bad_body",
    );
    check(
        alb(),
        "/isBase64Encoded",
        json!("yes"),
        Front::AlbSingleValue,
        "bad_body",
    );
    check(alb(), "/body", json!({}), Front::AlbSingleValue, "bad_body");
    check(v1(), "/body", json!([1]), Front::ApiGatewayV1, "bad_body");
    check(v2(), "/cookies", json!("a=1"), Front::ApiGatewayV2, "malformed_event");
    check(v2(), "/cookies/0", json!("a\n=1"), Front::ApiGatewayV2, "bad_header");
    for event in [
        "[]",
        "null",
        "5",
        "\"x\"",
        "{}",
        "{",
        "",
        "{\"requestContext\": 5}",
        "{\"version\": \"2.0\"}",
    ] {
        assert_eq!(read(event).unwrap_err().front, Front::Unknown, "{event}");
    }
}

#[test]
fn a_target_that_no_uri_can_hold_is_escaped_or_refused() {
    let mut event = alb();
    event["path"] = json!("/a b/é/\u{0}\"<>");
    event["queryStringParameters"] = json!({"a b": "c#d é"});
    let inbound = read_json(&event).unwrap();
    assert_eq!(inbound.request.uri(), "/a%20b/%C3%A9/%00%22%3C%3E?a%20b=c%23d%20%C3%A9");
    event["path"] = json!(format!("/{}", "a".repeat(70_000)));
    assert_eq!(read_json(&event).unwrap_err().reason, "bad_path");
}

/// The pairs, headers and body of a well-formed event, as `lambda_http` reads it.
fn oracle(event: &Value) -> (String, Vec<(String, String)>, Vec<u8>) {
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let mut query: Vec<(String, String)> = request
        .query_string_parameters()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    query.sort();
    (
        request.raw_http_path().to_owned(),
        query,
        request.body().as_ref().to_vec(),
    )
}

#[test]
fn well_formed_events_read_as_lambda_http_reads_them() {
    let mut url = v2();
    url["requestContext"]["domainName"] = json!("abc.lambda-url.eu-west-1.on.aws");
    for event in [alb(), v1(), url, v2()] {
        let ours = read_json(&event).unwrap();
        let (path, query, body) = oracle(&event);
        assert_eq!(ours.context.raw_path, path);
        let mut pairs: Vec<_> = pairs(ours.request.uri().query().unwrap_or_default().as_bytes()).collect();
        pairs.sort();
        assert_eq!(pairs, query);
        assert_eq!(ours.request.body().as_ref(), body);
    }
}

/// Any JSON value, with the names that events use as likely member names.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("2.0")),
        Just(json!("GET")),
        Just(json!("/a%2")),
    ];
    let name = prop_oneof![
        proptest::sample::select(vec![
            "version",
            "httpMethod",
            "path",
            "rawPath",
            "rawQueryString",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "headers",
            "multiValueHeaders",
            "cookies",
            "requestContext",
            "elb",
            "http",
            "method",
            "stage",
            "domainName",
            "identity",
            "sourceIp",
            "body",
            "isBase64Encoded",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..12)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn more_headers_than_a_map_holds_are_refused() {
    let names = |count: usize| -> Value { (0..count).map(|at| (format!("x-{at}"), json!("1"))).collect() };
    for count in [20_000, 25_000, 40_000, 100_000] {
        let mut event = alb();
        event["headers"] = names(count);
        let read = read_json(&event).map(|inbound| inbound.request.headers().len());
        match count {
            20_000 => assert_eq!(read.unwrap(), count),
            _ => assert_eq!(read.unwrap_err().reason, "bad_header"),
        }
    }
}

proptest! {
    #[test]
    fn no_event_makes_the_front_door_panic(event in any_json()) {
        if let Err(refused) = read_json(&event) {
            prop_assert_eq!(refused.answer().status(), 400);
        }
    }

    #[test]
    fn no_text_makes_the_front_door_panic(event in any::<String>()) {
        prop_assert_eq!(read(&event).map(|_| ()).unwrap_err().front, Front::Unknown);
    }

    #[test]
    fn any_path_and_query_of_a_load_balancer_arrive(path in any::<String>(), name in any::<String>(), value in any::<String>()) {
        let mut event = alb();
        event["path"] = json!(format!("/{path}"));
        event["queryStringParameters"] = json!({&name: &value});
        let inbound = read_json(&event).unwrap();
        prop_assert_eq!(inbound.context.raw_path, format!("/{path}"));
        prop_assert!(inbound.request.uri().to_string().is_ascii());
    }

    #[test]
    fn any_query_of_format_1_survives(name in "[^\u{fffd}]{1,20}", value in "[^\u{fffd}]{0,20}") {
        let mut event = v1();
        event["multiValueQueryStringParameters"] = json!({&name: [&value, "x"]});
        let inbound = read_json(&event).unwrap();
        let read: Vec<_> = pairs(inbound.request.uri().query().unwrap_or_default().as_bytes()).collect();
        prop_assert_eq!(read, vec![(name.clone(), value), (name, "x".to_owned())]);
    }
}
