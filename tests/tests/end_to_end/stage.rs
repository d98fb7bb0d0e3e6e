//! A suite and a client, started for one test.

use std::path::PathBuf;
use std::time::Duration;

use local::suite::{Options, Suite};
use serde_json::Value;

/// The folder with the functions' binaries: where this test's own binary was built.
pub(crate) fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/end_to_end-… -> target/debug
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
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

    /// Everything that a function printed, after the last answer had time to be logged.
    pub(crate) async fn log(&self, function: &str) -> String {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.suite.function(function).unwrap().log().text()
    }
}
