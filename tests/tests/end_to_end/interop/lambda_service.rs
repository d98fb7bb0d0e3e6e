//! The local stack's Lambda service as boto3 sees it, and every error of the API held against botocore's own model.

use local::standin::Deployment;
use serde_json::Value;

use super::environment::Environment;
use crate::lambda_service::{demo, service};

#[tokio::test(flavor = "multi_thread")]
async fn boto3_sees_lambda_and_every_error_of_its_model() {
    let lambda = service().await;
    lambda.deploy(Deployment::new(demo("hello")).alias("live", 7));
    let mut client = Environment::new("moto").python("lambda_client.py");
    client.arg(lambda.url());
    let output = client.output().await.unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}{err}");
    let checked: Value = serde_json::from_str(&out).unwrap();
    for operation in ["Invoke", "InvokeWithResponseStream"] {
        let errors = checked[operation].as_u64().unwrap();
        assert!(errors >= 35, "{operation} has {errors} errors only");
    }
}
