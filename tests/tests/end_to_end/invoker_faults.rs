//! What goes wrong between the invoker's real binary and a function behind Lambda's service: however it ends, a function
//! never runs twice for one request, and every request gets an answer of its own.

mod concurrency;
mod credentials;
mod target;

use local::function::{Function, FunctionOptions, Invoked};
use local::standin::{AccessKey, Deployment, Lambda};
use serde_json::{Value, json};

use crate::lambda_service::{demo, key, runs, service};
use crate::stage::binaries;

/// A service with the demo function as `hello`.
pub(crate) async fn lambda(change: impl FnOnce(FunctionOptions) -> FunctionOptions) -> Lambda {
    let lambda = service().await;
    lambda.deploy(Deployment::new(change(demo("hello"))));
    lambda
}

/// A route to `hello` that tries three times whatever the method, with more members.
pub(crate) fn route(uri: &str, lambda: &Lambda, more: &Value) -> Value {
    let mut route = json!({
        "uri": uri,
        "timeout": 20_000,
        "retry": {"attempts": 3, "methods": ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"], "base_ms": 1, "max_ms": 5},
        "function": {"name": "hello", "region": "eu-west-1", "endpoint_url": lambda.url()},
    });
    let members = more.as_object().unwrap().clone();
    route.as_object_mut().unwrap().extend(members);
    route
}

/// The invoker with these routes and this key, and half a minute for each event.
pub(crate) fn options(routes: &Value, key: AccessKey) -> FunctionOptions {
    let config = json!({"version": 1, "routes": routes}).to_string();
    let options = FunctionOptions::new("lambda-invoker", binaries().join("lambda-invoker"))
        .env("INVOKER_CONFIG", config)
        .env("AWS_ACCESS_KEY_ID", key.id)
        .env("AWS_SECRET_ACCESS_KEY", key.secret)
        .env("AWS_SESSION_TOKEN", key.session_token.unwrap_or_default());
    FunctionOptions {
        timeout: std::time::Duration::from_secs(30),
        ..options
    }
}

fn invoker(routes: &Value) -> Function {
    Function::new(options(routes, key("ASIATEST")))
}

/// Posts a document through a load balancer; gives status and body.
async fn post(invoker: &Function, path: &str, body: &Value) -> (u64, Value) {
    let event = json!({
        "requestContext": {"elb": {}}, "httpMethod": "POST", "path": path,
        "headers": {"content-type": "application/json"}, "body": body.to_string(), "isBase64Encoded": false,
    });
    let outcome = invoker.invoke(event.to_string().into()).await;
    // What the target printed comes through a pipe and may be later than the answer.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    match outcome {
        Invoked::Response(answer) => {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let body = answer["body"].as_str().unwrap();
            let body = serde_json::from_str(body).unwrap_or_else(|_| body.into());
            (answer["statusCode"].as_u64().unwrap(), body)
        }
        other => panic!("{other:?}\n{}", invoker.log().text()),
    }
}

/// What the demo function was sent, from its echo.
fn echoed(body: &Value) -> Value {
    serde_json::from_str(body["body"].as_str().unwrap_or_default()).unwrap_or_default()
}
