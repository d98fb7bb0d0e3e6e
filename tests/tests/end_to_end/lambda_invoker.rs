//! A load balancer with the invoker behind it, and the functions that it routes to.

use std::time::{Duration, Instant};

use local::function::{Function, FunctionOptions, Invoked, LogLine};
use local::standin::{Fault, Lambda, SecretsManager, Target};
use serde_json::{Value, json};

use crate::stage::{Answer, Stage, binaries, listener};

impl Stage {
    fn invoker(&self, path: &str) -> String {
        format!("{}{path}", self.suite.addresses().invoker_alb.as_ref().unwrap())
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.invoker(path))).await
    }

    fn target(&self) -> &Target {
        self.suite.stand_ins().target.as_ref().unwrap()
    }

    fn lambda(&self) -> &Lambda {
        self.suite.stand_ins().lambda.as_ref().unwrap()
    }
}

fn assert_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (status, &json!(code)),
        "{}",
        answer.text()
    );
    assert!(answer.json()["request_id"].is_string() && answer.json()["message"].is_string());
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_is_accepted_by_an_endpoint_that_checks() {
    let stage = Stage::start().await;
    for path in [
        "/url/a%20b/%E1%88%B4?with%20space=a%2Fb%20c&multi=m2&multi=m1&flag&a=*&a-=x",
        "/url/x%2Fy@(z):;,=!",
        "/url/b/",
    ] {
        let answer = stage.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let wanted = path.split('?').next().unwrap().replacen("/url", "/base", 1);
        let got = answer.json()["target"].as_str().unwrap().to_owned();
        assert_eq!(got.split('?').next(), Some(wanted.as_str()));
    }
    let binary: Vec<u8> = (0..=255).collect();
    let answer = stage
        .send(stage.client.post(stage.invoker("/url/binary")).body(binary))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["headers"]["x-amz-security-token"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_key_and_the_invoke_api_work_too() {
    let stage = Stage::start().await;
    let answer = stage.get("/key/a?b=c").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["target"], "/key/a?b=c");
    let answer = stage
        .send(stage.client.post(stage.invoker("/invoke?x=1")).json(&json!({"n": 1})))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.text().contains("/invoke"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn status_headers_and_body_come_back() {
    let stage = Stage::start().await;
    assert_eq!(stage.get("/url/x?status=404").await.status, 404);
    assert_eq!(stage.get("/url/x?status=302").await.status, 302);
    let answer = stage.get("/url/x?bytes=4096").await;
    assert_eq!((answer.status, answer.body.len()), (200, 4096));
    let answer = stage.get("/url/x?cookies=2").await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    let answer = stage.send(stage.client.head(stage.invoker("/url/x"))).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_never_reaches_the_target() {
    let stage = Stage::with(|options| {
        let config = json!({"version": 1, "routes": [
            {"uri": "/only-post", "methods": ["POST"], "function_uri": "http://127.0.0.1:9/", "max_req_body_size": 10}]});
        options.variables.insert("INVOKER_CONFIG".into(), config.to_string());
    })
    .await;
    assert_error(&stage.get("/nowhere").await, 404, "route_not_found");
    let answer = stage.get("/only-post").await;
    assert_error(&answer, 405, "method_not_allowed");
    assert_eq!(answer.headers["allow"], "POST");
    let answer = stage
        .send(stage.client.post(stage.invoker("/only-post")).body("x".repeat(11)))
        .await;
    assert_error(&answer, 413, "request_too_large");
    // Nothing listens on that port: what passes the checks is a failed connection.
    let answer = stage
        .send(stage.client.post(stage.invoker("/only-post")).body("x".repeat(10)))
        .await;
    assert_error(&answer, 502, "upstream_connect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_down_or_slow_is_told_apart() {
    let stage = Stage::with(|options| options.lambda_invoker.timeout = Duration::from_secs(2)).await;
    stage.get("/key/warm").await;
    // A POST that may have been read is not sent again.
    stage.target().clear_calls();
    stage.target().fault(Fault::reset());
    let answer = stage.send(stage.client.post(stage.invoker("/key/x")).body("x")).await;
    assert_error(&answer, 502, "upstream_connect");
    assert_eq!(stage.target().calls().len(), 1);
    stage.target().fault(Fault::delay_ms(10_000));
    let started = Instant::now();
    assert_error(&stage.get("/key/x").await, 504, "upstream_timeout");
    assert!(
        started.elapsed() < Duration::from_millis(1950),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_an_invoked_function_are_hidden() {
    let stage = Stage::start().await;
    stage.lambda().fault(Fault {
        status: Some(200),
        body: Some(r#"{"errorMessage":"s3cret","errorType":"Boom"}"#.into()),
        headers: [("x-amz-function-error".to_owned(), "Unhandled".to_owned())].into(),
        ..Fault::default()
    });
    let answer = stage.send(stage.client.post(stage.invoker("/invoke")).body("{}")).await;
    assert_eq!(answer.status, 502);
    assert!(!answer.text().contains("s3cret"));
    stage.lambda().clear_calls();
    stage.lambda().fault(Fault::status(500));
    assert_eq!(
        stage
            .send(stage.client.post(stage.invoker("/invoke")).body("{}"))
            .await
            .status,
        502
    );
    assert_eq!(
        stage.lambda().calls().len(),
        1,
        "a function is never run twice for one request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_contents_are_never_logged() {
    let stage = Stage::with(|options| {
        options
            .lambda_invoker
            .environment
            .insert("AWS_LAMBDA_LOG_LEVEL".into(), "TRACE".into());
    })
    .await;
    for path in ["/url/x?q=s3cret", "/key/x?q=s3cret", "/url/x?status=500&q=s3cret"] {
        let request = stage
            .client
            .post(stage.invoker(path))
            .header("cookie", "s3cret")
            .body("s3cret");
        stage.send(request).await;
    }
    let log = stage.log("lambda-invoker").await;
    assert!(log.contains("function_request_id"), "{log}");
    for secret in ["s3cret", "AWS4-HMAC", "Signature="] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_is_in_force_without_a_restart_and_a_bad_one_is_not() {
    let table = |uri: &str| {
        // Nobody listens there: a request that finds its route is a bad gateway.
        json!({"version": 1, "routes": [{"uri": uri, "function_uri": "http://127.0.0.1:1/"}]}).to_string()
    };
    let listener = listener().await;
    let secrets = SecretsManager::start(listener, [("routes".to_owned(), table("/one"))].into()).unwrap();
    let options = FunctionOptions::new("lambda-invoker", binaries().join("lambda-invoker"))
        .env("INVOKER_CONFIG_SECRET_ARN", secrets.arn("routes"))
        .env("INVOKER_CONFIG_TTL_SECS", "1")
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url())
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    let function = Function::new(options);
    let status = async |path: &str| {
        let event =
            json!({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": path, "headers": {}, "body": ""});
        match function.invoke(event.to_string().into()).await {
            Invoked::Response(answer) => {
                let answer: Value = serde_json::from_slice(&answer).unwrap();
                answer["statusCode"].as_u64()
            }
            other => panic!("{other:?}\n{}", function.log().text()),
        }
    };
    assert_eq!((status("/one").await, status("/two").await), (Some(502), Some(404)));
    secrets.put("routes", &table("/two"));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!((status("/one").await, status("/two").await), (Some(404), Some(502)));
    secrets.put("routes", "{\"version\": 1, \"routes\": [{\"uri\": \"s3cret\"}]}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(status("/two").await, Some(502));
    let log = function.log();
    let told = |line: &LogLine| line.text.contains("routes[0].uri: must start with");
    assert!(
        log.wait_for(Duration::from_secs(5), told).await.is_some(),
        "{}",
        log.text()
    );
    assert!(log.text().contains("\"ReloadFailures\":1"));
    assert!(!log.text().contains("s3cret"));
    function.stop().await;
}
