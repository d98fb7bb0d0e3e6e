//! A request's parts as Kong's `aws-lambda` plugin hands them over
//! (<https://developer.konghq.com/plugins/aws-lambda/reference/>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::{Facts, Lists, essence};
use crate::routes::Envelope;

#[derive(Serialize)]
pub(super) struct Parts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_uri_args: Option<BTreeMap<String, Values<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_headers: Option<BTreeMap<&'a str, Values<Cow<'a, str>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body_base64: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body_args: Option<Arguments<'a>>,
}

/// One value stands alone, several in a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Values<T> {
    One(T),
    Several(Vec<T>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Arguments<'a> {
    Form(BTreeMap<String, Values<String>>),
    Json(&'a RawValue),
}

/// The parts that the route wants.
pub(super) fn envelope<'a>(facts: &'a Facts<'a>, wanted: Envelope) -> Parts<'a> {
    let (body, is_base64) = facts.body();
    Parts {
        request_method: wanted.method.then(|| facts.outgoing.method.as_str()),
        request_uri: wanted.uri.then(|| facts.outgoing.target()),
        request_uri_args: wanted.uri_args.then(|| values(facts.parameters())),
        request_headers: wanted.headers.then(|| values(facts.headers())),
        request_body: wanted.body.then(|| body.unwrap_or_default()),
        request_body_base64: wanted.body.then_some(is_base64),
        request_body_args: wanted.body_args.then(|| arguments(facts)),
    }
}

fn values<K: Ord, V>(lists: Lists<K, V>) -> BTreeMap<K, Values<V>> {
    let one_or_several = |mut values: Vec<V>| match (values.len(), values.pop()) {
        (1, Some(value)) => Values::One(value),
        (_, last) => {
            values.extend(last);
            Values::Several(values)
        }
    };
    let named = lists.into_iter();
    named.map(|(name, values)| (name, one_or_several(values))).collect()
}

/// What a form or a JSON document holds; nothing of any other body.
fn arguments<'a>(facts: &Facts<'a>) -> Arguments<'a> {
    let mut form: Lists<String, String> = Lists::new();
    match essence(&facts.outgoing.headers).as_str() {
        "application/json" => {
            if let Ok(document) = serde_json::from_slice(&facts.outgoing.body) {
                return Arguments::Json(document);
            }
        }
        "application/x-www-form-urlencoded" => {
            for (name, value) in form_urlencoded::parse(&facts.outgoing.body) {
                form.entry(name.into_owned()).or_default().push(value.into_owned());
            }
        }
        _ => {}
    }
    Arguments::Form(values(form))
}
