//! Relation tuples, read from JSON and from queries as Keto reads them.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::api::Refusal;
use crate::standin::wire::form_pairs;

/// How Keto calls a tuple's members, and those of its set.
const OF: &str = "RelationTuple.";
const OF_SET: &str = "SubjectSet.subject_set.";

/// A subject has a relation to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationTuple {
    /// The object's namespace.
    pub namespace: String,
    /// The object.
    pub object: String,
    /// The relation.
    pub relation: String,
    /// Who has it.
    pub subject: Subject,
}

/// Who has a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One by its name.
    Id(String),
    /// Everybody who has a relation to an object.
    Set {
        /// The object's namespace.
        namespace: String,
        /// The object.
        object: String,
        /// The relation.
        relation: String,
    },
}

/// Why there is no tuple to look for.
#[derive(Debug)]
pub(super) enum NoTuple {
    /// Nobody has told of this namespace.
    Namespace(String),
    /// The question is wrong.
    Refused(Refusal),
}

impl From<Refusal> for NoTuple {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Serialize for RelationTuple {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("namespace", &self.namespace)?;
        map.serialize_entry("object", &self.object)?;
        map.serialize_entry("relation", &self.relation)?;
        match &self.subject {
            Subject::Id(id) => map.serialize_entry("subject_id", id)?,
            Subject::Set {
                namespace,
                object,
                relation,
            } => {
                let set = [("namespace", namespace), ("object", object), ("relation", relation)];
                let set: Map<String, Value> = set
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
                    .collect();
                map.serialize_entry("subject_set", &set)?;
            }
        }
        map.end()
    }
}

impl RelationTuple {
    /// Reads a body. Whatever type it is said to have, it is JSON; names count in any case, what follows the first document
    /// does not, and an absent member is the empty text. Nothing for a namespace that is not `known`, which is looked at before
    /// the subject.
    pub(super) fn from_json(body: &[u8], known: impl Fn(&str) -> bool) -> Result<Self, NoTuple> {
        let mut documents = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
        let members = match documents.next() {
            Some(Ok(Value::Object(members))) => members,
            Some(Ok(Value::Null)) => Map::new(),
            Some(Ok(other)) => {
                let what = format!(
                    "json: cannot unmarshal {} into Go value of type ketoapi.RelationTuple",
                    kind(&other)
                );
                return Err(Refusal::json(&what).into());
            }
            Some(Err(error)) if error.is_eof() => return Err(Refusal::json("unexpected EOF").into()),
            // Go has other words for each of these.
            Some(Err(error)) => return Err(Refusal::json(&error.to_string()).into()),
            None => return Err(Refusal::json("EOF").into()),
        };
        let subject = match (member(&members, OF, "subject_id")?, get(&members, "subject_set")) {
            (Some(id), _) => Some(Subject::Id(id.to_owned())),
            (None, Some(Value::Object(set))) => Some(Subject::Set {
                namespace: text(set, OF_SET, "namespace")?,
                object: text(set, OF_SET, "object")?,
                relation: text(set, OF_SET, "relation")?,
            }),
            (None, Some(other)) => {
                let field = "Go struct field RelationTuple.subject_set of type ketoapi.SubjectSet";
                let what = format!("json: cannot unmarshal {} into {field}", kind(other));
                return Err(Refusal::json(&what).into());
            }
            (None, None) => None,
        };
        let namespace = text(&members, OF, "namespace")?;
        let subject = match subject {
            Some(subject) if known(&namespace) => subject,
            None if known(&namespace) => return Err(Refusal::no_subject().into()),
            _ => return Err(NoTuple::Namespace(namespace)),
        };
        Ok(Self {
            namespace,
            object: text(&members, OF, "object")?,
            relation: text(&members, OF, "relation")?,
            subject,
        })
    }

    /// Reads a query.
    pub(super) fn from_query(query: &str, known: impl Fn(&str) -> bool) -> Result<Self, NoTuple> {
        let parts = Parts::from_query(query)?;
        match parts {
            Parts { subject: None, .. } => Err(Refusal::no_subject().into()),
            Parts {
                namespace: Some(namespace),
                object: Some(object),
                relation: Some(relation),
                subject: Some(subject),
            } if known(&namespace) => Ok(Self {
                namespace,
                object,
                relation,
                subject,
            }),
            Parts {
                namespace: Some(namespace),
                object: Some(_),
                relation: Some(_),
                ..
            } => Err(NoTuple::Namespace(namespace)),
            _ => Err(
                Refusal::bad(r#"incomplete tuple, provide "namespace", "object", "relation", and a subject"#).into(),
            ),
        }
    }
}

/// What tuples have in common.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) namespace: Option<String>,
    object: Option<String>,
    relation: Option<String>,
    subject: Option<Subject>,
}

impl Parts {
    pub(super) fn from_query(query: &str) -> Result<Self, Refusal> {
        let pairs = form_pairs(query);
        let get = |name: &str| {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        if get("subject").is_some() {
            return Err(Refusal::bad(
                "The request was malformed or contained invalid parameters",
            ));
        }
        let set = ["namespace", "object", "relation"].map(|name| get(&format!("subject_set.{name}")));
        let subject = match (get("subject_id"), set) {
            (None, [None, None, None]) => None,
            (Some(id), [None, None, None]) => Some(Subject::Id(id)),
            (None, [Some(namespace), Some(object), Some(relation)]) => Some(Subject::Set {
                namespace,
                object,
                relation,
            }),
            (Some(_), _) => {
                return Err(Refusal::bad(
                    "exactly one of subject_set or subject_id has to be provided",
                ));
            }
            (None, _) => {
                return Err(Refusal::bad(
                    r#"incomplete subject, provide "subject_id" or a complete "subject_set.*""#,
                ));
            }
        };
        Ok(Self {
            namespace: get("namespace"),
            object: get("object"),
            relation: get("relation"),
            subject,
        })
    }

    pub(super) fn are_of(&self, tuple: &RelationTuple) -> bool {
        let is = |part: &Option<String>, value: &String| part.as_ref().is_none_or(|part| part == value);
        is(&self.namespace, &tuple.namespace)
            && is(&self.object, &tuple.object)
            && is(&self.relation, &tuple.relation)
            && self.subject.as_ref().is_none_or(|subject| *subject == tuple.subject)
    }
}

fn get<'m>(members: &'m Map<String, Value>, wanted: &str) -> Option<&'m Value> {
    let found = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

fn member<'m>(members: &'m Map<String, Value>, of: &str, name: &str) -> Result<Option<&'m str>, Refusal> {
    match get(members, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            let what = format!(
                "json: cannot unmarshal {} into Go struct field {of}{name} of type string",
                kind(other)
            );
            Err(Refusal::json(&what))
        }
    }
}

fn text(members: &Map<String, Value>, of: &str, name: &str) -> Result<String, Refusal> {
    Ok(member(members, of, name)?.unwrap_or_default().to_owned())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
