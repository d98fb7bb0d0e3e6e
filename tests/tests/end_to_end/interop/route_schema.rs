//! The JSON Schema of route tables against the parser: both say the same of a table that has every member, and of
//! thousands that differ from it in one place.

use local::table;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;

use super::environment::Environment;

/// Tables that are taken and that have, together, every member.
fn good() -> Vec<Value> {
    let role = json!({
        "arn": "arn:aws:iam::123456789012:role/reader", "session_name": "invoker", "external_id": "e-1", "duration": 900,
        "sts_endpoint": "https://sts.eu-west-1.amazonaws.com",
    });
    let rules = json!({
        "set": {"x-a": "1"}, "add": {"x-b": "2 3"}, "remove": ["cookie"], "duplicate": ["authorization"],
    });
    let endpoint = json!({
        "name": "all", "uri": "/aws/*", "methods": ["GET", "POST"], "hosts": ["a.example.com", "*.example.com"],
        "priority": 1, "enabled": true, "function_uri": "https://api.example.com/base", "host_header": "api.internal:8443",
        "ssl_verify": true, "ca_file": "ca.pem",
        "authorization": {
            "apikey": {"env": "KEY"}, "apikey_override": true, "client_authorization": "replace",
            "iam": {
                "credentials": "audit", "aws_region": "eu-west-1", "service": "execute-api",
                "signed_headers": ["x-tenant"], "unsigned_payload": true, "assume_role": role,
            },
        },
        "timeout": 900_000, "connect_timeout": 1000, "deadline_margin": 200, "keepalive": true,
        "keepalive_timeout": 60_000, "keepalive_pool": 5, "max_req_body_size": 1, "max_resp_body_size": 1,
        "path": {"append_tail": true, "strip_prefix": "/aws", "include_stage": false, "encoding": "decoded"},
        "query": {"forward": true, "override": true, "allow": ["a"], "deny": ["b"], "plus_as_space": true},
        "request_headers": rules, "response_headers": rules, "forwarded": "replace",
        "retry": {"attempts": 3, "on": ["stale", "429"], "methods": ["GET"], "base_ms": 1, "max_ms": 60_000},
        "circuit": {"failures": 5, "window_ms": 10_000, "open_ms": 5000},
        "proxy_url": "http://proxy.example.com:3128", "compat": "apisix",
    });
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf:json-key::";
    let keys = json!({"accesskey": "A", "secretkey": {"secret_arn": arn}, "sessiontoken": "t", "assume_role": role});
    let full = json!({
        "version": 1, "defaults": {"timeout": 900_000, "circuit": {"failures": 3}},
        "credentials": {"audit": keys, "plain": {"accesskey": "A", "secretkey": "S"}},
        "allowed_hosts": ["*.example.com", "sts.eu-west-1.amazonaws.com", "[::1]"],
        "allow_http": false, "metrics_namespace": "Example/Invoker", "compat": null, "routes": [endpoint],
    });
    let function = json!({
        "version": 1,
        "routes": [{
            "uri": "/hello", "authorization": {"iam": {"accesskey": "A", "secretkey": "S", "sessiontoken": "t"}},
            "function": {
                "name": "arn:aws:lambda:eu-west-1:123456789012:function:hello", "qualifier": "live", "region": "eu-west-1",
                "endpoint_url": "https://lambda.example.com", "payload_format": "raw", "invocation": "request_response",
            },
        }],
    });
    let formats = json!({
        "version": 1,
        "routes": [
            {"uri": "/envelope", "function": {
                "name": "hello", "region": "eu-west-1", "payload_format": "envelope", "reply_format": "raw",
                "envelope": {
                    "request_method": true, "request_uri": true, "request_uri_args": true, "request_headers": true,
                    "request_body": true, "request_body_args": false,
                },
                "invocation": "request_response", "log_type": "tail", "client_context": {"custom": {"a": "b"}},
                "tenant_id": "acme: blue/7", "durable_execution_header": "Idempotency-Key",
                "function_error_status": 500, "function_error_body": "pass",
            }},
            {"uri": "/alb", "function": {
                "name": "hello", "region": "eu-west-1", "payload_format": "alb", "multi_value_headers": true,
                "reply_format": "alb",
            }},
            {"uri": "/event", "function": {"name": "hello", "region": "eu-west-1", "invocation": "event"}},
        ],
    });
    let by_default = json!({
        "version": 1, "defaults": {"function_uri": "https://api.example.com/", "authorization": {"apikey": "k"}},
        "routes": [{"uri": "/a"}, {"uri": "/b", "function": {"name": "hello"}}],
    });
    vec![full, function, formats, by_default]
}

