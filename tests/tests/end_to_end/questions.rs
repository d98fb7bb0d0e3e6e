//! The operating guide's questions to the logs, put to lines that the real binaries wrote: each gives an answer, the right
//! one, and names no field that no line has.

use std::collections::BTreeMap;
use std::time::Duration;

use local::function::{Function, FunctionOptions};
use local::standin::Fault;
use local::suite::defaults::HIPCHAT_TOKENS_SECRET;
use serde_json::{Value as Json, json};
use tests::insights::{Query, Row, Value, line};

use crate::stage::{Stage, binaries};

const PAGE: &str = include_str!("../../../docs/operate.md");

/// The functions, by the word that heads a question; `any function` is all of them.
const FUNCTIONS: [&str; 3] = ["authorizer", "hipchat-proxy", "lambda-invoker"];

/// A field that Lambda's own lines have, which no function writes.
const OF_LAMBDA: &str = "type";

/// A question of the page.
struct Question {
    /// `function: what is asked`.
    title: &'static str,
    text: &'static str,
}

fn questions() -> Vec<Question> {
    let (_, section) = PAGE.split_once("\n## Questions to the logs\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let asked = section.split("\n### ").skip(1).map(|part| {
        let (title, rest) = part.split_once('\n').unwrap();
        let text = rest
            .split("```insights\n")
            .nth(1)
            .and_then(|text| text.split("```").next());
        Question {
            title,
            text: text.unwrap_or_else(|| panic!("{title}: asks nothing")),
        }
    });
    asked.collect()
}

/// A value as the cells of a result show it.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

/// The row in which these fields have these values.
fn row<'r>(rows: &'r [Row], wanted: &[(&str, &str)]) -> &'r Row {
    let fits = |row: &&Row| {
        wanted
            .iter()
            .all(|(name, value)| row.get(*name).map(shown).as_deref() == Some(*value))
    };
    let found = rows.iter().find(fits);
    found.unwrap_or_else(|| panic!("no {wanted:?} in {rows:?}"))
}

fn number(row: &Row, field: &str) -> f64 {
    match row.get(field) {
        Some(Value::Number(number)) => *number,
        other => panic!("{field} is {other:?} in {row:?}"),
    }
}

/// One request of every kind that the questions are about.
async fn traffic(stage: &Stage) {
    let addresses = stage.suite.addresses();
    let stand_ins = stage.suite.stand_ins();
    let hydra = stand_ins.hydra.as_ref().unwrap();
    let token = |scope: &str| {
        let reply =
            json!({"active": true, "sub": "alice", "client_id": "web", "scope": scope, "exp": 4_102_444_800_u64});
        hydra.mint(&reply).unwrap()
    };
    let (good, narrow) = (token("hello"), token("other"));
    let get = |api: &str, token: Option<&str>| {
        let request = stage.client.get(format!("{api}/hello"));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request.header("authorization", "Basic x"),
        }
    };
    let (rest, http) = (&addresses.rest_api, &addresses.http_api);
    // A REST API's TOKEN events do not tell the route.
    for (api, token, status) in [
        (rest, Some(&good), 200),
        (http, Some(&good), 200),
        (rest, Some(&narrow), 403),
        (rest, None, 401),
    ] {
        assert_eq!(stage.send(get(api, token.map(String::as_str))).await.status, status);
    }
    hydra.admin().fault(Fault::status(500).times(100));
    assert_eq!(stage.send(get(rest, Some(&token("hello")))).await.status, 500);

    let tell = async |token: &str| {
        let url = format!("{}/v2/room/Ops/notification", addresses.hipchat_alb);
        let request = stage
            .client
            .post(url)
            .bearer_auth(token)
            .json(&json!({"message": "seven.."}));
        stage.send(request).await.status
    };
    let hipchat_token = addresses.hipchat_token.clone().unwrap();
    assert_eq!(tell(&hipchat_token).await, 204);
    assert_eq!(tell(&hipchat_token).await, 204);
    assert_eq!(tell("unknown").await, 401);
    let body = Some(r#"{"ok":false,"error":"is_archived"}"#.to_owned());
    let fault = Fault {
        body,
        ..Fault::status(200)
    };
    stand_ins.slack.as_ref().unwrap().fault(fault);
    assert_eq!(tell(&hipchat_token).await, 404);
    // The documents' time is a second.
    stand_ins
        .secrets_manager
        .as_ref()
        .unwrap()
        .put(HIPCHAT_TOKENS_SECRET, "no list");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(tell(&hipchat_token).await, 204);

    let invoker = addresses.invoker_alb.clone().unwrap();
    let call = async |path: &str| stage.send(stage.client.get(format!("{invoker}{path}"))).await.status;
    assert_eq!(call("/url/a").await, 200);
    assert_eq!(call("/invoke").await, 200);
    stand_ins.target.as_ref().unwrap().fault(Fault::status(503).times(100));
    assert_eq!(call("/key/a").await, 503);
}

