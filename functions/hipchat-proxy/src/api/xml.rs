//! The first API's answers in XML: the same tree as in JSON, a list's items under its name's singular.

use serde_json::{Map, Value};

/// What every document begins with.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes a document: `{"rooms":[...]}` has the root `rooms`, `{"status":"ok"}` the root `response`.
pub(super) fn write(document: &Value) -> String {
    let mut out = DECLARATION.to_owned();
    let members = document.as_object();
    let nested = |members: &Map<String, Value>| {
        let inner = members.values().next();
        members.len() == 1 && inner.is_some_and(|inner| inner.is_object() || inner.is_array())
    };
    match members.filter(|members| nested(members)) {
        Some(members) => push_members(members, &mut out),
        None => push("response", document, &mut out),
    }
    out
}

fn push_members(members: &Map<String, Value>, out: &mut String) {
    for (name, value) in members {
        push(name, value, out);
    }
}

fn push(name: &str, value: &Value, out: &mut String) {
    out.extend(["<", name, ">"]);
    match value {
        Value::Null => {}
        Value::Object(members) => push_members(members, out),
        Value::Array(items) => {
            let single = name.strip_suffix('s').unwrap_or("item");
            items.iter().for_each(|item| push(single, item, out));
        }
        Value::String(text) => out.push_str(&escape(text)),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
    out.extend(["</", name, ">"]);
}

/// A text between tags. XML 1.0 cannot hold control characters, not even escaped, nor two of Unicode's last ones.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_objects_keep_their_tree() {
        let body = |document: Value| write(&document).replace(DECLARATION, "");
        assert_eq!(
            body(json!({"rooms": [{"name": "a & <b>", "topic": null, "is_archived": false, "room_id": 7}]})),
            "<rooms><room><is_archived>false</is_archived><name>a &amp; &lt;b&gt;</name><room_id>7</room_id>\
             <topic></topic></room></rooms>"
        );
        assert_eq!(
            body(json!({"room": {"participants": [{"name": "c"}]}})),
            "<room><participants><participant><name>c</name></participant></participants></room>"
        );
        assert_eq!(body(json!({"messages": []})), "<messages></messages>");
        assert_eq!(
            body(json!({"status": "ok"})),
            "<response><status>ok</status></response>"
        );
        assert_eq!(
            body(json!({"deleted": true})),
            "<response><deleted>true</deleted></response>"
        );
        assert_eq!(escape("a\u{1}b\u{ffff}c"), "a b c");
    }
}
