//! The event of an Application Load Balancer
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#receive-event-from-load-balancer>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Facts, Lists, last, last_headers};
use crate::request::query::Pair;

/// Either the single values stand there or the lists, as the target group has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    request_context: Context,
    http_method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_query_string_parameters: Option<Lists<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, Cow<'a, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<Lists<&'a str, Cow<'a, str>>>,
    body: Cow<'a, str>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct Context {
    elb: Elb,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Elb {
    target_group_arn: String,
}

/// The query stays percent-encoded, as a load balancer hands it over.
pub(super) fn event<'a>(facts: &'a Facts<'a>, multi_value: bool) -> Event<'a> {
    let headers = facts.headers();
    let mut parameters: Lists<&str, &str> = Lists::new();
    for Pair { name, value, .. } in &facts.outgoing.query {
        parameters.entry(name).or_default().push(value);
    }
    let (body, is_base64_encoded) = facts.body();
    Event {
        request_context: Context {
            elb: Elb {
                target_group_arn: target_group(facts),
            },
        },
        http_method: facts.outgoing.method.as_str(),
        path: &facts.outgoing.path,
        query_string_parameters: (!multi_value).then(|| last(&parameters)),
        headers: (!multi_value).then(|| last_headers(&headers)),
        multi_value_query_string_parameters: multi_value.then_some(parameters),
        multi_value_headers: multi_value.then_some(headers),
        body: body.unwrap_or_default(),
        is_base64_encoded,
    }
}

/// There is no target group; functions look at this to see that a load balancer asks, and some read the region in it.
fn target_group(facts: &Facts<'_>) -> String {
    let piece = |at, default| facts.own_arn(at).unwrap_or(default);
    let (partition, region) = (piece(1, "aws"), piece(3, "us-east-1"));
    let (account, name) = (piece(4, "000000000000"), piece(6, "lambda-invoker"));
    format!("arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/0000000000000000")
}
