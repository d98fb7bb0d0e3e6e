//! The events that authorizers get, whole.

use serde_json::{Value, json};

use super::*;

/// The event of a request, with what changes from one to the next replaced.
async fn event_of(api: Api, path: &str, headers: &[(&str, &str)]) -> Value {
    let (function, seen) = counting();
    let routes = ["GET /orders/{id}", "ANY /hello/{proxy+}"]
        .map(|route| route.parse().expect("a route"))
        .to_vec();
    let gateway = start(GatewayOptions {
        routes,
        ..GatewayOptions::new(api, function)
    })
    .await;
    send(&gateway, "GET", path, headers).await;
    let mut event = seen.1.lock().expect("no panic").clone();
    let context = event["requestContext"].clone();
    for (member, pointer) in [
        ("requestId", "/requestContext/requestId"),
        ("extendedRequestId", "/requestContext/extendedRequestId"),
        ("requestTime", "/requestContext/requestTime"),
        ("requestTimeEpoch", "/requestContext/requestTimeEpoch"),
        ("time", "/requestContext/time"),
        ("timeEpoch", "/requestContext/timeEpoch"),
        ("trace", "/headers/X-Amzn-Trace-Id"),
        ("trace", "/multiValueHeaders/X-Amzn-Trace-Id/0"),
        ("trace", "/headers/x-amzn-trace-id"),
    ] {
        if let Some(value) = event.pointer_mut(pointer) {
            assert!(!value.is_null() && *value != "" && *value != 0, "{member}");
            *value = json!(member);
        }
    }
    if let (Some(at), Some(time)) = (context["timeEpoch"].as_u64(), context["time"].as_str()) {
        assert_eq!(crate::clock::request_time(at), time);
    }
    event
}

#[track_caller]
fn check(actual: &Value, expected: &str) {
    assert_eq!(
        *actual,
        serde_json::from_str::<Value>(expected).expect("JSON"),
        "{actual:#}"
    );
}

#[tokio::test]
async fn the_token_event() {
    let event = event_of(
        Api::RestToken,
        "/prod/hello/a%2Fb//*?x=1",
        &[("authorization", "Basic x"), ("authorization", "Bearer Allow *")],
    )
    .await;
    check(
        &event,
        r#"{"type":"TOKEN","authorizationToken":"Bearer Allow *",
            "methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/hello/a%2Fb//*"}"#,
    );
}

#[tokio::test]
async fn the_request_event() {
    let headers = [
        ("host", "api.example.com"),
        ("authorization", "Bearer Allow *"),
        ("x-a", "1"),
        ("x-a", "2"),
        ("user-agent", "curl/8.9.1"),
    ];
    let event = event_of(
        Api::RestRequest,
        "/prod/orders/4%202?expand=lines&expand=b%20c",
        &headers,
    )
    .await;
    check(
        &event,
        r#"{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/4%202",
            "resource":"/orders/{id}","path":"/orders/4%202","httpMethod":"GET",
            "headers":{"Accept":"*/*","Authorization":"Bearer Allow *","Host":"api.example.com","User-Agent":"curl/8.9.1","X-A":"2",
              "X-Amzn-Trace-Id":"trace","X-Forwarded-For":"127.0.0.1","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"},
            "multiValueHeaders":{"Accept":["*/*"],"Authorization":["Bearer Allow *"],"Host":["api.example.com"],"User-Agent":["curl/8.9.1"],
              "X-A":["1","2"],"X-Amzn-Trace-Id":["trace"],"X-Forwarded-For":["127.0.0.1"],"X-Forwarded-Port":["443"],"X-Forwarded-Proto":["https"]},
            "queryStringParameters":{"expand":"b c"},"multiValueQueryStringParameters":{"expand":["lines","b c"]},
            "pathParameters":{"id":"4 2"},"stageVariables":{},
            "requestContext":{"path":"/prod/orders/4%202","accountId":"123456789012","resourceId":"05c7jb","stage":"prod",
              "requestId":"requestId","extendedRequestId":"extendedRequestId","requestTime":"requestTime","requestTimeEpoch":"requestTimeEpoch",
              "protocol":"HTTP/1.1","domainName":"api.example.com","resourcePath":"/orders/{id}","httpMethod":"GET","apiId":"a1b2c3d4e5",
              "identity":{"apiKey":null,"apiKeyId":null,"sourceIp":"127.0.0.1","userAgent":"curl/8.9.1"}}}"#,
    );
}

#[tokio::test]
async fn the_http_event() {
    let headers = [
        ("host", "api.example.com:8084"),
        ("authorization", "Bearer a"),
        ("authorization", "Bearer b"),
        ("cookie", "sid=abc; theme=dark"),
        ("user-agent", "curl/8.9.1"),
    ];
    let event = event_of(
        Api::HttpPolicy,
        "/orders/4%202%3Fcut?expand=lines&expand=b%20c",
        &headers,
    )
    .await;
    check(
        &event,
        r#"{"version":"2.0","type":"REQUEST","routeArn":"arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/orders/{id}",
            "identitySource":["Bearer a,Bearer b"],"routeKey":"GET /orders/{id}","rawPath":"/orders/4 2","rawQueryString":"expand=lines&expand=b%20c",
            "cookies":["sid=abc","theme=dark"],
            "headers":{"accept":"*/*","authorization":"Bearer a,Bearer b","host":"api.example.com:8084","user-agent":"curl/8.9.1",
              "x-amzn-trace-id":"trace","x-forwarded-for":"127.0.0.1","x-forwarded-port":"443","x-forwarded-proto":"https"},
            "queryStringParameters":{"expand":"lines,b c"},"pathParameters":{"id":"4 2"},
            "requestContext":{"accountId":"123456789012","apiId":"h7x9k2m4p6","domainName":"api.example.com","domainPrefix":"api",
              "http":{"method":"GET","path":"/orders/4 2","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"curl/8.9.1"},
              "requestId":"requestId","routeKey":"GET /orders/{id}","stage":"$default","time":"time","timeEpoch":"timeEpoch"}}"#,
    );
}
