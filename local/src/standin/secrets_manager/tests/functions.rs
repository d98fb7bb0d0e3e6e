//! What the functions read beside what the AWS SDK reads: the same secrets, the same errors, at the same hosts.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use shared::Deadline;
use shared::aws::partition::service_host;
use shared::secrets::{AwsSecrets, SecretArn, SecretStore};
use shared::testing::FixedEnv;

use super::{SecretsManager, sdk, start};
use crate::standin::Fault;

fn own(secrets: &SecretsManager) -> AwsSecrets {
    let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    AwsSecrets::new(FixedEnv::new(keys).with("AWS_ENDPOINT_URL", &secrets.url()))
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn as_the_sdk_reads(sdk: &Client, arn: &SecretArn) -> Result<String, String> {
    let asked = sdk
        .get_secret_value()
        .secret_id(&arn.secret_id)
        .set_version_stage(arn.version_stage.clone())
        .set_version_id(arn.version_id.clone());
    match asked.send().await {
        Ok(value) => Ok(value.secret_string().expect("a text").to_owned()),
        Err(error) => Err(error.code().expect("a code").to_owned()),
    }
}

#[tokio::test]
async fn both_read_the_same_and_are_refused_alike() {
    let secrets = start().await;
    secrets.put("plain", "sec\u{f6}nd\n\"two\"\u{1f980}");
    let (own, sdk) = (own(&secrets), sdk(&secrets));
    let first = sdk.get_secret_value().secret_id("plain").version_stage("AWSPREVIOUS");
    let id = first
        .send()
        .await
        .expect("a version")
        .version_id()
        .expect("an id")
        .to_owned();
    let (known, unknown) = (secrets.arn("plain"), secrets.arn("nope"));
    let mut texts = Vec::new();
    for (name, suffix) in [
        (&known, ""),
        (&known, "::AWSCURRENT:"),
        (&known, "::AWSPREVIOUS:"),
        (&known, &*format!(":::{id}")),
        (&known, &*format!("::AWSPREVIOUS:{id}")),
        (&known, &*format!("::AWSCURRENT:{id}")),
        (&known, "::AWSPENDING:"),
        (&unknown, ""),
    ] {
        let arn = SecretArn::parse(&format!("{name}{suffix}")).expect("an ARN");
        let read = own.fetch(&arn, deadline()).await;
        let read = read
            .map(|text| text.reveal().to_owned())
            .map_err(|error| error.code().to_owned());
        assert_eq!(read, as_the_sdk_reads(&sdk, &arn).await, "{suffix}");
        texts.push(read);
    }
    // They are not all alike.
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 4, "{texts:?}");
}

#[tokio::test]
async fn a_fault_is_asked_about_again() {
    let secrets = start().await;
    secrets.fault(Fault::status(500));
    let arn = SecretArn::parse(&secrets.arn("app/token")).expect("an ARN");
    assert!(
        own(&secrets)
            .fetch(&arn, deadline())
            .await
            .expect("a secret")
            .matches("s3cret")
    );
    assert_eq!(secrets.calls().len(), 2);
}

#[tokio::test]
async fn every_region_has_the_hosts_of_the_sdks_own_rules() {
    let resolver = DefaultResolver::new();
    for region in [
        "us-east-1",
        "us-west-2",
        "eu-west-1",
        "ap-southeast-7",
        "il-central-1",
        "mx-central-1",
        "me-south-1",
        "af-south-1",
        "us-gov-east-1",
        "us-gov-west-1",
        "cn-north-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-west-1",
        "us-isof-south-1",
        "eu-isoe-west-1",
        // One that is not there yet.
        "us-north-9",
    ] {
        for (fips, service) in [(false, "secretsmanager"), (true, "secretsmanager-fips")] {
            let params = Params::builder()
                .region(region)
                .use_fips(fips)
                .build()
                .expect("a region");
            let endpoint = resolver.resolve_endpoint(&params).await.expect("an endpoint");
            assert_eq!(endpoint.url(), format!("https://{}", service_host(service, region)));
        }
    }
}
