//! floor-post: the least that a function with an upstream can cost: one reqwest POST per event on a kept-alive connection.
//!
//! `FLOOR_POST_URL` names the upstream. The client has the suite's features (rustls) and nothing set, but for one thing:
//! with a plain `http` URL it does not read the system's certificates, which takes longer than the whole rest of a start,
//! and which a function with such a URL can do without as well.

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let url = std::env::var("FLOOR_POST_URL")?;
    let mut client = reqwest::Client::builder();
    if !url.starts_with("https:") {
        client = client.tls_certs_only(std::iter::empty());
    }
    let client = client.build()?;
    run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let (client, url) = (client.clone(), url.clone());
        async move { post(&client, &url, &event.payload).await }
    }))
    .await
}

async fn post(client: &reqwest::Client, url: &str, payload: &Value) -> Result<Value, Error> {
    let reply = client.post(url).json(payload).send().await?.error_for_status()?;
    Ok(json!({ "received": reply.bytes().await?.len() }))
}
