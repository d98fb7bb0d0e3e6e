//! The whole suite, with the probe in the place of every function.

use std::{collections::BTreeMap, path::Path, time::Duration};

use local::{
    function::Invoked,
    suite::{Credentials, Options, StartError, Suite},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::probe;

/// A folder where every function is the probe.
pub(super) fn probes() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["authorizer", "hipchat-proxy", "lambda-invoker"] {
        std::os::unix::fs::symlink(probe::binary(), folder.path().join(name)).unwrap();
    }
    let demo = Path::new(env!("CARGO_BIN_EXE_demo-function"));
    std::os::unix::fs::symlink(demo, folder.path().join("demo-function")).unwrap();
    folder
}

/// The variables that a function of the suite sees.
async fn environment(suite: &Suite, function: &str) -> BTreeMap<String, String> {
    let event = json!({"do": "env"}).to_string().into();
    match suite.function(function).unwrap().invoke(event).await {
        Invoked::Response(payload) => serde_json::from_slice(&payload).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn address(suite: &Suite) -> Value {
    serde_json::to_value(suite.addresses()).unwrap()
}

#[tokio::test]
async fn everything_answers_where_the_addresses_say() {
    let folder = probes();
    let suite = Suite::start(Options::new(folder.path())).await.unwrap();
    let addresses = address(&suite);
    let text = |member: &str| {
        addresses[member]
            .as_str()
            .unwrap_or_else(|| panic!("{member}"))
            .to_owned()
    };
    let ca = reqwest::Certificate::from_pem(&std::fs::read(text("ca_file")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    for (member, path, status) in [
        // The probe is no target of a load balancer: its answer has no status code.
        ("hipchat_alb", "", 502),
        ("hipchat_alb_tls", "", 502),
        ("hipchat_alb_single_value", "", 502),
        ("invoker_alb", "", 502),
        // Its Function URL takes streams, and what is none is a body.
        ("invoker_url", "", 200),
        ("rest_api", "/hello", 401),
        ("http_api", "/hello", 401),
        ("hydra_public", "/health/alive", 200),
        ("hydra_admin", "/health/alive", 200),
        ("slack_page", "", 200),
        ("slack", "/_calls", 200),
        ("secrets_manager", "/_calls", 200),
        ("target", "/key", 403),
        ("lambda", "/_calls", 200),
    ] {
        let url = text(member);
        assert!(!url.ends_with('/'), "{url}");
        let response = client.get(url + path).send().await.unwrap();
        assert_eq!(response.status(), status, "{member}");
    }
    assert_eq!(addresses["hipchat_rooms"], json!(["Dev Ops", "Ops"]));
    assert_eq!(addresses["gateway_ttl_seconds"], 2.0);
    assert_eq!(addresses["oauth_client"]["scope"], "hello");
    assert_eq!(
        addresses["invoker_routes"][2],
        json!({"method": "POST", "path": "/invoke", "kind": "invoke"})
    );
    assert_eq!(
        addresses["invoker_routes"][3],
        json!({"method": "POST", "path": "/stream", "kind": "stream"})
    );
    let ca_file = text("ca_file");
    let rest = text("rest_api");
    suite.stop().await;
    assert!(!Path::new(&ca_file).exists());
    assert!(client.get(rest + "/hello").send().await.is_err());
}

#[tokio::test]
async fn the_functions_get_their_local_defaults() {
    let folder = probes();
    let suite = Suite::start(Options::new(folder.path())).await.unwrap();
    let addresses = suite.addresses().clone();
    let authorizer = environment(&suite, "authorizer").await;
    assert_eq!(
        authorizer["AUTHZ_INTROSPECTION_URL"],
        addresses.hydra_admin.clone() + "/admin/oauth2/introspect"
    );
    assert_eq!(authorizer["AUTHZ_REQUIRED_SCOPES"], "hello");
    assert_eq!(authorizer["AUTHZ_CACHE_TTL_SECS"], "2");
    assert_eq!(authorizer["AUTHZ_NEGATIVE_CACHE_TTL_SECS"], "1");

    let proxy = environment(&suite, "hipchat-proxy").await;
    assert_eq!(proxy["SLACK_API_URL"], addresses.slack + "/api");
    assert_eq!(
        Some(&proxy["AWS_ENDPOINT_URL_SECRETS_MANAGER"]),
        addresses.secrets_manager.as_ref()
    );
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hipchat-proxy/";
    assert!(proxy["SLACK_TOKEN_SECRET_ARN"].starts_with(&format!("{arn}slack-token-")));
    assert!(proxy["HIPCHAT_TOKENS_SECRET_ARN"].starts_with(&format!("{arn}tokens-")));
    let directory: Value = serde_json::from_str(&proxy["HIPCHAT_DIRECTORY"]).unwrap();
    assert_eq!(
        directory["rooms"][0],
        json!({"name": "Dev Ops", "id": 7, "channel": "C100", "notify": "here"})
    );

    let invoker = environment(&suite, "lambda-invoker").await;
    let config: Value = serde_json::from_str(&invoker["INVOKER_CONFIG"]).unwrap();
    let target = addresses.target.unwrap();
    assert_eq!(config["routes"][0]["function_uri"], format!("{target}/base"));
    assert_eq!(
        config["routes"][2]["function"],
        json!({"name": "hello", "region": "eu-west-1", "endpoint_url": addresses.lambda.unwrap()})
    );
    for variables in [&authorizer, &proxy, &invoker] {
        assert!(variables["AWS_ACCESS_KEY_ID"].starts_with("ASIA"));
        assert_eq!(variables["AWS_ACCESS_KEY_ID"], authorizer["AWS_ACCESS_KEY_ID"]);
    }
    suite.stop().await;
}

#[tokio::test]
async fn the_callers_variables_and_the_options_go_through() {
    let folder = probes();
    let caller = [
        ("AUTHZ_REQUIRED_SCOPES", "other"),
        ("AUTHZ_HTTP_V2_RESPONSE", "iam"),
        ("HIPCHAT_DIRECTORY", r#"{"rooms":[{"name":"Own","channel":"C1"}]}"#),
        ("HIPCHAT_TOKENS", "[]"),
        ("INVOKER_CONFIG_FILE", "/routes.json"),
        ("SLACK_TOKEN", "xoxb-real"),
        ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"),
        ("HOME", "/root"),
    ];
    let mut options = Options {
        variables: caller
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        hydra_url: Some("https://hydra.example:4445".to_owned()),
        slack_url: Some("https://slack.com/api/".to_owned()),
        gateway_ttl: Duration::ZERO,
        ..Options::new(folder.path())
    };
    options
        .authorizer
        .environment
        .insert("AUTHZ_SCHEME".to_owned(), "token".to_owned());
    let suite = Suite::start(options).await.unwrap();
    let authorizer = environment(&suite, "authorizer").await;
    assert_eq!(
        authorizer["AUTHZ_INTROSPECTION_URL"],
        "https://hydra.example:4445/admin/oauth2/introspect"
    );
    assert_eq!(authorizer["AUTHZ_REQUIRED_SCOPES"], "other");
    assert_eq!(authorizer["AUTHZ_SCHEME"], "token");
    assert_eq!(authorizer["AWS_LAMBDA_LOG_LEVEL"], "DEBUG");
    assert!(!authorizer.contains_key("SLACK_TOKEN") && !authorizer.contains_key("HOME"));
    let proxy = environment(&suite, "hipchat-proxy").await;
    assert_eq!(
        (proxy["SLACK_API_URL"].as_str(), proxy["SLACK_TOKEN"].as_str()),
        ("https://slack.com/api", "xoxb-real")
    );
    assert!(!proxy.contains_key("SLACK_TOKEN_SECRET_ARN") && !proxy.contains_key("HIPCHAT_TOKENS_SECRET_ARN"));
    assert!(
        !environment(&suite, "lambda-invoker")
            .await
            .contains_key("INVOKER_CONFIG")
    );

    let addresses = address(&suite);
    assert_eq!(addresses["hydra_admin"], "https://hydra.example:4445");
    assert_eq!(addresses["slack"], "https://slack.com");
    for absent in ["hydra_public", "oauth_client", "slack_page", "hipchat_token"] {
        assert_eq!(addresses.get(absent), None, "{absent}");
    }
    assert_eq!(addresses["hipchat_rooms"], json!(["Own"]));
    assert_eq!(addresses["invoker_routes"], json!([]));
    suite.stop().await;
}

#[tokio::test]
async fn with_a_real_account_nothing_of_aws_is_a_stand_in() {
    let folder = probes();
    let credentials = Credentials {
        access_key_id: "AKIAREAL".to_owned(),
        secret_access_key: "real".to_owned(),
        session_token: None,
        region: "us-west-2".to_owned(),
    };
    let options = Options {
        aws: Some(credentials),
        ..Options::new(folder.path())
    };
    let suite = Suite::start(options).await.unwrap();
    let proxy = environment(&suite, "hipchat-proxy").await;
    assert_eq!(
        (proxy["AWS_ACCESS_KEY_ID"].as_str(), proxy["AWS_REGION"].as_str()),
        ("AKIAREAL", "us-west-2")
    );
    assert!(!proxy.contains_key("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
    assert!(
        proxy["SLACK_TOKEN"].starts_with("xoxb-local-"),
        "the stand-in for Slack still needs its token"
    );
    assert!(proxy["HIPCHAT_TOKENS"].contains("sha256"));
    let addresses = address(&suite);
    for absent in ["secrets_manager", "target", "lambda", "invoker_alb", "invoker_url"] {
        assert_eq!(addresses.get(absent), None, "{absent}");
    }
    assert!(
        suite.function("lambda-invoker").is_none(),
        "without a target and a configuration it has nothing to do"
    );
    suite.stop().await;
}

#[tokio::test]
async fn what_keeps_the_suite_from_starting() {
    let folder = probes();
    std::fs::remove_file(folder.path().join("hipchat-proxy")).unwrap();
    let error = Suite::start(Options::new(folder.path()))
        .await
        .expect_err("no hipchat-proxy");
    let path = folder.path().join("hipchat-proxy");
    assert_eq!(
        error.to_string(),
        format!(
            "{} is missing: build it with cargo build -p hipchat-proxy",
            path.display()
        )
    );

    let folder = probes();
    let options = Options {
        slack_url: Some("https://slack.com".to_owned()),
        ..Options::new(folder.path())
    };
    let error = Suite::start(options).await.expect_err("no token");
    assert_eq!(
        error.to_string(),
        "--slack-url needs SLACK_TOKEN or SLACK_TOKEN_SECRET_ARN in the environment"
    );

    let mut options = Options::new(folder.path());
    options
        .lambda_invoker
        .environment
        .insert("PROBE_INIT".to_owned(), "report".to_owned());
    match Suite::start(options).await.expect_err("lambda-invoker refuses") {
        StartError::Init(failure) => assert_eq!(
            failure.to_string(),
            "lambda-invoker did not start: ConfigurationError: PROBE_INIT is report\n  \
             the variable PROBE_INIT says report\n  reported: Ok(202)"
        ),
        other => panic!("{other:?}"),
    }
}
