//! The Invoke API behind IAM as moto enforces it: signatures, policies and assumed roles. moto checks neither dates nor
//! regions, and no request without a body; the oracle beside this file does.

use local::function::Function;
use serde_json::{Value, json};

use super::super::environment::Environment;
use super::{Server, answer, invoker};

async fn moto() -> Server {
    Server::start(Environment::new("moto").python("server.py")).await
}

impl Server {
    /// The function `echo` of this server, invoked with what `iam` says.
    fn echo(&self, iam: &Value) -> Value {
        let endpoint = format!("http://127.0.0.1:{}/", self.port);
        json!({"uri": "/*", "function": {"name": "echo", "endpoint_url": endpoint}, "authorization": {"iam": iam}})
    }

    /// What a user of this server has for keys, and the role that it assumes.
    fn keys(&self, user: &str, role: Option<&str>) -> Value {
        let mut iam = self.told["users"][user].clone();
        assert!(iam["accesskey"].is_string());
        if let Some(role) = role {
            let endpoint = format!("http://127.0.0.1:{}/", self.port);
            iam["assume_role"] =
                json!({"arn": self.told["roles"][role], "sts_endpoint": endpoint, "external_id": "x-1"});
        }
        iam
    }
}

async fn call(function: &Function) -> (u64, String) {
    let event = json!({
        "version": "2.0", "rawPath": "/a%20b", "rawQueryString": "c=d", "headers": {"content-type": "application/json"},
        "requestContext": {"domainName": "a1.execute-api.eu-west-1.amazonaws.com", "stage": "$default",
            "http": {"method": "POST", "path": "/a b", "sourceIp": "192.0.2.7"}},
        "body": "{\"n\": 1}", "isBase64Encoded": false,
    });
    let answer = answer(function, &event).await;
    (
        answer["statusCode"].as_u64().unwrap(),
        answer["body"].as_str().unwrap_or_default().to_owned(),
    )
}

fn error(body: &str) -> Value {
    serde_json::from_str::<Value>(body).unwrap()["error"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_invoke_is_let_through_and_nobody_else() {
    let moto = moto().await;
    let mut wrong = moto.keys("invoker", None);
    wrong["secretkey"] = json!("wrong");
    for (iam, status) in [
        (moto.keys("invoker", None), 200),
        (moto.keys("nobody", None), 502),
        (wrong, 502),
    ] {
        let function = invoker(&json!([moto.echo(&iam)]), &[]);
        let (got, body) = call(&function).await;
        assert_eq!(got, status, "{body}");
        if status == 200 {
            let event: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&event["rawPath"], &event["body"]),
                (&json!("/a%20b"), &json!("{\"n\": 1}"))
            );
        } else {
            assert_eq!(error(&body), "invoke_refused");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_dry_runs_are_signed_and_answered_as_they_are() {
    let moto = moto().await;
    let iam = moto.keys("invoker", None);
    let mut wrong = iam.clone();
    wrong["secretkey"] = json!("wrong");
    for (members, status) in [
        (
            json!({"invocation": "request_response", "qualifier": "1", "log_type": "tail"}),
            200,
        ),
        (json!({"invocation": "event"}), 202),
        (json!({"invocation": "dry_run"}), 204),
    ] {
        for (iam, status) in [(&iam, status), (&wrong, 502)] {
            let mut route = moto.echo(iam);
            for (name, value) in members.as_object().unwrap() {
                route["function"][name.as_str()] = value.clone();
            }
            let function = invoker(&json!([route]), &[]);
            let (got, body) = call(&function).await;
            assert_eq!(got, status, "{members} {body}\n{}", function.log().text());
            assert_eq!(body.is_empty(), matches!(status, 202 | 204), "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_15_a_role_is_assumed_and_its_credentials_invoke() {
    let moto = moto().await;
    let iam = moto.keys("assumer", Some("invoke-echo"));
    let function = invoker(&json!([moto.echo(&iam)]), &[]);
    for _ in 0..2 {
        let (status, body) = call(&function).await;
        assert_eq!(status, 200, "{body}\n{}", function.log().text());
    }
    // A role without permissions, a user who may not assume one, and a role that does not exist.
    let mut gone = moto.keys("assumer", Some("invoke-echo"));
    gone["assume_role"]["arn"] = json!("arn:aws:iam::123456789012:role/gone");
    for (iam, code) in [
        (moto.keys("assumer", Some("powerless")), "invoke_refused"),
        (moto.keys("nobody", Some("invoke-echo")), "credentials_unavailable"),
        (gone, "credentials_unavailable"),
    ] {
        let function = invoker(&json!([moto.echo(&iam)]), &[]);
        let (status, body) = call(&function).await;
        assert_eq!((status, error(&body)), (502, json!(code)), "{body}");
        let secret = iam["secretkey"].as_str().unwrap();
        for text in [body, function.log().text()] {
            assert!(!text.contains(secret) && !text.contains("role/"), "{text}");
        }
    }
}
