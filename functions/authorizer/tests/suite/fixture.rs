//! What the tests share: tokens, ARNs, replies, and an authorizer set up against a stub.

use std::sync::{Arc, Mutex, OnceLock};

use authorizer::App;
use authorizer::config::Config;
use authorizer::provider::Providers;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::Clock;
use shared::secrets::SecretStore;
use shared::telemetry::{Level, Output, Telemetry};
use shared::testing::{FixedEnv, ManualClock, MemorySecrets};
use shared::{ConfigError, Secrets};

use crate::stub::{self, Act, Stub};

pub(crate) const NOW: u64 = 1_760_000_000;
pub(crate) const T1: &str = "ory_at_AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB";
pub(crate) const T2: &str = "ory_at_CCCCCCCCCCCCCCCC.DDDDDDDDDDDDDDDD";
pub(crate) const S1: &str = "ory_at_system-one.EEEEEEEEEEEEEEEE";
pub(crate) const S2: &str = "ory_at_system-two.FFFFFFFFFFFFFFFF";
pub(crate) const CLIENT_SECRET: &str = "cl1ent-s3cret%+&@]";
pub(crate) const HTML: &str = "<html>Sign in</html>";
pub(crate) const EXT: &str = "ext-value-of-alice";

pub(crate) const A_REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42";
pub(crate) const W_REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/*/*";
pub(crate) const A_V1: &str = "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/orders/42";
pub(crate) const W_V1: &str = "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/*/*";
pub(crate) const A_WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/$connect";
pub(crate) const W_WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/*";

/// The path of the introspection endpoint.
pub(crate) const INTROSPECT: &str = "/admin/oauth2/introspect";
/// The path of the token endpoint.
pub(crate) const TOKEN: &str = "/oauth2/token";

/// The members of a good reply, with `changes` made to them; `null` takes a member out.
pub(crate) fn reply(changes: Value) -> Value {
    let mut reply = json!({
        "active": true, "scope": "orders.read", "client_id": "web", "sub": "alice", "exp": 1_760_003_600,
        "iat": 1_759_999_900, "nbf": 1_759_999_900, "aud": ["orders-api"], "iss": "https://auth.example.com/",
        "token_type": "Bearer", "token_use": "access_token",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            reply.as_object_mut().unwrap().remove(name);
        } else {
            reply[name] = value.clone();
        }
    }
    reply
}

/// A good reply with changes, as an answer.
pub(crate) fn ok_with(changes: Value) -> Act {
    stub::json(200, reply(changes))
}

pub(crate) fn ok() -> Act {
    ok_with(json!({}))
}

pub(crate) fn inactive() -> Act {
    stub::json(200, r#"{"active":false}"#)
}

pub(crate) fn context_ok() -> Value {
    json!({"sub": "alice", "client_id": "web", "scope": "orders.read", "iss": "https://auth.example.com/",
           "aud": "orders-api", "exp": "1760003600"})
}

fn policy(effect: &str, principal: &str, resource: &str) -> Value {
    json!({"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}]}})
}

pub(crate) fn allow(principal: &str, resource: &str) -> Answered {
    allow_with(principal, resource, context_ok())
}

pub(crate) fn allow_with(principal: &str, resource: &str, context: Value) -> Answered {
    let mut answer = policy("Allow", principal, resource);
    answer["context"] = context;
    Ok(answer)
}

pub(crate) fn deny(principal: &str, resource: &str) -> Answered {
    Ok(policy("Deny", principal, resource))
}

pub(crate) fn simple(allowed: bool) -> Answered {
    Ok(if allowed {
        json!({"isAuthorized": true, "context": context_ok()})
    } else {
        json!({"isAuthorized": false})
    })
}

/// The error that becomes a 401.
pub(crate) fn e401() -> Answered {
    Err(("Unauthorized", "Unauthorized"))
}

/// The error that becomes a 500.
pub(crate) fn e500() -> Answered {
    Err(("InternalError", "InternalError"))
}

pub(crate) fn token_event(value: &str) -> Value {
    json!({"type": "TOKEN", "authorizationToken": value, "methodArn": A_REST})
}

pub(crate) fn rest_request(headers: Value) -> Value {
    json!({"type": "REQUEST", "methodArn": A_REST, "resource": "/orders/{id}", "path": "/orders/42", "httpMethod": "GET",
        "headers": headers, "queryStringParameters": null, "pathParameters": {"id": "42"}, "stageVariables": null,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/orders/{id}", "stage": "prod", "apiId": "a1b2c3d4e5",
                           "requestId": "c6af9ac6", "identity": {"apiKey": null, "sourceIp": "203.0.113.9"}}})
}

pub(crate) fn http_v1(authorization: &str) -> Value {
    json!({"version": "1.0", "type": "REQUEST", "methodArn": A_V1, "identitySource": authorization,
        "authorizationToken": authorization, "resource": "/orders/{id}", "path": "/orders/42", "httpMethod": "GET",
        "headers": {"Authorization": authorization, "Accept": "*/*", "Host": "api.example.com"},
        "queryStringParameters": {"expand": "lines"}, "pathParameters": {"id": "42"}, "stageVariables": {},
        "requestContext": {"path": "/orders/42", "accountId": "123456789012", "resourceId": "GET /orders/{id}",
                           "stage": "$default", "httpMethod": "GET", "apiId": "h7x9k2m4p6"}})
}

