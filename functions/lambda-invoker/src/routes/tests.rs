//! Tables -> settings: defaults, what stands in for what, what refers to what.

mod addresses;

use std::time::Duration;

use serde_json::json;
use shared::Secret;
use shared::secrets::SecretError;

use super::*;

/// Surroundings that have these variables, and nothing else.
struct Variables(&'static [(&'static str, &'static str)]);

impl Surroundings for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        let known = self.0.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| (*value).to_owned())
    }

    fn secret(&self, _arn: &str) -> Result<Secret, SecretError> {
        Err(SecretError::new("none"))
    }

    fn file(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("none".to_owned())
    }
}

const URL: &str = "https://abc.lambda-url.eu-west-1.on.aws/";

fn read(table: Value, variables: &'static [(&'static str, &'static str)]) -> RouteTable {
    let mut table = table;
    table["version"] = json!(1);
    RouteTable::read(&table, &Variables(variables)).unwrap()
}

fn one(mut route: Value) -> Route {
    route["uri"] = json!("/");
    if route.get("function").is_none() && route.get("function_uri").is_none() {
        route["function_uri"] = json!(URL);
    }
    read(json!({"routes": [route]}), &[("AWS_REGION", "eu-west-1")]).routes()[0].clone()
}

fn signing(route: &Route) -> &Signing {
    match &route.destination {
        Destination::Endpoint(endpoint) => endpoint.signing.as_ref().unwrap(),
        Destination::Function(_) => panic!("not an endpoint"),
    }
}

fn proxy(route: &Route) -> Option<&str> {
    match &route.destination {
        Destination::Endpoint(endpoint) => endpoint.proxy.as_ref().map(url::Url::as_str),
        Destination::Function(function) => function.proxy.as_ref().map(url::Url::as_str),
    }
}

#[test]
fn a_routes_proxy_leads_to_whatever_signs_for_it_too() {
    let role = json!({"arn": "arn:aws:iam::123456789012:role/r"});
    let iam = json!({"iam": {"assume_role": role}});
    let own = one(json!({"proxy_url": "http://proxy.internal:3128", "authorization": iam}));
    let to_function =
        one(json!({"proxy_url": "http://proxy.internal:3128", "authorization": iam, "function": {"name": "hello"}}));
    let none = one(json!({"authorization": iam}));
    let credentials = |route: &Route| match &route.destination {
        Destination::Endpoint(endpoint) => endpoint.signing.as_ref().unwrap().credentials.clone(),
        Destination::Function(function) => function.credentials.clone(),
    };
    let sts = |route: &Route| credentials(route).roles[0].proxy.clone().map(String::from);
    assert_eq!(sts(&own).as_deref(), Some("http://proxy.internal:3128/"));
    assert_eq!(sts(&to_function).as_deref(), Some("http://proxy.internal:3128/"));
    assert_eq!(sts(&none), None);
}

#[test]
fn what_a_route_does_not_say_has_its_default() {
    let route = one(json!({}));
    let millis = Duration::from_millis;
    assert_eq!((route.name.as_str(), route.priority, route.enabled), ("0", 0, true));
    assert_eq!((route.hosts, route.methods), (vec![HostPattern::Any], None));
    assert_eq!(route.timeout, millis(3000));
    assert_eq!(route.connect_timeout, millis(1000));
    assert_eq!(route.deadline_margin, millis(200));
    assert_eq!((route.max_request_bytes, route.max_response_bytes), (6_291_456, None));
    assert_eq!(
        route.keep_alive,
        Some(shared::http::outbound::KeepAlive {
            idle: millis(60_000),
            pool: 5
        })
    );
    assert_eq!(route.retry, RetryRules::default());
    assert_eq!((route.circuit, route.compat), (None, None));
    assert_eq!(route.forwarded, Forwarded::Append);
    assert!(route.request_headers.is_empty() && route.response_headers.is_empty());
    assert_eq!(route.authorization, Authorization::default());
    // An object may say a part.
    assert_eq!(
        one(json!({"circuit": {}})).circuit,
        Some(CircuitRules {
            failures: 5,
            window: millis(10_000),
            open: millis(5000)
        })
    );
    let retry = one(json!({"retry": {"attempts": 2, "on": ["connect", "503"], "base_ms": 700}})).retry;
    assert_eq!((retry.attempts, retry.base, retry.max), (2, millis(700), millis(700)));
    assert_eq!(retry.on, [RetryCause::Connect, RetryCause::Status(503)]);
    assert_eq!(retry.methods, RetryRules::default().methods);
    // The time for connecting is never longer than all of the time.
    assert_eq!(one(json!({"timeout": 500})).connect_timeout, millis(500));
    assert_eq!(one(json!({"keepalive": false})).keep_alive, None);
}

#[test]
fn a_function_never_learns_the_api_key_that_is_a_default() {
    let table = json!({
        "defaults": {"authorization": {"apikey": "k"}},
        "routes": [{"uri": "/a", "function_uri": URL}, {"uri": "/b", "function": {"name": "f"}}],
    });
    let table = read(table, &[("AWS_REGION", "eu-west-1")]);
    let keys: Vec<bool> = table
        .routes()
        .iter()
        .map(|route| route.authorization.api_key.is_some())
        .collect();
    assert_eq!(keys, [true, false]);
}

