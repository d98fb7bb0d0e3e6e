//! The authorizer verifying by itself what oidc-provider signs, with every algorithm that both know, while keys change.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::super::environment::Environment;
use crate::door::Door;

/// An authorization server that signs its tokens; dropping it ends its process.
struct Signer {
    url: String,
    http: reqwest::Client,
    lines: Lines<BufReader<ChildStdout>>,
    // Its end is the server's end, also when this process is killed.
    stdin: ChildStdin,
    _child: Child,
}

impl Signer {
    async fn start(algorithm: &str) -> Self {
        let mut child = Environment::new("oidc-provider")
            .node("signed.mjs")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let clients = [json!({"id": "web", "secret": "w3b-s3cret", "scope": "hello bye"})];
        let settings = json!({"clients": clients, "lifetime": 600, "algorithm": algorithm});
        let mut signer = Self {
            url: String::new(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            stdin: child.stdin.take().unwrap(),
            _child: child,
        };
        signer.url = signer.say(&settings.to_string()).await;
        signer
    }

    /// Tells it a line, and gives the line that it answers with.
    async fn say(&mut self, line: &str) -> String {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line()).await;
        answer.unwrap().unwrap().unwrap()
    }

    async fn mint(&self, scope: &str) -> String {
        let request = self
            .http
            .post(format!("{}/token", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&scope={scope}"))
            .basic_auth("web", Some("w3b-s3cret"));
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        let token = reply["access_token"].as_str();
        token.unwrap_or_else(|| panic!("no token: {reply}")).to_owned()
    }
}

/// An API whose authorizer verifies the signer's tokens.
async fn door(signer: &Signer, algorithm: &str) -> Door {
    door_taking(signer, algorithm, "https://api.example.com/", true).await
}

/// With another audience, and maybe without a look at the type.
async fn door_taking(signer: &Signer, algorithm: &str, audience: &str, require_typ_at_jwt: bool) -> Door {
    let providers = json!([{
        "name": "oidc", "kind": "jwks", "jwks_url": format!("{}/jwks", signer.url), "issuers": [signer.url],
        "algorithms": [algorithm], "audiences": [audience], "require_typ_at_jwt": require_typ_at_jwt,
        "jwks_ttl_secs": 10,
    }]);
    Door::with(&[
        ("AUTHZ_PROVIDERS", &providers.to_string()),
        // Long enough for an interpreter on a busy machine.
        ("AUTHZ_CONNECT_TIMEOUT_MS", "3000"),
        ("AUTHZ_REQUEST_TIMEOUT_MS", "6000"),
        ("AUTHZ_TOTAL_BUDGET_MS", "9000"),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_of_oidc_provider_is_verified() {
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let signer = Signer::start(algorithm).await;
        let door = door(&signer, algorithm).await;
        let good = signer.mint("hello").await;
        let (status, told) = door.answer(&good).await;
        assert_eq!(
            (status, &told["principalId"]),
            (200, &json!("web")),
            "{algorithm} {told}"
        );
        let context = &told["context"];
        assert_eq!(
            (&context["iss"], &context["aud"], &context["scope"]),
            (&json!(signer.url), &json!("https://api.example.com/"), &json!("hello"))
        );
        assert_eq!(door.status(&signer.mint("bye").await).await, 403, "{algorithm}");
        let (message, signature) = good.rsplit_once('.').unwrap();
        let other = signer.mint("hello").await;
        let (other, _) = other.rsplit_once('.').unwrap();
        for forged in [format!("{other}.{signature}"), format!("{message}.{}", &signature[4..])] {
            assert_eq!(door.status(&forged).await, 401, "{algorithm}");
        }
        let log = door.log();
        assert!(!log.contains(&good) && log.contains("bad_signature"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_changes_its_keys_while_tokens_are_used() {
    let mut signer = Signer::start("ES256").await;
    let door = door(&signer, "ES256").await;
    let first = signer.mint("hello").await;
    assert_eq!(door.status(&first).await, 200);
    assert_eq!(signer.say("rotate").await, "done");
    let second = signer.mint("hello").await;
    // Keys are looked for again at half of their life.
    tokio::time::sleep(Duration::from_millis(5200)).await;
    assert_eq!((door.status(&first).await, door.status(&second).await), (200, 200));
    assert_eq!(signer.say("replace").await, "done");
    let third = signer.mint("hello").await;
    tokio::time::sleep(Duration::from_millis(5200)).await;
    let statuses = (
        door.status(&first).await,
        door.status(&second).await,
        door.status(&third).await,
    );
    assert_eq!(statuses, (401, 401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_of_oidc_provider_opens_nothing() {
    let mut signer = Signer::start("RS256").await;
    let token = signer.say("id-token").await;
    assert_eq!(token.split('.').count(), 3, "{token}");
    for (audience, require_typ_at_jwt, status, reason) in [
        ("https://api.example.com/", true, 401, "not_access_token"),
        // Neither its type nor its audience, where that is the client's own name, tells what it is: its nonce does.
        ("spa", false, 401, "not_access_token"),
        ("https://api.example.com/", false, 401, "not_access_token"),
    ] {
        let door = door_taking(&signer, "RS256", audience, require_typ_at_jwt).await;
        assert_eq!(door.status(&token).await, status, "{audience}");
        let log = door.log();
        assert!(log.contains(&format!(r#""reason":"{reason}""#)), "{log}");
        // The same keys and the same door, for what is an access token.
        if audience != "spa" {
            assert_eq!(door.status(&signer.mint("hello").await).await, 200);
        }
    }
}
