//! The one line of an invocation, whole: its keys, and the metrics that travel in it.

use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::json as json_answer;

/// The line without what every run has otherwise, which is looked at here: durations, the moment, the metrics' frame.
fn tidied(mut line: Value) -> Value {
    let members = line.as_object_mut().unwrap();
    for name in ["duration_ms", "DurationMs"] {
        assert!(members.remove(name).unwrap().as_f64().unwrap() > 0.0, "{name}");
    }
    for name in ["upstream_ms", "IntrospectionMs"] {
        if let Some(value) = members.remove(name) {
            assert!(value.as_f64().unwrap() > 0.0, "{name}");
        }
    }
    assert_eq!(members.remove("timestamp").unwrap(), "2025-10-09T08:53:20.000Z");
    members.remove("_aws").unwrap();
    line
}

/// The metrics of a line: each name with its dimensions.
fn metrics(line: &Value) -> Vec<String> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let told = directives.iter().flat_map(|directive| {
        let metrics = directive["Metrics"].as_array().unwrap();
        metrics.iter().map(|metric| {
            let name = metric["Name"].as_str().unwrap();
            assert!(line[name].is_number(), "{name} has no value");
            format!(
                "{name} {} {}",
                metric["Unit"].as_str().unwrap(),
                directive["Dimensions"]
            )
        })
    });
    told.collect()
}

#[tokio::test]
async fn the_whole_line_of_an_allowed_request() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    let headers = json!({"Authorization": format!("Bearer {T1}")});
    fixture.ask(&rest_request(headers)).await.unwrap();
    let line = fixture.line();
    assert_eq!(
        metrics(&line),
        [
            r#"Requests Count [["service","outcome"],["service","outcome","reason"]]"#,
            r#"CacheMisses Count [["service"]]"#,
            r#"IntrospectionAttempts Count [["service"]]"#,
            r#"IntrospectionMs Milliseconds [["service"]]"#,
            r#"DurationMs Milliseconds [["service"]]"#,
            r#"ColdStarts Count [["service"]]"#,
        ]
    );
    assert!(line["upstream_ms"].is_number());
    assert_eq!(
        tidied(line),
        json!({
            "level": "INFO", "message": "decided", "service": "authorizer",
            "function_request_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "xray_trace_id": "Root=1-5759e988-bd862e3f",
            "cold_start": true, "api_id": "a1b2c3d4e5", "stage": "prod", "kind": "rest_request", "verb": "GET",
            "route": "/orders/{id}", "decision": "allow", "outcome": "allow", "reason": "allow", "principal": "alice",
            "client_id": "web", "token_fp": line_fingerprint(&fixture), "cache": "miss", "attempts": 1, "upstream_status": 200,
            "upstream_content_type": "application/json", "upstream_bytes": reply(json!({})).to_string().len(),
            "Requests": 1, "CacheMisses": 1, "IntrospectionAttempts": 1, "ColdStarts": 1,
        })
    );
}

fn line_fingerprint(fixture: &Fixture) -> Value {
    let fingerprint = fixture.line()["token_fp"].clone();
    let text = fingerprint.as_str().unwrap();
    assert!(text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    fingerprint
}

#[tokio::test]
async fn a_refused_request_names_nobody() {
    let fixture = Fixture::playing(vec![inactive()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    let line = fixture.line();
    for name in ["principal", "client_id", "route"] {
        assert!(line.get(name).is_none(), "{name} in {line}");
    }
    assert_eq!(
        (&line["decision"], &line["outcome"], &line["reason"]),
        (&json!("unauthorized"), &json!("unauthorized"), &json!("inactive"))
    );
    // Without a token there is no cache and no fingerprint.
    assert_eq!(fixture.ask(&token_event("")).await, e401());
    let line = fixture.line();
    assert_eq!(
        (line.get("token_fp"), &line["cache"], &line["attempts"]),
        (None, &json!("off"), &json!(0))
    );
    assert_eq!(metrics(&line).len(), 2, "{line}");
}

#[tokio::test]
async fn each_use_of_the_cache_is_counted() {
    let fixture = Fixture::playing(
        vec![ok(), inactive(), json_answer(404, "{}")],
        &[("AUTHZ_STALE_IF_ERROR_SECS", "60")],
    )
    .await;
    let other = bearing(T2);
    for (event, advance_ms, metric) in [
        (&bearing(T1), 0, "CacheMisses"),
        (&bearing(T1), 0, "CacheHits"),
        (&other, 0, "CacheMisses"),
        (&other, 0, "NegativeHits"),
        (&bearing(T1), 60_000, "StaleHits"),
    ] {
        fixture.clock.advance_ms(advance_ms);
        let _ = fixture.ask(event).await;
        let line = fixture.line();
        let counted: Vec<&str> = ["CacheMisses", "CacheHits", "NegativeHits", "StaleHits"]
            .into_iter()
            .filter(|name| line[name] == 1)
            .collect();
        assert_eq!(counted, [metric]);
    }
}

#[tokio::test]
async fn fetching_our_own_token_is_counted() {
    let variables = with(&OWN_TOKEN, &[("AUTHZ_CACHE_TTL_SECS", "0")]);
    let fixture = Fixture::new(granting(600, |_, _| ok()), &variables).await;
    fixture.ask(&bearing(T1)).await.unwrap();
    fixture.assert_line(json!({"SystemTokenRefreshes": 1, "system_token_attempts": 1, "system_token_status": 200}));
    fixture.ask(&bearing(T1)).await.unwrap();
    let line = fixture.line();
    assert!(line.get("SystemTokenRefreshes").is_none() && line["cold_start"] == false);
    assert!(line.get("ColdStarts").is_none() && line.get("CacheMisses").is_none());
}

#[tokio::test]
async fn nobody_forges_a_line() {
    let long = "x".repeat(2000);
    let nasty = format!("a\nb\r\u{1b}[31m\",\"decision\":\"allow{long}");
    let act = ok_with(json!({"client_id": nasty, "sub": nasty, "scope": "none"}));
    let fixture = Fixture::playing(vec![act], &[("AUTHZ_REQUIRED_SCOPES", "orders.read")]).await;
    let mut event = rest_request(json!({"Authorization": format!("Bearer {T1}")}));
    event["resource"] = json!(nasty);
    event["methodArn"] = json!(format!("arn:aws:execute-api:eu-west-1:123456789012:a/prod/GET{long}/x").get(..400));
    fixture.ask(&event).await.unwrap();
    let line = fixture.line();
    assert_eq!(
        (&line["decision"], &line["reason"]),
        (&json!("forbidden"), &json!("scope"))
    );
    let text = line["client_id"].as_str().unwrap();
    assert!(text.len() <= 256 && !text.contains(char::is_control));
    assert!(text.starts_with("ab[31m\""), "{text}");
    // A verb of the client's own making is left out, and so is what cannot be a route or a principal.
    for name in ["verb", "route", "principal"] {
        assert!(line.get(name).is_none(), "{name}");
    }
    assert_eq!(fixture.log().trim_end().lines().count(), 1);
}
