//! Credentials that expire between two attempts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::function::Function;
use local::standin::AccessKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{echoed, key, lambda, options, post, route, runs};
use crate::stage::listener;

/// Serves a container's credentials, the Nth key at the Nth time; gives its URL and how often it was asked.
async fn credentials(keys: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let listener = listener().await;
    let url = format!("http://{}/role", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let number = count.fetch_add(1, Ordering::SeqCst);
            let key = key(keys.get(number).or(keys.last()).unwrap());
            let body = json!({"AccessKeyId": key.id, "SecretAccessKey": key.secret, "Token": key.session_token,
                "Expiration": "2099-01-01T00:00:00Z"});
            let body = body.to_string();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    });
    (url, asked)
}

/// An invoker whose role's credentials come from `url`.
fn invoker(routes: &Value, url: &str) -> Function {
    let mut options = options(routes, key("")).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        options = options.env(name, "");
    }
    Function::new(options)
}

fn expired(id: &str) -> AccessKey {
    AccessKey {
        expired: true,
        ..key(id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_ones_are_fetched_once_and_the_function_runs_once() {
    let lambda = lambda(|options| options).await;
    lambda.set_keys(vec![key("ASIAOLD"), key("ASIANEW")]);
    let (url, asked) = credentials(&["ASIAOLD", "ASIANEW"]).await;
    let invoker = invoker(&json!([route("/hello", &lambda, &json!({}))]), &url);
    let fine = json!({"id": "fine"});
    assert_eq!(post(&invoker, "/hello", &fine).await.0, 200);
    // Before their time, as when a session is revoked.
    lambda.set_keys(vec![expired("ASIAOLD"), key("ASIANEW")]);
    lambda.clear_calls();
    let again = json!({"id": "again"});
    let (status, body) = post(&invoker, "/hello", &again).await;
    assert_eq!((status, echoed(&body)), (200, again), "{body}");
    let statuses: Vec<_> = lambda
        .calls()
        .iter()
        .map(|call| call.answered.as_ref().map(|answer| answer.status))
        .collect();
    assert_eq!(statuses, [Some(403), Some(200)]);
    assert_eq!((asked.load(Ordering::SeqCst), runs(&lambda, "hello", "again")), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_are_stale_for_good_are_given_up() {
    let lambda = lambda(|options| options).await;
    lambda.set_keys(vec![expired("ASIAOLD"), expired("ASIANEW")]);
    let (url, _) = credentials(&["ASIAOLD", "ASIANEW"]).await;
    let invoker = invoker(&json!([route("/hello", &lambda, &json!({}))]), &url);
    let (status, body) = post(&invoker, "/hello", &json!({"id": "never"})).await;
    assert_eq!(status, 502, "{body}");
    assert_eq!((lambda.calls().len(), runs(&lambda, "hello", "never")), (2, 0));
    let log = invoker.log().text();
    for secret in ["secret of", "session of"] {
        assert!(!log.contains(secret) && !body.to_string().contains(secret), "{log}");
    }
}
