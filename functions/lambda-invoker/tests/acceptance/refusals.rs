//! Every error that the Invoke API knows, and what becomes of it: status, code, `Retry-After`, and whether the function
//! is asked again.

use serde_json::json;

use crate::support::event::post;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Answer, Function, function};

/// Where an error of the API tells its code.
#[derive(Debug, Clone, Copy)]
enum Told {
    Header,
    Type,
    Code,
}

const SECRET: &str = "arn:aws:lambda:eu-west-1:123456789012:function:s3cret";

fn refusal(status: u16, code: &str, headers: &str, told: Told) -> Reaction {
    let (header, member) = match told {
        Told::Header => (format!("x-amzn-ErrorType: {code}\r\n"), json!({})),
        Told::Type => (String::new(), json!({"__type": code})),
        Told::Code => (String::new(), json!({"code": code})),
    };
    let mut body = member;
    for name in ["message", "Message"] {
        body[name] = json!(format!("User is not authorized on {SECRET}"));
    }
    let headers = format!("{headers}{header}Content-Type: application/json\r\nx-amzn-RequestId: api-1\r\n");
    Reaction::Send(http(
        &format!("{status} Refused"),
        &headers,
        body.to_string().as_bytes(),
    ))
}

/// A function of a service that refuses once and then runs it.
async fn refused_once(refusal: Reaction) -> (Answer, Function, Upstream) {
    let fine = Reaction::Send(http("200 OK", "", b"{\"statusCode\": 201}"));
    let upstream = Upstream::script(vec![refusal, fine]).await;
    let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    let retry =
        json!({"attempts": 2, "base_ms": 1, "max_ms": 2, "on": ["connect", "stale", "429", "502", "503", "504"]});
    let function = function(json!([{"uri": "/", "function": to, "retry": retry}])).await;
    let answer = function.call(&post("/", b"{}").url()).await;
    (answer, function, upstream)
}

/// The API's own status and code; ours, `Retry-After`, and the level of the log's line.
type Row = (u16, &'static str, u16, &'static str, Option<&'static str>, &'static str);

