//! What each front is asked, and what it must answer.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, StatusCode};

use super::fronts::{Api, Fronts, Hipchat, Invoker};

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
    let mut client = Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none());
    if let Some(pem) = ca {
        let authority =
            reqwest::Certificate::from_pem(pem).map_err(|_| "the authority's certificate is no PEM".to_owned())?;
        client = client.add_root_certificate(authority);
    }
    let client = client.build().map_err(|error| error.to_string())?;
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
        asked.hipchat(hipchat).await;
    }
    if let Some(invoker) = &fronts.invoker {
        asked.invoker(invoker, fronts.token.as_deref()).await;
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

    async fn hipchat(&mut self, hipchat: &Hipchat) {
        let url = hipchat.url.trim_end_matches('/');
        let host = hipchat.host.as_deref();
        let request = at_host(self.client.get(format!("{url}/")), host);
        self.ask("hipchat-proxy, health", request, &[200]).await;
        let room = hipchat.token.as_ref().map_or("smoke", |(_, room)| room.as_str());
        let room = utf8_percent_encode(room, NON_ALPHANUMERIC);
        // `auth_test` is HipChat's own: everything is checked and nothing is sent.
        let path = format!("{url}/v2/room/{room}/notification?auth_test=true");
        let post = |client: &Client| {
            at_host(client.post(&path), host)
                .header(CONTENT_TYPE, "application/json")
                .body(r#"{"message":"smoke"}"#)
        };
        let request = post(&self.client);
        self.ask("hipchat-proxy, no token", request, &[401]).await;
        if let Some((token, _)) = &hipchat.token {
            let request = post(&self.client).header(AUTHORIZATION, format!("Bearer {token}"));
            self.ask("hipchat-proxy, your token, nothing posted", request, &[202])
                .await;
        }
    }

    async fn invoker(&mut self, invoker: &Invoker, token: Option<&str>) {
        let url = invoker.url.trim_end_matches('/');
        let get = |client: &Client, path: &str| at_host(client.get(format!("{url}{path}")), invoker.host.as_deref());
        let mut bearer = None;
        if invoker.is_api {
            let request = get(&self.client, "/");
            self.ask("lambda-invoker, no token", request, &[401]).await;
            bearer = token;
        }
        let with = |request: RequestBuilder| match bearer {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        if !invoker.is_api || bearer.is_some() {
            let request = with(get(&self.client, "/smoke-test-of-a-path-without-a-route"));
            self.ask("lambda-invoker, no route", request, &[404]).await;
            if let Some(path) = &invoker.path {
                let request = with(get(&self.client, path));
                self.ask(format!("lambda-invoker, {path}"), request, &[200, 201, 202, 204])
                    .await;
            }
        }
    }
}

fn at_host(request: RequestBuilder, host: Option<&str>) -> RequestBuilder {
    match host {
        Some(host) => request.header(HOST, host),
        None => request,
    }
}

/// A status, or a word or two about why none came; never a URL, which can hold more than a person wants to show.
fn told(came: Result<StatusCode, reqwest::Error>) -> String {
    match came {
        Ok(status) => status.as_u16().to_string(),
        Err(error) if error.is_timeout() => format!("nothing within {} s", PATIENCE.as_secs()),
        Err(error) if error.is_connect() => "no connection".to_owned(),
        Err(error) if error.is_builder() => "not asked: the URL or the token cannot be sent".to_owned(),
        Err(_) => "no answer".to_owned(),
    }
}
