//! The gateway on a real socket, with authorizers that answer what a test wants.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::*;

mod events;
mod kept;

const API: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5";

fn policy(effect: &str, resource: &str) -> Value {
    json!({
        "principalId": "alice",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}],
        },
        "context": {"scope": "hello", "exp": 7},
    })
}

fn responding(reply: &Value) -> Invoked {
    Invoked::Response(reply.to_string().into())
}

fn always(outcome: Invoked) -> Function {
    Function::from_fn("authorizer", move |_| std::future::ready(outcome.clone()))
}

async fn start(options: GatewayOptions) -> Gateway {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Gateway::start(listener, options).expect("an API")
}

/// A response as one line: status, the error type if there is one, body.
async fn send(gateway: &Gateway, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let method = method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, format!("http://{}{path}", gateway.server.address()));
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.send().await.expect("an answer");
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
    };
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert!(header("x-amzn-requestid").is_some() || header("apigw-requestid").is_some());
    let error_type = header("x-amzn-errortype")
        .map(|name| format!(" ({name})"))
        .unwrap_or_default();
    let status = response.status().as_u16();
    format!("{status}{error_type} {}", response.text().await.expect("a body"))
}

async fn get(gateway: &Gateway, path: &str) -> String {
    send(gateway, "GET", path, &[("authorization", "Bearer t")]).await
}

#[tokio::test]
async fn a_rest_apis_outcomes() {
    let init = Function::new(crate::function::FunctionOptions::new("none", "/nowhere"))
        .warm()
        .await
        .expect_err("no program");
    let broken = "500 (AuthorizerConfigurationException) {\"message\":null}";
    for (outcome, expected) in [
        (
            responding(&policy("Allow", &format!("{API}/prod/GET/hello"))),
            r#"200 {"context":{"exp":"7","scope":"hello"},"message":"hello","method":"GET","path":"/hello","principalId":"alice"}"#,
        ),
        (
            responding(&policy("Deny", "*")),
            r#"403 (AccessDeniedException) {"Message":"User is not authorized to access this resource with an explicit deny"}"#,
        ),
        (
            responding(&policy("Allow", &format!("{API}/prod/POST/*"))),
            r#"403 (AccessDeniedException) {"Message":"User is not authorized to access this resource"}"#,
        ),
        (
            Invoked::function_error("Any", "Unauthorized"),
            r#"401 (UnauthorizedException) {"message":"Unauthorized"}"#,
        ),
        (Invoked::function_error("Unauthorized", "Unauthorized: expired"), broken),
        (Invoked::function_error("Unauthorized", "unauthorized"), broken),
        (Invoked::TimedOut { message: "m".into() }, broken),
        (
            Invoked::Crashed {
                message: "Unauthorized".into(),
            },
            broken,
        ),
        (Invoked::InitFailed(init), broken),
        (Invoked::Throttled, broken),
        (responding(&json!({"isAuthorized": true})), broken),
        (responding(&policy("allow", "*")), broken),
        (responding(&Value::Null), broken),
    ] {
        let gateway = start(GatewayOptions::new(Api::RestToken, always(outcome.clone()))).await;
        assert_eq!(get(&gateway, "/prod/hello").await, expected, "{outcome:?}");
    }
}

