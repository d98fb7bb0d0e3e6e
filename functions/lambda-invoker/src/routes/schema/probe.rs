//! Tables that have every member there is, for the reading to ask for, in surroundings that have everything.

use serde_json::{Value, json};
use shared::Secret;
use shared::secrets::SecretError;

use crate::routes::Surroundings;

/// Every file, secret and variable that a probe may name.
pub(super) struct Anything;

impl Surroundings for Anything {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "AWS_REGION").then(|| "eu-west-1".to_owned())
    }

    fn secret(&self, _arn: &str) -> Result<Secret, SecretError> {
        Ok(Secret::new("probe"))
    }

    fn file(&self, _path: &str) -> Result<Vec<u8>, String> {
        Ok(include_bytes!("probe.pem").to_vec())
    }
}

/// Ranges that depend on another member are told at their widest.
pub(super) fn documents() -> [Value; 2] {
    let role = json!({
        "arn": "arn:aws:iam::123456789012:role/r", "session_name": "probe", "external_id": "probe", "duration": 900,
        "sts_endpoint": "https://sts.eu-west-1.amazonaws.com",
    });
    let keys = json!({"accesskey": "probe", "secretkey": "probe", "sessiontoken": "probe", "assume_role": role});
    let rules = json!({"set": {"x-a": "1"}, "add": {"x-a": "1"}, "remove": ["x-a"], "duplicate": ["x-a"]});
    let endpoint = json!({
        "name": "endpoint", "uri": "/", "methods": ["GET"], "hosts": ["a.example.com"], "priority": 0, "enabled": true,
        "function_uri": "https://a.example.com/", "host_header": "a.example.com", "ssl_verify": true, "ca_file": "ca.pem",
        "authorization": {
            "apikey": "probe", "apikey_override": true, "client_authorization": "keep",
            "iam": {
                "accesskey": "probe", "secretkey": "probe", "sessiontoken": "probe", "assume_role": role,
                "aws_region": "eu-west-1", "service": "lambda", "signed_headers": ["x-a"], "unsigned_payload": true,
            },
        },
        "timeout": 900_000, "connect_timeout": 1000, "deadline_margin": 200, "keepalive": true,
        "keepalive_timeout": 60_000, "keepalive_pool": 5, "max_req_body_size": 1, "max_resp_body_size": 1,
        "path": {"append_tail": true, "strip_prefix": "/a", "include_stage": true, "encoding": "preserve"},
        "query": {"forward": true, "override": true, "allow": ["a"], "deny": ["a"], "plus_as_space": true},
        "request_headers": rules, "response_headers": rules, "forwarded": "append",
        "retry": {"attempts": 1, "on": ["connect"], "methods": ["GET"], "base_ms": 1, "max_ms": 1},
        "circuit": {"failures": 1, "window_ms": 1, "open_ms": 1},
        "proxy_url": "http://proxy.example.com", "compat": "apisix",
    });
    let function = json!({
        "uri": "/function",
        "authorization": {"iam": {"credentials": "probe"}},
        "function": {
            "name": "probe", "qualifier": "live", "region": "eu-west-1", "endpoint_url": "https://lambda.example.com",
            "payload_format": "envelope", "multi_value_headers": false, "reply_format": "raw",
            "envelope": {
                "request_method": true, "request_uri": true, "request_uri_args": true, "request_headers": true,
                "request_body": true, "request_body_args": true,
            },
            "invocation": "request_response", "log_type": "tail", "client_context": {"custom": {"a": "b"}},
            "tenant_id": "probe", "durable_execution_header": "x-a",
            "function_error_status": 502, "function_error_body": "hide",
        },
    });
    let table = |route: Value| {
        json!({
            "version": 1, "defaults": {"timeout": 900_000}, "credentials": {"probe": keys},
            "allowed_hosts": ["a.example.com", "*.example.com", "*.amazonaws.com"], "allow_http": false,
            "metrics_namespace": "Probe", "compat": "apisix", "routes": [route],
        })
    };
    [table(endpoint), table(function)]
}