pub(crate) fn http_v2(authorization: &str) -> Value {
    json!({"version": "2.0", "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/orders/{id}",
        "identitySource": [authorization], "routeKey": "GET /orders/{id}", "rawPath": "/orders/42",
        "rawQueryString": "expand=lines", "cookies": ["sid=abc", "theme=dark"],
        "headers": {"authorization": authorization, "accept": "application/json", "host": "api.example.com"},
        "queryStringParameters": {"expand": "lines"}, "pathParameters": {"id": "42"}, "stageVariables": {"tenant": "blue"},
        "requestContext": {"accountId": "123456789012", "apiId": "h7x9k2m4p6", "stage": "$default",
            "http": {"method": "GET", "path": "/orders/42", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"}}})
}

pub(crate) fn ws_connect(headers: Value, query: Value) -> Value {
    json!({"type": "REQUEST", "methodArn": A_WS, "headers": headers, "queryStringParameters": query,
        "stageVariables": {}, "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "stage": "prod",
            "connectionId": "Fev3xdX2DoECHsA=", "apiId": "w5s8q1r3t7"}})
}

/// What Lambda would return: the answer's JSON, or the error's type and message.
pub(crate) type Answered = Result<Value, (&'static str, &'static str)>;

/// An authorizer against a stub.
pub(crate) struct Fixture {
    pub(crate) app: App,
    pub(crate) stub: Stub,
    pub(crate) clock: Arc<ManualClock>,
    lines: Arc<Mutex<Vec<String>>>,
}

/// A configuration that fits all stubs, changed by `variables`. `{base}` stands for the stub's address.
pub(crate) async fn build(
    stub: &Stub,
    variables: &[(&str, &str)],
    clock: Arc<ManualClock>,
    telemetry: Arc<Telemetry>,
) -> Result<App, ConfigError> {
    build_with(stub, variables, Arc::new(MemorySecrets::default()), clock, telemetry).await
}

/// The same with secrets from `store`.
pub(crate) async fn build_with(
    stub: &Stub,
    variables: &[(&str, &str)],
    store: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    telemetry: Arc<Telemetry>,
) -> Result<App, ConfigError> {
    let mut env = FixedEnv::default().with("AUTHZ_RETRY_BACKOFF_MS", "10");
    if !variables.iter().any(|(name, _)| *name == "AUTHZ_PROVIDERS") {
        env = env.with("AUTHZ_INTROSPECTION_URL", &format!("{}{INTROSPECT}", stub.base));
    }
    for (name, value) in variables {
        env = env.with(name, &value.replace("{base}", &stub.base));
    }
    let config = Config::from_env(&env)?;
    let secrets = Arc::new(Secrets::new(store, clock.clone(), std::time::Duration::from_secs(300)));
    let credentials = config.credentials(&secrets).await?;
    let providers = Providers::new(&config, &credentials, &secrets, clock.clone())?;
    App::new(config, providers, clock, telemetry)
}

/// What libraries say, of all tests together.
fn library_lines() -> &'static Arc<Mutex<Vec<String>>> {
    static LINES: OnceLock<Arc<Mutex<Vec<String>>>> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let clock = Arc::new(ManualClock::at_secs(NOW));
        Arc::new(Telemetry::new(
            "libraries",
            Level::Debug,
            Output::Memory(lines.clone()),
            clock,
        ))
        .install();
        lines
    })
}

