//! The ladder as a table.

use super::*;

/// Status, code, outcome, level and the one header that some have, for every failure there is.
#[test]
fn the_ladder() {
    use Failure as F;
    let methods = vec![Method::PUT, Method::GET];
    for (failure, status, code, outcome, level, header) in [
        (
            F::Unreadable("bad_body"),
            400,
            "bad_body",
            "client_error",
            Level::Info,
            None,
        ),
        (F::BadPath, 400, "bad_path", "client_error", Level::Info, None),
        (
            F::BadQuery,
            400,
            "invalid_query_encoding",
            "client_error",
            Level::Info,
            None,
        ),
        (F::BadHeader, 400, "bad_header", "client_error", Level::Info, None),
        (F::BadBody, 400, "bad_body", "client_error", Level::Info, None),
        (
            F::RouteNotFound,
            404,
            "route_not_found",
            "client_error",
            Level::Info,
            None,
        ),
        (
            F::MethodNotAllowed(methods),
            405,
            "method_not_allowed",
            "client_error",
            Level::Info,
            Some(("allow", "GET, PUT")),
        ),
        (
            F::RequestTooLarge,
            413,
            "request_too_large",
            "client_error",
            Level::Info,
            None,
        ),
        (F::UriTooLong, 414, "uri_too_long", "client_error", Level::Info, None),
        (
            F::HeadersTooLarge,
            431,
            "headers_too_large",
            "client_error",
            Level::Info,
            None,
        ),
        (
            F::MethodNotImplemented,
            501,
            "method_not_implemented",
            "client_error",
            Level::Info,
            None,
        ),
        (F::Loop, 508, "loop_detected", "refused", Level::Warn, None),
        (
            F::UpstreamConnect,
            502,
            "upstream_connect",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (F::UpstreamTls, 502, "upstream_tls", "upstream_error", Level::Warn, None),
        (
            F::UpstreamTimeout,
            504,
            "upstream_timeout",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::DeadlineTooClose,
            504,
            "upstream_timeout",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::ResponseTooLarge,
            502,
            "upstream_response_too_large",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::BadResponse,
            502,
            "bad_upstream_response",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::BadReply,
            502,
            "bad_upstream_response",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (F::StreamTimeout, 504, "stream_timeout", "ok", Level::Warn, None),
        (
            F::CircuitOpen(5),
            503,
            "circuit_open",
            "upstream_error",
            Level::Warn,
            Some(("retry-after", "5")),
        ),
        (
            F::Throttled(Some(7)),
            503,
            "throttled",
            "upstream_error",
            Level::Warn,
            Some(("retry-after", "7")),
        ),
        (
            F::Throttled(None),
            503,
            "throttled",
            "upstream_error",
            Level::Warn,
            Some(("retry-after", "1")),
        ),
        (
            F::FunctionNotReady,
            503,
            "function_not_ready",
            "upstream_error",
            Level::Warn,
            Some(("retry-after", "1")),
        ),
        (
            F::FunctionError {
                status: StatusCode::BAD_GATEWAY,
                passed: None,
            },
            502,
            "function_error",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::FunctionError {
                status: StatusCode::GATEWAY_TIMEOUT,
                passed: None,
            },
            504,
            "function_error",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::InvokeFailed,
            502,
            "invoke_failed",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (
            F::PayloadRefused,
            502,
            "invoke_refused",
            "upstream_error",
            Level::Warn,
            None,
        ),
        (F::InvokeRefused, 502, "invoke_refused", "error", Level::Error, None),
        (
            F::Credentials,
            502,
            "credentials_unavailable",
            "error",
            Level::Error,
            None,
        ),
        (F::Signing, 500, "signing_failed", "error", Level::Error, None),
    ] {
        let rung = failure.rung();
        assert_eq!((rung.status.as_u16(), rung.code), (status, code), "{failure:?}");
        assert_eq!((rung.outcome, rung.level), (outcome, level), "{failure:?}");
        let answer = failure.answer("id-1", &Method::GET);
        assert_eq!(answer.status().as_u16(), status);
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"error": code, "message": rung.message, "request_id": "id-1"})
        );
        let extra: Vec<_> = answer
            .headers()
            .iter()
            .filter(|(name, _)| *name != CONTENT_TYPE)
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(extra, header.into_iter().collect::<Vec<_>>(), "{failure:?}");
        assert!(failure.answer("id-1", &Method::HEAD).body().is_empty());
    }
}
