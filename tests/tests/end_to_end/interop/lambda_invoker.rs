//! lambda-invoker's signatures, checked by signers that are not ours.

mod botocore;
mod moto;

use local::function::{Function, FunctionOptions, Invoked};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::stage::binaries;

/// A Python program that tells its port, as a line of JSON, when it is ready, and ends with its standard input.
struct Server {
    port: u16,
    told: Value,
    _child: Child,
}

impl Server {
    async fn start(mut command: Command) -> Self {
        command.stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).await.unwrap();
        let told: Value = serde_json::from_str(&line).expect("the program says that it is ready");
        let port = told["port"].as_u64().and_then(|port| port.try_into().ok()).unwrap();
        Self {
            port,
            told,
            _child: child,
        }
    }
}

/// The real binary with a table of these routes.
fn invoker(routes: &Value, environment: &[(&str, &str)]) -> Function {
    let config = json!({"version": 1, "routes": routes}).to_string();
    let options = FunctionOptions::new("lambda-invoker", binaries().join("lambda-invoker"));
    let options = options.env("INVOKER_CONFIG", config);
    let options = environment
        .iter()
        .fold(options, |options, (name, value)| options.env(*name, *value));
    Function::new(options)
}

/// Invokes the function with an event and gives its answer, as the front would read it.
async fn answer(function: &Function, event: &Value) -> Value {
    match function.invoke(event.to_string().into()).await {
        Invoked::Response(answer) => serde_json::from_slice(&answer).unwrap(),
        other => panic!("{event}: {other:?}\n{}", function.log().text()),
    }
}
