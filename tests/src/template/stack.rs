//! A translated template with its parameters filled in: which resources a stack has, and what their properties say.
//!
//! CloudFormation's functions are worked out as far as that is possible without an account. What only a running stack
//! knows stays as a token: `${Name}` for `Ref`, `${Name.Attribute}` for `Fn::GetAtt`.

mod resolve;

use std::collections::BTreeMap;

use resolve::Resolver;
use serde_json::Value;

/// A stack as its parameters make it.
#[derive(Debug, Default)]
pub struct Stack {
    /// The parameters, defaults included, as texts.
    pub parameters: BTreeMap<String, String>,
    /// The resources whose condition holds, with all functions worked out.
    pub resources: BTreeMap<String, Value>,
    /// The outputs whose condition holds.
    pub outputs: BTreeMap<String, Value>,
    /// The texts of the rules that the parameters break.
    pub broken_rules: Vec<String>,
    /// References to what the stack has not, and functions that are not known here.
    pub problems: Vec<String>,
}

impl Stack {
    /// Works out `template`, which the SAM transform has been through, for these parameters.
    #[must_use]
    pub fn new(template: &Value, given: &[(&str, &str)]) -> Self {
        let mut resolver = Resolver {
            template,
            parameters: BTreeMap::new(),
            lists: Vec::new(),
            problems: Vec::new(),
        };
        for (name, parameter) in members(&template["Parameters"]) {
            resolver.parameters.insert(name.to_owned(), text(&parameter["Default"]));
            if parameter["Type"].as_str().is_some_and(|kind| kind.contains("List")) {
                resolver.lists.push(name.to_owned());
            }
        }
        for (name, value) in given {
            if resolver
                .parameters
                .insert((*name).to_owned(), (*value).to_owned())
                .is_none()
            {
                resolver.problems.push(format!("{name}: is no parameter"));
            }
        }
        let broken_rules = resolver.broken_rules();
        let resources = resolver.section("Resources");
        let outputs = resolver.section("Outputs");
        Self {
            parameters: resolver.parameters,
            resources,
            outputs,
            broken_rules,
            problems: resolver.problems,
        }
    }

    /// The resources of one type, by name.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// The properties of the resource that a token or a name leads to; null where there is none.
    #[must_use]
    pub fn at(&self, token: &Value) -> &Value {
        token
            .as_str()
            .and_then(|token| self.resources.get(name_of(token)))
            .map_or(&Value::Null, |resource| &resource["Properties"])
    }
}

/// The resource that a token names: `Role` of `${Role.Arn}`.
#[must_use]
pub fn name_of(token: &str) -> &str {
    let inner = token
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(token);
    inner.split('.').next().unwrap_or(inner)
}

/// The members of an object; none of anything else.
pub fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

/// What a JSON pointer leads to; null where it leads nowhere.
#[must_use]
pub fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The items of a list; what is no list is one item, null is none.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, single) = match value {
        Value::Array(items) => (items.as_slice(), None),
        Value::Null => (&[][..], None),
        other => (&[][..], Some(other)),
    };
    list.iter().chain(single)
}

/// A scalar as CloudFormation compares it: everything is a text.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stack(given: &[(&str, &str)]) -> Stack {
        let template = json!({
            "Parameters": {"A": {"Type": "String", "Default": "x"}, "L": {"Type": "CommaDelimitedList", "Default": "p,q"}},
            "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, "bad"]}]}, "AssertDescription": "not bad"}]}},
            "Conditions": {
                "IsX": {"Fn::Equals": [{"Ref": "A"}, "x"]},
                "Both": {"Fn::And": [{"Condition": "IsX"}, {"Fn::Or": [{"Fn::Equals": [1, "1"]}, {"Fn::Equals": ["a", "b"]}]}]},
            },
            "Resources": {
                "One": {"Type": "T", "Condition": "Both", "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-${A}-${!B}-${Two.Arn}"}}},
                "Two": {"Type": "T", "Properties": {
                    "List": {"Fn::If": ["IsX", {"Ref": "L"}, {"Ref": "AWS::NoValue"}]},
                    "Third": {"Fn::Select": [2, {"Fn::Split": [",", {"Fn::Sub": ["${J},,", {"J": {"Fn::Join": [",", {"Ref": "L"}]}}]}]}]},
                }},
            },
            "Outputs": {"O": {"Value": {"Ref": "One"}}},
        });
        Stack::new(&template, given)
    }

    #[test]
    fn functions_are_worked_out() {
        let stack = stack(&[]);
        assert_eq!(stack.problems, Vec::<String>::new());
        assert_eq!(stack.resources["One"]["Properties"]["Name"], "suite-x-${B}-${Two.Arn}");
        assert_eq!(
            stack.resources["Two"]["Properties"],
            json!({"List": ["p", "q"], "Third": ""})
        );
        assert_eq!(stack.outputs["O"]["Value"], "${One}");
        assert_eq!(stack.at(&json!("${Two.Arn}"))["Third"], "");
        assert_eq!(stack.of("T").count(), 2);
    }

    #[test]
    fn conditions_leave_out_and_dangling_references_are_told() {
        let stack = stack(&[("A", "y"), ("Z", "")]);
        assert!(!stack.resources.contains_key("One"));
        assert_eq!(stack.resources["Two"]["Properties"], json!({"Third": ""}));
        assert_eq!(
            stack.problems,
            ["Z: is no parameter", "One: is referred to, and the stack has none"]
        );
    }

    #[test]
    fn broken_rules_are_told() {
        assert!(stack(&[]).broken_rules.is_empty());
        assert_eq!(stack(&[("A", "bad")]).broken_rules, ["not bad"]);
    }
}
