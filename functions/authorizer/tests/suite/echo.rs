//! Servers that send back what they were shown: nothing of it gets into the log, wherever they write it.

use serde_json::json;

use crate::fixture::*;
use crate::stub::{Act, Seen, Stub};

/// An answer whose media type is this text.
fn of_type(status: u16, content_type: String) -> Act {
    Act::Answer {
        status,
        headers: vec![("Content-Type", content_type)],
        body: HTML.to_owned(),
    }
}

fn shown(seen: &Seen) -> String {
    seen.header("authorization").unwrap().to_owned()
}

const BEARER: [(&str, &str); 2] = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];

#[tokio::test]
async fn the_media_type_of_an_introspection() {
    type Echo = fn(&Seen) -> String;
    let echoed: [(Echo, &str); 4] = [
        (shown, "other"),
        (|seen| seen.body.clone(), "other"),
        (|seen| format!("text/html; t={}", seen.body), "text/html"),
        (|_| "Application/JSON;charset=utf-8".to_owned(), "application/json"),
    ];
    for (echo, told) in echoed {
        for status in [200, 404, 503] {
            let stub = Stub::new(move |seen| of_type(status, echo(seen)));
            let fixture = Fixture::new(stub, &BEARER).await;
            assert_eq!(fixture.ask(&bearing(T1)).await, e500());
            fixture.assert_line(json!({"upstream_status": status, "upstream_content_type": told}));
        }
    }
}

#[tokio::test]
async fn the_media_type_of_a_check() {
    let stub = Stub::new(|seen| match seen.path.as_str() {
        INTROSPECT => ok(),
        _ => of_type(200, shown(seen)),
    });
    let variables = [
        BEARER[0],
        BEARER[1],
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", "{base}/check"),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ];
    let fixture = Fixture::new(stub, &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"permission": "failed", "permission_content_type": "other"}));
}

#[tokio::test]
async fn the_error_code_of_a_token_endpoint() {
    const SECRET: &str = "s3cret_of_letters_alone";
    for (code, told) in [(SECRET, json!(null)), ("invalid_scope", json!("invalid_scope"))] {
        let stub = Stub::new(move |_| crate::stub::json(400, json!({"error": code})));
        let mut variables = OWN_TOKEN.to_vec();
        variables.retain(|(name, _)| *name != "AUTHZ_CLIENT_SECRET");
        variables.push(("AUTHZ_CLIENT_SECRET", SECRET));
        let fixture = Fixture::new(stub, &variables).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        fixture.assert_line(json!({"reason": "system_token", "oauth_error": told}));
    }
}

#[tokio::test]
async fn a_route_that_is_none() {
    for (resource, told) in [
        ("/orders/{id}".to_owned(), json!("/orders/{id}")),
        (format!("Bearer {T1}"), json!(null)),
        (T1.to_owned(), json!(null)),
        ("/\u{e9}".to_owned(), json!(null)),
        (format!("/{}", "a".repeat(256)), json!(null)),
    ] {
        let fixture = Fixture::playing(vec![ok()], &[]).await;
        let mut event = rest_request(json!({"Authorization": format!("Bearer {T1}")}));
        event["resource"] = json!(resource);
        assert_eq!(fixture.ask(&event).await, allow("alice", W_REST));
        fixture.assert_line(json!({"route": told, "kind": "rest_request"}));
    }
}
