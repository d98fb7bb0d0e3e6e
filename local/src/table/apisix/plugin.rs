//! The plugin's own settings.

use serde_json::{Map, Value, json};
use url::Url;

use super::{Converter, PLUGIN};

/// Numbers of the plugin: name, APISIX's default, the most that the table takes.
const NUMBERS: [(&str, u64, u64); 4] = [
    ("timeout", 3000, 900_000),
    ("keepalive_timeout", 60_000, 86_400_000),
    ("keepalive_pool", 5, 10_000),
    ("max_req_body_size", 67_108_864, 4_294_967_295),
];

impl Converter {
    /// Writes the plugin's settings into a route.
    pub(super) fn plugin(&mut self, plugin: &Value, label: &str, out: &mut Map<String, Value>) {
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
            // Each route's own: another route's secret of the same name is another one.
            let route: String = label
                .trim_matches('"')
                .chars()
                .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
                .collect();
            let variable = format!("APISIX_{route}_{name}").to_ascii_uppercase();
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

/// Service and region that a host of AWS tells.
fn scope_of(host: &str) -> Option<(&'static str, &str)> {
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [_, "lambda-url", region, "on", "aws"] => Some(("lambda", region)),
        [_, "execute-api", region, "amazonaws", "com"] => Some(("execute-api", region)),
        _ => None,
    }
}
