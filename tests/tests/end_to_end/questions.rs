//! The operating guide's questions to the logs, put to lines that the real binaries wrote: each gives an answer, the right
//! one, and names no field that no line has.

mod answers;
mod traffic;

use std::collections::BTreeMap;
use std::time::Duration;

use local::function::{Function, FunctionOptions};
use tests::insights::{Query, Row, Value, line};

use self::answers::check;
use self::traffic::traffic;
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
