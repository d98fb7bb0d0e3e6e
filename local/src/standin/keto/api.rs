//! Keto's HTTP API: checks on the read port, tuples on the write port.

use std::num::IntErrorKind;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::routing::{get, put};
use bytes::Bytes;
use http::header::{ALLOW, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::relations::Relations;
use super::tuple::{NoTuple, Parts, RelationTuple, Subject};
use crate::standin::wire::{empty_answer, form_pairs, typed_answer};

/// An error as Keto writes it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// What stands before the message where a check is asked for.
    of_check: &'static str,
    message: String,
    reason: Option<String>,
}

/// The error's members, in Keto's order.
#[derive(Serialize)]
struct Members<'r> {
    code: u16,
    status: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    message: &'r str,
}

impl Refusal {
    pub(super) fn bad(message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            of_check: "",
            message: message.to_owned(),
            reason: None,
        }
    }

    pub(super) fn no_subject() -> Self {
        Self::bad("subject is not allowed to be nil")
    }

    pub(super) fn json(what: &str) -> Self {
        Self {
            of_check: "could not unmarshal json: ",
            ..Self::bad(what)
        }
    }

    fn unknown_namespace(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            of_check: "",
            message: "The requested resource could not be found".to_owned(),
            reason: Some(format!("Unknown namespace with name {name:?}.")),
        }
    }

    fn answer_check(self) -> Response<Body> {
        let message = format!("{}{}", self.of_check, self.message);
        Self { message, ..self }.answer()
    }

    fn answer(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Outer<'r> {
            error: Members<'r>,
        }
        let error = Members {
            code: self.status.as_u16(),
            status: self.status.canonical_reason().unwrap_or_default(),
            reason: self.reason.as_deref(),
            message: &self.message,
        };
        line(self.status, "application/json", &Outer { error })
    }
}

/// The read port.
pub(super) fn read() -> Router<Arc<Relations>> {
    let only = async || not_allowed("GET, HEAD, POST");
    let mirroring = get(check_query::<true>).post(check_body::<true>).fallback(only);
    let plain = get(check_query::<false>).post(check_body::<false>).fallback(only);
    pages()
        .route("/relation-tuples/check", mirroring)
        .route("/relation-tuples/check/openapi", plain)
}

/// The write port.
pub(super) fn write() -> Router<Arc<Relations>> {
    let tuples = put(put_tuple)
        .delete(delete_tuples)
        .fallback(async || not_allowed("DELETE, PUT"));
    pages().route("/admin/relation-tuples", tuples)
}

fn pages() -> Router<Arc<Relations>> {
    const PLAIN: &str = "text/plain; charset=utf-8";
    let ok = async || written(StatusCode::OK, &json!({"status": "ok"}));
    let version = async || written(StatusCode::OK, &json!({"version": "v26.2.0"}));
    let only = async || not_allowed("GET, HEAD");
    Router::new()
        .route("/health/alive", get(ok).fallback(only))
        .route("/health/ready", get(ok).fallback(only))
        .route("/version", get(version).fallback(only))
        .fallback(async || typed_answer(StatusCode::NOT_FOUND, PLAIN, "404 page not found\n"))
}

async fn check_query<const MIRRORS: bool>(
    State(relations): State<Arc<Relations>>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let query = query.unwrap_or_default();
    if let Err(refusal) = depth(&query) {
        return refusal.answer_check();
    }
    let known = |name: &str| relations.has_namespace(name);
    decided::<MIRRORS>(&relations, RelationTuple::from_query(&query, known))
}

