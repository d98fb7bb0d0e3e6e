//! `template.yaml` as JSON, and what must hold in it.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::variables::REFERENCE;

/// Reads a CloudFormation template. Short forms become long ones: `!Ref X` is `{"Ref": "X"}`, `!Sub x` is
/// `{"Fn::Sub": "x"}`, `!GetAtt X.Arn` is `{"Fn::GetAtt": ["X", "Arn"]}`.
///
/// # Errors
/// Where the text is not YAML, or is not one document.
pub fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| format!("template: {error}"))?;
    match documents.as_slice() {
        [document] => Ok(to_json(document)),
        _ => Err(format!("template: {} documents instead of one", documents.len())),
    }
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Null) | Yaml::BadValue => Value::Null,
        Yaml::Representation(text, ..) => json!(text),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(members) => members
            .iter()
            .map(|(key, value)| (key_of(key), to_json(value)))
            .collect(),
        Yaml::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                function => format!("Fn::{function}"),
            };
            let argument = match (name.as_str(), to_json(inner)) {
                ("Fn::GetAtt", Value::String(path)) => path.splitn(2, '.').collect(),
                (_, argument) => argument,
            };
            Value::Object(Map::from_iter([(name, argument)]))
        }
        Yaml::Alias(_) => Value::Null,
    }
}

fn key_of(key: &Yaml<'_>) -> String {
    match to_json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The resources of one type, by their logical names.
fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    members(&template["Resources"])
        .filter(|(_, resource)| resource["Type"] == kind)
        .collect()
}

/// What a JSON pointer leads to; null where it leads nowhere.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The environment that the template gives to each function, by the function's folder.
pub fn environments(template: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    resources(template, "AWS::Serverless::Function")
        .into_iter()
        .filter_map(|(_, resource)| {
            let properties = &resource["Properties"];
            let folder = properties["CodeUri"]
                .as_str()?
                .strip_prefix("functions/")?
                .trim_end_matches('/');
            let variables =
                members(at(properties, "/Environment/Variables")).map(|(name, value)| (name.to_owned(), value.clone()));
            Some((folder.to_owned(), variables.collect()))
        })
        .collect()
}

/// Variables with a twin that holds a reference, and yet with a value in the template: a secret in plain sight.
pub fn plain_secrets(environment: &BTreeMap<String, Value>) -> Vec<String> {
    environment
        .iter()
        .filter(|(name, value)| **value != "" && environment.contains_key(&format!("{name}{REFERENCE}")))
        .map(|(name, _)| format!("{name}: has a value in the template; give it through {name}{REFERENCE}"))
        .collect()
}

/// Secrets whose value stands in the template.
pub fn secrets_with_values(template: &Value) -> Vec<String> {
    resources(template, "AWS::SecretsManager::Secret")
        .into_iter()
        .filter(|(_, resource)| !at(resource, "/Properties/SecretString").is_null())
        .map(|(name, _)| format!("{name}: the template holds its value"))
        .collect()
}

/// IAM statements that allow more verbs than they name, or that have no name themselves.
pub fn loose_statements(template: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    walk(template, "", &mut |path, value| {
        let Some(statement) = value.as_object().filter(|members| members.contains_key("Effect")) else {
            return;
        };
        if statement.contains_key("NotAction") {
            faults.push(format!("{path}: NotAction allows everything else"));
        }
        if !statement.get("Sid").is_some_and(Value::is_string) {
            faults.push(format!("{path}: has no Sid"));
        }
        let actions = match statement.get("Action") {
            Some(Value::Array(actions)) => actions.clone(),
            Some(action) => vec![action.clone()],
            None => Vec::new(),
        };
        for action in actions {
            match action.as_str() {
                Some(action) if !action.contains('*') && action.contains(':') => {}
                _ => faults.push(format!("{path}: action {action} is not one exact verb")),
            }
        }
    });
    faults
}

fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                walk(inner, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(inner, &format!("{path}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// Parameters without description, bounds or explanation, or missing in the groups that a person sees.
pub fn bare_parameters(template: &Value) -> Vec<String> {
    const BOUNDS: [&str; 4] = ["AllowedValues", "AllowedPattern", "MinValue", "MaxLength"];
    let groups = at(template, "/Metadata/AWS::CloudFormation::Interface/ParameterGroups");
    let mut grouped: Vec<&str> = Vec::new();
    for group in groups.as_array().into_iter().flatten() {
        grouped.extend(
            group["Parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
    }
    let mut faults = Vec::new();
    for (name, parameter) in members(&template["Parameters"]) {
        if parameter["Description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{name}: has no description"));
        }
        if BOUNDS.iter().all(|bound| parameter[*bound].is_null()) {
            faults.push(format!("{name}: has no allowed values, pattern or range"));
        }
        if parameter["AllowedValues"].is_null() && parameter["ConstraintDescription"].is_null() {
            faults.push(format!("{name}: has no constraint text"));
        }
        let times = grouped.iter().filter(|grouped| **grouped == name).count();
        if times != 1 {
            faults.push(format!("{name}: stands in {times} parameter groups, not in one"));
        }
    }
    let known: BTreeSet<&str> = members(&template["Parameters"]).map(|(name, _)| name).collect();
    let unknown = grouped.iter().filter(|name| !known.contains(*name));
    faults.extend(unknown.map(|name| format!("{name}: in a parameter group, but no parameter")));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
Parameters:
  Url: {Type: String, Default: "", Description: Where, AllowedPattern: x, ConstraintDescription: A URL.}
  Bare: {Type: String}
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups: [{Label: {default: All}, Parameters: [Url, Gone]}]
Resources:
  Key:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: hunter2}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Sid: Fine, Effect: Allow, Action: [logs:PutLogEvents], Resource: "*"}
              - !If [Cond, {Effect: Allow, Action: "s3:Get*", Resource: x}, !Ref AWS::NoValue]
              - {Sid: Wide, Effect: Allow, NotAction: s3:GetObject, Resource: x}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/authorizer
      Environment:
        Variables: {AUTHZ_URL: !Ref Url, AUTHZ_KEY: hunter2, AUTHZ_KEY_SECRET_ARN: !Sub "${Key}:k::", AUTHZ_N: 5}
"#;

    #[test]
    fn short_forms_become_long_ones() {
        let template = parse(SMALL).unwrap();
        let environments = environments(&template);
        let variables = &environments["authorizer"];
        assert_eq!(variables["AUTHZ_URL"], json!({"Ref": "Url"}));
        assert_eq!(variables["AUTHZ_KEY_SECRET_ARN"], json!({"Fn::Sub": "${Key}:k::"}));
        assert_eq!(variables["AUTHZ_N"], json!(5));
        assert!(parse("a: [").is_err());
        assert!(parse("a: 1\n---\nb: 2\n").is_err());
    }

    #[test]
    fn secrets_in_plain_sight_are_found() {
        let template = parse(SMALL).unwrap();
        assert_eq!(secrets_with_values(&template), ["Key: the template holds its value"]);
        let mut environment = environments(&template)["authorizer"].clone();
        assert_eq!(plain_secrets(&environment).len(), 1);
        environment.insert("AUTHZ_KEY".to_owned(), json!(""));
        assert!(plain_secrets(&environment).is_empty());
    }

    #[test]
    fn loose_statements_are_found() {
        let faults = loose_statements(&parse(SMALL).unwrap());
        let all = faults.join("\n");
        assert_eq!(faults.len(), 3, "{all}");
        assert!(all.contains("has no Sid"));
        assert!(all.contains("\"s3:Get*\" is not one exact verb"));
        assert!(all.contains("NotAction"));
    }

    #[test]
    fn bare_parameters_are_found() {
        let all = bare_parameters(&parse(SMALL).unwrap()).join("\n");
        assert_eq!(
            all,
            "Bare: has no description\nBare: has no allowed values, pattern or range\nBare: has no constraint text\n\
             Bare: stands in 0 parameter groups, not in one\nGone: in a parameter group, but no parameter"
        );
    }
}
