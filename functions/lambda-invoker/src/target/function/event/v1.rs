//! API Gateway's payload format 1.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Facts, Lists, last, last_headers};

/// What is not there is `null`: functions of this format ask for it without looking.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    version: &'static str,
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: BTreeMap<&'a str, Cow<'a, str>>,
    multi_value_headers: Lists<&'a str, Cow<'a, str>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<Lists<String, String>>,
    path_parameters: Option<BTreeMap<&'static str, String>>,
    stage_variables: Option<()>,
    request_context: Context<'a>,
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
    stage: &'static str,
    path: &'a str,
    protocol: &'static str,
    http_method: &'a str,
    request_id: &'a str,
    request_time: String,
    request_time_epoch: u64,
    resource_path: &'a str,
    resource_id: Option<()>,
    identity: Identity<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    source_ip: &'a str,
    user_agent: &'a str,
}

/// Every value of every name stands there, and the last one once more.
pub(super) fn event<'a>(facts: &'a Facts<'a>) -> Event<'a> {
    let headers = facts.headers();
    let parameters = Some(facts.parameters()).filter(|parameters| !parameters.is_empty());
    let method = facts.outgoing.method.as_str();
    let (body, is_base64_encoded) = facts.body();
    Event {
        version: "1.0",
        resource: facts.surroundings.resource,
        path: &facts.outgoing.path,
        http_method: method,
        headers: last_headers(&headers),
        multi_value_headers: headers,
        query_string_parameters: parameters.as_ref().map(last),
        multi_value_query_string_parameters: parameters,
        path_parameters: facts.path_parameters(),
        stage_variables: None,
        request_context: Context {
            account_id: facts.account_id(),
            api_id: facts.domain_prefix(),
            domain_name: &facts.domain_name,
            domain_prefix: facts.domain_prefix(),
            stage: "$default",
            path: &facts.outgoing.path,
            protocol: "HTTP/1.1",
            http_method: method,
            request_id: facts.surroundings.request_id,
            request_time: facts.time(),
            request_time_epoch: facts.surroundings.now_ms,
            resource_path: facts.surroundings.resource,
            // There is no API that could have given it one.
            resource_id: None,
            identity: Identity {
                source_ip: &facts.source_ip,
                user_agent: &facts.user_agent,
            },
        },
        body,
        is_base64_encoded,
    }
}