async fn check_body<const MIRRORS: bool>(
    State(relations): State<Arc<Relations>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response<Body> {
    if let Err(refusal) = depth(&query.unwrap_or_default()) {
        return refusal.answer();
    }
    let known = |name: &str| relations.has_namespace(name);
    decided::<MIRRORS>(&relations, RelationTuple::from_json(&body, known))
}

/// The query may bound how deep sets are looked into. Only its form counts here.
fn depth(query: &str) -> Result<(), Refusal> {
    let pairs = form_pairs(query);
    let given = pairs.iter().find(|(name, _)| name == "max-depth");
    let Some((value, error)) = given.and_then(|(_, value)| Some((value, value.parse::<i64>().err()?))) else {
        return Ok(());
    };
    let what = match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    };
    Err(Refusal::bad(&format!(
        "unable to parse 'max-depth' query parameter to int: strconv.ParseInt: parsing {value:?}: {what}"
    )))
}

/// A namespace that nobody has told of permits nothing, and is no error. With `MIRRORS` the status says the same as the body.
fn decided<const MIRRORS: bool>(relations: &Relations, wanted: Result<RelationTuple, NoTuple>) -> Response<Body> {
    let allowed = match wanted {
        Ok(wanted) => relations.has(&wanted),
        Err(NoTuple::Namespace(_)) => false,
        Err(NoTuple::Refused(refusal)) => return refusal.answer_check(),
    };
    let status = match allowed || !MIRRORS {
        true => StatusCode::OK,
        false => StatusCode::FORBIDDEN,
    };
    written(status, &json!({ "allowed": allowed }))
}

async fn put_tuple(State(relations): State<Arc<Relations>>, body: Bytes) -> Response<Body> {
    // Here the subject is looked at first.
    let tuple = match RelationTuple::from_json(&body, |_| true) {
        Ok(tuple) if relations.has_namespace(&tuple.namespace) => tuple,
        Ok(RelationTuple { namespace: name, .. }) | Err(NoTuple::Namespace(name)) => {
            return Refusal::unknown_namespace(&name).answer();
        }
        Err(NoTuple::Refused(refusal)) => return refusal.answer(),
    };
    let mut response = written(StatusCode::CREATED, &tuple);
    if let Ok(location) = HeaderValue::try_from(location(&tuple)) {
        response.headers_mut().insert(LOCATION, location);
    }
    relations.put(tuple);
    response
}

fn location(tuple: &RelationTuple) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("namespace", &tuple.namespace);
    query.append_pair("object", &tuple.object);
    query.append_pair("relation", &tuple.relation);
    match &tuple.subject {
        Subject::Id(id) => {
            query.append_pair("subject_id", id);
        }
        Subject::Set {
            namespace,
            object,
            relation,
        } => {
            query.append_pair("subject_set.namespace", namespace);
            query.append_pair("subject_set.object", object);
            query.append_pair("subject_set.relation", relation);
        }
    }
    format!("/relation-tuples?{}", query.finish())
}

async fn delete_tuples(State(relations): State<Arc<Relations>>, RawQuery(query): RawQuery) -> Response<Body> {
    let parts = match Parts::from_query(&query.unwrap_or_default()) {
        Ok(parts) => parts,
        Err(refusal) => return refusal.answer(),
    };
    match &parts.namespace {
        None => Refusal {
            reason: Some("query parameters must specify at least one of the following: namespace".to_owned()),
            ..Refusal::bad("The request was malformed or contained invalid parameters")
        }
        .answer(),
        Some(name) if !relations.has_namespace(name) => Refusal::unknown_namespace(name).answer(),
        Some(_) => {
            relations.remove(|tuple| parts.are_of(tuple));
            empty_answer(StatusCode::NO_CONTENT)
        }
    }
}

fn written(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    line(status, "application/json; charset=utf-8", value)
}

/// A JSON document as Go writes it, fit to stand in HTML, and a line break.
fn line(status: StatusCode, media_type: &'static str, value: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_string(value).unwrap_or_default();
    // Outside of texts JSON has none of these.
    let text = text
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    typed_answer(status, media_type, format!("{text}\n"))
}

fn not_allowed(methods: &'static str) -> Response<Body> {
    let mut response = typed_answer(
        StatusCode::METHOD_NOT_ALLOWED,
        "text/plain; charset=utf-8",
        "Method Not Allowed\n",
    );
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}
