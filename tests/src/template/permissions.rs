//! Who may call a function: the front that stands before it, and nobody else.

use serde_json::Value;

use super::Deployed;
use super::stack::{Stack, at, items, members, name_of, text};

const APIS: &str = "arn:aws:execute-api:eu-west-1:123456789012:";
const TARGET_GROUPS: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/";

pub(super) fn faults(stack: &Stack, functions: &[Deployed<'_>]) -> Vec<String> {
    let mut faults: Vec<String> = stack
        .of("AWS::Lambda::Permission")
        .filter_map(|(name, permission)| Some(format!("{name}: {}", wrong(stack, functions, permission)?)))
        .collect();
    for (name, group) in stack.of("AWS::ElasticLoadBalancingV2::TargetGroup") {
        let source = format!("{TARGET_GROUPS}{}/*", text(&group["Name"]));
        for target in items(&group["Targets"]) {
            if !permitted(stack, &target["Id"], &source) {
                faults.push(format!("{name}: may not call its target"));
            }
        }
        let attribute = serde_json::json!({"Key": "lambda.multi_value_headers.enabled", "Value": "true"});
        if !items(&group["TargetGroupAttributes"]).any(|given| *given == attribute) {
            faults.push(format!("{name}: loses repeated headers"));
        }
        if name.starts_with("HipchatProxy") && group["HealthCheckEnabled"] != true {
            faults.push(format!("{name}: nobody looks at its health"));
        }
    }
    for (name, api, alias) in authorizers(stack) {
        if !permitted(stack, &Value::from(alias), &format!("{APIS}{api}/authorizers/*")) {
            faults.push(format!("{name}: may not call the authorizer"));
        }
    }
    // Whoever attaches the authorizer to an API of their own needs the permission that no API of this stack uses.
    if let Some(authorizer) = functions.iter().find(|function| function.folder == "authorizer") {
        let api = stack
            .parameters
            .get("AuthorizerApiId")
            .map(String::as_str)
            .unwrap_or_default();
        let alias = Value::from(format!("${{{}Aliaslive}}", authorizer.name));
        if !permitted(stack, &alias, &format!("{APIS}{api}/authorizers/*")) {
            faults.push(format!(
                "{}: the API of AuthorizerApiId may not call it",
                authorizer.name
            ));
        }
    }
    faults
}

/// What is wrong with one permission.
fn wrong(stack: &Stack, functions: &[Deployed<'_>], permission: &Value) -> Option<String> {
    let (principal, source) = (text(&permission["Principal"]), text(&permission["SourceArn"]));
    let called = name_of(permission["FunctionName"].as_str().unwrap_or_default());
    let function = functions.iter().find(|function| called.starts_with(function.name));
    if permission["Action"] != "lambda:InvokeFunction" || permission["SourceAccount"] != "123456789012" {
        return Some("must allow lambda:InvokeFunction to this account".to_owned());
    }
    if let Some(function) = function
        && called != format!("{}Aliaslive", function.name)
    {
        return Some("must stand on the alias, which releases move".to_owned());
    }
    let is_authorizer = function.is_some_and(|function| function.folder == "authorizer");
    match principal.as_str() {
        "apigateway.amazonaws.com" => {
            let rest = source.strip_prefix(APIS)?;
            let (api, inside) = rest.split_once('/')?;
            let is_open =
                api == "*" && !(is_authorizer && stack.parameters.get("AuthorizerApiId").is_some_and(|id| id == "*"));
            let narrow = if is_authorizer {
                inside == "authorizers/*"
            } else {
                inside.starts_with("*/") && !inside.ends_with("/*")
            };
            (is_open || !narrow).then(|| format!("names the wrong source {source}"))
        }
        "elasticloadbalancing.amazonaws.com" => {
            let group = source
                .strip_prefix(TARGET_GROUPS)
                .and_then(|rest| rest.strip_suffix("/*"));
            let known = stack
                .of("AWS::ElasticLoadBalancingV2::TargetGroup")
                .any(|(_, properties)| group.is_some_and(|group| properties["Name"] == group));
            (!known || is_authorizer).then(|| format!("names the wrong source {source}"))
        }
        other => Some(format!("lets in {other}")),
    }
    .or_else(|| (!source.starts_with("arn:")).then(|| "names no source".to_owned()))
}

fn permitted(stack: &Stack, function: &Value, source: &str) -> bool {
    stack
        .of("AWS::Lambda::Permission")
        .any(|(_, permission)| permission["FunctionName"] == *function && permission["SourceArn"] == source)
}

/// The APIs' Lambda authorizers: where it stands, the API's token, the function's token.
fn authorizers(stack: &Stack) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (name, authorizer) in stack.of("AWS::ApiGatewayV2::Authorizer") {
        found.push((
            name.to_owned(),
            text(&authorizer["ApiId"]),
            called_by(&authorizer["AuthorizerUri"]),
        ));
    }
    for (name, api) in stack.of("AWS::ApiGateway::RestApi") {
        for (_, scheme) in members(at(api, "/Body/components/securitySchemes")) {
            let uri = at(scheme, "/x-amazon-apigateway-authorizer/authorizerUri");
            found.push((name.to_owned(), format!("${{{name}}}"), called_by(uri)));
        }
    }
    found
}

/// The function in `arn:...:path/2015-03-31/functions/<function>/invocations`.
fn called_by(uri: &Value) -> String {
    let uri = text(uri);
    uri.split_once("/functions/")
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"))
        .unwrap_or_default()
        .to_owned()
}
