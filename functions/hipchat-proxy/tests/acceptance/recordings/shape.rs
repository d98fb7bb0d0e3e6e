//! Whether a client that read one answer can read another.

use serde_json::{Value, json};

/// Whether a client that reads `recorded` can read `ours`: every member is there and of the same type. What was null
/// may be anything, and only lists that both hold something can be compared.
pub(super) fn lacks(ours: &Value, recorded: &Value, place: &str) -> Vec<String> {
    match (ours, recorded) {
        (_, Value::Null) => Vec::new(),
        (Value::Object(ours), Value::Object(recorded)) => recorded
            .iter()
            .flat_map(|(name, recorded)| match ours.get(name) {
                Some(ours) => lacks(ours, recorded, &format!("{place}.{name}")),
                None => vec![format!("{place}.{name} is missing")],
            })
            .collect(),
        (Value::Array(ours), Value::Array(recorded)) => match (ours.first(), recorded.first()) {
            (Some(ours), Some(recorded)) => lacks(ours, recorded, &format!("{place}[0]")),
            (None, Some(_)) => vec![format!("{place} is empty")],
            (_, None) => Vec::new(),
        },
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => Vec::new(),
        _ => vec![format!("{place} is {ours}, was {recorded}")],
    }
}

#[test]
fn what_a_client_would_miss_is_told() {
    let recorded = json!({"a": 1, "b": [{"c": "x"}], "d": null, "e": []});
    assert!(
        lacks(
            &json!({"a": 2, "b": [{"c": "y"}], "d": 5, "e": [1], "more": 1}),
            &recorded,
            ""
        )
        .is_empty()
    );
    let ours = json!({"a": "1", "b": [{}]});
    assert_eq!(
        lacks(&ours, &recorded, ""),
        [
            ".a is \"1\", was 1",
            ".b[0].c is missing",
            ".d is missing",
            ".e is missing"
        ]
    );
}
