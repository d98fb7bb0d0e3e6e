//! The programs as a person runs them: the local suite from start to Ctrl-C, and functions that refuse to start.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local::function::{Function, FunctionOptions};
use serde_json::Value;

use crate::stage::binaries;

/// A started `local run`, killed when the test ends.
struct Run {
    child: Child,
    addresses: PathBuf,
    _folder: tempfile::TempDir,
}

impl Run {
    fn start(port_base: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let addresses = folder.path().join("addresses.json");
        let child = Command::new(binaries().join("local"))
            .arg("run")
            .env("LOCAL_PORT_BASE", port_base)
            .env("LOCAL_ADDRESSES", &addresses)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            addresses,
            _folder: folder,
        }
    }

    fn addresses(&self) -> Value {
        let text = wait_for(Duration::from_secs(20), || {
            std::fs::read_to_string(&self.addresses).ok()
        });
        serde_json::from_str(&text).unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(
            Command::new("kill")
                .args([name, &self.child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for<T>(limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |stat: &Path| {
        let text = std::fs::read_to_string(stat).ok()?;
        // The second field is the command in parentheses and may hold spaces; the parent comes two fields later.
        let parent_of: u32 = text.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()?;
        Some(parent_of == parent)
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            is_child(&PathBuf::from(format!("/proc/{pid}/stat")))
                .filter(|yes| *yes)
                .map(|_| pid)
        })
        .collect()
}

#[test]
fn the_suite_runs_until_it_is_interrupted_and_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let mut run = Run::start("0");
        let addresses = run.addresses();
        for name in [
            "hipchat_alb",
            "hipchat_alb_tls",
            "ca_file",
            "rest_api",
            "http_api",
            "invoker_alb",
            "hydra_public",
            "hydra_admin",
            "slack",
            "slack_page",
            "secrets_manager",
            "target",
            "lambda",
            "hipchat_token",
        ] {
            assert!(addresses[name].is_string(), "{name}: {addresses}");
        }
        for name in ["id", "secret", "scope"] {
            assert!(addresses["oauth_client"][name].is_string(), "{addresses}");
        }
        assert!(addresses["hipchat_rooms"][0].is_string());
        let page = addresses["slack_page"].as_str().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let get =
            |url: &str| runtime.block_on(async { Ok::<_, reqwest::Error>(reqwest::get(url).await?.status().as_u16()) });
        assert_eq!(get(page).unwrap(), 200);
        let functions = children(run.child.id());
        assert_eq!(functions.len(), 3, "one process for each function");
        run.signal(signal);
        let status = wait_for(Duration::from_secs(10), || run.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
        for pid in functions {
            assert!(
                !Path::new(&format!("/proc/{pid}")).exists(),
                "process {pid} was left behind"
            );
        }
        assert!(!run.addresses.exists());
        assert!(get(page).is_err());
    }
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut run = Run::start(&port);
    let status = wait_for(Duration::from_secs(10), || run.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
    let mut message = String::new();
    std::io::Read::read_to_string(run.child.stderr.as_mut().unwrap(), &mut message).unwrap();
    assert_eq!(message.trim().lines().count(), 1, "{message}");
    assert!(
        message.contains(&port) && message.contains("LOCAL_PORT_BASE"),
        "{message}"
    );
    assert!(!run.addresses.exists());
}

/// Starts a function with these variables alone and gives what it printed before it stopped.
async fn refused(function: &str, variables: &[(&str, &str)]) -> String {
    let mut options = FunctionOptions::new(function, binaries().join(function));
    for (name, value) in variables {
        options = options.env(*name, *value);
    }
    let function = Function::new(options);
    let failure = function.warm().await.expect_err("it must not start");
    let text = format!("{failure}\n{}", function.log().text());
    assert!(text.contains("ConfigurationError"), "{text}");
    function.stop().await;
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_stops_the_start_with_one_line_for_each_bad_variable() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf";
    let text = refused(
        "authorizer",
        &[
            ("AUTHZ_INTROSPECTION_URL", "http://s3cret.example.com/"),
            ("AUTHZ_CACHE_TTL_SECS", "s3cret"),
            ("AUTHZ_SCOPE_STRATEGY", "s3cret"),
            ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
            ("AUTHZ_BEARER", "s3cret"),
            ("AUTHZ_BEARER_SECRET_ARN", arn),
        ],
    )
    .await;
    for name in [
        "AUTHZ_INTROSPECTION_URL: ",
        "AUTHZ_CACHE_TTL_SECS: ",
        "AUTHZ_SCOPE_STRATEGY: ",
        "AUTHZ_BEARER: ",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");

    let text = refused(
        "hipchat-proxy",
        &[
            ("HIPCHAT_DIRECTORY", "{\"rooms\": [{\"name\": \"s3cret\"}]}"),
            ("HIPCHAT_DRY_RUN", "s3cret"),
            ("SLACK_API_URL", "s3cret"),
        ],
    )
    .await;
    for name in [
        "SLACK_TOKEN",
        "HIPCHAT_TOKENS",
        "HIPCHAT_DIRECTORY",
        "HIPCHAT_DRY_RUN: ",
        "SLACK_API_URL: ",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");

    let config = r#"{"version": 1, "routes": [
        {"uri": "x", "function_uri": "https://example.com/", "timeout": 50, "authorization": {"iam": {"secret_key": "s3cret"}}},
        {"uri": "/a*b"}]}"#;
    let text = refused("lambda-invoker", &[("INVOKER_CONFIG", config)]).await;
    for line in [
        "routes[0].uri: must start with \"/\"",
        "routes[0].timeout: 50 is less than 100",
        "routes[0].authorization.iam.secret_key: unknown field, did you mean \"secretkey\"?",
        "routes[1].uri: \"*\" is only allowed at the end",
        "routes[1]: exactly one of function_uri, function is required",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_secret_is_told_by_its_variable() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf";
    let text = refused(
        "authorizer",
        &[
            ("AUTHZ_INTROSPECTION_URL", "http://127.0.0.1:9/"),
            ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
            ("AUTHZ_BEARER_SECRET_ARN", arn),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9"),
        ],
    )
    .await;
    assert!(
        text.contains("AUTHZ_BEARER_SECRET_ARN: cannot be read from Secrets Manager"),
        "{text}"
    );
}