#[test]
fn a_null_hides_the_default_of_the_table() {
    let table = read(
        json!({
            "compat": "apisix",
            "defaults": {
                "circuit": {"failures": 9}, "retry": {"attempts": 3, "base_ms": 10}, "timeout": 700,
                "authorization": {"apikey": "k"}, "proxy_url": "http://proxy.example.com:3128",
            },
            "routes": [
                {"uri": "/a", "function_uri": URL},
                {"uri": "/b", "function_uri": URL, "retry": {"attempts": 2}, "circuit": {"open_ms": 1}},
                {"uri": "/c", "function_uri": URL, "circuit": null, "retry": null, "timeout": null, "compat": null,
                 "authorization": null, "proxy_url": null},
            ],
        }),
        &[],
    );
    let [a, b, c] = table.routes() else {
        panic!("three routes")
    };
    let failures = |route: &Route| route.circuit.as_ref().map(|circuit| circuit.failures);
    assert_eq!([a, b, c].map(failures), [Some(9), Some(9), None]);
    assert_eq!([a, b, c].map(|route| route.retry.attempts), [3, 2, 1]);
    assert_eq!([a, b, c].map(|route| route.retry.base.as_millis()), [10, 10, 50]);
    assert_eq!([a, b, c].map(|route| route.timeout.as_millis()), [700, 700, 3000]);
    assert_eq!(
        [a, b, c].map(|route| route.compat),
        [Some(Compat::Apisix), Some(Compat::Apisix), None]
    );
    assert_eq!(
        [a, b, c].map(|route| route.max_request_bytes),
        [67_108_864, 67_108_864, 6_291_456]
    );
    assert_eq!(
        [a, b, c].map(|route| route.authorization.api_key.is_some()),
        [true, true, false]
    );
    assert_eq!([a, b, c].map(|route| proxy(route).is_some()), [true, true, false]);
}

#[test]
fn credentials_are_found_by_name_and_roles_assumed_one_after_the_other() {
    let role = |name: &str| json!({"arn": format!("arn:aws:iam::123456789012:role/{name}")});
    let keys = |id: &str| json!({"accesskey": id, "secretkey": "s"});
    let mut audit = keys("AUDIT");
    audit["assume_role"] = role("outer");
    let iam = |members: Value| json!({"function_uri": URL, "authorization": {"iam": members}});
    let mut routes = [
        iam(json!({})),
        iam(json!({"credentials": "audit"})),
        iam(json!({"credentials": "audit", "assume_role": role("inner")})),
        iam(json!({"credentials": "default", "assume_role": role("inner")})),
        iam(keys("OWN")),
    ];
    for (at, route) in routes.iter_mut().enumerate() {
        route["uri"] = json!(format!("/{at}"));
    }
    let table = |default: Value| {
        let credentials = json!({"audit": audit, "default": default});
        read(
            json!({"credentials": credentials, "routes": routes}),
            &[("AWS_REGION", "eu-west-1"), ("AWS_LAMBDA_FUNCTION_NAME", "front-door")],
        )
    };
    let told = |route: &Route| {
        let CredentialSource { keys, roles } = &signing(route).credentials;
        let mut told: Vec<String> = keys.iter().map(|keys| keys.access_key.reveal().to_owned()).collect();
        told.extend(
            roles
                .iter()
                .map(|role| role.arn.rsplit('/').next().unwrap_or_default().to_owned()),
        );
        told.join(" ")
    };
    let shown = |table: &RouteTable| table.routes().iter().map(told).collect::<Vec<_>>();
    let own = table(json!(null));
    assert_eq!(shown(&own), ["", "AUDIT outer", "AUDIT outer inner", "inner", "OWN"]);
    let named = table(json!({"assume_role": role("all")}));
    assert_eq!(
        shown(&named),
        ["all", "AUDIT outer", "AUDIT outer inner", "all inner", "OWN"]
    );
    let role = &signing(&own.routes()[3]).credentials.roles[0];
    assert_eq!(
        (
            role.session_name.as_str(),
            role.duration.as_secs(),
            role.region.as_str()
        ),
        ("lambda-invoker-front-door", 3600, "eu-west-1")
    );
    assert_eq!(role.endpoint.as_str(), "https://sts.eu-west-1.amazonaws.com/");
}

#[test]
fn the_environments_proxy_is_for_routes_that_name_none() {
    const VARIABLES: &[(&str, &str)] = &[
        ("AWS_REGION", "eu-west-1"),
        ("HTTPS_PROXY", "http://env.example.com:3128"),
        ("NO_PROXY", "internal.example.com,amazonaws.com.cn"),
    ];
    let table = read(
        json!({"routes": [
            {"uri": "/1", "function_uri": URL},
            {"uri": "/2", "function_uri": "https://x.internal.example.com/"},
            {"uri": "/3", "function_uri": "https://x.internal.example.com/", "proxy_url": "http://own.example.com"},
            {"uri": "/4", "function_uri": "http://127.0.0.1/"},
            {"uri": "/5", "function": {"name": "hello"}},
            {"uri": "/6", "function": {"name": "hello", "endpoint_url": "https://x.internal.example.com"}},
            {"uri": "/7", "function": {"name": "hello", "region": "cn-north-1"}},
        ]}),
        VARIABLES,
    );
    let shown: Vec<Option<&str>> = table.routes().iter().map(proxy).collect();
    let env = Some("http://env.example.com:3128/");
    assert_eq!(
        shown,
        [env, None, Some("http://own.example.com/"), None, env, None, None]
    );
}

#[test]
fn signed_headers_are_those_that_are_not_signed_anyway() {
    let iam = json!({"signed_headers": ["X-Tenant", "x-tenant", "Content-Type", "host", "x-amz-meta-a"]});
    let route = one(json!({"authorization": {"iam": iam}}));
    assert_eq!(signing(&route).signed_headers, ["x-tenant"]);
    assert_eq!(
        (signing(&route).region.as_str(), signing(&route).service.as_str()),
        ("eu-west-1", "lambda")
    );
}
