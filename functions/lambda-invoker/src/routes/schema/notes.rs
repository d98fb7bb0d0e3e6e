//! What the reading does not tell of a member: what it is for, its default, and the shape of its text.

use serde_json::{Value, json};

/// What is known of one member, or of the elements of a list.
pub(super) struct Note {
    /// JSON path.
    pub(super) path: &'static str,
    /// Members of its schema, as JSON; none when empty.
    pub(super) more: &'static str,
    /// What it is for.
    pub(super) text: &'static str,
}

macro_rules! notes {
    ($($path:literal, $more:literal, $text:literal;)*) => {
        pub(super) const NOTES: &[Note] = &[$(Note { path: $path, more: $more, text: $text }),*];
    };
}

notes! {
    "version", "", "The version of this format.";
    "defaults", "", "Members of every route that does not have them itself.";
    "credentials", "", "Credentials by name; default signs where nothing else is said, and is the function's own role unless it stands here.";
    "routes", r#"{"minItems": 1, "maxItems": 200}"#, "The routes.";
    "allowed_hosts", "", "The hosts that function_uri, endpoint_url and sts_endpoint may have: exact, or *. and a suffix.";
    "allowed_hosts[]", r#"{"pattern": "^(\\*\\.)?[A-Za-z0-9_-][A-Za-z0-9_.-]*$|^\\[[0-9A-Fa-f:.]+\\]$"}"#, "";
    "allow_http", r#"{"default": false}"#, "Plain HTTP is taken also for hosts that are not this machine.";
    "metrics_namespace", r#"{"pattern": "^(?!AWS/)[A-Za-z0-9._/#:-]([A-Za-z0-9._/#: -]{0,253}[A-Za-z0-9._/#:-])?$", "default": "LambdaSuite"}"#, "CloudWatch namespace of the metrics.";
    "compat", "", "What compat of all routes is.";
    "routes[].name", r#"{"pattern": "^[A-Za-z0-9_-]{1,64}$"}"#, "Unique name, for the log; the route's position unless it stands here.";
    "routes[].uri", r##"{"pattern": "^(?!.*(//|[\\u0000-\\u001F\\u007F\\\\?#]|%(2[DEFdef]|3[0-9]|4[1-9A-Fa-f]|5[0-9ACFacf]|6[1-9A-Fa-f]|7[0-9AEFaef]|[01][0-9A-Fa-f])|/\\.\\.?((;|%3[Bb])|/|$)))/[^*]*\\*?$"}"##, "The path that is taken; * at the end takes what follows too.";
    "routes[].methods", r#"{"minItems": 1}"#, "The methods that are taken; all unless they stand here.";
    "routes[].methods[]", r#"{"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]}"#, "";
    "routes[].hosts", r#"{"minItems": 1}"#, "The hosts that are taken, exact or *. and a suffix; all unless they stand here.";
    "routes[].hosts[]", r#"{"pattern": "^(\\*\\.)?[A-Za-z0-9_-][A-Za-z0-9_.-]*$|^\\[[0-9A-Fa-f:.]+\\]$"}"#, "";
    "routes[].priority", r#"{"default": 0}"#, "Greater is looked at first.";
    "routes[].enabled", r#"{"default": true}"#, "A route that is off takes nothing; what it matches is a 404, also where a broader route would take it.";
    "routes[].function_uri", r#"{"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://(?![^/?]*:0+([/?]|$))[^@#]+$"}"#, "URL of an HTTP endpoint: a Function URL, an API Gateway, or any other.";
    "routes[].host_header", r#"{"pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]*(:[0-9]{1,5})?$|^\\[[0-9A-Fa-f:.]+\\](:[0-9]{1,5})?$"}"#, "The Host header, in place of function_uri's host and port; it is signed.";
    "routes[].ssl_verify", r#"{"enum": [true, null]}"#, "Certificates are always verified; see ca_file.";
    "routes[].ca_file", "", "PEM file of the package with certificate authorities that are trusted beside the system's.";
    "routes[].function", "", "A function that is invoked by the Lambda API.";
    "routes[].function.name", r#"{"maxLength": 256, "pattern": "^(arn:aws[a-z0-9-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:|[0-9]{12}:function:|function:)?[A-Za-z0-9_.-]+(:[A-Za-z0-9_$-]{1,128})?$"}"#, "Name, partial ARN or ARN.";
    "routes[].function.qualifier", r#"{"pattern": "^[A-Za-z0-9_$-]{1,128}$"}"#, "Version or alias.";
    "routes[].function.region", r#"{"pattern": "^[a-z0-9-]{1,64}$"}"#, "Region; the ARN's, or AWS_REGION, unless it stands here.";
    "routes[].function.endpoint_url", r#"{"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://(?![^/?]*:0+([/?]|$))[^@#]+$"}"#, "Another address of the Lambda service.";
    "routes[].function.payload_format", r#"{"default": "v2"}"#, "What the function is given: the event of an HTTP API or Function URL (v2), of a REST API (v1) or of a load balancer (alb), the request's body (raw), or the request's parts (envelope).";
    "routes[].function.multi_value_headers", r#"{"default": false}"#, "With alb: lists of values in place of the last value.";
    "routes[].function.envelope", "", "With envelope: the parts that stand in it.";
    "routes[].function.envelope.request_method", r#"{"default": true}"#, "The method.";
    "routes[].function.envelope.request_uri", r#"{"default": true}"#, "Path and query.";
    "routes[].function.envelope.request_uri_args", r#"{"default": true}"#, "The query's parameters.";
    "routes[].function.envelope.request_headers", r#"{"default": true}"#, "The headers.";
    "routes[].function.envelope.request_body", r#"{"default": true}"#, "The body, and request_body_base64, which tells whether it is Base64.";
    "routes[].function.envelope.request_body_args", r#"{"default": true}"#, "What a form or a JSON document holds.";
    "routes[].function.reply_format", "", "How the reply is read: the payload_format unless it stands here, or raw, which makes it the answer's body.";
    "routes[].function.invocation", r#"{"default": "request_response"}"#, "The function's reply is the answer; or it runs later (event, 202), or not at all (dry_run, 204).";
    "routes[].function.log_type", r#"{"default": "none"}"#, "With tail the end of the function's log stands in ours, as function_log.";
    "routes[].function.client_context", r#"{"additionalProperties": true}"#, "The client context: an object of at most 3583 bytes in Base64.";
    "routes[].function.tenant_id", r#"{"maxLength": 256, "pattern": "^[A-Za-z0-9._:/=+@-]([A-Za-z0-9._:/=+@ -]*[A-Za-z0-9._:/=+@-])?$"}"#, "The tenant of a function that has several.";
    "routes[].function.durable_execution_header", r#"{"pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}"#, "The request's header that names the execution of a durable function.";
    "routes[].function.function_error_status", r#"{"default": 502}"#, "Status of the answer when the function ends in an error; 504 when it runs out of time.";
    "routes[].function.function_error_body", r#"{"default": "hide"}"#, "With pass the caller gets the function's error as it is.";
    "routes[].authorization", "", "How requests prove who sends them.";
    "routes[].authorization.apikey", "", "The value of x-api-key; a client's own wins.";
    "routes[].authorization.apikey_override", r#"{"default": false}"#, "Ours wins.";
    "routes[].authorization.client_authorization", r#"{"default": "keep"}"#, "A client's own Authorization is kept and nothing is signed, or it is dropped and the request signed.";
    "routes[].authorization.iam", "", "Signature Version 4.";
    "routes[].authorization.iam.accesskey", "", "Access key id; without keys and credentials the function's role signs.";
    "routes[].authorization.iam.secretkey", "", "Secret access key.";
    "routes[].authorization.iam.sessiontoken", "", "Token of temporary keys.";
    "routes[].authorization.iam.credentials", "", "Name of an entry of the table's credentials.";
    "routes[].authorization.iam.aws_region", r#"{"pattern": "^[a-z0-9-]{1,64}$"}"#, "Region of the signature; the host's, or AWS_REGION, unless it stands here.";
    "routes[].authorization.iam.service", r#"{"pattern": "^[a-z0-9-]{1,64}$"}"#, "Service of the signature; the host's unless it stands here.";
    "routes[].authorization.iam.signed_headers", "", "Headers that are signed beside host, content-type and x-amz-….";
    "routes[].authorization.iam.signed_headers[]", r##"{"$ref": "#/$defs/header_signed"}"##, "";
    "routes[].authorization.iam.unsigned_payload", r#"{"default": false}"#, "The body is not part of the signature.";
    "routes[].authorization.iam.assume_role", "", "A role that is assumed with those credentials.";
    "routes[].authorization.iam.assume_role.arn", r#"{"maxLength": 2048, "pattern": "^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[!-9;-~]+$"}"#, "The role.";
    "routes[].authorization.iam.assume_role.session_name", r#"{"pattern": "^[A-Za-z0-9_+=,.@-]{2,64}$"}"#, "The session's name; lambda-invoker- and the function's name unless it stands here.";
    "routes[].authorization.iam.assume_role.external_id", r#"{"pattern": "^[A-Za-z0-9_+=,.@:/-]{2,1224}$"}"#, "What the role's trust policy may ask for.";
    "routes[].authorization.iam.assume_role.duration", r#"{"default": 3600}"#, "Seconds that the session lasts.";
    "routes[].authorization.iam.assume_role.sts_endpoint", r#"{"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://(?![^/?]*:0+([/?]|$))[^@#]+$"}"#, "Another address of the Security Token Service.";
    "routes[].timeout", r#"{"default": 3000}"#, "Milliseconds from the first connect to the answer's last byte, retries included.";
    "routes[].connect_timeout", r#"{"default": 1000}"#, "Milliseconds for TCP and TLS; not more than timeout.";
    "routes[].deadline_margin", r#"{"default": 200}"#, "Milliseconds that are left of the invocation's time when the answer has arrived; at least 150 where it is streamed, whatever stands here.";
    "routes[].keepalive", r#"{"default": true}"#, "Connections are kept.";
    "routes[].keepalive_timeout", r#"{"default": 60000}"#, "Milliseconds after which an idle connection is not used again.";
    "routes[].keepalive_pool", r#"{"default": 5}"#, "Idle connections that are kept.";
    "routes[].max_req_body_size", r#"{"default": 6291456}"#, "Largest body of a request, in bytes; 67108864 with compat apisix.";
    "routes[].max_resp_body_size", "", "Largest body of an answer, in bytes; what the front takes unless it stands here.";
    "routes[].path", "", "How the path is made.";
    "routes[].path.append_tail", r#"{"default": true}"#, "What * took is appended to function_uri's path.";
    "routes[].path.strip_prefix", r#"{"pattern": "^/"}"#, "Cut off the path, in place of the route's own part of it.";
    "routes[].path.include_stage", r#"{"default": false}"#, "An API Gateway's stage is kept.";
    "routes[].path.encoding", r#"{"default": "preserve"}"#, "decoded: the front hands the path over decoded.";
    "routes[].query", "", "How the query is made.";
    "routes[].query.forward", r#"{"default": true}"#, "The client's parameters are passed on.";
    "routes[].query.override", r#"{"default": true}"#, "Also those that function_uri has too.";
    "routes[].query.allow", "", "The only names that are passed on.";
    "routes[].query.deny", "", "Names that are not passed on.";
    "routes[].query.plus_as_space", r#"{"default": true}"#, "A + is a space.";
    "routes[].request_headers", "", "Rules for the request's headers.";
    "routes[].response_headers", "", "Rules for the answer's headers, our own errors' too.";
    "routes[].request_headers.duplicate", "", "Copied to x-original- and the name, as they came.";
    "routes[].request_headers.duplicate[]", r##"{"$ref": "#/$defs/header_duplicated"}"##, "";
    "routes[].request_headers.remove", "", "Dropped.";
    "routes[].request_headers.remove[]", r##"{"$ref": "#/$defs/header_removed"}"##, "";
    "routes[].request_headers.set", r##"{"propertyNames": {"$ref": "#/$defs/header_set"}, "additionalProperties": {"minLength": 0, "pattern": "^$|^[!-~]([ -~\\t]*[!-~])?$"}}"##, "Set to one value.";
    "routes[].request_headers.add", r##"{"propertyNames": {"$ref": "#/$defs/header_set"}, "additionalProperties": {"minLength": 0, "pattern": "^$|^[!-~]([ -~\\t]*[!-~])?$"}}"##, "Added behind what is there.";
    "routes[].forwarded", r#"{"default": "append"}"#, "What the target is told in X-Forwarded-…: what client and front wrote, only what the front knows, or nothing.";
    "routes[].retry", "", "Which failed attempts are followed by another one.";
    "routes[].retry.attempts", r#"{"default": 1}"#, "All attempts.";
    "routes[].retry.on", r#"{"default": ["connect", "stale", "429", "502", "503", "504"]}"#, "What is tried again.";
    "routes[].retry.methods", r#"{"default": ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]}"#, "The methods that are tried again; where nothing was written, all are.";
    "routes[].retry.methods[]", r#"{"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]}"#, "";
    "routes[].retry.base_ms", r#"{"default": 50}"#, "Longest pause before the second attempt.";
    "routes[].retry.max_ms", r#"{"default": 500}"#, "Longest pause; not less than base_ms.";
    "routes[].circuit", "", "When a failing target is left alone, in each execution environment.";
    "routes[].circuit.failures", r#"{"default": 5}"#, "Failures that open it.";
    "routes[].circuit.window_ms", r#"{"default": 10000}"#, "They fall into this time.";
    "routes[].circuit.open_ms", r#"{"default": 5000}"#, "It stays open for this time.";
    "routes[].proxy_url", r#"{"pattern": "^[Hh][Tt][Tt][Pp]://(?!.*:0+/?$)[^@#/?]+/?$"}"#, "HTTP proxy; HTTPS_PROXY and NO_PROXY unless it stands here.";
    "routes[].compat", "", "Whose habits the route has: apisix is the aws-lambda plugin of APISIX.";
}

