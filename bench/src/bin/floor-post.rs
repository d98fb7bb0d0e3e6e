//! floor-post: the least that a function with an upstream can cost: one reqwest POST per event on a kept-alive connection.
//!
//! `FLOOR_POST_URL` names the upstream. The client is reqwest as it comes, with the suite's features (rustls), as a
//! function would build it first; the connection itself is plain HTTP on loopback, for the functions as for the floor.

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let url = std::env::var("FLOOR_POST_URL")?;
    let client = reqwest::Client::new();
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
