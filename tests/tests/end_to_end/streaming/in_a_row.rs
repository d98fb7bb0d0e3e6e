//! Two invokers in a row, the second behind Lambda's service: what it reports in the middle of its own stream breaks the
//! first one's off.

use std::time::Duration;

use local::front::{Kind, Transfer, WebFront};
use local::function::Function;
use local::standin::Deployment;
use serde_json::{Value, json};

use super::{PIECE, serve};
use crate::invoker_faults::{options, route};
use crate::lambda_service::{key, service};
use crate::stage::listener;

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_is_reported_in_the_middle_is_passed_on() {
    let upstream = listener().await;
    let base = format!("http://{}/", upstream.local_addr().unwrap());
    tokio::spawn(serve(upstream));
    let lambda = service().await;
    let streaming = |routes: &Value| options(routes, key("ASIATEST")).env("INVOKER_STREAMING_FRONTS", "function-url");
    let inner = json!([{"uri": "/*", "function_uri": base, "timeout": 10_000}]);
    let inner = local::function::FunctionOptions {
        name: "hello".to_owned(),
        ..streaming(&inner)
    };
    lambda.deploy(Deployment::new(inner));
    let mut outer = route("/*", &lambda, &json!({}));
    outer["function"]["invocation"] = "response_stream".into();
    let outer = Function::new(streaming(&json!([outer])));
    let listener = listener().await;
    let front = WebFront::start(listener, Kind::FunctionUrl, Transfer::Streamed, outer.clone()).unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    let client = client.build().unwrap();
    let get = async |path: &str| client.get(format!("{}{path}", front.url())).send().await.unwrap();

    let answer = get("/small").await;
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.bytes().await.unwrap().len(), PIECE);

    let answer = get("/half").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    let log = outer.log();
    let told = |line: &local::function::LogLine| line.text.contains("\"reason\":\"function_error\"");
    let line = log.wait_for(Duration::from_secs(5), told).await;
    let line = line.unwrap_or_else(|| panic!("{}", log.text()));
    let line: Value = serde_json::from_str(&line.text).unwrap();
    assert_eq!(
        (&line["cut"], &line["upstream_error"]),
        (&json!(true), &json!("bad_upstream_response")),
        "{line}"
    );
}
