//! Events that no front sends: every function answers in its own shape and lives on.

use bytes::Bytes;
use local::function::Invoked;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Hostile for every function: none of these is an event of any front.
fn malformed() -> Vec<Value> {
    vec![
        json!(null),
        json!([]),
        json!("s3cret"),
        json!({}),
        json!({"type": "TOKEN", "authorizationToken": "Bearer s3cret"}),
        json!({"type": 5, "methodArn": {}, "headers": "s3cret"}),
        json!({"version": "2.0", "routeArn": "s3cret", "headers": null, "requestContext": []}),
        json!({"requestContext": {"elb": {}}, "httpMethod": "s3 cret", "path": 7, "headers": {"a": ["s3cret"]}}),
        json!({"requestContext": {"elb": {}}, "httpMethod": "POST", "path": "/", "body": "s3cret!", "isBase64Encoded": true}),
    ]
}

async fn invoke(stage: &Stage, function: &str, event: &Value) -> Invoked {
    stage
        .suite
        .function(function)
        .unwrap()
        .invoke(Bytes::from(event.to_string()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authorizer_fails_closed_without_a_word_about_the_event() {
    let stage = Stage::start().await;
    for event in malformed() {
        let outcome = invoke(&stage, "authorizer", &event).await;
        let Invoked::FunctionError {
            error_type,
            error_message,
            ..
        } = &outcome
        else {
            panic!("{event}: {outcome:?}");
        };
        assert_eq!(
            (error_type.as_str(), error_message.as_str()),
            ("InternalError", "InternalError"),
            "{event}"
        );
    }
    assert!(!stage.log("authorizer").await.contains("s3cret"));
    assert!(
        stage
            .suite
            .stand_ins()
            .hydra
            .as_ref()
            .unwrap()
            .admin()
            .calls()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_behind_a_front_answer_400_in_its_shape() {
    let stage = Stage::start().await;
    for function in ["hipchat-proxy", "lambda-invoker"] {
        for event in malformed() {
            let outcome = invoke(&stage, function, &event).await;
            let Invoked::Response(answer) = &outcome else {
                panic!("{function} {event}: {outcome:?}")
            };
            let answer: Value = serde_json::from_slice(answer).unwrap();
            assert_eq!(answer["statusCode"], 400, "{function} {event}: {answer}");
            assert!(
                answer["body"].is_string() && answer["isBase64Encoded"].is_boolean(),
                "{answer}"
            );
            assert!(!answer.to_string().contains("s3cret"), "{answer}");
        }
        assert!(!stage.log(function).await.contains("s3cret"));
    }
    assert!(stage.suite.stand_ins().slack.as_ref().unwrap().calls().is_empty());
    assert!(stage.suite.stand_ins().target.as_ref().unwrap().calls().is_empty());
}
