//! What real clients put on the wire, and what a proxy must therefore take and answer. Each line is driven by an
//! unmodified client, whose request is read on the wire: a client that no longer does so fails the test.
//!
//! | rule | what the client does | client |
//! |---|---|---|
//! | path | two slashes in a row | hipchat-notif, Python |
//! | path | a slash at the end | curl, shell |
//! | path | an escaped space, the name in other letters | kawasemi, Python |
//! | path | a plus that is one, an at-sign as it stands | hipchat-notifications, Python |
//! | token | Bearer | hipchat-go, Go |
//! | token | bearer, in lower case | curl, shell |
//! | token | in the query | kawasemi, Python |
//! | token | in the form | hipsaint, Python |
//! | token | in the query, and once more in the body | hipchatter, Node |
//! | token | empty ones in the query | hipchatter, Node |
//! | parameters | in the query and in the form | hipchat-api, Python |
//! | parameters | in the query alone, POST without a body | winston-hipchat, Node |
//! | parameters | in the query alone, GET | curl, shell |
//! | parameters | in a form that is not encoded | curl, shell |
//! | parameters | in a form that does not say so | curl, shell |
//! | body | JSON with a line's end behind it | hipchat-go, Go |
//! | body | JSON with a tab in a text | curl, shell |
//! | body | JSON that does not say so | curl, shell |
//! | body | a form where JSON is documented | curl, shell |
//! | body | a member that is null | hipchat-notifier, Node |
//! | boolean | "true" as a text | hipnotify, Python |
//! | boolean | True | hipchat-api, Python |
//! | boolean | 1 | python-simple-hipchat, Python |
//! | boolean | true | hipchat-notifier, Node |
//! | name | escaped twice | hipsaint, Python |
//! | success | 204 and nothing else | kawasemi, Python |
//! | success | 200 and JSON | node-hipchat, Node |
//! | success | 201 | hipchat-go, Go |
//! | limits | dies without the headers | hypchat, Python |
//! | plain HTTP | to port 80 | hipchat-api, Node |
//! | host | the old name, set by the client | hipchat-notifications, Python |
//! | host | the old name, led elsewhere | curl, shell |
//! | headers | neither User-Agent nor Accept | node-hipchat, Node |
//! | certificate | must be trusted | hipchat-go, Go |
//! | file | line feeds alone, no end, a message that is not escaped | hipchat-go, Go |

mod rows;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use self::rows::{Mark, Program, RULES, Row, rows};
use super::super::environment::script;
use super::wire::{Wire, Written};
use super::{Host, Network, ask_over, asked_of_slack, slack, token};
use crate::stage::Stage;

