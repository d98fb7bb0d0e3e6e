//! A REST API whose authorizer is the real binary, set up by its variables alone.

use local::function::{Function, FunctionOptions};
use local::gateway::{Api, Gateway, GatewayOptions};
use serde_json::Value;

use crate::stage::{binaries, listener};

/// An API that keeps no answers, and a client of it.
pub(crate) struct Door {
    authorizer: Function,
    pub(crate) http: reqwest::Client,
    gateway: Gateway,
}

impl Door {
    /// With an authorizer that wants the scope `hello` and has these variables.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let mut options = FunctionOptions::new("authorizer", binaries().join("authorizer"));
        for (name, value) in [("AUTHZ_REQUIRED_SCOPES", "hello")].iter().chain(variables) {
            options = options.env(*name, *value);
        }
        let authorizer = Function::new(options);
        let options = GatewayOptions::new(Api::RestToken, authorizer.clone());
        Self {
            gateway: Gateway::start(listener().await, options).unwrap(),
            authorizer,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Status and body of `GET /hello`; the body is null where it is no JSON.
    pub(crate) async fn answer(&self, token: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}/hello", self.gateway.url()));
        let response = request.bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    pub(crate) async fn status(&self, token: &str) -> u16 {
        self.answer(token).await.0
    }

    /// What the authorizer has logged so far.
    pub(crate) fn log(&self) -> String {
        self.authorizer.log().text()
    }
}
