//! A real authorization server on a free port of loopback, started for one test.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin};

use super::super::environment::Environment;

/// A client that is registered at each server.
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    /// What it may ask for, separated by spaces.
    scope: &'static str,
}

/// Who gets tokens for users' calls.
const WEB: Client = Client {
    id: "web",
    secret: "w3b-s3cret",
    scope: "hello bye",
};

/// Who asks about tokens. Every character of its id and secret that a form escapes must arrive.
pub(super) const GATEWAY: Client = Client {
    id: "api gateway",
    secret: "s3cr+t %2F:&@]~",
    scope: "introspection",
};

/// The server's software.
#[derive(Clone, Copy)]
pub(super) enum Product {
    /// `oidc-provider` for Node: callers of its introspection are clients.
    OidcProvider,
    /// `django-oauth-toolkit`: callers are clients, or tokens with the scope `introspection`.
    DjangoOauthToolkit,
}

impl Product {
    pub(super) fn introspection(self) -> &'static str {
        match self {
            Self::OidcProvider => "/token/introspection",
            Self::DjangoOauthToolkit => "/o/introspect/",
        }
    }

    pub(super) fn token(self) -> &'static str {
        match self {
            Self::OidcProvider => "/token",
            Self::DjangoOauthToolkit => "/o/token/",
        }
    }

    fn revocation(self) -> &'static str {
        match self {
            Self::OidcProvider => "/token/revocation",
            Self::DjangoOauthToolkit => "/o/revoke_token/",
        }
    }
}

/// A running server; dropping it ends its process.
pub(super) struct Server {
    product: Product,
    url: String,
    http: reqwest::Client,
    _child: Child,
    // Its end is the server's end, also when this process is killed.
    _stdin: ChildStdin,
    _folder: TempDir,
}

impl Server {
    /// Starts the server with both clients; its tokens live for `lifetime_secs`.
    pub(super) async fn start(product: Product, lifetime_secs: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let errors = folder.path().join("errors");
        let mut command = match product {
            Product::OidcProvider => Environment::new("oidc-provider").node("server.mjs"),
            Product::DjangoOauthToolkit => Environment::new("django-oauth-toolkit").python("server.py"),
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let clients =
            [WEB, GATEWAY].map(|Client { id, secret, scope }| json!({"id": id, "secret": secret, "scope": scope}));
        let settings = json!({"clients": clients, "lifetime": lifetime_secs, "folder": folder.path()});
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{settings}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await;
        let Ok(Ok(Some(url))) = first else {
            panic!(
                "it does not start: {first:?} {}",
                std::fs::read_to_string(errors).unwrap()
            );
        };
        Self {
            product,
            url,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _child: child,
            _stdin: stdin,
            _folder: folder,
        }
    }

    pub(super) fn product(&self) -> Product {
        self.product
    }

    /// Base URL without a slash at its end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A token of the client credentials grant.
    pub(super) async fn mint(&self, client: &Client, scope: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_id", client.id),
            ("client_secret", client.secret),
        ];
        let reply: Value = self.post(self.product.token(), &form).await.json().await.unwrap();
        reply["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {reply}"))
            .to_owned()
    }

    /// A token of the client `web`.
    pub(super) async fn mint_for_web(&self, scope: &str) -> String {
        self.mint(&WEB, scope).await
    }

    /// Takes back a token of the client `web`.
    pub(super) async fn revoke(&self, token: &str) {
        let form = [("token", token), ("client_id", WEB.id), ("client_secret", WEB.secret)];
        self.post(self.product.revocation(), &form).await;
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let url = reqwest::Url::parse_with_params(&self.url, form).unwrap();
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(url.query().unwrap().to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(
            response.status().as_u16(),
            200,
            "{path}: {}",
            response.text().await.unwrap()
        );
        response
    }
}
