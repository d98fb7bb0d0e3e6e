//! One route: what it matches, where it leads, and the rules of the way.

use std::time::Duration;

use shared::http::outbound::KeepAlive;

use super::authorization::{self, Authorization};
use super::connection::{keep_alive, read_proxy};
use super::endpoint::{self, EndpointSettings, Policy};
use super::function::{self, FunctionSettings, Invocation};
use super::headers::{Forwarded, HeaderRules};
use super::pattern::{HostPattern, Methods, PathPattern, parse_method};
use super::reader::{Fields, Kind, Problems};
use super::resilience::{CircuitRules, RetryRules};
use super::rules::{PathRules, QueryRules};
use super::surroundings::Surroundings;

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An HTTP endpoint.
    Endpoint(EndpointSettings),
    /// A function, through the Lambda Invoke API.
    Function(FunctionSettings),
}

/// Whose habits a route has, where they differ from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compat {
    /// APISIX's `aws-lambda` plugin: its defaults; a request that gets the API key is not signed as well; 503 for a
    /// target that cannot be reached or takes too long, 400 for a body that is too large.
    Apisix,
}

impl Compat {
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self> {
        fields.choice("compat", None, &[("apisix", Some(Self::Apisix))], problems)
    }
}

/// A checked route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Unique in its table; stands in the log.
    pub name: String,
    /// Which paths it takes.
    pub path: PathPattern,
    /// Which hosts it takes; never empty.
    pub hosts: Vec<HostPattern>,
    /// Which methods it takes.
    pub methods: Methods,
    /// Greater is looked at first.
    pub priority: i64,
    /// A route that is off takes nothing, and keeps what it matches from broader routes.
    pub enabled: bool,
    /// Where it leads.
    pub destination: Destination,
    /// How its requests prove who sends them.
    pub authorization: Authorization,
    /// Time from the first connect to the last byte of the answer.
    pub timeout: Duration,
    /// Time for TCP and TLS together.
    pub connect_timeout: Duration,
    /// What must be left of the invocation's time when the answer has arrived.
    pub deadline_margin: Duration,
    /// The largest body that is forwarded, in bytes.
    pub max_request_bytes: usize,
    /// The largest body that is read from upstream, in bytes; `None` is what the front takes.
    pub max_response_bytes: Option<usize>,
    /// How the path is made.
    pub path_rules: PathRules,
    /// How the query is made.
    pub query_rules: QueryRules,
    /// What happens to the request's headers.
    pub request_headers: HeaderRules,
    /// What happens to the answer's headers.
    pub response_headers: HeaderRules,
    /// What the target is told about the way of a request.
    pub forwarded: Forwarded,
    /// Which connections are kept; `None` keeps none.
    pub keep_alive: Option<KeepAlive>,
    /// Which failed attempts are followed by another one.
    pub retry: RetryRules,
    /// When the target is left alone.
    pub circuit: Option<CircuitRules>,
    /// Whose habits it has.
    pub compat: Option<Compat>,
}