impl Fixture {
    pub(crate) async fn new(stub: Stub, variables: &[(&str, &str)]) -> Self {
        Self::with_secrets(stub, variables, Arc::new(MemorySecrets::default())).await
    }

    /// The same with secrets from `store`.
    pub(crate) async fn with_secrets(stub: Stub, variables: &[(&str, &str)], store: Arc<dyn SecretStore>) -> Self {
        library_lines();
        let clock = Arc::new(ManualClock::at_secs(NOW));
        let (telemetry, lines) = Telemetry::in_memory("authorizer", clock.clone());
        let app = build_with(&stub, variables, store, clock.clone(), Arc::new(telemetry))
            .await
            .unwrap();
        Self {
            app,
            stub,
            clock,
            lines,
        }
    }

    /// An authorizer whose server does these things one after the other, and the last for ever.
    pub(crate) async fn playing(acts: Vec<Act>, variables: &[(&str, &str)]) -> Self {
        Self::new(Stub::playing(acts), variables).await
    }

    pub(crate) async fn ask(&self, event: &Value) -> Answered {
        self.ask_raw(&event.to_string(), 30_000).await
    }

    /// Asks with a JSON text and so many milliseconds until Lambda's deadline.
    pub(crate) async fn ask_raw(&self, event: &str, left_ms: u64) -> Answered {
        let mut context = Context::default();
        context.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned();
        context.xray_trace_id = Some("Root=1-5759e988-bd862e3f".to_owned());
        context.deadline = self.clock.now_ms() + left_ms;
        let payload = RawValue::from_string(event.to_owned()).unwrap();
        let answer = self.app.handle(LambdaEvent::new(payload, context)).await;
        answer
            .map(|answer| serde_json::from_slice(&serde_json::to_vec(&answer).unwrap()).unwrap())
            .map_err(|error| (error.error_type, error.error_message))
    }

    /// The number of introspections so far.
    pub(crate) fn up(&self) -> usize {
        self.stub.count(INTROSPECT)
    }

    /// The last log line.
    pub(crate) fn line(&self) -> Value {
        serde_json::from_str(self.lines.lock().unwrap().last().unwrap()).unwrap()
    }

    /// Whether the last log line has these members.
    pub(crate) fn assert_line(&self, expected: Value) {
        let line = self.line();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} in {line}");
        }
    }

    /// What the authorizer itself logged.
    pub(crate) fn own_log(&self) -> String {
        self.lines.lock().unwrap().concat()
    }

    /// All that was logged.
    pub(crate) fn log(&self) -> String {
        let mut log = self.own_log();
        log.push_str(&library_lines().lock().unwrap().concat());
        log
    }
}

/// Every test ends with a look through its log: nothing secret may stand there, at any level.
impl Drop for Fixture {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        assert!(!log.is_empty());
        for secret in [
            T1,
            T2,
            S1,
            S2,
            CLIENT_SECRET,
            HTML,
            EXT,
            "Bearer ",
            "dXNlcjpwYXNz",
            "/orders/42",
            "X-Evil",
            "s3cret",
            // Values of headers, query and cookies, and of the reply.
            "api.example.com",
            "expand=lines",
            "sid=abc",
            "theme=dark",
            "203.0.113.9",
            "auth.example.com",
            "orders-api",
        ] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} stands in the log");
        }
    }
}

/// The lines of a start that is refused.
pub(crate) async fn try_new(stub: &Stub, variables: &[(&str, &str)]) -> Result<App, Vec<String>> {
    let clock = Arc::new(ManualClock::at_secs(NOW));
    let (telemetry, _) = Telemetry::in_memory("authorizer", clock.clone());
    build(stub, variables, clock, Arc::new(telemetry))
        .await
        .map_err(|error| error.problems().to_vec())
}