/// A secret: its text, or where it is.
pub(super) fn secret() -> Value {
    json!({
        "description": "A secret: a text for local use, or where it is.",
        "anyOf": [
            {"type": "string", "pattern": "^[!-~]+$"},
            {
                "type": "object",
                "properties": {
                    "env": {"type": "string", "minLength": 1, "description": "Name of a variable."},
                    "secret_arn": {
                        "type": "string",
                        "pattern": "^arn:[^:]+:secretsmanager:",
                        "description": "Secrets Manager, as arn:…:secret:NAME:JSON-KEY::.",
                    },
                },
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    })
}

const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Names of headers, by what is done with them.
pub(super) fn headers() -> [(&'static str, Value); 4] {
    let made_here = ["host", "authorization", "content-length", "expect", "via"];
    let may_change = [
        "authorization",
        "expect",
        "user-agent",
        "via",
        "accept-encoding",
        "content-length",
        "x-amzn-trace-id",
    ];
    [
        ("header_set", header(&[&made_here[..], &HOP_BY_HOP].concat(), "x-amz-")),
        (
            "header_signed",
            header(&[&may_change[..], &HOP_BY_HOP].concat(), "x-forwarded-"),
        ),
        ("header_duplicated", header(&HOP_BY_HOP, "")),
        ("header_removed", header(&["host", "via"], "")),
    ]
}

/// The name of a header that is none of `refused` and does not begin with `refused_start`, in any case.
fn header(refused: &[&str], refused_start: &str) -> Value {
    let refused: Vec<String> = refused.iter().map(|name| any_case(name)).collect();
    let mut pattern = format!("^(?!({})$", refused.join("|"));
    if !refused_start.is_empty() {
        pattern.push('|');
        pattern.push_str(&any_case(refused_start));
    }
    pattern.push_str(")[!#$%&'*+.^_`|~0-9A-Za-z-]+$");
    json!({"type": "string", "pattern": pattern})
}

/// A pattern that takes `name` in any case: flags of patterns are not known everywhere.
fn any_case(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a'..='z' => format!("[{}{letter}]", letter.to_ascii_uppercase()),
            _ => letter.to_string(),
        })
        .collect()
}

/// An object where a member stands that is not `null`, which counts as absent.
fn has(name: &str) -> Value {
    json!({"type": "object", "required": [name], "properties": {name: {"not": {"type": "null"}}}})
}

/// What holds between the members of credentials.
pub(super) fn credential_rules() -> Value {
    json!([
        {"if": has("accesskey"), "then": has("secretkey")},
        {"if": has("secretkey"), "then": has("accesskey")},
        {"if": has("sessiontoken"), "then": has("accesskey")},
        {"not": {"allOf": [has("credentials"), has("accesskey")]}},
    ])
}

/// What holds between members of a route.
pub(super) fn route_rules() -> Value {
    json!([
        {"not": {"allOf": [has("function_uri"), has("function")]}},
        {
            "if": has("function"),
            "then": {"properties": {
                "host_header": {"type": "null"},
                "ca_file": {"type": "null"},
                "authorization": {"properties": {
                    "apikey": {"type": "null"},
                    "apikey_override": {"enum": [false, null]},
                    "iam": {"properties": {
                        "service": {"type": "null"},
                        "signed_headers": {"maxItems": 0},
                        "unsigned_payload": {"enum": [false, null]},
                    }},
                }},
            }},
        },
    ])
}

/// A route leads somewhere, unless the defaults do.
pub(super) fn destination_rule() -> Value {
    let either = json!({"anyOf": [has("function_uri"), has("function")]});
    json!({
        "if": {"required": ["defaults"], "properties": {"defaults": either}},
        "else": {"properties": {"routes": {"items": either}}},
    })
}
