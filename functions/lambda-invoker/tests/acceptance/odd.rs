//! Requests with one odd thing in each.

use serde_json::json;

use crate::hostile::signed;
use crate::support::event::get;
use crate::support::oracle::verify;
use crate::support::upstream::Upstream;
use crate::support::{ACCESS_KEY, SECRET_KEY};

/// One odd thing at a time, through every front: what is refused goes nowhere, and what goes through arrives as one
/// request with nothing in it that was not there.
#[tokio::test]
async fn odd_requests_go_nowhere_or_arrive_as_one_request() {
    let upstream = Upstream::fine().await;
    let function = signed(&upstream).await;
    let bomb = "QUFB".repeat(2_100_000);
    let long: &'static str = Box::leak("M".repeat(100_000).into_boxed_str());
    let method = |method: &'static str| get("/x").method(method);
    let odd = [
        (method(""), 400),
        (method("GE T"), 400),
        (method("GET\r\n"), 400),
        (method("GET\0"), 400),
        (method("G\u{c9}T"), 400),
        (method(long), 400),
        (method("TRACE"), 501),
        (method("CONNECT"), 501),
        (get("/\u{0}"), 400),
        (get("/a\tb"), 400),
        (get("/a\u{7f}"), 400),
        (get("/%0a"), 400),
        (get("/a%1Fb"), 400),
        (get("/a/..;/b"), 200),
        (get("/a/%252e%252e/b"), 200),
        (get("http://evil.example.com/x"), 400),
        (get("//evil.example.com/x"), 200),
        (get("/x?a=%0d%0aX-Evil:1"), 200),
        (get("/x?%00=1"), 200),
        (get("/x").header("x-evil", "1\r\nx-more: 2"), 400),
        (get("/x").header("x-evil", "1\n"), 400),
        (get("/x").header("x-evil", "\u{0}"), 400),
        (get("/x").header("x-evil\r\nx-more", "1"), 400),
        (get("/x").header("", "1"), 400),
        (get("/x").header("content-length", "7"), 200),
        (get("/x").header("content-length", "-1, 99999999999999999999"), 200),
        (get("/x").header("transfer-encoding", "chunked"), 200),
        (get("/x").header("host", "evil.example.com\r\nx-more: 1"), 400),
        (get("/x").header("x-forwarded-proto", "gopher\u{e9} ://"), 200),
        (get("/x").header("x-a", &"y".repeat(33_000)), 431),
    ];
    for (request, status) in &odd {
        for event in [
            request.alb(),
            request.alb_multi(),
            request.v1(),
            request.v2(),
            request.url(),
        ] {
            let before = upstream.calls();
            let answer = function.call(&event).await;
            let shown = event.to_string();
            let shown = &shown[..shown.len().min(900)];
            // Some fronts' events cannot hold what others can: then it is refused as unreadable.
            assert!([*status, 400].contains(&answer.status), "{} {shown}", answer.status);
            let arrived = upstream.calls() - before;
            assert_eq!(arrived, usize::from(answer.status == 200), "{shown}");
            if arrived == 1 {
                let seen = upstream.last();
                assert_eq!(
                    (seen.header("x-more"), seen.body.as_slice()),
                    (None, b"".as_slice()),
                    "{shown}"
                );
                assert_eq!(seen.header("transfer-encoding"), None, "{shown}");
                verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
            }
        }
    }
    let before = upstream.calls();
    for (body, status) in [
        (bomb.as_str(), 413),
        ("%%%", 400),
        ("QUF", 400),
        ("QUFB====", 400),
        ("QU FB", 400),
    ] {
        let mut event = get("/x").method("POST").url();
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(true);
        assert_eq!(function.call(&event).await.status, status, "{}", &body[..3]);
    }
    assert_eq!(upstream.calls(), before);
}
