//! Where functions that stream their replies are tried: one behind Lambda's service, an invoker that streams and one that
//! does not, and every kind of front before them.

use std::time::Duration;

use local::front::{Alb, AlbOptions, HeaderMode, Kind, Transfer, WebFront};
use local::function::{Function, FunctionOptions};
use local::standin::{Fault, Lambda};
use serde_json::{Value, json};

use crate::invoker_faults::{lambda, options, route};
use crate::lambda_service::{key, runs};
use crate::stage::listener;

/// The demo function as a stream, behind one invoker that streams and one that does not.
pub(super) struct Theatre {
    pub(super) lambda: Lambda,
    streaming: Function,
    buffered: Function,
    fronts: Fronts,
    client: reqwest::Client,
}

/// What stands before the two.
struct Fronts {
    url: WebFront,
    rest: WebFront,
    alb: Alb,
    buffered_url: WebFront,
}

/// What a client got.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: String,
    /// Whether the body ended as it should.
    pub(super) whole: bool,
}

impl Theatre {
    pub(super) async fn open(change: impl FnOnce(FunctionOptions) -> FunctionOptions) -> Self {
        let lambda = lambda(change).await;
        let to = |uri: &str, more: Value| {
            let mut route = route(uri, &lambda, &more);
            route["function"]["invocation"] = "response_stream".into();
            route["function"]["log_type"] = "tail".into();
            route
        };
        let routes = json!([
            to("/stream", json!({})),
            to("/hasty", json!({"timeout": 1000})),
            to("/small", json!({"max_resp_body_size": 2500})),
        ]);
        let buffered = options(&routes, key("ASIATEST"));
        let streaming = buffered
            .clone()
            .env("INVOKER_STREAMING_FRONTS", "function-url,rest-api");
        let (streaming, buffered) = (Function::new(streaming), Function::new(buffered));
        let web = async |kind, transfer, function: &Function| {
            WebFront::start(listener().await, kind, transfer, function.clone()).unwrap()
        };
        let fronts = Fronts {
            url: web(Kind::FunctionUrl, Transfer::Streamed, &streaming).await,
            rest: web(Kind::RestApi, Transfer::Streamed, &streaming).await,
            // The same process answers this one whole.
            alb: Alb::start(listener().await, AlbOptions::new(streaming.clone(), HeaderMode::Multi)).unwrap(),
            buffered_url: web(Kind::FunctionUrl, Transfer::Buffered, &buffered).await,
        };
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30));
        Self {
            lambda,
            streaming,
            buffered,
            fronts,
            client: client.build().unwrap(),
        }
    }

    /// Each front by name, and whether it takes streams.
    pub(super) fn fronts(&self) -> [(&'static str, String, bool); 4] {
        let Fronts {
            url,
            rest,
            alb,
            buffered_url,
        } = &self.fronts;
        [
            ("url", url.url(), true),
            ("rest", rest.url(), true),
            ("alb", alb.url(), false),
            ("buffered url", buffered_url.url(), false),
        ]
    }

    pub(super) async fn post(&self, front: &str, path: &str, order: &Value) -> reqwest::Response {
        let request = self.client.post(format!("{front}{path}")).body(order.to_string());
        let request = request.header("content-type", "application/json");
        request.send().await.unwrap()
    }

    pub(super) async fn get(&self, front: &str, path: &str, order: &Value) -> Got {
        let mut answer = self.post(front, path, order).await;
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.map(|value| value.to_str().unwrap().to_owned());
        let mut body = Vec::new();
        let whole = loop {
            match answer.chunk().await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        Got {
            status: answer.status().as_u16(),
            content_type: content_type.unwrap_or_default(),
            body: String::from_utf8(body).unwrap(),
            whole,
        }
    }

    /// The lines with this reason, of the invoker behind a front.
    pub(super) fn lines(&self, front: &str, reason: &str) -> Vec<Value> {
        let invoker = match front {
            "buffered url" => &self.buffered,
            _ => &self.streaming,
        };
        let reason = format!("\"reason\":\"{reason}\"");
        let lines = invoker
            .log()
            .lines()
            .into_iter()
            .filter(|line| line.text.contains(&reason));
        lines.map(|line| serde_json::from_str(&line.text).unwrap()).collect()
    }

    /// The line with this reason that comes after so many.
    pub(super) async fn line(&self, front: &str, reason: &str, before: usize) -> Value {
        for _ in 0..200 {
            if let Some(line) = self.lines(front, reason).get(before) {
                return line.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!(
            "{front}, {reason}: {}\n{}",
            self.streaming.log().text(),
            self.buffered.log().text()
        )
    }

    /// Posts to each front something that does not end well, and looks at what its client gets.
    pub(super) async fn ends_early(&self, path: &str, order: &Value, fault: Option<Fault>, how: Early<'_>) {
        for (name, front, streams) in self.fronts() {
            // Time that is up while a stream flows is no failure of whoever sends it.
            let reason = match how.reason {
                "upstream_timeout" if streams && how.began.is_some() => "stream_timeout",
                reason => reason,
            };
            let before = self.lines(name, reason).len();
            let id = format!("{path} {reason} {before} {name}");
            let mut order = order.clone();
            order["id"] = id.clone().into();
            self.lambda.clear_calls();
            if let Some(fault) = &fault {
                self.lambda.fault(fault.clone());
            }
            let got = self.get(&front, path, &order).await;
            let line = self.line(name, reason, before).await;
            let context = format!("{id}: {got:?}\n{line}");
            match how.began.filter(|_| streams) {
                Some(began) => {
                    assert_eq!(
                        (got.status, got.whole, got.body.as_str()),
                        (200, false, began),
                        "{context}"
                    );
                    assert_eq!(
                        (&line["cut"], &line["CutStreams"]),
                        (&json!(true), &json!(1)),
                        "{context}"
                    );
                }
                None => {
                    assert_eq!((got.status, got.whole), (how.status, true), "{context}");
                    let body: Value = serde_json::from_str(&got.body).unwrap();
                    assert_eq!(body["error"], reason, "{context}");
                    assert!(!got.body.contains("xxx") && !got.body.contains("s3cret"), "{context}");
                }
            }
            let upstream_error = how.upstream_error.map_or(Value::Null, Value::from);
            assert_eq!(line["upstream_error"], upstream_error, "{context}");
            self.ran_once(&id).await;
        }
    }

    pub(super) async fn ran_once(&self, id: &str) {
        let log = self.lambda.function("hello").unwrap().log();
        let line = format!("run \"{id}\"");
        let ran = log.wait_for(Duration::from_secs(5), |seen| seen.text == line).await;
        assert!(ran.is_some(), "{id}");
        assert_eq!(
            (runs(&self.lambda, "hello", id), self.lambda.calls().len()),
            (1, 1),
            "{id}"
        );
    }
}

/// How a stream ends early.
pub(super) struct Early<'a> {
    /// What the client of a stream has got by then, if it has got anything.
    pub(super) began: Option<&'a str>,
    /// The status of all others.
    pub(super) status: u16,
    pub(super) reason: &'a str,
    pub(super) upstream_error: Option<&'a str>,
}