#[tokio::test]
async fn an_http_apis_outcomes() {
    let denied = r#"403 {"message":"Forbidden"}"#;
    let broken = r#"500 {"message":"Internal Server Error"}"#;
    let hello = r#"{"message":"hello","method":"GET","path":"/hello","principalId":"#;
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/hello";
    for (api, outcome, expected) in [
        (
            Api::HttpSimple,
            responding(&json!({"isAuthorized": true, "context": {"list": [1]}})),
            format!(r#"200 {{"context":{{"list":[1]}},{}null}}"#, &hello[1..]),
        ),
        (
            Api::HttpSimple,
            responding(&json!({"isAuthorized": false})),
            denied.to_owned(),
        ),
        (Api::HttpSimple, responding(&policy("Allow", "*")), broken.to_owned()),
        (
            Api::HttpPolicy,
            responding(&policy("Allow", arn)),
            format!(
                r#"200 {{"context":{{"exp":7,"scope":"hello"}},{}"alice"}}"#,
                &hello[1..]
            ),
        ),
        (Api::HttpPolicy, responding(&policy("Deny", "*")), denied.to_owned()),
        (Api::HttpPolicy, responding(&policy("Allow", "x")), denied.to_owned()),
        (
            Api::HttpPolicy,
            responding(&json!({"isAuthorized": true})),
            broken.to_owned(),
        ),
        (
            Api::HttpSimple,
            Invoked::function_error("Any", "Unauthorized"),
            r#"401 {"message":"Unauthorized"}"#.to_owned(),
        ),
        (
            Api::HttpSimple,
            Invoked::function_error("Any", "other"),
            broken.to_owned(),
        ),
        (Api::HttpSimple, Invoked::Throttled, broken.to_owned()),
    ] {
        let gateway = start(GatewayOptions::new(api, always(outcome.clone()))).await;
        assert_eq!(get(&gateway, "/hello").await, expected, "{api:?} {outcome:?}");
    }
}

#[tokio::test]
async fn what_never_reaches_the_authorizer() {
    let never = Function::from_fn("never", |event| async move { panic!("invoked with {event:?}") });
    let rest = start(GatewayOptions::new(Api::RestToken, never.clone())).await;
    let http = start(GatewayOptions::new(Api::HttpSimple, never)).await;
    let no_token = r#"401 (UnauthorizedException) {"message":"Unauthorized"}"#;
    assert_eq!(send(&rest, "GET", "/prod/hello", &[]).await, no_token);
    assert_eq!(
        send(&rest, "GET", "/prod/hello", &[("authorization", "")]).await,
        no_token
    );
    assert_eq!(
        send(&http, "GET", "/hello", &[]).await,
        r#"401 {"message":"Unauthorized"}"#
    );
    let no_route = r#"403 (MissingAuthenticationTokenException) {"message":"Missing Authentication Token"}"#;
    assert_eq!(get(&rest, "/prod/other").await, no_route);
    assert_eq!(send(&rest, "PUT", "/prod/hello", &[]).await, no_route);
    assert_eq!(
        get(&rest, "/hello").await,
        r#"403 (ForbiddenException) {"message":"Forbidden"}"#
    );
    assert_eq!(
        get(&rest, "/production/hello").await,
        r#"403 (ForbiddenException) {"message":"Forbidden"}"#
    );
    assert_eq!(get(&http, "/prod/hello").await, r#"404 {"message":"Not Found"}"#);
    assert_eq!(
        send(&http, "DELETE", "/hello", &[]).await,
        r#"404 {"message":"Not Found"}"#
    );
    let long = format!("/prod/hello/{}", "x".repeat(1600));
    assert!(get(&rest, &long).await.starts_with("414 "));
}

#[tokio::test]
async fn an_authorizer_that_takes_too_long() {
    let function = Function::from_fn("slow", |_| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Invoked::Throttled
    });
    let options = GatewayOptions::new(Api::HttpSimple, function.clone());
    let gateway = start(GatewayOptions {
        authorizer_limit: Duration::from_millis(50),
        ..options
    })
    .await;
    assert_eq!(
        get(&gateway, "/hello").await,
        r#"500 {"message":"Internal Server Error"}"#
    );
    assert_eq!(
        function.log().text(),
        "API Gateway: 500, the authorizer took too long\n"
    );
}

/// An authorizer that counts, keeps the last event, and answers by the token: `Bearer <effect> <resource>`.
fn counting() -> (Function, Arc<(AtomicUsize, Mutex<Value>)>) {
    let seen = Arc::new((AtomicUsize::new(0), Mutex::new(Value::Null)));
    let (keep, count) = (seen.clone(), seen.clone());
    let function = Function::from_fn("authorizer", move |event| {
        count.0.fetch_add(1, Ordering::SeqCst);
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        let token = event["authorizationToken"]
            .as_str()
            .or_else(|| event["headers"]["authorization"].as_str());
        let words: Vec<String> = token.unwrap_or_default().split(' ').map(str::to_owned).collect();
        *keep.1.lock().expect("no panic") = event;
        std::future::ready(match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["Bearer", effect, resource] => responding(&policy(effect, resource)),
            _ => Invoked::function_error("Unauthorized", "Unauthorized"),
        })
    });
    (function, seen)
}
