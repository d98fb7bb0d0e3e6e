//! A route to a function through the Lambda Invoke API.

mod format;
mod invocation;
mod name;

use shared::aws::endpoint::{self, NoEndpoint, Service};
use url::Url;

use super::authorization::{Iam, is_scope_word};
use super::credentials::CredentialSource;
use super::endpoint::{Policy, checked};
use super::reader::{Fields, Problems};
use super::surroundings::Surroundings;
pub use format::{Envelope, FunctionErrors, PayloadFormat, ReplyFormat};
pub use invocation::{Invocation, InvokeSettings, is_execution_name};

/// Which function is invoked and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// Name, partial or full ARN, as the Invoke API takes it.
    pub name: String,
    /// Version or alias.
    pub qualifier: Option<String>,
    /// Region of the Lambda service.
    pub region: String,
    /// Address of the Lambda service: the route's own, or that of the environment.
    pub endpoint: Url,
    /// How it is invoked.
    pub invoke: InvokeSettings,
    /// What it is given.
    pub payload_format: PayloadFormat,
    /// How its reply is read.
    pub reply_format: ReplyFormat,
    /// What the caller learns of its errors.
    pub errors: FunctionErrors,
    /// What signs.
    pub credentials: CredentialSource,
    /// The HTTP proxy on the way to it; already left out where `NO_PROXY` says so.
    pub proxy: Option<Url>,
}

impl FunctionSettings {
    /// Whether an ARN, with or without a qualifier, is that of this function.
    pub fn is_of(&self, arn: &str) -> bool {
        name::is_named(&self.name, &self.region, arn)
    }
}

/// Reads `function`.
pub(super) fn read(
    mut fields: Fields<'_>,
    iam: Option<&Iam>,
    policy: &Policy<'_>,
    surroundings: &dyn Surroundings,
    problems: &mut Problems,
) -> Option<FunctionSettings> {
    let (name, qualifier) = name::read(&mut fields, problems);
    let region = fields.text("region", problems).map(str::to_owned);
    let region_is_bad = region.as_deref().is_some_and(|region| !is_scope_word(region));
    if region_is_bad {
        problems.add(
            &fields.path_of("region"),
            "must be made of lower-case letters, digits and \"-\"",
        );
    }
    let endpoint_path = fields.path_of("endpoint_url");
    let own_endpoint = fields.get("endpoint_url").map(|field| {
        let found = checked(field.text(problems)?, policy);
        found.map_err(|what| problems.add(&field.path, what)).ok()
    });
    let payload_format = PayloadFormat::read(&mut fields, problems);
    let reply_format = ReplyFormat::read(&mut fields, payload_format, problems);
    let invoke = InvokeSettings::read(&mut fields, problems);
    let errors = FunctionErrors::read(&mut fields, problems);
    let path = fields.path_of("region");
    fields.finish(problems);

    let name = name?;
    if let (Some(own), Some(told)) = (&region, name::region_of_arn(&name))
        && *own != told
    {
        problems.add(&path, format_args!("is not the region of the ARN, \"{told}\""));
    }
    let region = region
        .or_else(|| name::region_of_arn(&name))
        .or_else(|| iam.and_then(|iam| iam.region.clone()))
        .or_else(|| surroundings.variable("AWS_REGION"));
    let Some(region) = region else {
        problems.add(&path, "is required: neither an ARN nor AWS_REGION tells it");
        return None;
    };
    let endpoint = own_endpoint.unwrap_or_else(|| {
        let found = endpoint::of(Service::Lambda, &region, &|name| surroundings.variable(name));
        let problem = |why: NoEndpoint| match why {
            NoEndpoint::Region if region_is_bad => {}
            NoEndpoint::Region => problems.add(&path, "is required: AWS_REGION is none"),
            why => problems.add(&endpoint_path, why),
        };
        found.map_err(problem).ok()
    })?;
    Some(FunctionSettings {
        proxy: policy.proxy_to(&endpoint),
        name,
        qualifier,
        region,
        endpoint,
        invoke,
        payload_format,
        reply_format,
        errors,
        credentials: match iam {
            Some(iam) => iam.credentials.clone(),
            None => policy.credentials.get("default").cloned().unwrap_or_default(),
        },
    })
}
