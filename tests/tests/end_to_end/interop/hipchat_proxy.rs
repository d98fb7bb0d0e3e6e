//! Unmodified HipChat clients, each in a process and an environment of its own, in front of the load balancer: what they
//! believe and what Slack got. Every client runs with our host in its settings, and with none, where a resolver in its
//! process leads `api.hipchat.com` to us.

mod hypchat;
mod quirks;
mod v1;
mod v2;
mod wire;

use std::path::{Path, PathBuf};

use local::standin::Slack;
use serde_json::{Value, json};

use super::environment::Environment;
use crate::stage::Stage;

/// How a client finds us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    /// Its settings name the load balancer.
    Configured,
    /// They name its plain HTTP listener, in front of a target group whose headers have one value each.
    Plain,
    /// It knows `api.hipchat.com` alone, which the network leads elsewhere.
    Repointed,
}

/// What every client can do.
const HOSTS: [Host; 2] = [Host::Configured, Host::Repointed];

/// What clients can do that take a whole URL.
const ALL_HOSTS: [Host; 3] = [Host::Configured, Host::Plain, Host::Repointed];

/// Where a client's requests arrive.
struct Network {
    /// Address and port of HTTPS.
    https: String,
    /// Address and port of plain HTTP.
    http: String,
    /// Whom the client trusts.
    ca_file: PathBuf,
}

impl Network {
    /// The load balancer itself.
    fn of(stage: &Stage) -> Self {
        let addresses = stage.suite.addresses();
        Self {
            https: addresses.hipchat_alb_tls.trim_start_matches("https://").to_owned(),
            http: addresses
                .hipchat_alb_single_value
                .trim_start_matches("http://")
                .to_owned(),
            ca_file: addresses.ca_file.clone(),
        }
    }

    /// The endpoint that a client is configured with.
    fn endpoint(&self, host: Host) -> Option<String> {
        match host {
            Host::Configured => Some(format!("https://{}", self.https.replace("127.0.0.1", "localhost"))),
            Host::Plain => Some(format!("http://{}", self.http)),
            Host::Repointed => None,
        }
    }
}

/// Lets a client do its calls, pairs of name and arguments, and gives what it says of each.
async fn ask(stage: &Stage, client: &'static str, host: Host, token: &str, calls: &Value) -> Vec<Value> {
    ask_over(&Network::of(stage), client, host, token, calls).await
}

/// The same over this network.
async fn ask_over(network: &Network, client: &'static str, host: Host, token: &str, calls: &Value) -> Vec<Value> {
    let settings = json!({"endpoint": network.endpoint(host), "token": token, "calls": calls});
    let environment = Environment::new(client);
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/interop/hipchat_proxy/clients");
    let mut command = if environment.program("client.py").is_file() {
        environment.python("client.py")
    } else if environment.program("client.go").is_file() {
        environment.built("client")
    } else {
        environment.node("client.cjs")
    };
    command.env("PYTHONPATH", &clients);
    if host == Host::Repointed {
        command
            .env("HIPCHAT_AT", &network.https)
            .env("HIPCHAT_PLAIN_AT", &network.http);
        command.env(
            "NODE_OPTIONS",
            format!("--require={}", clients.join("resolver.cjs").display()),
        );
    }
    for variable in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
        command.env(variable, &network.ca_file);
    }
    let output = command.arg(settings.to_string()).output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{client}: {errors}");
    let told: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{client}: {line}")))
        .collect();
    assert_eq!(
        told.len(),
        calls.as_array().unwrap().len(),
        "{client}: {told:?} {errors}"
    );
    told
}

fn slack(stage: &Stage) -> &Slack {
    stage.suite.stand_ins().slack.as_ref().unwrap()
}

fn token(stage: &Stage) -> String {
    stage.suite.addresses().hipchat_token.clone().unwrap()
}

/// What Slack was asked since the last time: the method and its arguments.
fn asked_of_slack(stage: &Stage) -> Vec<(String, Value)> {
    let calls = slack(stage).calls();
    slack(stage).clear_calls();
    calls
        .into_iter()
        .map(|call| (call.path.trim_start_matches("/api/").to_owned(), call.json))
        .collect()
}

/// The messages among them: channel, color, markup, and what stands above.
fn posted(stage: &Stage) -> Vec<Value> {
    asked_of_slack(stage)
        .into_iter()
        .map(|(method, post)| {
            assert_eq!(method, "chat.postMessage");
            let attachment = &post["attachments"][0];
            json!([post["channel"], attachment["color"], attachment["text"], post["text"]])
        })
        .collect()
}

/// An HTML message and what Slack is to show.
const HTML: &str = "<b>Hé</b> &amp; <a href=\"http://x/?a=1&amp;b=2\">l</a>";
const MARKUP: &str = "*Hé* &amp; <http://x/?a=1&amp;b=2|l>";

/// A text message and what Slack is to show.
const TEXT: &str = "(success) a<b @all";
const TEXT_MARKUP: &str = ":white_check_mark: a&lt;b @all";

const YELLOW: &str = "#F2C744";
const GREEN: &str = "#2EB67D";
const RED: &str = "#E01E5A";
