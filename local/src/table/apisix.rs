//! Routes of APISIX with the plugin `aws-lambda` -> a route table.
//!
//! Every setting of the plugin is written out, defaults too, so that the table says what APISIX did without saying it.

mod plugin;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::yaml;

const PLUGIN: &str = "aws-lambda";

/// A table and what got lost on the way to it.
#[derive(Debug, PartialEq)]
pub struct Converted {
    /// The route table.
    pub table: Value,
    /// What is not as it was, one sentence each.
    pub warnings: Vec<String>,
}

/// Members of a route that say nothing about requests, or nothing once the plugin has answered.
const SILENT: [&str; 8] = [
    "id",
    "create_time",
    "update_time",
    "desc",
    "labels",
    "upstream",
    "upstream_id",
    "timeout",
];

/// Members that are converted.
const CONVERTED: [&str; 9] = [
    "name", "uri", "uris", "host", "hosts", "methods", "priority", "status", "plugins",
];

/// Members that make a route take fewer requests.
const NARROWING: [&str; 4] = ["vars", "filter_func", "remote_addr", "remote_addrs"];

/// Converts a route, a list of routes, an answer of the Admin API, or an `apisix.yaml`; as JSON or as YAML.
///
/// # Errors
/// A sentence for a text that is none of these, or has no route with the plugin.
pub fn from_apisix(text: &str) -> Result<Converted, String> {
    let document = yaml::parse(text)?;
    let mut converter = Converter::default();
    for route in routes_of(&document) {
        converter.route(route);
    }
    if converter.routes.is_empty() {
        return Err(match converter.warnings.as_slice() {
            [] => format!("no route with the plugin {PLUGIN}"),
            warnings => format!("no route with the plugin {PLUGIN} is left: {}", warnings.join("; ")),
        });
    }
    let mut table = json!({"version": 1, "compat": "apisix", "routes": converter.routes});
    if converter.plain_http
        && let Some(members) = table.as_object_mut()
    {
        members.insert("allow_http".to_owned(), json!(true));
    }
    Ok(Converted {
        table,
        warnings: converter.warnings,
    })
}

/// The routes of a document, wherever they stand in it.
fn routes_of(document: &Value) -> Vec<&Map<String, Value>> {
    let many = |list: &'_ Value| list.as_array().is_some();
    match document {
        Value::Array(elements) => elements.iter().flat_map(routes_of).collect(),
        Value::Object(members) => {
            let inner = ["list", "routes", "nodes"]
                .iter()
                .find_map(|name| members.get(*name).filter(|list| many(list)));
            match (inner, members.get("value"), members.get("node")) {
                (Some(list), ..) => routes_of(list),
                (None, Some(value @ Value::Object(_)), _) => routes_of(value),
                (None, None, Some(node @ Value::Object(_))) => routes_of(node),
                _ => vec![members],
            }
        }
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Converter {
    routes: Vec<Value>,
    warnings: Vec<String>,
    names: BTreeSet<String>,
    plain_http: bool,
}

impl Converter {
    fn warn(&mut self, label: &str, what: impl std::fmt::Display) {
        self.warnings.push(format!("route {label}: {what}"));
    }

    fn route(&mut self, route: &Map<String, Value>) {
        let label = label(route);
        let Some(plugin) = route.get("plugins").and_then(|plugins| plugins.get(PLUGIN)) else {
            self.warn(&label, format_args!("left out: it has no plugin {PLUGIN}"));
            return;
        };
        if plugin.pointer("/_meta/disable") == Some(&json!(true)) {
            self.warn(&label, format_args!("left out: its plugin {PLUGIN} is disabled"));
            return;
        }
        self.tell_dropped(route, &label);
        let mut common = Map::new();
        if let Some(hosts) = one_or_many(route, "host", "hosts") {
            common.insert("hosts".to_owned(), json!(hosts));
        }
        if let Some(methods) = route.get("methods").and_then(Value::as_array) {
            let (taken, dropped): (Vec<&Value>, Vec<&Value>) = methods
                .iter()
                .partition(|method| !matches!(method.as_str(), Some("CONNECT" | "TRACE" | "PURGE")));
            if !dropped.is_empty() {
                self.warn(&label, format_args!("{} are not forwarded", json!(dropped)));
            }
            if taken.is_empty() && !methods.is_empty() {
                self.warn(&label, "left out: none of its methods is forwarded");
                return;
            }
            if !taken.is_empty() {
                common.insert("methods".to_owned(), json!(taken));
            }
        }
        if let Some(priority) = route.get("priority") {
            common.insert("priority".to_owned(), priority.clone());
        }
        if route.get("status") == Some(&json!(0)) {
            common.insert("enabled".to_owned(), json!(false));
        }
        self.plugin(plugin, &label, &mut common);
        let uris = one_or_many(route, "uri", "uris").unwrap_or_default();
        if uris.is_empty() {
            self.warn(&label, "left out: it has no uri");
        }
        for uri in uris {
            if let Some(segment) = uri
                .as_str()
                .and_then(|uri| uri.split('/').find(|part| part.starts_with(':')))
            {
                self.warn(&label, format_args!("\"{segment}\" in its uri is taken literally"));
            }
            let mut converted = common.clone();
            if let Some(name) = self.name(route) {
                converted.insert("name".to_owned(), json!(name));
            }
            converted.insert("uri".to_owned(), uri);
            self.routes.push(Value::Object(converted));
        }
    }

    fn tell_dropped(&mut self, route: &Map<String, Value>, label: &str) {
        let plugins = route.get("plugins").and_then(Value::as_object);
        for name in plugins.into_iter().flat_map(Map::keys).filter(|name| *name != PLUGIN) {
            self.warn(
                label,
                format_args!("the plugin {name} is dropped: what it did is done no longer"),
            );
        }
        for name in route.keys() {
            let name = name.as_str();
            if NARROWING.contains(&name) {
                self.warn(
                    label,
                    format_args!("{name} is dropped: it takes more requests than before"),
                );
            } else if !SILENT.contains(&name) && !CONVERTED.contains(&name) {
                self.warn(label, format_args!("{name} is dropped"));
            }
        }
    }

    /// A name that the table takes, once each: the route's own, or its id.
    fn name(&mut self, route: &Map<String, Value>) -> Option<String> {
        let given = ["name", "id"].iter().find_map(|name| text_of(route.get(*name)?))?;
        let legal = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        let mut name: String = given
            .chars()
            .map(|letter| if legal(letter) { letter } else { '-' })
            .take(60)
            .collect();
        if name.is_empty() {
            return None;
        }
        let stem = name.clone();
        let mut number = 1;
        while !self.names.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        Some(name)
    }
}

/// How warnings name a route.
fn label(route: &Map<String, Value>) -> String {
    ["name", "id", "uri"]
        .iter()
        .find_map(|name| text_of(route.get(*name)?))
        .map_or_else(|| "without a name".to_owned(), |text| format!("\"{text}\""))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn one_or_many(route: &Map<String, Value>, one: &str, many: &str) -> Option<Vec<Value>> {
    match (route.get(many), route.get(one)) {
        (Some(Value::Array(values)), _) => Some(values.clone()),
        (_, Some(value)) => Some(vec![value.clone()]),
        _ => None,
    }
}