/// The lines of each function, as CloudWatch has them.
fn rows_of(function: &Function) -> Vec<Row> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
    let row = |text: &str, at: u64| line(text, at as f64);
    function
        .log()
        .lines()
        .iter()
        .map(|line| row(&line.text, line.at))
        .collect()
}

async fn lines() -> BTreeMap<&'static str, Vec<Row>> {
    let stage = Stage::with(|options| {
        options.gateway_ttl = Duration::ZERO;
        for (name, value) in [("AUTHZ_CACHE_TTL_SECS", "60"), ("HIPCHAT_DIRECTORY_TTL_SECS", "1")] {
            options.variables.insert(name.to_owned(), value.to_owned());
        }
    })
    .await;
    traffic(&stage).await;
    // The last line comes through its pipe after the answer.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let of = |name| (name, rows_of(stage.suite.function(name).unwrap()));
    let mut lines = BTreeMap::from(FUNCTIONS.map(of));
    let refusing = Function::new(FunctionOptions::new("authorizer", binaries().join("authorizer")));
    refusing.warm().await.expect_err("it has no variables");
    lines.insert("failed start", rows_of(&refusing));
    refusing.stop().await;
    lines
}

/// What only one line knows, in place of the page's placeholders.
fn filled(text: &str, lines: &BTreeMap<&str, Vec<Row>>) -> String {
    let of = |outcome: &str, field: &str| {
        let line = row(&lines["authorizer"], &[("outcome", outcome)]);
        line.get(field).map(shown).unwrap_or_default()
    };
    text.replace("TOKEN_FP", &of("allow", "token_fp"))
        .replace("REQUEST_ID", &of("error", "function_request_id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_the_guide_is_answered_rightly() {
    let lines = lines().await;
    let all: Vec<Row> = lines.values().flatten().cloned().collect();
    let mut asked = 0;
    for Question { title, text } in questions() {
        let query = Query::parse(&filled(text, &lines)).unwrap_or_else(|error| panic!("{title}: {error}"));
        let (function, what) = title.split_once(": ").unwrap();
        let lines = if function == "any function" {
            &all
        } else {
            &lines[function]
        };
        for field in query.fields().iter().filter(|field| *field != OF_LAMBDA) {
            assert!(
                lines.iter().any(|line| line.contains_key(field)),
                "{title}: no line has {field}"
            );
        }
        let rows = query.run(lines);
        assert!(!rows.is_empty(), "{title}: no answer");
        check(what, &rows, lines);
        asked += 1;
    }
    assert!(asked >= 15, "{asked} questions");
}

/// Whether an answer is right.
fn check(what: &str, rows: &[Row], lines: &[Row]) {
    let requests = |wanted: &[(&str, &str)], count: f64, field: &str| {
        assert!(
            (number(row(rows, wanted), field) - count).abs() < 0.5,
            "{what}: {rows:?}"
        )
    };
    match what {
        "outcomes and reasons" => {
            requests(&[("outcome", "allow"), ("reason", "allow")], 2.0, "requests");
            requests(
                &[("outcome", "unauthorized"), ("reason", "bad_scheme")],
                1.0,
                "requests",
            );
            requests(&[("outcome", "error"), ("reason", "upstream_status")], 1.0, "requests");
            assert_eq!(rows.len(), 4);
        }
        "why it could not decide" => {
            let row = row(
                rows,
                &[
                    ("reason", "upstream_status"),
                    ("upstream_status", "500"),
                    ("attempts", "2"),
                ],
            );
            assert!(rows.len() == 1 && number(row, "upstream_ms") > 0.0);
        }
        "who is refused, and for want of what" => {
            requests(
                &[("client_id", "web"), ("reason", "scope"), ("scopes_required", "hello")],
                1.0,
                "refusals",
            );
        }
        "how long introspection takes" => {
            let calls: f64 = rows.iter().map(|row| number(row, "calls")).sum();
            assert!((calls - 3.0).abs() < 0.5, "{rows:?}");
            assert!(
                rows.iter()
                    .all(|row| number(row, "p50") <= number(row, "p99") && number(row, "p99") <= number(row, "worst"))
            );
        }
        "what the cache saves" => {
            requests(&[("cache", "hit")], 1.0, "requests");
            requests(&[("cache", "miss")], 3.0, "requests");
        }
        "everything about one token" => {
            assert_eq!(rows.len(), 2, "{rows:?}");
            assert!(
                rows.iter()
                    .all(|row| row["principal"] == Value::Text("alice".to_owned()))
            );
        }
        "which application has trouble" => {
            requests(&[("outcome", "refused"), ("reason", "unknown_token")], 1.0, "requests");
            requests(
                &[
                    ("token_label", "local"),
                    ("outcome", "failed"),
                    ("reason", "channel_gone"),
                ],
                1.0,
                "requests",
            );
            assert_eq!(rows.len(), 2);
        }
        "what Slack says" => requests(
            &[("slack_error", "is_archived"), ("channel", "C200"), ("room", "Ops")],
            1.0,
            "calls",
        ),
        "messages by room" => {
            requests(&[("room", "Ops")], 3.0, "messages");
            requests(&[("room", "Ops")], 7.0, "longest");
        }
        "documents that could not be read anew" => {
            let row = row(rows, &[("problem_count", "1")]);
            assert!(shown(&row["problems"]).contains("HIPCHAT_TOKENS"), "{row:?}");
        }
        "each route" => {
            requests(&[("route", "url"), ("status", "200")], 1.0, "requests");
            requests(&[("route", "key"), ("status", "503")], 1.0, "requests");
        }
        "targets that fail" => {
            requests(
                &[("route", "key"), ("reason", "upstream_5xx"), ("upstream_status", "503")],
                1.0,
                "failures",
            );
            assert_eq!(rows.len(), 1);
        }
        "the time that is its own" => {
            assert!((number(&rows[0], "requests") - 3.0).abs() < 0.5, "{rows:?}");
            assert!(number(&rows[0], "p99") > 0.0);
        }
        "the invocations of a function, to look up in its own log" => {
            assert_eq!(rows.len(), 1, "{rows:?}");
            let row = row(rows, &[("route", "invoke"), ("status", "200")]);
            assert_eq!(shown(&row["upstream_request_id"]).len(), 36);
        }
        "cold starts" => FUNCTIONS
            .iter()
            .for_each(|function| requests(&[("service", function)], 1.0, "starts")),
        "one request" => {
            let row = row(rows, &[("service", "authorizer"), ("outcome", "error")]);
            let line: Json = serde_json::from_str(&shown(&row["@message"])).unwrap();
            assert!(rows.len() == 1 && line["decision"] == "error");
        }
        "starts that failed" => {
            let told = |row: &Row| shown(&row["@message"]).contains("AUTHZ_INTROSPECTION_URL: is required");
            assert!(rows.iter().any(told), "{rows:?}");
            assert!(rows.len() < lines.len());
        }
        other => panic!("nobody knows the answer to {other:?}"),
    }
}
