//! What each front is asked, and what it must answer.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder, StatusCode};

use super::fronts::{Api, Fronts, Hipchat, Invoker};
use crate::caller::{Caller, builder, reason};

/// The longest wait for one answer: a cold start behind a gateway.
const PATIENCE: Duration = Duration::from_secs(20);

/// One question and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was asked, such as `REST API, no token`.
    pub name: String,
    /// What must come, such as `401`.
    pub wanted: String,
    /// What came: a status, or why nothing came.
    pub came: String,
    /// Whether that is right.
    pub is_right: bool,
}

/// Asks every front that is given, one question after the other.
///
/// # Errors
/// A sentence, where no question can be asked at all.
pub async fn run(fronts: &Fronts, ca: Option<&[u8]>) -> Result<Vec<Check>, String> {
    let client = builder(ca, PATIENCE)?.build().map_err(|error| error.to_string())?;
    let mut asked = Asked {
        client,
        checks: Vec::new(),
    };
    if let Some(api) = &fronts.rest_api {
        asked.api("REST API", api, fronts.token.as_deref(), &[401]).await;
    }
    if let Some(api) = &fronts.http_api {
        asked.api("HTTP API", api, fronts.token.as_deref(), &[401, 403]).await;
    }
    if let Some(hipchat) = &fronts.hipchat {
        let caller = Caller::new(&hipchat.url, hipchat.host.as_deref(), ca, PATIENCE)?;
        asked.hipchat(hipchat, &caller).await?;
    }
    if let Some(invoker) = &fronts.invoker {
        let caller = Caller::new(&invoker.url, invoker.host.as_deref(), ca, PATIENCE)?;
        asked.invoker(invoker, &caller, fronts.token.as_deref()).await?;
    }
    if let Some(url) = &fronts.function_url {
        let request = asked.client.get(url);
        asked.ask("Function URL, no signature", request, &[403]).await;
    }
    Ok(asked.checks)
}

struct Asked {
    client: Client,
    checks: Vec<Check>,
}

impl Asked {
    async fn ask(&mut self, name: impl Into<String>, request: RequestBuilder, wanted: &[u16]) {
        let came = request.send().await.map(|answer| answer.status());
        let words: Vec<String> = wanted.iter().map(u16::to_string).collect();
        self.checks.push(Check {
            name: name.into(),
            wanted: words.join(" or "),
            is_right: came.as_ref().is_ok_and(|status| wanted.contains(&status.as_u16())),
            came: told(came),
        });
    }

    /// `unknown`: what a token that nobody issued is answered with. A HTTP API cannot say 401 itself.
    async fn api(&mut self, name: &str, api: &Api, token: Option<&str>, unknown: &[u16]) {
        let get = |client: &Client| client.get(format!("{}{}", api.url.trim_end_matches('/'), api.path));
        let request = get(&self.client);
        self.ask(format!("{name}, no token"), request, &[401]).await;
        let request = get(&self.client).header(AUTHORIZATION, "Bearer smoke-test-of-an-unknown-token");
        self.ask(format!("{name}, an unknown token"), request, unknown).await;
        if let Some(token) = token {
            let request = get(&self.client).header(AUTHORIZATION, format!("Bearer {token}"));
            self.ask(format!("{name}, your token"), request, &[200]).await;
        }
    }

    async fn hipchat(&mut self, hipchat: &Hipchat, caller: &Caller) -> Result<(), String> {
        let request = caller.request(Method::GET, "/")?;
        self.ask("hipchat-proxy, health", request, &[200]).await;
        let room = hipchat.token.as_ref().map_or("smoke", |(_, room)| room.as_str());
        let room = utf8_percent_encode(room, NON_ALPHANUMERIC);
        // `auth_test` is HipChat's own: everything is checked and nothing is sent.
        let path = format!("/v2/room/{room}/notification?auth_test=true");
        let post = || {
            let request = caller.request(Method::POST, &path)?;
            let request = request.header(CONTENT_TYPE, "application/json");
            Ok::<_, String>(request.body(r#"{"message":"smoke"}"#))
        };
        self.ask("hipchat-proxy, no token", post()?, &[401]).await;
        if let Some((token, _)) = &hipchat.token {
            let request = post()?.header(AUTHORIZATION, format!("Bearer {token}"));
            self.ask("hipchat-proxy, your token, nothing posted", request, &[202])
                .await;
        }
        Ok(())
    }

    async fn invoker(&mut self, invoker: &Invoker, caller: &Caller, token: Option<&str>) -> Result<(), String> {
        let get = |path: &str| caller.request(Method::GET, path);
        let mut bearer = None;
        if invoker.is_api {
            self.ask("lambda-invoker, no token", get("/")?, &[401]).await;
            bearer = token;
        }
        let with = |request: RequestBuilder| match bearer {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        if !invoker.is_api || bearer.is_some() {
            let request = with(get("/smoke-test-of-a-path-without-a-route")?);
            self.ask("lambda-invoker, no route", request, &[404]).await;
            if let Some(path) = &invoker.path {
                let request = with(get(path)?);
                self.ask(format!("lambda-invoker, {path}"), request, &[200, 201, 202, 204])
                    .await;
            }
        }
        Ok(())
    }
}

/// A status, or why none came; never a URL, which can hold more than a person wants to show.
fn told(came: Result<StatusCode, reqwest::Error>) -> String {
    match came {
        Ok(status) => status.as_u16().to_string(),
        Err(error) if error.is_timeout() => format!("nothing within {} s", PATIENCE.as_secs()),
        Err(error) if error.is_connect() => format!("no connection: {}", reason(&error)),
        Err(error) if error.is_builder() => "not asked: the URL or the token cannot be sent".to_owned(),
        Err(_) => "no answer".to_owned(),
    }
}
