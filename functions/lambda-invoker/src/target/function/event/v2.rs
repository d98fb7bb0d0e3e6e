//! API Gateway's payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Facts;
use crate::request::query::write_pairs;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    version: &'static str,
    route_key: &'static str,
    raw_path: &'a str,
    raw_query_string: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_parameters: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: HttpContext<'a>,
    request_id: &'a str,
    route_key: &'static str,
    stage: &'static str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: &'a str,
    user_agent: &'a str,
}

/// Repeats are joined by a comma, and cookies stand apart.
pub(super) fn event<'a>(facts: &'a Facts<'a>) -> Event<'a> {
    let mut headers = facts.headers();
    let cookies = headers.remove("cookie").unwrap_or_default();
    let cookies = cookies.iter().flat_map(|value| value.split(';')).map(str::trim);
    let (body, is_base64_encoded) = facts.body();
    let joined = |(name, values): (String, Vec<String>)| (name, values.join(","));
    Event {
        version: "2.0",
        route_key: "$default",
        raw_path: &facts.outgoing.path,
        raw_query_string: write_pairs(&facts.outgoing.query),
        cookies: cookies.filter(|cookie| !cookie.is_empty()).map(str::to_owned).collect(),
        headers: headers
            .into_iter()
            .map(|(name, values)| (name, values.join(",")))
            .collect(),
        query_string_parameters: facts.parameters().into_iter().map(joined).collect(),
        request_context: Context {
            account_id: facts.account_id(),
            api_id: facts.domain_prefix(),
            domain_name: &facts.domain_name,
            domain_prefix: facts.domain_prefix(),
            http: HttpContext {
                method: facts.outgoing.method.as_str(),
                path: &facts.outgoing.path,
                protocol: "HTTP/1.1",
                source_ip: &facts.source_ip,
                user_agent: &facts.user_agent,
            },
            request_id: facts.surroundings.request_id,
            route_key: "$default",
            stage: "$default",
            time: facts.time(),
            time_epoch: facts.surroundings.now_ms,
        },
        path_parameters: facts.path_parameters(),
        body,
        is_base64_encoded,
    }
}
