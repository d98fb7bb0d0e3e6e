//! A suite and a client, started for one test.

use std::path::PathBuf;
use std::time::Duration;

use local::suite::{Options, Suite};
use serde_json::Value;
use tokio::net::TcpListener;

/// The folder with the functions' binaries: where this test's own binary was built.
pub(crate) fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/end_to_end-… -> target/debug
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
}

/// A socket on a free port.
pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

/// A running suite and a client that follows no redirects and keeps no hidden retries.
pub(crate) struct Stage {
    pub(crate) suite: Suite,
    pub(crate) client: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: bytes::Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(binaries());
        change(&mut options);
        let suite = Suite::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { suite, client }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer {
            status,
            headers,
            body: response.bytes().await.unwrap(),
        }
    }

    /// A token of Hydra's by client credentials; `None` leaves the scope out of the request.
    pub(crate) async fn mint(&self, scope: Option<&str>) -> String {
        let scope = scope.map(|scope| format!("&scope={scope}")).unwrap_or_default();
        let answer = self
            .ask_hydra("token", format!("grant_type=client_credentials{scope}"))
            .await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn revoke(&self, token: &str) {
        self.ask_hydra("revoke", format!("token={token}")).await;
    }

    /// Posts a form to an OAuth 2.0 endpoint as the suite's client, which must succeed.
    async fn ask_hydra(&self, endpoint: &str, form: String) -> Answer {
        let addresses = self.suite.addresses();
        let client = addresses.oauth_client.as_ref().unwrap();
        let url = format!("{}/oauth2/{endpoint}", addresses.hydra_public.as_ref().unwrap());
        let request = self.client.post(url).basic_auth(&client.id, Some(&client.secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(request.body(form)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    /// Everything that a function printed, after the last answer had time to be logged.
    pub(crate) async fn log(&self, function: &str) -> String {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.suite.function(function).unwrap().log().text()
    }
}
