//! The JSON Schema of a route table. What each place takes is what the reading asks for when it reads a table that has
//! every member; what else is known of a member stands in the notes beside its description. No shipped program uses it.

mod notes;
mod probe;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::problems::{Asked, Kind, Problems};
use super::read_document;
use notes::{NOTES, Note};

/// Members that must stand where their object does.
const REQUIRED: [&str; 5] = [
    "version",
    "routes",
    "routes[].uri",
    "routes[].function.name",
    "routes[].authorization.iam.assume_role.arn",
];

/// Members of a route that a default cannot stand in for.
const OWN: [&str; 2] = ["name", "uri"];

const ROUTE: &str = "routes[]";

/// The JSON Schema (2020-12) of a route table: everything that can be said without reading a file, a secret or a
/// variable, and without comparing routes.
pub fn schema() -> Value {
    let builder = Builder {
        asked: asked().0,
        notes: NOTES.iter().map(|note| (note.path, note)).collect(),
    };
    let mut root = builder.object("");
    let mut route = builder.object(ROUTE);
    let mut defaults = Map::new();
    if let Some(members) = route.get("properties").and_then(Value::as_object) {
        for name in members.keys().filter(|name| !OWN.contains(&name.as_str())) {
            let reference = format!("#/$defs/route/properties/{name}");
            defaults.insert(name.clone(), json!({"$ref": reference}));
        }
    }
    merge(&mut route, json!({"allOf": notes::route_rules()}));
    merge(
        &mut root,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Route table of lambda-invoker",
            "properties": {
                "defaults": {"type": ["object", "null"], "properties": defaults, "additionalProperties": false},
                "routes": {"type": "array", "items": {"$ref": "#/$defs/route"}},
            },
            "allOf": [notes::destination_rule()],
            "$defs": {"route": route, "secret": notes::secret()},
        }),
    );
    for (name, header) in notes::headers() {
        merge(&mut root, json!({"$defs": {name: header}}));
    }
    root
}

/// What the reading of tables with every member asks for, and what it found wrong with them.
fn asked() -> (Asked, Vec<String>) {
    let mut problems = Problems::recording();
    for document in probe::documents() {
        read_document(&document, &probe::Anything, &mut problems);
    }
    let (mut asked, lines) = problems.into_asked();
    // They are a route's own, which is read for itself.
    asked.known.retain(|path| !path.starts_with("defaults."));
    asked.kinds.retain(|path, _| !path.starts_with("defaults."));
    (asked, lines)
}

struct Builder {
    asked: Asked,
    notes: BTreeMap<&'static str, &'static Note>,
}

impl Builder {
    /// The schema of an object of known members
    fn object(&self, path: &str) -> Value {
        let mut members = Map::new();
        let mut required = Vec::new();
        for child in self.asked.known.iter().filter(|known| parent(known) == path) {
            let Some(kind) = self.asked.kinds.get(child) else {
                continue;
            };
            let name = child.rsplit('.').next().unwrap_or_default();
            let is_required = REQUIRED.contains(&same_as(child).as_str());
            if is_required {
                required.push(json!(name));
            }
            let mut schema = self.of(child, kind, !is_required);
            if let Some(note) = self.notes.get(same_as(child).as_str()) {
                merge(&mut schema, json!({"description": note.text}));
                if !note.more.is_empty() {
                    merge(&mut schema, serde_json::from_str(note.more).unwrap_or_default());
                }
            }
            members.insert(name.to_owned(), schema);
        }
        let mut object = json!({"type": "object", "properties": members, "additionalProperties": false});
        if !required.is_empty() {
            merge(&mut object, json!({"required": required}));
        }
        if members_of_credentials(path) {
            merge(&mut object, json!({"allOf": notes::credential_rules()}));
        }
        object
    }

    fn of(&self, path: &str, kind: &Kind, nullable: bool) -> Value {
        let mut schema = match kind {
            Kind::Text => json!({"type": "string", "minLength": 1}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::Words(words) => json!({"enum": words}),
            Kind::Secret => json!({"$ref": "#/$defs/secret"}),
            Kind::Object if path == ROUTE => json!({"$ref": "#/$defs/route"}),
            Kind::Object => self.object(path),
            Kind::List => {
                let items = format!("{path}[]");
                let kind = self.asked.kinds.get(&items);
                json!({"type": "array", "items": kind.map(|kind| self.of(&items, kind, false))})
            }
            Kind::Map => {
                let member = self.asked.kinds.iter().find(|(known, _)| parent(known) == path);
                json!({"type": "object", "additionalProperties": member.map(|(known, kind)| self.of(known, kind, true))})
            }
        };
        if let Some(note) = self.notes.get(same_as(path).as_str()).filter(|_| path.ends_with("[]")) {
            merge(&mut schema, serde_json::from_str(note.more).unwrap_or_default());
        }
        if nullable { or_null(schema) } else { schema }
    }
}

/// Credentials and both sides' header rules have the same members, so their notes stand once.
fn same_as(path: &str) -> String {
    let path = path.replace("response_headers.", "request_headers.");
    match path.strip_prefix("credentials.").and_then(|rest| rest.split_once('.')) {
        Some((_, member)) => format!("routes[].authorization.iam.{member}"),
        None => path,
    }
}

/// Whether an object holds credentials: an `iam`, or an entry of the table's `credentials`.
fn members_of_credentials(path: &str) -> bool {
    path == "routes[].authorization.iam" || parent(path) == "credentials"
}

fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// The same schema, for a member that may be `null`.
fn or_null(mut schema: Value) -> Value {
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
        return schema;
    }
    match schema.get("type").cloned() {
        Some(Value::String(kind)) => {
            merge(&mut schema, json!({"type": [kind, "null"]}));
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// Puts the members of `more` into `schema`; objects are merged, anything else takes the place of what is there.
fn merge(schema: &mut Value, more: Value) {
    match (schema, more) {
        (Value::Object(schema), Value::Object(more)) => {
            for (name, value) in more {
                merge(schema.entry(name).or_insert(Value::Null), value);
            }
        }
        (schema, more) => *schema = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probes_have_every_member_and_each_has_a_description() {
        let (asked, problems) = asked();
        assert_eq!(problems, [""; 0]);
        let notes: Vec<&str> = NOTES.iter().map(|note| note.path).collect();
        let bare: Vec<&String> = asked
            .known
            .iter()
            .filter(|path| !notes.contains(&same_as(path).as_str()))
            .collect();
        assert!(bare.is_empty(), "without a description: {bare:?}");
        let refused: Vec<&String> = asked
            .known
            .iter()
            .filter(|path| !asked.kinds.contains_key(*path))
            .collect();
        assert!(refused.is_empty(), "of no kind: {refused:?}");
        for note in NOTES {
            let known = asked.known.contains(note.path) || asked.kinds.contains_key(note.path);
            assert!(known, "{} is no member", note.path);
            assert!(
                note.more.is_empty() || serde_json::from_str::<Map<String, Value>>(note.more).is_ok(),
                "{}",
                note.path
            );
        }
    }

    /// The number comes from elsewhere.
    #[test]
    fn the_least_margin_of_a_stream_is_told() {
        let least = format!("at least {}", crate::STREAM_MARGIN.as_millis());
        let note = NOTES
            .iter()
            .find(|note| note.path == "routes[].deadline_margin")
            .unwrap();
        assert!(note.text.contains(&least), "{}", note.text);
        let page = include_str!("../../../../docs/settings.md");
        assert!(
            page.contains(&format!("{least} ms")),
            "docs/settings.md does not say {least} ms"
        );
    }
}
