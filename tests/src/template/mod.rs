//! What must hold in every stack that `template.yaml` can become: the translated template is worked out for several sets
//! of parameters, and each stack is compared with what the functions' code does.

pub mod code;
mod environment;
mod exposure;
mod gateway;
mod operations;
mod permissions;
mod roles;
pub mod stack;

use std::collections::BTreeSet;

use serde_json::Value;

use code::Code;
use stack::{Stack, at};

use crate::tidy::FUNCTIONS;

/// A name and parameters.
pub type Given = (&'static str, &'static [(&'static str, &'static str)]);

const VPC: (&str, &str) = ("VpcId", "vpc-0123456789abcdef0");
const SUBNETS: (&str, &str) = ("SubnetIds", "subnet-0123456789abcdef0,subnet-0fedcba9876543210");
const NO_AUTHORIZER: (&str, &str) = ("DeployAuthorizer", "false");
const NO_HIPCHAT_PROXY: (&str, &str) = ("DeployHipchatProxy", "false");
const NO_INVOKER: (&str, &str) = ("DeployLambdaInvoker", "false");
const LISTENER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/0123456789abcdef/0123456789abcdef";
const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/0f0f0f0f";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine-AbCdEf";
const PERMISSION_SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keto-AbCdEf";
const PROVIDER_SECRETS: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:one-AbCdEf,\
                                arn:aws:secretsmanager:eu-west-1:123456789012:secret:two-AbCdEf";
const TARGET: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live";

/// The stacks that are looked at. Together they reach every condition both ways.
pub const STACKS: &[Given] = &[
    ("defaults", &[VPC, SUBNETS]),
    ("authorizer alone", &[NO_HIPCHAT_PROXY, NO_INVOKER]),
    ("hipchat-proxy alone", &[NO_AUTHORIZER, NO_INVOKER, VPC, SUBNETS]),
    ("lambda-invoker alone", &[NO_AUTHORIZER, NO_HIPCHAT_PROXY, VPC, SUBNETS]),
    ("nothing", &[NO_AUTHORIZER, NO_HIPCHAT_PROXY, NO_INVOKER]),
    (
        "everything",
        &[
            VPC,
            SUBNETS,
            ("CreateDemoApi", "true"),
            ("GatewayCacheTtlSecs", "60"),
            ("CertificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/0f0f"),
            ("ClientSecurityGroupId", "sg-0123456789abcdef0"),
            ("ClientCidr", "10.0.0.0/16"),
            ("LoadBalancerLogsBucket", "logs"),
            ("PrivateZoneName", "hipchat.example.com"),
            ("PrivateZoneVpcIds", "vpc-11111111,vpc-22222222"),
            ("SecretsKmsKeyArn", KEY),
            ("LogsKmsKeyArn", KEY),
            ("AlarmTopicArn", "arn:aws:sns:eu-west-1:123456789012:alarms"),
            (
                "ExtensionLayerArns",
                "arn:aws:lambda:eu-west-1:123456789012:layer:collector:1,\
                 arn:aws:lambda:eu-west-1:123456789012:layer:collector-config:3",
            ),
            ("DeploymentType", "AllAtOnce"),
            ("AuthorizerIntrospectionAuth", "client_credentials"),
            ("AuthorizerCaBundleSecretArn", SECRET),
            ("AuthorizerPermissionCaBundleSecretArn", PERMISSION_SECRET),
            ("AuthorizerProviderSecretArns", PROVIDER_SECRETS),
            ("AuthorizerSubnetIds", "subnet-0123456789abcdef0"),
            ("AuthorizerSecurityGroupIds", "sg-0123456789abcdef0"),
            ("AuthorizerReservedConcurrency", "50"),
            ("HipchatProxyReservedConcurrency", "10"),
            ("HipchatProxyOauth", "true"),
            ("LambdaInvokerReservedConcurrency", "10"),
            ("LambdaInvokerFunctionArns", TARGET),
            ("LambdaInvokerFunctionUrlArns", TARGET),
            (
                "LambdaInvokerApiArns",
                "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders",
            ),
            ("LambdaInvokerRoleArns", "arn:aws:iam::123456789012:role/other"),
            ("LambdaInvokerSecretArns", SECRET),
        ],
    ),
    (
        "existing listeners and zone",
        &[
            ("ExistingHttpListenerArn", LISTENER),
            ("ExistingHttpsListenerArn", LISTENER),
            ("ExistingLoadBalancerName", "internal-web.eu-west-1.elb.amazonaws.com"),
            ("ExistingLoadBalancerZoneId", "Z32O12XQLNTSW2"),
            ("PrivateZoneName", "hipchat.example.com"),
            ("ExistingZoneId", "Z0123456789ABCDEFGHIJ"),
            ("AuthorizerIntrospectionAuth", "bearer"),
            ("HipchatProxyDirectoryFile", "rooms.json"),
            ("LambdaInvokerConfigFile", "routes.json"),
        ],
    ),
    (
        "one existing listener, a new zone",
        &[
            ("ExistingHttpListenerArn", LISTENER),
            ("ExistingLoadBalancerName", "internal-web.eu-west-1.elb.amazonaws.com"),
            ("ExistingLoadBalancerZoneId", "Z32O12XQLNTSW2"),
            ("PrivateZoneName", "hipchat.example.com"),
            ("PrivateZoneVpcIds", "vpc-11111111"),
        ],
    ),
    (
        "lambda-invoker behind a Function URL",
        &[NO_AUTHORIZER, NO_HIPCHAT_PROXY, ("LambdaInvokerFront", "function-url")],
    ),
    (
        "lambda-invoker behind an HTTP API",
        &[
            NO_HIPCHAT_PROXY,
            ("LambdaInvokerFront", "http-api"),
            ("AuthorizerHttpV2Response", "iam"),
            ("AuthorizerApiId", "a1b2c3d4e5"),
        ],
    ),
];

