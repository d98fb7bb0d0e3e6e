//! Queries over a few lines.

use super::*;

fn lines() -> Vec<Row> {
    [
        r#"{"outcome":"ok","route":"a","ms":10,"own":4,"cold_start":true}"#,
        r#"{"outcome":"ok","route":"b","ms":30,"cold_start":false}"#,
        r#"{"outcome":"failed","route":"a","ms":20,"deep":{"x":1}}"#,
        "no JSON: is required",
    ]
    .iter()
    .zip([0.0, 60_000.0, 299_999.0, 300_000.0])
    .map(|(text, at)| line(text, at))
    .collect()
}

/// What a query gives, each row as `name=value` in the order of names.
fn check(query: &str, wanted: &[&str]) {
    let rows = Query::parse(query).unwrap().run(&lines());
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let fields: Vec<String> = row
                .iter()
                .map(|(name, value)| match value {
                    Value::Number(number) => format!("{name}={number}"),
                    Value::Text(text) => format!("{name}={text}"),
                })
                .collect();
            fields.join(" ")
        })
        .collect();
    assert_eq!(shown, wanted, "{query}");
}

#[test]
fn lines_are_filtered_and_shown() {
    check("fields route | filter outcome = \"ok\"", &["route=a", "route=b"]);
    check(
        "filter ms > 10 and not outcome = \"ok\" or cold_start = 1 | fields ms",
        &["ms=10", "ms=20"],
    );
    check(
        "filter not ispresent(outcome) | fields @message",
        &["@message=no JSON: is required"],
    );
    check(
        "filter @message like \"is required\" | fields @timestamp",
        &["@timestamp=300000"],
    );
    check("fields ms - own as rest | filter ispresent(rest)", &["rest=6"]);
    check(
        "filter outcome != \"ok\" | fields route # what is not there is not unequal",
        &["route=a"],
    );
}

#[test]
fn lines_are_counted_and_sorted() {
    check(
        "filter ispresent(outcome)\n| stats count(*) as n, max(ms) as most by route\n| sort n desc",
        &["most=20 n=2 route=a", "most=30 n=1 route=b"],
    );
    check("stats count(*) as n by bin(5m)", &["bin=0 n=3", "bin=300000 n=1"]);
    check(
        "stats sum(ms) as s, avg(ms) as a, min(ms) as l, pct(ms, 50) as p, pct(ms, 99) as q",
        &["a=20 l=10 p=20 q=30 s=60"],
    );
    check("fields ms | sort ms desc | limit 1", &["ms=30"]);
    check(
        "filter outcome = \"ok\" | stats count(*) as n by outcome | filter n > 5",
        &[],
    );
}

#[test]
fn fields_of_lines_are_told_from_those_that_a_query_makes() {
    let query = "filter a = 1 | fields b - c as d, @timestamp | stats count(*) as n, avg(d) as e by f | sort n desc, e";
    let fields: Vec<String> = Query::parse(query).unwrap().fields().into_iter().collect();
    assert_eq!(fields, ["a", "b", "c", "f"]);
}

#[test]
fn what_is_not_known_is_refused() {
    for query in [
        "",
        "parse @message \"*\" as a",
        "fields a b",
        "filter a",
        "filter a = ",
        "filter a like b",
        "stats count(*)",
        "stats median(a) as b",
        "stats count(*) as a by bin(5)",
        "sort a desc |",
        "limit many",
        "fields a | ~",
        "filter a = \"b",
        "stats pct(a) as b",
        "fields 5x",
    ] {
        assert!(Query::parse(query).is_err(), "{query}");
    }
}
