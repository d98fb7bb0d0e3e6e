//! The table: who does what, how that is seen on the wire, what the client makes of the answer and what Slack shows.

mod answers;
mod content;
mod requests;

use serde_json::{Value, json};

use super::super::Host;

/// What a proxy has to get right for such clients.
pub(super) const RULES: [&str; 13] = [
    "path",
    "token",
    "parameters",
    "body",
    "boolean",
    "name",
    "success",
    "limits",
    "plain HTTP",
    "host",
    "headers",
    "certificate",
    "file",
];

/// What runs a client.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program {
    /// An installed environment, and its language.
    Installed(&'static str, &'static str),
    /// The script.
    Script,
}

impl Program {
    pub(super) fn language(self) -> &'static str {
        match self {
            Self::Installed(_, language) => language,
            Self::Script => "shell",
        }
    }
}

/// How something is seen on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// The request line begins so.
    Line(&'static str),
    /// A header line with this.
    Head(&'static str),
    /// No header of this name.
    NoHead(&'static str),
    /// The body holds this.
    Body(&'static str),
    /// The body ends so.
    End(&'static str),
    /// Over TLS or not.
    Secure(bool),
}

/// One line of the table.
pub(super) struct Row {
    pub(super) rule: &'static str,
    pub(super) quirk: &'static str,
    pub(super) client: &'static str,
    pub(super) program: Program,
    pub(super) host: Host,
    pub(super) call: Value,
    pub(super) marks: &'static [Mark],
    /// What the client says.
    pub(super) told: Value,
    /// The channel or user, and a part of the text; `None` if Slack is not to hear of it.
    pub(super) shown: Option<(&'static str, &'static str)>,
    /// Whether the room is pinged.
    pub(super) pings: bool,
}

/// A client and how it is run.
#[derive(Clone, Copy)]
struct Client(&'static str, Program, Host);

const fn python(name: &'static str, environment: &'static str, host: Host) -> Client {
    Client(name, Program::Installed(environment, "Python"), host)
}

const fn node(name: &'static str, environment: &'static str, host: Host) -> Client {
    Client(name, Program::Installed(environment, "Node"), host)
}

const NOTIF: Client = python("hipchat-notif", "hipchat-v1-python", Host::Repointed);
const API: Client = python("hipchat-api", "hipchat-v1-python", Host::Configured);
const NAGIOS: Client = python("hipsaint", "hipchat-v1-python", Host::Configured);
const KAWASEMI: Client = python("kawasemi", "hipchat-kawasemi", Host::Configured);
const NOTIFICATIONS: Client = python(
    "hipchat-notifications",
    "hipchat-hipchat-notifications",
    Host::Repointed,
);
const HIPNOTIFY: Client = python("hipnotify", "hipchat-hipnotify", Host::Configured);
const SIMPLE: Client = python(
    "python-simple-hipchat",
    "hipchat-python-simple-hipchat",
    Host::Configured,
);
const HYPCHAT: Client = python("hypchat", "hipchat-hypchat", Host::Configured);
const HIPCHATTER: Client = node("hipchatter", "hipchat-hipchatter", Host::Configured);
const WINSTON: Client = node("winston-hipchat", "hipchat-v1-node", Host::Repointed);
const NODE_API: Client = node("hipchat-api", "hipchat-v1-node", Host::Repointed);
const NOTIFIER: Client = node("hipchat-notifier", "hipchat-hipchat-notifier", Host::Configured);
const NODE: Client = node("node-hipchat", "hipchat-node-hipchat", Host::Configured);
const GO: Client = Client(
    "hipchat-go",
    Program::Installed("hipchat-hipchat-go", "Go"),
    Host::Configured,
);
const CURL: Client = Client("curl", Program::Script, Host::Configured);

impl Client {
    /// A line for a message that arrives without a ping.
    fn row(self, rule: &'static str, quirk: &'static str, call: Value, told: Value) -> Row {
        let Self(client, program, host) = self;
        Row {
            rule,
            quirk,
            client,
            program,
            host,
            call,
            marks: &[],
            told,
            shown: None,
            pings: false,
        }
    }
}

impl Row {
    fn seen(self, marks: &'static [Mark]) -> Self {
        Self { marks, ..self }
    }

    fn shows(self, channel: &'static str, text: &'static str) -> Self {
        Self {
            shown: Some((channel, text)),
            ..self
        }
    }

    fn pings(self) -> Self {
        Self { pings: true, ..self }
    }
}

fn returned(value: Value) -> Value {
    json!({"returned": value})
}

fn taken() -> Value {
    json!({"status": "204", "body": ""})
}

fn sent() -> Value {
    json!({"status": "200", "body": "{\"status\":\"sent\"}"})
}

fn nagios() -> Value {
    let inputs = "disk | web1 | now | PROBLEM | 10.0.0.1 | CRITICAL | disk <full> & hot";
    json!(["nagios", {"room": "Dev Ops", "inputs": inputs, "version": "1", "notify": 0}])
}

fn api() -> Value {
    json!(["api_message", {"room": "Dev Ops", "message": "a<b", "notify": true}])
}

fn kawasemi() -> Value {
    json!(["send", {"message": "<b>x</b>", "api_id": "dev ops"}])
}

fn node_message() -> Value {
    json!(["postMessage", {"room": 8, "from": "node", "message": "<b>x</b>"}])
}

/// A message as the application hands it to hipchat-notifier.
fn to_room(message: Value) -> Value {
    json!(["send", {"room": "Dev%20Ops", "message": message}])
}

/// The whole table, in the order of the documentation.
pub(super) fn rows() -> Vec<Row> {
    [requests::rows(), content::rows(), answers::rows()]
        .into_iter()
        .flatten()
        .collect()
}
