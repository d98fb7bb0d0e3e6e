//! CloudFormation's functions and conditions, worked out for one set of parameters.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{at, items, members, name_of, text};

/// The pseudo parameters of the stack that is imagined here.
const PSEUDO: [(&str, &str); 6] = [
    ("AWS::AccountId", "123456789012"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "eu-west-1"),
    (
        "AWS::StackId",
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/suite/11111111-2222-3333-4444-555555555555",
    ),
    ("AWS::StackName", "suite"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// Works out one template.
pub(super) struct Resolver<'a> {
    pub(super) template: &'a Value,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) lists: Vec<String>,
    pub(super) problems: Vec<String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn section(&mut self, name: &str) -> BTreeMap<String, Value> {
        let template: &'a Value = self.template;
        let mut present = BTreeMap::new();
        for (name, part) in members(&template[name]) {
            if self.is_present(part)
                && let Some(value) = self.resolve(part)
            {
                for wanted in items(at(&value, "/DependsOn")).map(text) {
                    self.demand(&wanted);
                }
                present.insert(name.to_owned(), value);
            }
        }
        present
    }

    fn is_present(&mut self, part: &Value) -> bool {
        part["Condition"]
            .as_str()
            .is_none_or(|name| self.holds(&json!({ "Condition": name })))
    }

    pub(super) fn broken_rules(&mut self) -> Vec<String> {
        let template: &'a Value = self.template;
        let mut broken = Vec::new();
        for (_, rule) in members(&template["Rules"]) {
            if rule["RuleCondition"].is_null() || self.holds(&rule["RuleCondition"]) {
                for assertion in items(&rule["Assertions"]) {
                    if !self.holds(&assertion["Assert"]) {
                        broken.push(text(&assertion["AssertDescription"]));
                    }
                }
            }
        }
        broken
    }

    fn holds(&mut self, condition: &Value) -> bool {
        let Some((function, argument)) = single(condition) else {
            self.problems.push(format!("{condition}: is no condition"));
            return false;
        };
        match function {
            "Condition" => {
                let template: &'a Value = self.template;
                let named = at(template, &format!("/Conditions/{}", text(argument)));
                if named.is_null() {
                    self.problems
                        .push(format!("{argument}: is no condition of the template"));
                }
                !named.is_null() && self.holds(named)
            }
            "Fn::Not" => items(argument).next().is_some_and(|inner| !self.holds(inner)),
            "Fn::And" => items(argument).all(|inner| self.holds(inner)),
            "Fn::Or" => items(argument).any(|inner| self.holds(inner)),
            "Fn::Equals" => {
                let sides: Vec<String> = items(argument)
                    .map(|side| self.resolve(side).map_or_else(String::new, |side| text(&side)))
                    .collect();
                matches!(sides.as_slice(), [one, other] if one == other)
            }
            _ => {
                self.problems.push(format!("{function}: is no condition known here"));
                false
            }
        }
    }

    /// The value with its functions worked out; `None` for `AWS::NoValue`.
    fn resolve(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(list) => Some(list.iter().filter_map(|item| self.resolve(item)).collect()),
            Value::Object(object) => match single(value) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => self.call(name, argument),
                _ => Some(Value::Object(
                    object
                        .iter()
                        .filter_map(|(name, inner)| Some((name.clone(), self.resolve(inner)?)))
                        .collect::<Map<_, _>>(),
                )),
            },
            scalar => Some(scalar.clone()),
        }
    }

    fn call(&mut self, function: &str, argument: &Value) -> Option<Value> {
        match function {
            "Ref" => self.reference(&text(argument)),
            "Fn::GetAtt" => {
                let path: Vec<String> = items(argument).map(text).collect();
                let path = path.join(".");
                self.demand(name_of(&path));
                Some(json!(format!("${{{path}}}")))
            }
            "Fn::If" => {
                let [condition, yes, no] = argument.as_array()?.as_slice() else {
                    self.problems.push(format!("{argument}: is no Fn::If"));
                    return None;
                };
                let branch = if self.holds(&json!({ "Condition": condition })) {
                    yes
                } else {
                    no
                };
                self.resolve(branch)
            }
            "Fn::Sub" => self.substitute(argument),
            "Fn::Join" => {
                let [separator, list] = argument.as_array()?.as_slice() else {
                    return None;
                };
                let list = self.resolve(list)?;
                let texts: Vec<String> = items(&list).map(text).collect();
                Some(json!(texts.join(&text(separator))))
            }
            "Fn::Split" => {
                let [separator, whole] = argument.as_array()?.as_slice() else {
                    return None;
                };
                let whole = text(&self.resolve(whole)?);
                Some(whole.split(&text(separator)).collect())
            }
            "Fn::Select" => {
                let [index, list] = argument.as_array()?.as_slice() else {
                    return None;
                };
                let list = self.resolve(list)?;
                let chosen = text(index)
                    .parse()
                    .ok()
                    .and_then(|index: usize| list.get(index).cloned());
                if chosen.is_none() {
                    self.problems.push(format!("{argument}: selects nothing"));
                }
                chosen
            }
            other => {
                self.problems.push(format!("{other}: is not known here"));
                None
            }
        }
    }

    fn reference(&mut self, name: &str) -> Option<Value> {
        if name == "AWS::NoValue" {
            return None;
        }
        if let Some((_, value)) = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name) {
            return Some(json!(value));
        }
        if let Some(value) = self.parameters.get(name) {
            return Some(if self.lists.iter().any(|list| list == name) {
                value.split(',').map(str::trim).collect()
            } else {
                json!(value)
            });
        }
        self.demand(name);
        Some(json!(format!("${{{name}}}")))
    }

    fn substitute(&mut self, argument: &Value) -> Option<Value> {
        let none = Value::Null;
        let (pattern, variables) = match argument {
            Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1).unwrap_or(&none)),
            other => (other.as_str()?, &none),
        };
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, after) = after.split_once('}')?;
            let value = if let Some(literal) = name.strip_prefix('!') {
                Some(json!(format!("${{{literal}}}")))
            } else if let Some(variable) = variables.get(name) {
                self.resolve(variable)
            } else if name.contains('.') {
                self.call("Fn::GetAtt", &json!(name))
            } else {
                self.reference(name)
            };
            out.push_str(&value.map_or_else(String::new, |value| text(&value)));
            rest = after;
        }
        out.push_str(rest);
        Some(json!(out))
    }

    /// Notes a reference to a resource that this stack has not.
    fn demand(&mut self, name: &str) {
        let template: &'a Value = self.template;
        let resource = at(template, &format!("/Resources/{name}"));
        if resource.is_null() || !self.is_present(resource) {
            self.problems
                .push(format!("{name}: is referred to, and the stack has none"));
        }
    }
}

fn single(value: &Value) -> Option<(&str, &Value)> {
    let mut all = members(value);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}
