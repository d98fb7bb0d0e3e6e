//! Each function's role allows what its code and Lambda itself do, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Deployed;
use super::code::Code;
use super::stack::{Stack, at, items, members, text};
use crate::tidy::variables::REFERENCE;

const WRITE_LOGS: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
const TRACE: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const NETWORK: [&str; 6] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// The parameters that list what lambda-invoker's routes call, and the actions that each of them allows.
const TARGETS: [(&str, &[&str]); 5] = [
    ("LambdaInvokerFunctionArns", &["lambda:InvokeFunction"]),
    (
        "LambdaInvokerFunctionUrlArns",
        &["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
    ),
    ("LambdaInvokerApiArns", &["execute-api:Invoke"]),
    ("LambdaInvokerRoleArns", &["sts:AssumeRole"]),
    ("LambdaInvokerSecretArns", &["secretsmanager:GetSecretValue"]),
];

pub(super) fn faults(stack: &Stack, functions: &[Deployed<'_>], code: &Code) -> Vec<String> {
    let mut faults = Vec::new();
    for function in functions {
        let mut found = of_function(stack, function, code);
        faults.extend(
            found
                .drain(..)
                .map(|fault| format!("{}: its role {fault}", function.name)),
        );
    }
    for (name, role) in stack.of("AWS::IAM::Role") {
        for statement in statements(role) {
            faults.extend(loose(statement).map(|fault| format!("{name}: {fault}")));
        }
        if items(&role["ManagedPolicyArns"]).any(|arn| !text(arn).ends_with("AWSCodeDeployRoleForLambda")) {
            faults.push(format!("{name}: has a policy that others manage"));
        }
    }
    faults
}

fn of_function(stack: &Stack, function: &Deployed<'_>, code: &Code) -> Vec<String> {
    let role = stack.at(&function.properties["Role"]);
    if items(at(role, "/AssumeRolePolicyDocument/Statement"))
        .any(|trust| trust["Principal"] != serde_json::json!({"Service": "lambda.amazonaws.com"}))
    {
        return vec!["is not for Lambda alone".to_owned()];
    }
    let mut faults = Vec::new();
    let grants = Grants(
        statements(role)
            .filter(|statement| statement["Effect"] == "Allow")
            .collect(),
    );
    let in_vpc = !function.properties["VpcConfig"].is_null();
    let encrypted = stack.parameters.get("SecretsKmsKeyArn").filter(|key| !key.is_empty());
    let needed = code
        .functions
        .get(function.folder)
        .map(|own| own.actions.clone())
        .unwrap_or_default();

    // What is allowed must be needed.
    let mut known: BTreeSet<&str> = needed.clone();
    known.extend(WRITE_LOGS);
    known.extend(TRACE);
    known.extend(in_vpc.then_some(NETWORK).into_iter().flatten());
    known.extend(encrypted.map(|_| "kms:Decrypt"));
    for action in grants.actions().filter(|action| !known.contains(action.as_str())) {
        faults.push(format!("allows {action}, and nothing does that"));
    }

    // What is needed must be allowed, on what it is needed for.
    let log_group = text(at(function.properties, "/LoggingConfig/LogGroup")).replace('}', ".Arn}");
    let mut demand = |actions: &[&str], resource: &str| {
        for action in actions.iter().filter(|action| !grants.allow(action, resource)) {
            faults.push(format!("must allow {action} on {resource}"));
        }
    };
    demand(&WRITE_LOGS, &log_group);
    demand(&TRACE, "*");
    if in_vpc {
        demand(&NETWORK, "*");
    }
    for (name, value) in members(at(function.properties, "/Environment/Variables")) {
        if name.ends_with(REFERENCE) && !text(value).is_empty() {
            demand(&["secretsmanager:GetSecretValue"], &text(value));
        }
    }
    if let Some(key) = encrypted {
        demand(&["kms:Decrypt"], key);
    }
    if function.folder == "authorizer" {
        let given = stack.parameters.get("AuthorizerProviderSecretArns");
        for arn in given
            .into_iter()
            .flat_map(|list| list.split(','))
            .filter(|arn| !arn.is_empty())
        {
            demand(&["secretsmanager:GetSecretValue"], arn);
        }
    }
    if function.folder == "lambda-invoker" {
        for (parameter, actions) in TARGETS {
            let given = stack.parameters.get(parameter).filter(|list| !list.is_empty());
            for arn in given.into_iter().flat_map(|list| list.split(',')) {
                demand(actions, arn);
            }
        }
        // Each of the code's calls has a parameter that allows it.
        let offered: BTreeSet<&str> = TARGETS
            .iter()
            .flat_map(|(_, actions)| actions.iter().copied())
            .collect();
        for action in needed.iter().filter(|action| !offered.contains(*action)) {
            faults.push(format!("cannot be given {action} by any parameter"));
        }
    }
    faults
}

struct Grants<'a>(Vec<&'a Value>);

impl Grants<'_> {
    fn actions(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .flat_map(|statement| items(&statement["Action"]).map(text))
    }

    fn allow(&self, action: &str, resource: &str) -> bool {
        self.0.iter().any(|statement| {
            items(&statement["Action"]).any(|given| given == action)
                && items(&statement["Resource"]).any(|given| given == resource)
        })
    }
}

fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    items(&role["Policies"]).flat_map(|policy| items(at(policy, "/PolicyDocument/Statement")))
}

/// A statement that says less than which verb on what.
fn loose(statement: &Value) -> Option<String> {
    let sid = text(&statement["Sid"]);
    let actions: Vec<String> = items(&statement["Action"]).map(text).collect();
    if sid.is_empty() {
        return Some("a statement has no Sid".to_owned());
    }
    if actions.is_empty()
        || actions
            .iter()
            .any(|action| action.contains('*') || !action.contains(':'))
    {
        return Some(format!("{sid} names no exact action: {}", actions.join(", ")));
    }
    let wide =
        items(&statement["Resource"]).any(|resource| text(resource).contains('*')) || statement["Resource"].is_null();
    let without_resources = |action: &String| TRACE.contains(&action.as_str()) || NETWORK.contains(&action.as_str());
    if wide && statement["Effect"] == "Allow" && !actions.iter().all(without_resources) {
        return Some(format!("{sid} holds for more than named resources"));
    }
    if actions.iter().any(|action| action == "kms:Decrypt")
        && at(statement, "/Condition/StringEquals/kms:ViaService").is_null()
    {
        return Some(format!("{sid} decrypts more than secrets"));
    }
    None
}
