//! What the world is told: every address, and the tokens, routes and rooms that are there to be tried.

use std::path::PathBuf;

use serde_json::Value;

use super::{INVOKER_SOURCES, Plan};
use crate::suite::defaults::{self, OAUTH_SCOPE};
use crate::suite::{Addresses, Fronts, InvokerRoute, OauthClientAddress};

const TOKEN_SOURCES: [&str; 2] = ["HIPCHAT_TOKENS", "HIPCHAT_TOKENS_SECRET_ARN"];
const OTHER_DIRECTORY_SOURCES: [&str; 2] = ["HIPCHAT_DIRECTORY_FILE", "HIPCHAT_DIRECTORY_SECRET_ARN"];

impl Plan {
    pub(in crate::suite) fn addresses(&self, fronts: &Fronts, ca_file: PathBuf) -> Addresses {
        let own_tokens = self.is_given(&self.options.hipchat_proxy, &TOKEN_SOURCES);
        let own_routes = self.is_given(&self.options.lambda_invoker, &INVOKER_SOURCES);
        let hydra = self.stand_ins.hydra.as_ref();
        Addresses {
            hipchat_alb: fronts.hipchat.url(),
            hipchat_alb_tls: fronts.hipchat_tls.url(),
            hipchat_alb_single_value: fronts.hipchat_single_value.url(),
            ca_file,
            rest_api: fronts.rest.url(),
            http_api: fronts.http.url(),
            gateway_ttl_seconds: self.options.kept_for().as_secs_f64(),
            invoker_alb: fronts.invoker.as_ref().map(|alb| alb.url()),
            invoker_url: fronts.invoker_url.as_ref().map(|front| front.url()),
            invoker_routes: if own_routes || fronts.invoker.is_none() {
                Vec::new()
            } else {
                routes()
            },
            hydra_public: hydra.map(|hydra| hydra.public_url()),
            hydra_admin: self.hydra_admin(),
            keto_read: self.keto_read(),
            keto_write: self.stand_ins.keto.as_ref().map(|keto| keto.write_url()),
            permissions: self.options.permissions,
            slack: self.slack(),
            slack_page: self.stand_ins.slack.as_ref().map(|slack| slack.url()),
            secrets_manager: self.stand_ins.secrets_manager.as_ref().map(|secrets| secrets.url()),
            target: self.stand_ins.target.as_ref().map(|target| target.url()),
            lambda: self.stand_ins.lambda.as_ref().map(|lambda| lambda.url()),
            oauth_client: hydra.map(|_| OauthClientAddress {
                id: self.secrets.client_id.clone(),
                secret: self.secrets.client_secret.clone(),
                scope: OAUTH_SCOPE,
            }),
            hipchat_token: (!own_tokens).then(|| self.secrets.hipchat_token.clone()),
            hipchat_rooms: self.rooms(),
        }
    }

    /// The rooms of the directory, as far as it can be read from here.
    fn rooms(&self) -> Vec<String> {
        if self.is_given(&self.options.hipchat_proxy, &OTHER_DIRECTORY_SOURCES) {
            return Vec::new();
        }
        match self.value(&self.options.hipchat_proxy, "HIPCHAT_DIRECTORY") {
            None => defaults::ROOMS.map(str::to_owned).to_vec(),
            Some(directory) => {
                let directory: Value = serde_json::from_str(directory).unwrap_or(Value::Null);
                let rooms = directory
                    .get("rooms")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                rooms
                    .iter()
                    .filter_map(|room| room.get("name")?.as_str().map(str::to_owned))
                    .collect()
            }
        }
    }
}

fn routes() -> Vec<InvokerRoute> {
    let route = |method, path, kind| InvokerRoute { method, path, kind };
    vec![
        route("GET", "/url/any/path", "signed"),
        route("GET", "/key/any/path", "api_key"),
        route("POST", "/invoke", "invoke"),
        route("POST", "/stream", "stream"),
    ]
}
