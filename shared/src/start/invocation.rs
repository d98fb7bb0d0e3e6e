//! One invocation as the Runtime API hands it over
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next>).

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::InvocationError;
use super::runtime_api::INVOCATION_ID;

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");

/// What Lambda tells of an invocation beside its event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// When Lambda gives the invocation up, in milliseconds since 1970.
    pub deadline: u64,
    /// The ARN that was invoked: of the function, a version or an alias. Empty if Lambda did not tell.
    pub invoked_function_arn: String,
    /// The X-Ray trace header.
    pub xray_trace_id: Option<String>,
}

/// An invocation as it arrives: the event still unread, so that the function itself answers a malformed one and no
/// parser quotes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// A JSON document.
    pub payload: String,
    /// What Lambda tells beside it.
    pub context: Context,
}

/// What an answer must name.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// The id in the path.
    pub(super) request_id: String,
    /// What the Runtime API wants to see again with the answer, if it has sent one.
    pub(super) invocation_id: Option<HeaderValue>,
}

/// What an invocation ends with that is no event with a context.
const MALFORMED: InvocationError = InvocationError {
    error_type: "MalformedInvocation",
    error_message: "MalformedInvocation",
};

/// Reads an answer of `next`: whose turn it is, and its event, which is no event where its body has not come whole.
/// Nothing where nobody could be answered.
pub(super) fn read(mut headers: HeaderMap, body: Option<Vec<u8>>) -> Option<(Turn, Result<RawEvent, InvocationError>)> {
    let turn = Turn {
        request_id: text(&headers, &REQUEST_ID).filter(|id| is_plain(id))?.to_owned(),
        invocation_id: headers.remove(INVOCATION_ID),
    };
    let deadline = text(&headers, &DEADLINE).and_then(|deadline| deadline.parse().ok());
    let payload = body.and_then(|body| String::from_utf8(body).ok());
    let event = deadline.zip(payload);
    let event = event.map(|(deadline, payload)| RawEvent {
        payload,
        context: Context {
            request_id: turn.request_id.clone(),
            deadline,
            invoked_function_arn: text(&headers, &FUNCTION_ARN).unwrap_or_default().to_owned(),
            xray_trace_id: text(&headers, &TRACE_ID).map(str::to_owned),
        },
    });
    Some((turn, event.ok_or(MALFORMED)))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether an id stands in a path as it is.
fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    const ALL: [(&str, &str); 5] = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4"),
        ("lambda-runtime-deadline-ms", "1542409706888"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
        ),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7;Sampled=1"),
        ("lambda-runtime-invocation-id", "i-1"),
    ];

    #[test]
    fn an_invocation_is_read_with_its_context() {
        let (turn, event) = read(headers(&ALL), Some(b"{\"a\":1}".to_vec())).unwrap();
        assert_eq!(turn.request_id, "8476a536-e9f4");
        assert_eq!(turn.invocation_id.unwrap(), "i-1");
        let event = event.unwrap();
        assert_eq!(event.payload, "{\"a\":1}");
        let expected = Context {
            request_id: "8476a536-e9f4".to_owned(),
            deadline: 1_542_409_706_888,
            invoked_function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:f:live".to_owned(),
            xray_trace_id: Some("Root=1-5bef4de7;Sampled=1".to_owned()),
        };
        assert_eq!(event.context, expected);
    }

    #[test]
    fn only_id_and_deadline_must_be_there() {
        let (turn, event) = read(headers(&ALL[..2]), Some(b"1".to_vec())).unwrap();
        assert_eq!(turn.invocation_id, None);
        let context = event.unwrap().context;
        assert_eq!(
            (context.invoked_function_arn.as_str(), context.xray_trace_id),
            ("", None)
        );
        let (turn, event) = read(headers(&ALL[..1]), Some(b"1".to_vec())).unwrap();
        assert_eq!((turn.request_id.as_str(), event), ("8476a536-e9f4", Err(MALFORMED)));
        let (_, event) = read(headers(&ALL), Some(vec![b'"', 0xff, b'"'])).unwrap();
        assert_eq!(event, Err(MALFORMED));
        let (turn, event) = read(headers(&ALL), None).unwrap();
        assert_eq!((turn.request_id.as_str(), event), ("8476a536-e9f4", Err(MALFORMED)));
    }

    #[test]
    fn an_id_that_would_lead_elsewhere_is_none() {
        assert!(read(headers(&ALL[1..]), Some(b"{}".to_vec())).is_none());
        for id in ["", "../../init/error", "a b", "a?b", "a%2fb"] {
            let odd = headers(&[("lambda-runtime-aws-request-id", id), ALL[1]]);
            assert!(read(odd, Some(b"{}".to_vec())).is_none(), "{id}");
        }
    }
}