#[test]
fn every_rule_and_every_language_has_a_client_and_the_table_tells_which() {
    let rows = rows();
    let documented: Vec<&str> = include_str!("quirks.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .skip(1)
        .collect();
    let line = |row: &Row| {
        format!(
            "{} | {} | {}, {} |",
            row.rule,
            row.quirk,
            row.client,
            row.program.language()
        )
    };
    assert_eq!(documented, rows.iter().map(line).collect::<Vec<_>>());
    let rules: BTreeSet<&str> = rows.iter().map(|row| row.rule).collect();
    assert_eq!(rules, RULES.into_iter().collect());
    let languages: BTreeSet<&str> = rows.iter().map(|row| row.program.language()).collect();
    assert_eq!(languages, ["Go", "Node", "Python", "shell"].into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn quirks_of_python_clients() {
    drive("Python").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quirks_of_node_clients() {
    drive("Node").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quirks_of_go_clients() {
    drive("Go").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quirks_of_shell_scripts() {
    drive("shell").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let stage = Stage::start().await;
    let wire = Wire::before(&stage).await;
    let stranger = Network {
        ca_file: wire.network().ca_file.clone(),
        ..Network::of(&stage)
    };
    let calls = json!([["say", {"Room": "Ops", "Message": "x"}]]);
    let told = ask_over(
        &stranger,
        "hipchat-hipchat-go",
        Host::Configured,
        &token(&stage),
        &calls,
    )
    .await;
    assert!(told[0]["text"].as_str().unwrap().contains("certificate"), "{told:?}");
    assert!(asked_of_slack(&stage).is_empty());
}

/// Lets the clients of a language do what they do.
async fn drive(language: &str) {
    let directory = json!({
        "rooms": [
            {"name": "Dev Ops", "id": 7, "channel": "C100", "notify": "here"},
            {"name": "Ops", "id": 8, "channel": "C200"},
        ],
        "users": [{"name": "Ann", "email": "a+b@example.com", "slack_id": "U9"}],
    });
    let stage = Stage::with(|options| {
        let name = "HIPCHAT_DIRECTORY".to_owned();
        options.variables.insert(name, directory.to_string());
    })
    .await;
    let wire = Wire::before(&stage).await;
    let mut problems = Vec::new();
    for row in rows().into_iter().filter(|row| row.program.language() == language) {
        let told = match row.program {
            Program::Installed(environment, _) => {
                let calls = json!([row.call]);
                ask_over(wire.network(), environment, row.host, &token(&stage), &calls)
                    .await
                    .remove(0)
            }
            Program::Script => run_script(wire.network(), &token(&stage), &row.call).await,
        };
        let problem = what_differs(&row, &wire.take(), &told, &stage);
        problems.extend(problem.map(|problem| format!("{}, {}: {problem}", row.client, row.quirk)));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// What is not as the row says, if anything.
fn what_differs(row: &Row, written: &[Written], told: &Value, stage: &Stage) -> Option<String> {
    // Both are emptied for the next row.
    let messages = slack(stage).messages();
    slack(stage).clear_messages();
    let asked = asked_of_slack(stage);
    if !written
        .iter()
        .any(|request| row.marks.iter().all(|mark| mark.is_on(request)))
    {
        return Some(format!("not on the wire: {written:?}"));
    }
    if !agrees(&row.told, told) {
        return Some(format!("told {told}"));
    }
    let right = match (row.shown, asked.as_slice()) {
        (None, asked) => asked.is_empty(),
        (Some((channel, text)), [(method, post)]) if method == "chat.postMessage" => {
            let shown = post["attachments"][0]["text"].as_str().or(post["text"].as_str());
            post["channel"] == channel
                && shown.is_some_and(|shown| shown.contains(text))
                && (post["text"] == "<!here>") == row.pings
        }
        // A file and what was said of it.
        (Some((channel, text)), _) => {
            matches!(messages.as_slice(), [message] if message.channel == channel && message.text.contains(text))
        }
    };
    (!right).then(|| format!("Slack was asked {asked:?} and has {messages:?}"))
}

/// Whether a value has everything that is expected.
fn agrees(expected: &Value, value: &Value) -> bool {
    match expected {
        Value::Object(members) => members.iter().all(|(name, member)| agrees(member, &value[name])),
        other => other == value,
    }
}

impl Mark {
    fn is_on(&self, request: &Written) -> bool {
        let has = |text: &str| request.head.iter().any(|line| line.contains(text));
        match *self {
            Self::Line(text) => request.line.starts_with(text),
            Self::Head(text) => has(text),
            Self::NoHead(name) => !has(&format!("{name}:")),
            Self::Body(text) => request.body.contains(text),
            Self::End(text) => request.body.ends_with(text),
            Self::Secure(secure) => request.secure == secure,
        }
    }
}

/// Runs one call of the shell script.
async fn run_script(network: &Network, token: &str, call: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/interop/hipchat_proxy/clients/client.sh");
    let arguments = call
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| argument.as_str().unwrap());
    let mut command = script(&path);
    command
        .args(arguments)
        .env("HIPCHAT", network.endpoint(Host::Configured).unwrap())
        .env("HIPCHAT_AT", &network.https)
        .env("TOKEN", token)
        .env("CA_FILE", &network.ca_file);
    let output = command.output().await.unwrap();
    assert!(
        output.status.success(),
        "{call}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).unwrap();
    let (body, status) = output.trim_end().rsplit_once('\n').unwrap();
    json!({"status": status, "body": body})
}
