//! YAML or JSON text -> JSON document.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Reads a text of one document. What is wrong is told by its place.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}"));
    }
    let documents = Yaml::load_from_str(text).map_err(|error| format!("invalid YAML: {error}"))?;
    match documents.as_slice() {
        [document] => to_json(document),
        _ => Err(format!("invalid YAML: {} documents instead of one", documents.len())),
    }
}

fn to_json(yaml: &Yaml<'_>) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Representation(text, ..) => json!(text),
        Yaml::Sequence(items) => items.iter().map(to_json).collect::<Result<Value, String>>()?,
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, value) in members {
                let Value::String(key) = to_json(key)? else {
                    return Err("invalid YAML: a key is no string".to_owned());
                };
                object.insert(key, to_json(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err("tags and aliases are not read".to_owned());
        }
    })
}
