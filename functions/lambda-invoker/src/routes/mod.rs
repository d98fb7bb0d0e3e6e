//! The route table: read from JSON, checked as a whole, asked for the route of a request.
//!
//! Architecture invariant: nothing here sends anything. A table is a pure function of its text and of the
//! [`Surroundings`] that it refers to.

mod authorization;
mod connection;
mod credentials;
mod document;
mod endpoint;
mod function;
mod headers;
mod matching;
mod pattern;
mod problems;
mod reader;
mod resilience;
mod role;
mod route;
mod rules;
mod schema;
mod spelling;
mod suggestion;
mod surroundings;

use http::Method;
use serde_json::{Map, Value, json};
use shared::ConfigError;

pub use authorization::{Authorization, Iam};
pub use credentials::{CredentialSource, Keys};
pub use document::parse_json;
pub use endpoint::{EndpointSettings, Signing};
pub use function::{
    Envelope, FunctionErrors, FunctionSettings, Invocation, InvokeSettings, PayloadFormat, ReplyFormat,
    is_execution_name,
};
pub(crate) use headers::is_hop_by_hop;
pub use headers::{Forwarded, HeaderRules};
pub use matching::{Found, Order};
pub use pattern::{HostPattern, Methods, PathPattern};
pub use resilience::{CircuitRules, RetryCause, RetryRules};
pub use role::AssumeRole;
pub use route::{Compat, Destination, Route};
pub use rules::{PathRules, QueryRules};
pub use schema::schema;
pub use spelling::upper_escapes;
pub(crate) use spelling::{after, escaped, is_plain};
pub use surroundings::{Surrounded, Surroundings};

use connection::environment_proxy;
use endpoint::Policy;
use reader::{Fields, Kind, Problems};

const MAX_ROUTES: usize = 200;

/// A checked table, ready to be asked.
#[derive(Debug)]
pub struct RouteTable {
    routes: Vec<Route>,
    order: Order,
    metrics_namespace: Option<String>,
}

/// What a document holds.
struct Content {
    routes: Vec<Route>,
    metrics_namespace: Option<String>,
}

impl RouteTable {
    /// Reads a table.
    ///
    /// # Errors
    /// Every problem of the document, one line each with its JSON path.
    pub fn read(document: &Value, surroundings: &dyn Surroundings) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let content = read_document(document, surroundings, &mut problems);
        let lines = problems.into_lines();
        if !lines.is_empty() {
            return Err(ConfigError::new(lines));
        }
        Ok(Self {
            order: Order::new(&content.routes),
            routes: content.routes,
            metrics_namespace: content.metrics_namespace,
        })
    }

    /// The CloudWatch namespace of the metrics; `None` is the suite's.
    pub fn metrics_namespace(&self) -> Option<&str> {
        self.metrics_namespace.as_deref()
    }

    /// All routes, in the document's order.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What is worth knowing about a table that is good, one line each.
    pub fn remarks(&self) -> Vec<String> {
        matching::remarks(&self.routes)
    }

    /// Finds the route of a request; see [`Order::find`].
    pub fn find(&self, method: &Method, host: &str, path: &str) -> Found {
        self.order.find(&self.routes, method, host, path)
    }
}

