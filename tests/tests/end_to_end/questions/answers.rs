//! The right answers.

use serde_json::Value as Json;
use tests::insights::{Row, Value};

use super::{FUNCTIONS, number, row, shown};

/// Whether an answer is right.
pub(super) fn check(what: &str, rows: &[Row], lines: &[Row]) {
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