/// Reads the route at position `at`.
pub(super) fn read(
    mut fields: Fields<'_>,
    at: usize,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<Route> {
    let name = read_name(&mut fields, at, problems);
    let path = read_path(&mut fields, problems);
    let hosts = read_hosts(&mut fields, problems);
    let methods = read_methods(&mut fields, problems);
    let priority = fields
        .number("priority", &(i64::from(i32::MIN)..=i64::from(i32::MAX)), problems)
        .unwrap_or_default();
    let enabled = fields.flag("enabled", true, problems);
    let timeout = fields.number("timeout", &(100..=900_000), problems).unwrap_or(3000);
    let connect_timeout = fields.number("connect_timeout", &(50..=timeout), problems);
    let deadline_margin = fields
        .number("deadline_margin", &(0..=900_000), problems)
        .unwrap_or(200);
    // Its own or the default's; a `null` switches the table's off.
    let compat = if fields.has("compat") {
        Compat::read(&mut fields, problems)
    } else {
        let _ = fields.get("compat");
        policy.apisix.then_some(Compat::Apisix)
    };
    let proxy = read_proxy(&mut fields, problems);
    let policy = &Policy {
        apisix: compat == Some(Compat::Apisix),
        route_proxy: proxy.as_ref(),
        ..*policy
    };
    let bytes = 1..=i64::from(u32::MAX);
    let max_request = fields.number("max_req_body_size", &bytes, problems);
    let max_response = fields.number("max_resp_body_size", &bytes, problems);
    if !fields.flag("ssl_verify", true, problems) {
        let what = "certificates are always verified; name a private certificate authority with ca_file";
        problems.add(&fields.path_of("ssl_verify"), what);
    }
    let path_rules = PathRules::read(fields.object("path", problems), problems);
    let query_rules = QueryRules::read(fields.object("query", problems), problems);
    let request_headers = HeaderRules::read(fields.object("request_headers", problems), problems);
    let response_headers = HeaderRules::read(fields.object("response_headers", problems), problems);
    let forwarded = Forwarded::read(&mut fields, problems);
    let keep_alive = keep_alive(&mut fields, problems);
    let retry = RetryRules::read(fields.object("retry", problems), problems);
    let circuit = CircuitRules::read(fields.object("circuit", problems), problems);
    let (authorization, destination) = read_destination(&mut fields, policy, surroundings, problems);
    fields.finish(problems);
    let destination = destination?;
    let max_request = max_request
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or_else(|| default_request_bytes(&destination, policy));
    Some(Route {
        name,
        path: path?,
        hosts,
        methods,
        priority,
        enabled,
        destination,
        authorization,
        timeout: millis(timeout),
        connect_timeout: millis(connect_timeout.unwrap_or(timeout.min(1000))),
        deadline_margin: millis(deadline_margin),
        max_request_bytes: max_request,
        max_response_bytes: max_response.and_then(|bytes| usize::try_from(bytes).ok()),
        path_rules,
        query_rules,
        request_headers,
        response_headers,
        forwarded,
        keep_alive,
        retry,
        circuit,
        compat,
    })
}

/// What an invocation takes that nobody waits for; any other; what APISIX's plugin has.
fn default_request_bytes(destination: &Destination, policy: &Policy<'_>) -> usize {
    match destination {
        Destination::Function(function) if function.invoke.invocation == Invocation::Event => 1_048_576,
        _ if policy.apisix => 67_108_864,
        _ => 6_291_456,
    }
}

fn millis(number: i64) -> Duration {
    Duration::from_millis(number.unsigned_abs())
}

fn read_name(fields: &mut Fields<'_>, at: usize, problems: &mut Problems) -> String {
    let Some(field) = fields.own("name") else {
        return at.to_string();
    };
    let name = field.text(problems).unwrap_or_default();
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && (name.len() > 64 || !name.bytes().all(legal)) {
        problems.add(&field.path, "must be 1 to 64 letters, digits, \"_\" and \"-\"");
    }
    name.to_owned()
}

fn read_path(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<PathPattern> {
    let Some(field) = fields.own("uri") else {
        problems.add(&fields.path_of("uri"), "is required");
        return None;
    };
    problems.takes(&field.path, || Kind::Text);
    let Some(uri) = field.value.as_str() else {
        problems.add(&field.path, "must be a string");
        return None;
    };
    PathPattern::parse(uri)
        .map_err(|what| problems.add(&field.path, what))
        .ok()
}

fn read_hosts(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<HostPattern> {
    let Some(texts) = fields.texts("hosts", problems) else {
        return vec![HostPattern::Any];
    };
    if texts.is_empty() {
        problems.add(&fields.path_of("hosts"), "at least one host is required");
    }
    parse_hosts(texts, problems)
}

/// Reads a list of hosts.
pub(super) fn parse_hosts(texts: Vec<(String, &str)>, problems: &mut Problems) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    for (path, text) in texts {
        match HostPattern::parse(text) {
            Ok(host) => hosts.push(host),
            Err(what) => problems.add(&path, what),
        }
    }
    hosts
}

fn read_methods(fields: &mut Fields<'_>, problems: &mut Problems) -> Methods {
    let texts = fields.texts("methods", problems)?;
    if texts.is_empty() {
        problems.add(&fields.path_of("methods"), "at least one method is required");
    }
    let mut methods = Vec::new();
    for (path, text) in texts {
        match parse_method(text) {
            Ok(method) => methods.push(method),
            Err(what) => problems.add(&path, what),
        }
    }
    Some(methods)
}

fn read_destination(
    fields: &mut Fields<'_>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> (Authorization, Option<Destination>) {
    let own = (fields.own("function_uri").is_some(), fields.own("function").is_some());
    let either = (fields.get("function_uri").is_some(), fields.get("function").is_some());
    // What the route itself says decides between two defaults.
    let endpoint = match if own == (false, false) { either } else { own } {
        (true, false) => true,
        (false, true) => false,
        _ => {
            let path = fields.path().to_owned();
            problems.add(&path, "exactly one of function_uri, function is required");
            either.0
        }
    };
    let own_authorization = fields.own("authorization").is_some();
    let authorization = match fields.get("authorization").and_then(|field| field.object(problems)) {
        Some(found) => authorization::read(found, endpoint, own_authorization, policy, surroundings, problems),
        None => Authorization::default(),
    };
    let iam = authorization.iam.as_ref();
    let destination = if endpoint {
        endpoint::read(fields, iam, policy, surroundings, problems).map(Destination::Endpoint)
    } else {
        for name in ["ca_file", "host_header"] {
            if let Some(field) = fields.own(name) {
                problems.add(&field.path, "needs function_uri");
            }
        }
        // Asked for, so that a default of it is not unknown.
        let _ = (fields.get("ca_file"), fields.get("host_header"));
        fields
            .object("function", problems)
            .and_then(|found| function::read(found, iam, policy, surroundings, problems))
            .map(Destination::Function)
    };
    (authorization, destination)
}