fn read_document(document: &Value, surroundings: &dyn Surroundings, problems: &mut Problems) -> Content {
    let Value::Object(members) = document else {
        problems.add("config", "must be a JSON object");
        return Content {
            routes: Vec::new(),
            metrics_namespace: None,
        };
    };
    let mut fields = Fields::new(String::new(), members);
    problems.takes("version", || Kind::Number(1, 1));
    match fields.get("version").map(|field| field.value.as_i64()) {
        Some(Some(1)) => {}
        Some(_) => problems.add("version", "must be 1"),
        None => problems.add("version", "is required"),
    }
    let allow_http = fields.flag("allow_http", false, problems);
    let allowed_hosts = fields
        .texts("allowed_hosts", problems)
        .map(|texts| route::parse_hosts(texts, problems));
    let metrics_namespace = read_namespace(&mut fields, problems);
    let proxy = environment_proxy(surroundings, problems);
    let none = credentials::Named::new();
    let mut policy = Policy {
        allow_http,
        allowed_hosts: allowed_hosts.as_deref(),
        credentials: &none,
        proxy: &proxy,
        apisix: Compat::read(&mut fields, problems).is_some(),
        route_proxy: None,
    };
    let named = credentials::read_named(fields.get("credentials"), &policy, surroundings, problems);
    policy.credentials = &named;
    let defaults = match fields.get("defaults") {
        Some(field) => field.object(problems).and(field.value.as_object()),
        None => None,
    };
    if let Some(defaults) = defaults {
        for own in ["name", "uri"] {
            if defaults.contains_key(own) {
                problems.add(&format!("defaults.{own}"), "every route needs its own");
            }
        }
    }
    let elements = fields
        .get("routes")
        .map(|field| field.elements(problems))
        .unwrap_or_default();
    fields.finish(problems);
    if elements.is_empty() {
        problems.add("routes", "at least one route is required");
    }
    if elements.len() > MAX_ROUTES {
        problems.add("routes", format_args!("more than {MAX_ROUTES} routes"));
    }
    let routes: Vec<Option<Route>> = elements
        .iter()
        .enumerate()
        .take(MAX_ROUTES)
        .map(|(at, element)| {
            let fields = element.object(problems)?.with_base("defaults", defaults);
            route::read(fields, at, &policy, surroundings, problems)
        })
        .collect();
    if let Some(defaults) = defaults {
        check_defaults(defaults, &policy, surroundings, problems);
    }
    Content {
        routes: check_together(&names_of(&elements), routes, problems),
        metrics_namespace,
    }
}

/// Reads the defaults as routes of their own: a wrong one is wrong even where every route says something else. What a
/// route needs and the defaults leave open is filled in.
fn check_defaults(
    defaults: &Map<String, Value>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) {
    let policy = Policy {
        allowed_hosts: policy.allowed_hosts.filter(|_| defaults.contains_key("function_uri")),
        ..*policy
    };
    let mut read = |own: Value| {
        if let Value::Object(own) = own {
            let fields = Fields::new("defaults".to_owned(), &own).with_base("defaults", Some(defaults));
            route::read(fields, 0, &policy, surroundings, problems);
        }
    };
    let uri = defaults.get("function_uri").filter(|uri| !uri.is_null());
    let any = json!("https://any.lambda-url.us-east-1.on.aws/");
    read(json!({"uri": "/", "function_uri": uri.unwrap_or(&any)}));
    if let Some(function) = defaults.get("function").filter(|function| !function.is_null()) {
        let name = function.get("name").filter(|name| !name.is_null());
        read(json!({"uri": "/", "function": {"name": name.unwrap_or(&json!("any"))}}));
    }
}

/// A CloudWatch namespace
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
fn read_namespace(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let text = fields.text("metrics_namespace", problems)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/#: ".contains(&byte);
    if text.len() > 255 || !text.bytes().all(legal) || text.starts_with("AWS/") || text.trim() != text {
        let what = "must be 1 to 255 letters, digits, \".\", \"-\", \"_\", \"/\", \"#\" and \":\", and not begin with \"AWS/\"";
        problems.add(&fields.path_of("metrics_namespace"), what);
    }
    Some(text.to_owned())
}

/// Names as they stand in the document, so that duplicates are found among broken routes too.
fn names_of(elements: &[reader::Field<'_>]) -> Vec<String> {
    elements
        .iter()
        .enumerate()
        .map(|(at, element)| match element.value.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => at.to_string(),
        })
        .collect()
}

fn check_together(names: &[String], routes: Vec<Option<Route>>, problems: &mut Problems) -> Vec<Route> {
    for (at, name) in names.iter().enumerate() {
        if names.iter().take(at).any(|earlier| earlier == name) {
            problems.add(&format!("routes[{at}].name"), format_args!("duplicate \"{name}\""));
        }
    }
    let complete = routes.iter().all(Option::is_some);
    let routes: Vec<Route> = routes.into_iter().flatten().collect();
    // Positions tell the truth only if no route is missing.
    if complete {
        for at in 0..routes.len() {
            if let Some(by) = matching::shadowed_by(&routes, at) {
                let what = format_args!("unreachable, same match as routes[{by}]");
                problems.add(&format!("routes[{at}]"), what);
            }
        }
    }
    routes
}

#[cfg(test)]
mod tests;