/// What stands in the place of `value` instead: values of all kinds, and others of its own.
fn substitutes(value: &Value) -> Vec<Value> {
    let texts = [
        "",
        "x",
        "GET",
        "get",
        "/x*",
        "/*/x",
        "/a//b",
        "/a/..%3Bx/*",
        "/%61*",
        "/a%2fb",
        "/a%3Ab/.c/d..*",
        "/a?b",
        "https://x.example.com:0/",
        "http://x.example.com:0",
        "https://[::1:0]:08/",
        "https://x.example.com/",
        "http://x.example.com/",
        "ftp://x",
        "https://u:p@x.example.com/",
        "a b",
        "*.example.com",
        "Host",
        "X-Amz-Date",
        "user-agent",
        "X-Forwarded-For",
        "500",
        "AWS/x",
        "arn:aws:iam::1:role/x",
        "$LATEST",
    ];
    let numbers = [-1, 0, 1, 50, 1000, 5_000_000_000_i64];
    let mut all = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
    ];
    match value {
        Value::String(_) => all.extend(texts.map(Value::from)),
        Value::Number(_) => {
            all.extend(numbers.map(Value::from));
            all.push(json!(1.5));
        }
        Value::Array(_) => all.push(json!(["x"])),
        Value::Object(_) => all.push(json!({"x": "y"})),
        _ => {}
    }
    all
}

/// All documents that differ from `document` in one place: another value, no member, or one more.
fn mutants(document: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    for pointer in pointers {
        for value in substitutes(document.pointer(&pointer).unwrap()) {
            let mut mutant = document.clone();
            *mutant.pointer_mut(&pointer).unwrap() = value;
            out.push(mutant);
        }
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut mutant = document.clone();
        if let Some(Value::Object(members)) = mutant.pointer_mut(parent) {
            members.remove(name);
            out.push(mutant);
        }
        let mut mutant = document.clone();
        if let Some(Value::Object(members)) = mutant.pointer_mut(&pointer) {
            members.insert("unknown-member".to_owned(), json!({}));
            out.push(mutant);
        }
    }
    out
}

fn collect(value: &Value, pointer: String, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(at, child)| (at.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let child_pointer = format!("{pointer}/{name}");
        out.push(child_pointer.clone());
        collect(child, child_pointer, out);
    }
}

/// What only the parser can say: it compares members with each other, knows names and takes URLs and ARNs apart.
fn needs_more_than_a_schema(line: &str) -> bool {
    const ENDS: [&str; 12] = [
        "is not in allowed_hosts",
        "no entry of this name in credentials",
        "same match as routes[0]",
        "scheme must be https",
        "must be an absolute URL",
        "set it",
        "must hold scheme, host and port only",
        "[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]",
        "cannot be read: entity not found",
        "needs payload_format \"alb\"",
        "needs payload_format \"envelope\"",
        "needs an invocation that waits for the function",
    ];
    ENDS.iter().any(|end| line.ends_with(end))
        || line.contains("is not the region of the ARN, ")
        || line.contains("must be \"raw\" or the payload_format, ")
        || line.contains("routes[0].connect_timeout: ") && line.contains(" is more than ")
        || line.contains("is less than 50") && line.contains("max_ms")
        || line.contains("is less than 1000") && line.contains("max_ms")
}

#[tokio::test]
async fn schema_and_parser_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("ca.pem"),
        include_bytes!("../../../../functions/lambda-invoker/src/routes/schema/probe.pem"),
    )
    .unwrap();
    let good = good();
    let mutants: Vec<Value> = good.iter().flat_map(mutants).collect();
    let documents: Vec<&Value> = good.iter().chain(&mutants).collect();
    assert!(documents.len() > 2000, "{}", documents.len());

    let mut child = Environment::new("json-schema")
        .python("validate.py")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let asked = json!({"schema": table::schema(), "documents": documents}).to_string();
    let mut stdin = child.stdin.take().unwrap();
    let writing = tokio::spawn(async move { stdin.write_all(asked.as_bytes()).await });
    let output = child.wait_with_output().await.unwrap();
    writing.await.unwrap().unwrap();
    let verdicts: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdicts.len(), documents.len());

    let mut faults = Map::new();
    for (at, (document, verdict)) in documents.iter().zip(&verdicts).enumerate() {
        let problems = table::check(&document.to_string(), folder.path()).problems;
        if at < good.len() {
            assert_eq!((problems, verdict), (Vec::new(), &None), "{document}");
            continue;
        }
        let wrong = match verdict {
            None => problems.iter().any(|line| !needs_more_than_a_schema(line)),
            Some(_) => problems.is_empty(),
        };
        if wrong {
            faults.insert(format!("{verdict:?} | {problems:?}"), (*document).clone());
        }
    }
    let shown: Vec<&String> = faults.keys().take(40).collect();
    assert!(faults.is_empty(), "{} differ:\n{shown:#?}", faults.len());
}
