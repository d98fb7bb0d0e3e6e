//! The fronts to look at: base URLs and what is needed to use them.

use serde_json::Value;

/// A path that asks for nothing but an answer of the APIs of `local` and of the template's demo.
const HELLO: &str = "/hello";

/// The fronts to look at. What is not given is left out.
#[derive(Debug, Clone, Default)]
pub struct Fronts {
    /// A REST API behind the authorizer.
    pub rest_api: Option<Api>,
    /// An HTTP API behind the authorizer.
    pub http_api: Option<Api>,
    /// `hipchat-proxy` behind its load balancer.
    pub hipchat: Option<Hipchat>,
    /// `lambda-invoker` behind its load balancer or its HTTP API.
    pub invoker: Option<Invoker>,
    /// The base URL of `lambda-invoker`'s Function URL, which must be closed to callers without a signature.
    pub function_url: Option<String>,
    /// An access token that the authorizer takes.
    pub token: Option<String>,
}

/// An API behind the authorizer.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its base URL, with the stage.
    pub url: String,
    /// A path that answers a GET with 200.
    pub path: String,
}

/// `hipchat-proxy`.
#[derive(Debug, Clone)]
pub struct Hipchat {
    /// The load balancer's base URL.
    pub url: String,
    /// The host name that leads there, where the URL's own does not.
    pub host: Option<String>,
    /// A HipChat token and a room that it may write to.
    pub token: Option<(String, String)>,
}

/// `lambda-invoker`.
#[derive(Debug, Clone)]
pub struct Invoker {
    /// The base URL of the load balancer or the HTTP API.
    pub url: String,
    /// The host name that leads there, where the URL's own does not.
    pub host: Option<String>,
    /// A path of the route table that answers a GET with less than 400.
    pub path: Option<String>,
    /// Whether it asks for an access token: it stands behind an HTTP API.
    pub is_api: bool,
}

impl Fronts {
    /// The fronts in a file that `local run --addresses` wrote. The token is fetched from the stand-in for Hydra.
    ///
    /// # Errors
    /// A sentence: the file is none of those, or there is no token to be had.
    pub async fn of_local(addresses: &str) -> Result<Self, String> {
        let known: Value =
            serde_json::from_str(addresses).map_err(|error| format!("the addresses are no JSON: {error}"))?;
        let text = |pointer: &str| known.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let api = |pointer: &str| {
            text(pointer).map(|url| Api {
                url,
                path: HELLO.to_owned(),
            })
        };
        let hipchat_token = text("/hipchat_token").zip(text("/hipchat_rooms/0"));
        let routes = known
            .get("invoker_routes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let route = routes
            .into_iter()
            .find(|route| route.get("method").is_some_and(|method| method == "GET"));
        let fronts = Self {
            rest_api: api("/rest_api"),
            http_api: api("/http_api"),
            hipchat: text("/hipchat_alb").map(|url| Hipchat {
                url,
                host: None,
                token: hipchat_token,
            }),
            invoker: text("/invoker_alb").map(|url| Invoker {
                url,
                host: None,
                path: route.and_then(|route| route.get("path")?.as_str()).map(str::to_owned),
                is_api: false,
            }),
            function_url: None,
            token: match (
                text("/hydra_public"),
                text("/oauth_client/id"),
                text("/oauth_client/secret"),
            ) {
                (Some(hydra), Some(id), Some(secret)) => {
                    let scope = text("/oauth_client/scope").unwrap_or_default();
                    Some(token(&hydra, &id, &secret, &scope).await?)
                }
                _ => None,
            },
        };
        if fronts.rest_api.is_none() && fronts.hipchat.is_none() {
            return Err("the file holds no addresses of `local run`".to_owned());
        }
        Ok(fronts)
    }
}

/// A token by client credentials (RFC 6749, section 4.4).
async fn token(hydra: &str, id: &str, secret: &str, scope: &str) -> Result<String, String> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("scope", scope)
        .finish();
    let answer = reqwest::Client::new()
        .post(format!("{hydra}/oauth2/token"))
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .map_err(|_| "the stand-in for Hydra does not answer".to_owned())?;
    let reply: Value = answer.json().await.unwrap_or_default();
    let token = reply.get("access_token").and_then(Value::as_str).map(str::to_owned);
    token.ok_or_else(|| "the stand-in for Hydra gives no token".to_owned())
}
