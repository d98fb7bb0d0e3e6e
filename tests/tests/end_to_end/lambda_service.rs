//! The stand-in for Lambda's service with real processes behind it, as the AWS SDK for Rust sees it.

mod context;
mod outcomes;
mod stream;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::function::FunctionOptions;
use local::standin::{AccessKey, Deployment, Lambda, LambdaOptions};
use serde_json::Value;

use crate::stage::{binaries, listener};

/// The key that every test signs with.
pub(crate) fn key(id: &str) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        secret: format!("secret of {id}"),
        session_token: Some(format!("session of {id}")),
        expired: false,
    }
}

/// A service with quick retries that knows `ASIATEST`.
pub(crate) async fn service() -> Lambda {
    let options = LambdaOptions {
        retry_delays: [Duration::from_millis(20); 2],
        ..LambdaOptions::new("eu-west-1", vec![key("ASIATEST")])
    };
    Lambda::start(listener().await, options).unwrap()
}

/// The demo function under this name, with ten seconds and four environments.
pub(crate) fn demo(name: &str) -> FunctionOptions {
    FunctionOptions {
        timeout: Duration::from_secs(10),
        max_environments: 4,
        ..FunctionOptions::new(name, binaries().join("demo-function"))
    }
}

/// How often the demo function began to work on something with this id.
pub(crate) fn runs(lambda: &Lambda, function: &str, id: &str) -> usize {
    let line = format!("run \"{id}\"");
    let function = lambda.function(function);
    let lines = function.map(|function| function.log().lines()).unwrap_or_default();
    lines.iter().filter(|seen| seen.text == line).count()
}

fn sdk(lambda: &Lambda) -> Client {
    let AccessKey {
        id,
        secret,
        session_token,
        ..
    } = key("ASIATEST");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            id,
            secret,
            session_token,
            None,
            "test",
        )))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(lambda.url())
        .http_client(local::sdk::http_client())
        .build();
    Client::new(&config)
}

fn blob(value: &Value) -> Blob {
    Blob::new(value.to_string())
}

fn payload(output: &InvokeOutput) -> Value {
    serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap()
}

/// The end of the log as text.
fn log(result: Option<&str>) -> String {
    String::from_utf8_lossy(&STANDARD.decode(result.expect("a log")).unwrap()).into_owned()
}

/// A service with the demo function as `hello`, and a client.
async fn hello(change: impl FnOnce(Deployment) -> Deployment) -> (Lambda, Client) {
    let lambda = service().await;
    lambda.deploy(change(Deployment::new(demo("hello"))));
    let client = sdk(&lambda);
    (lambda, client)
}
