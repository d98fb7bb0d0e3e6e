//! floor-echo: the least that any function can cost: `lambda_runtime`, one event in, the same event out.
//!
//! Built with the suite's release profile, it is what the functions are compared with when they call nobody.

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_concurrent(service_fn(echo)).await
}

async fn echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(event.payload)
}