/// Every place where a stack of this translated template is not as it must be.
#[must_use]
pub fn faults(translated: &Value, code: &Code) -> Vec<String> {
    let mut faults: Vec<String> = code.problems.clone();
    for (name, given) in STACKS {
        let stack = Stack::new(translated, given);
        let found = of_stack(&stack, code);
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults
}

/// The resources of this translated template that none of the stacks has: nothing is said about them.
#[must_use]
pub fn unseen(translated: &Value) -> Vec<String> {
    let seen: BTreeSet<String> = STACKS
        .iter()
        .flat_map(|(_, given)| Stack::new(translated, given).resources.into_keys())
        .collect();
    stack::members(&translated["Resources"])
        .map(|(name, _)| name.to_owned())
        .filter(|name| !seen.contains(name))
        .collect()
}

fn of_stack(stack: &Stack, code: &Code) -> Vec<String> {
    let mut faults = stack.problems.clone();
    faults.extend(
        stack
            .broken_rules
            .iter()
            .map(|rule| format!("a rule is broken: {rule}")),
    );
    let functions = Deployed::all(stack);
    faults.extend(presence(stack, &functions));
    faults.extend(environment::faults(&functions, code));
    faults.extend(roles::faults(stack, &functions, code));
    faults.extend(permissions::faults(stack, &functions));
    faults.extend(exposure::faults(stack));
    faults.extend(gateway::faults(stack));
    faults.extend(operations::faults(stack, &functions, code));
    faults
}

/// One of the suite's functions in a stack.
pub(crate) struct Deployed<'a> {
    /// Its folder below `functions/`.
    pub(crate) folder: &'static str,
    /// Its resource's name.
    pub(crate) name: &'a str,
    /// Its resource's properties.
    pub(crate) properties: &'a Value,
}

impl<'a> Deployed<'a> {
    fn all(stack: &'a Stack) -> Vec<Self> {
        stack
            .resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
            .filter_map(|(name, resource)| {
                let binary = at(resource, "/Metadata/BuildProperties/Binary").as_str()?;
                let folder = FUNCTIONS.into_iter().find(|function| *function == binary)?;
                Some(Self {
                    folder,
                    name,
                    properties: &resource["Properties"],
                })
            })
            .collect()
    }
}

/// Each function is there when its parameter says so, on its alias, and moves to a new version in steps.
fn presence(stack: &Stack, functions: &[Deployed<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let switches = ["DeployAuthorizer", "DeployHipchatProxy", "DeployLambdaInvoker"];
    for (function, switch) in FUNCTIONS.into_iter().zip(switches) {
        let wanted = stack.parameters.get(switch).is_some_and(|value| value == "true");
        if functions.iter().any(|deployed| deployed.folder == function) != wanted {
            faults.push(format!("{function}: is not what {switch} says"));
        }
    }
    for function in functions {
        let name = function.name;
        if function.properties["Runtime"] != "provided.al2023"
            || *at(function.properties, "/TracingConfig/Mode") != "Active"
        {
            faults.push(format!("{name}: must run on provided.al2023 with active tracing"));
        }
        let alias = format!("{name}Aliaslive");
        let group = format!("{name}DeploymentGroup");
        let updates = at(
            stack.resources.get(&alias).unwrap_or(&Value::Null),
            "/UpdatePolicy/CodeDeployLambdaAliasUpdate",
        );
        if updates["DeploymentGroupName"] != format!("${{{group}}}") {
            faults.push(format!("{alias}: new versions get all traffic at once"));
        }
        let group = stack.at(&Value::from(group));
        let alarms = stack::items(at(group, "/AlarmConfiguration/Alarms"));
        if *at(group, "/AlarmConfiguration/Enabled") != true
            || alarms.filter(|alarm| !stack.at(&alarm["Name"]).is_null()).count() == 0
        {
            faults.push(format!("{name}: no alarm stops a release"));
        }
    }
    faults
}
