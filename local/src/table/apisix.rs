//! Routes of APISIX with the plugin `aws-lambda` -> a route table.
//!
//! Every setting of the plugin is written out, defaults too, so that the table says what APISIX did without saying it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use url::Url;

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

/// Numbers of the plugin: name, APISIX's default, the most that the table takes.
const NUMBERS: [(&str, u64, u64); 4] = [
    ("timeout", 3000, 900_000),
    ("keepalive_timeout", 60_000, 86_400_000),
    ("keepalive_pool", 5, 10_000),
    ("max_req_body_size", 67_108_864, 4_294_967_295),
];

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
            let inner = ["list", "routes"]
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

    fn plugin(&mut self, plugin: &Value, label: &str, out: &mut Map<String, Value>) {
        let empty = Map::new();
        let members = plugin.as_object().unwrap_or(&empty);
        for name in members.keys() {
            let known = ["function_uri", "authorization", "ssl_verify", "keepalive", "_meta"];
            if !known.contains(&name.as_str()) && !NUMBERS.iter().any(|(number, ..)| number == name) {
                self.warn(
                    label,
                    format_args!("{PLUGIN}.{name} is dropped: the plugin has no such setting"),
                );
            }
        }
        let uri = members.get("function_uri").cloned().unwrap_or_default();
        let (uri, host) = self.function_uri(uri, label);
        out.insert("function_uri".to_owned(), uri);
        if let Some(authorization) = members.get("authorization") {
            let converted = self.authorization(authorization, host.as_deref(), label);
            out.insert("authorization".to_owned(), converted);
        }
        for (name, default, most) in NUMBERS {
            let given = members.get(name).cloned().unwrap_or_else(|| json!(default));
            let number = match given.as_u64() {
                Some(number) if number > most => {
                    self.warn(
                        label,
                        format_args!("{PLUGIN}.{name} becomes {most}, the most that there is"),
                    );
                    json!(most)
                }
                _ => given,
            };
            out.insert(name.to_owned(), number);
        }
        // APISIX has one time for connecting, sending and reading.
        if let Some(timeout) = out.get("timeout").cloned() {
            out.insert("connect_timeout".to_owned(), timeout);
        }
        let keepalive = members.get("keepalive").cloned().unwrap_or(json!(true));
        out.insert("keepalive".to_owned(), keepalive);
        if members.get("ssl_verify") == Some(&json!(false)) {
            let what =
                "ssl_verify: false is dropped: certificates are always verified; name a private authority with ca_file";
            self.warn(label, what);
        }
    }

    /// The target and its host. APISIX overlooks the URI's own query.
    fn function_uri(&mut self, uri: Value, label: &str) -> (Value, Option<String>) {
        let Some(mut url) = uri.as_str().and_then(|text| Url::parse(text).ok()) else {
            return (uri, None);
        };
        let host = url.host_str().map(str::to_owned);
        if url.scheme() == "http" && !shared::env::is_loopback(&url) {
            self.plain_http = true;
            self.warn(
                label,
                "its function_uri is plain HTTP: whoever is on the way reads and changes its requests",
            );
        }
        if url.query().is_none() {
            return (uri, host);
        }
        url.set_query(None);
        self.warn(label, "the query of function_uri is dropped: APISIX does not send it");
        (json!(url.as_str()), host)
    }

    fn authorization(&mut self, authorization: &Value, host: Option<&str>, label: &str) -> Value {
        let mut out = authorization.clone();
        if let Some(key) = out.get_mut("apikey") {
            self.secret(key, "apikey", label);
        }
        if let Some(iam) = out.get_mut("iam").and_then(Value::as_object_mut) {
            for (name, default) in [("aws_region", "us-east-1"), ("service", "execute-api")] {
                let value = iam.entry(name).or_insert_with(|| json!(default)).clone();
                let told = host.and_then(scope_of).map(|(service, region)| match name {
                    "service" => service,
                    _ => region,
                });
                if let Some(told) = told.filter(|told| value != json!(told)) {
                    let what = format!("it signs for {name} {value}, as APISIX does, but its host says \"{told}\"");
                    self.warn(label, what);
                }
            }
            for name in ["accesskey", "secretkey"] {
                if let Some(key) = iam.get_mut(name) {
                    self.secret(key, name, label);
                }
            }
        }
        out
    }

    /// References of APISIX become references of the table.
    fn secret(&mut self, value: &mut Value, name: &str, label: &str) {
        let Some(text) = value.as_str() else { return };
        let lower = text.to_ascii_lowercase();
        let variable = if lower.starts_with("$env://") {
            let path = text.get(7..).unwrap_or_default();
            path.split('/').next().unwrap_or_default().to_owned()
        } else if lower.starts_with("$secret://") {
            let variable = format!("APISIX_{}", name.to_ascii_uppercase());
            let what =
                format!("{name} stood in a secret manager of APISIX: put it into {variable}, or name a secret_arn");
            self.warn(label, what);
            variable
        } else {
            return;
        };
        *value = json!({"env": variable});
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

/// Service and region that a host of AWS tells.
fn scope_of(host: &str) -> Option<(&'static str, &str)> {
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [_, "lambda-url", region, "on", "aws"] => Some(("lambda", region)),
        [_, "execute-api", region, "amazonaws", "com"] => Some(("execute-api", region)),
        _ => None,
    }
}