/// Status, code, `Retry-After` and level of what the client gets.
type Ours = (u16, &'static str, Option<&'static str>, &'static str);

const REFUSED: Ours = (502, "invoke_refused", None, "ERROR");
const FAILED: Ours = (502, "invoke_failed", None, "WARN");
const LATE: Ours = (504, "upstream_timeout", None, "WARN");
const NOT_READY: Ours = (503, "function_not_ready", Some("1"), "WARN");
const TOO_LARGE: Ours = (413, "request_too_large", None, "INFO");

fn table() -> Vec<Row> {
    let rows: [(u16, &str, Ours); 50] = [
        (400, "InvalidParameterValueException", REFUSED),
        (400, "InvalidRequestContentException", REFUSED),
        (400, "NoPublishedVersionException", REFUSED),
        (400, "RecursiveInvocationException", REFUSED),
        (400, "SnapStartException", REFUSED),
        (400, "SnapStartRegenerationFailureException", REFUSED),
        (400, "ModeNotSupportedException", REFUSED),
        (400, "ServiceQuotaExceededException", REFUSED),
        (403, "AccessDeniedException", REFUSED),
        (403, "IncompleteSignatureException", REFUSED),
        (403, "InvalidSignatureException", REFUSED),
        (403, "MissingAuthenticationTokenException", REFUSED),
        (403, "EFSMountFailureException", REFUSED),
        (403, "S3FilesMountFailureException", REFUSED),
        (403, "CodeArtifactUserFailedException", REFUSED),
        (403, "ExpiredTokenException", REFUSED),
        (404, "ResourceNotFoundException", REFUSED),
        (408, "EFSMountConnectivityException", LATE),
        (408, "EFSMountTimeoutException", LATE),
        (408, "S3FilesMountConnectivityException", LATE),
        (408, "S3FilesMountTimeoutException", LATE),
        (408, "SnapStartTimeoutException", LATE),
        (409, "CodeArtifactUserPendingException", NOT_READY),
        (409, "DurableExecutionAlreadyStartedException", NOT_READY),
        (409, "ResourceConflictException", NOT_READY),
        (409, "SnapStartNotReadyException", NOT_READY),
        (410, "EFSIOException", REFUSED),
        (413, "RequestTooLargeException", TOO_LARGE),
        (413, "SerializedRequestEntityTooLargeException", TOO_LARGE),
        (415, "UnsupportedMediaTypeException", REFUSED),
        (500, "ServiceException", FAILED),
        (500, "", FAILED),
        (502, "EC2AccessDeniedException", FAILED),
        (502, "EC2ThrottledException", FAILED),
        (502, "EC2UnexpectedException", FAILED),
        (502, "ENILimitReachedException", FAILED),
        (502, "ENINotReadyException", NOT_READY),
        (502, "InvalidRuntimeException", FAILED),
        (502, "InvalidSecurityGroupIDException", FAILED),
        (502, "InvalidSubnetIDException", FAILED),
        (502, "InvalidZipFileException", FAILED),
        (502, "KMSAccessDeniedException", FAILED),
        (502, "KMSDisabledException", FAILED),
        (502, "KMSInvalidStateException", FAILED),
        (502, "KMSNotFoundException", FAILED),
        (502, "ResourceNotReadyException", NOT_READY),
        (502, "SubnetIPAddressLimitReachedException", FAILED),
        (503, "ServiceUnavailableException", NOT_READY),
        (504, "", FAILED),
        // No answer of this API's.
        (301, "", FAILED),
    ];
    let row = |(status, code, (ours, word, retry, level))| (status, code, ours, word, retry, level);
    rows.into_iter().map(row).collect()
}

#[tokio::test]
async fn every_error_of_the_api_has_its_answer_and_is_final() {
    for (at, (status, code, ours, word, retry_after, level)) in table().into_iter().enumerate() {
        let told = [Told::Header, Told::Type, Told::Code][at % 3];
        let (answer, function, upstream) = refused_once(refusal(status, code, "Retry-After: 30\r\n", told)).await;
        let what = format!("{status} {code} {told:?}");
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (u64::from(ours), word),
            "{what}"
        );
        assert_eq!(answer.header("retry-after").as_deref(), retry_after, "{what}");
        assert_eq!(upstream.calls(), 1, "{what}: the function may have run");
        let line = function.line();
        assert_eq!(line["upstream_status"], status, "{what}");
        assert_eq!(
            line["upstream_error"].as_str(),
            (!code.is_empty()).then_some(code),
            "{what}"
        );
        assert_eq!(
            (&line["level"], &line["attempts"]),
            (&json!(level), &json!(1)),
            "{what}"
        );
        assert!(
            !line.to_string().contains("s3cret") && !answer.text().contains("s3cret"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_was_throttled_did_not_run_and_is_asked_again_if_there_is_time() {
    for (headers, status, calls, retry_after) in [
        // The service names no time, or one that the route waits for.
        ("", 201, 2, None),
        ("Retry-After: 0\r\n", 201, 2, None),
        ("Retry-After: soon\r\n", 201, 2, None),
        ("Retry-After: 7\r\n", 503, 1, Some("7")),
    ] {
        for told in [Told::Header, Told::Type, Told::Code] {
            let (answer, function, upstream) =
                refused_once(refusal(429, "TooManyRequestsException", headers, told)).await;
            assert_eq!((answer.status, upstream.calls()), (status, calls), "{headers} {told:?}");
            assert_eq!(answer.header("retry-after").as_deref(), retry_after);
            let line = function.line();
            assert_eq!(line["attempts"], calls);
            assert_eq!(line["upstream_error"], "TooManyRequestsException");
            if calls == 1 {
                assert_eq!(answer.error(), "throttled");
            }
        }
    }
    // Without another attempt the client is told when to come back.
    let upstream = Upstream::reacting(refusal(429, "TooManyRequestsException", "", Told::Header)).await;
    let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    let function = function(json!([{"uri": "/", "function": to}])).await;
    let answer = function.call(&post("/", b"{}").url()).await;
    assert_eq!(
        (answer.status, answer.header("retry-after").as_deref()),
        (503, Some("1"))
    );
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_code_is_found_in_every_spelling_and_is_a_word() {
    for (code, told, expected) in [
        (
            "AccessDeniedException:http://internal.amazon.com/coral/",
            Told::Header,
            Some("AccessDeniedException"),
        ),
        (
            "com.amazonaws.lambda#AccessDeniedException",
            Told::Type,
            Some("AccessDeniedException"),
        ),
        ("aws.protocoltests#FooError:http://x/#y", Told::Code, Some("FooError")),
        ("  AccessDeniedException ", Told::Type, Some("AccessDeniedException")),
        ("s3cret s3cret", Told::Type, None),
        ("<s3cret>", Told::Code, None),
        ("", Told::Type, None),
    ] {
        let (answer, function, _) = refused_once(refusal(403, code, "", told)).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (502, "invoke_refused"),
            "{code}"
        );
        assert_eq!(function.line()["upstream_error"].as_str(), expected, "{code}");
    }
    let long = "A".repeat(129);
    let (_, function, _) = refused_once(refusal(403, &long, "", Told::Header)).await;
    assert_eq!(function.line().get("upstream_error"), None);
}

#[tokio::test]
async fn a_refusal_without_a_body_that_can_be_read_is_one_all_the_same() {
    let head = "HTTP/1.1 404 Not Found\r\nx-amzn-ErrorType: ResourceNotFoundException\r\n";
    let endless = format!("{head}Content-Length: 9000000\r\n\r\n");
    let broken = format!("{head}Content-Length: 100\r\n\r\n{{");
    let mut large = format!("{head}Transfer-Encoding: chunked\r\n\r\n100000\r\n").into_bytes();
    large.extend_from_slice(&[b'a'; 0x10_0000]);
    for reaction in [
        Reaction::Stall(endless.into_bytes()),
        Reaction::Close(broken.into_bytes()),
        Reaction::Stall(large),
        Reaction::Send(http(
            "404 Not Found",
            "x-amzn-ErrorType: ResourceNotFoundException\r\n",
            b"\xff\x00",
        )),
        Reaction::Send(http(
            "404 Not Found",
            "x-amzn-ErrorType: ResourceNotFoundException\r\n",
            b"[]",
        )),
    ] {
        let (answer, function, upstream) = refused_once(reaction).await;
        assert_eq!((answer.status, answer.error().as_str()), (502, "invoke_refused"));
        assert_eq!(function.line()["upstream_error"], "ResourceNotFoundException");
        assert_eq!(upstream.calls(), 1);
    }
}

/// What may have been read is never sent again, whatever the route says of attempts.
#[tokio::test]
async fn an_invocation_that_may_have_run_is_never_repeated() {
    let fine = http("200 OK", "", b"{\"statusCode\": 201}");
    for (broken, word) in [
        (Reaction::Close(Vec::new()), "upstream_connect"),
        (
            Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
            "upstream_connect",
        ),
        (
            Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"statu".to_vec()),
            "bad_upstream_response",
        ),
        (
            Reaction::Close(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()),
            "bad_upstream_response",
        ),
    ] {
        // On a new connection, and on one that has served before.
        for before in [vec![], vec![Reaction::Send(fine.clone())]] {
            let asked = before.len() + 1;
            let mut script = before;
            script.extend([broken.clone(), Reaction::Send(fine.clone())]);
            let upstream = Upstream::script(script).await;
            let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
            let retry = json!({"attempts": 3, "base_ms": 1, "max_ms": 2, "methods": ["GET", "PUT"]});
            let function = function(json!([{"uri": "/", "function": to, "retry": retry}])).await;
            let mut answer: Option<Answer> = None;
            for _ in 0..asked {
                answer = Some(function.call(&post("/", b"{}").method("PUT").url()).await);
            }
            let answer = answer.unwrap();
            assert_eq!((answer.status, answer.error().as_str()), (502, word));
            assert_eq!(upstream.calls(), asked, "{broken:?}");
            assert_eq!(function.line()["attempts"], 1);
        }
    }
}
