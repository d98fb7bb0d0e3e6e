//! Rows about what the server says of the token.

use serde_json::json;

use super::*;
use crate::stub::json as json_answer;

#[tokio::test]
async fn active_and_all_good() {
    replied(
        ok(),
        &[],
        Gets::Allow,
        json!({"reason": "allow", "level": "INFO", "decision": "allow", "cache": "miss"}),
    )
    .await;
}

#[tokio::test]
async fn inactive_reply() {
    let line = json!({"reason": "inactive", "level": "INFO", "decision": "unauthorized"});
    replied(inactive(), &[], Gets::Unauthorized, line.clone()).await;
    // What else it says counts for nothing.
    let talkative = ok_with(json!({"active": false}));
    replied(talkative, &[], Gets::Unauthorized, line).await;
}

#[tokio::test]
async fn active_although_expired() {
    let line = json!({"reason": "expired", "level": "WARN"});
    replied(ok_with(json!({"exp": NOW - 10})), &[], Gets::Unauthorized, line).await;
}

#[tokio::test]
async fn active_before_its_time() {
    let line = json!({"reason": "not_yet_valid", "level": "WARN"});
    replied(ok_with(json!({"nbf": NOW + 11})), &[], Gets::Unauthorized, line).await;
}

#[tokio::test]
async fn no_expiry_although_one_is_required() {
    let line = json!({"reason": "no_exp", "level": "WARN"});
    let required = [("AUTHZ_REQUIRE_EXP", "true")];
    for exp in [json!(null), json!(0)] {
        replied(
            ok_with(json!({"exp": exp})),
            &required,
            Gets::Unauthorized,
            line.clone(),
        )
        .await;
    }
}

#[tokio::test]
async fn audience_issuer_scope_or_client_mismatch() {
    for (name, value, reason) in [
        ("AUTHZ_AUDIENCES", "billing-api", "audience"),
        ("AUTHZ_ISSUERS", "https://other.example.com/", "issuer"),
        ("AUTHZ_CLIENT_IDS", "app", "client"),
        ("AUTHZ_REQUIRED_SCOPES", "orders.read orders.write", "scope"),
    ] {
        let line = json!({"reason": reason, "level": "INFO", "decision": "forbidden", "principal": "alice", "client_id": "web"});
        replied(ok(), &[(name, value)], Gets::Forbidden("alice"), line).await;
    }
    // What was wanted and what was granted, for scopes alone.
    let line = json!({"scopes_required": "orders.write", "scopes_granted": "orders.read"});
    replied(
        ok(),
        &[("AUTHZ_REQUIRED_SCOPES", "orders.write")],
        Gets::Forbidden("alice"),
        line,
    )
    .await;
}

#[tokio::test]
async fn nobody_that_the_token_stands_for() {
    let nobody = ok_with(json!({"sub": "", "client_id": null}));
    replied(
        nobody,
        &[],
        Gets::Forbidden("anonymous"),
        json!({"reason": "no_principal", "level": "INFO"}),
    )
    .await;
}

#[tokio::test]
async fn refresh_token_by_either_marker() {
    let line = json!({"reason": "not_access_token", "level": "WARN"});
    for changes in [
        json!({"token_use": "refresh_token"}),
        json!({"token_type": "refresh_token", "token_use": null}),
    ] {
        replied(ok_with(changes), &[], Gets::Unauthorized, line.clone()).await;
    }
    let required = [("AUTHZ_REQUIRE_TOKEN_USE", "true")];
    replied(ok_with(json!({"token_use": null})), &required, Gets::Unauthorized, line).await;
}

#[tokio::test]
async fn token_that_a_bearer_cannot_present() {
    let line = json!({"reason": "unsupported_token_type", "level": "WARN"});
    for changes in [
        json!({"token_type": "DPoP"}),
        json!({"token_type": "mac"}),
        json!({"cnf": {"jkt": "x"}}),
    ] {
        replied(ok_with(changes), &[], Gets::Unauthorized, line.clone()).await;
    }
}

#[tokio::test]
async fn reply_that_is_none() {
    let html = || Act::Answer {
        status: 200,
        headers: vec![("Content-Type", "text/html".to_owned())],
        body: HTML.to_owned(),
    };
    failed(html(), 1, "upstream_invalid").await;
    for body in [
        "",
        "[]",
        "[{\"active\":true}]",
        "null",
        r#"{"active":"true"}"#,
        r#"{"active":1}"#,
        r#"{"active":true"#,
        "{}",
        r#"{"active":true,"sub":"alice","exp":"1760003600"}"#,
        r#"{"active":true,"sub":"alice","nbf":-1}"#,
        r#"{"active":true,"sub":"alice","scope":["orders.read"]}"#,
        r#"{"active":true,"sub":"alice","aud":{"a":1}}"#,
        r#"{"active":true,"sub":"alice","sub":"bob"}"#,
    ] {
        failed(json_answer(200, body), 1, "upstream_invalid").await;
    }
    failed(json_answer(204, ""), 1, "upstream_invalid").await;
    failed(json_answer(201, reply(json!({}))), 1, "upstream_invalid").await;
    let large = json_answer(200, reply(json!({"ext": "x".repeat(65_536)})));
    failed(large, 1, "upstream_invalid").await;
    let line = json!({"upstream_status": 200, "upstream_content_type": "text/html", "upstream_bytes": HTML.len()});
    replied(html(), &[], Gets::Error, line).await;
}
