//! API Gateway: there by parameter alone, every route asks the authorizer, and no answer is kept for long.

use serde_json::Value;

use super::stack::{Stack, at, items, members, text};

/// Longest that a gateway may keep an answer, in seconds: it knows nothing of a token's end.
const LONGEST_TTL: u32 = 60;

pub(super) fn faults(stack: &Stack) -> Vec<String> {
    let given = |name: &str| stack.parameters.get(name).map(String::as_str).unwrap_or_default();
    let mut faults = Vec::new();
    let mut apis: Vec<&str> = Vec::new();
    for (name, _) in stack.of("AWS::ApiGatewayV2::Api") {
        apis.push(name);
        let routes: Vec<&Value> = stack
            .of("AWS::ApiGatewayV2::Route")
            .map(|(_, route)| route)
            .filter(|route| route["ApiId"] == format!("${{{name}}}"))
            .collect();
        let asks =
            |route: &&Value| route["AuthorizationType"] == "CUSTOM" && !stack.at(&route["AuthorizerId"]).is_null();
        if routes.is_empty() || !routes.iter().all(asks) {
            faults.push(format!("{name}: a route asks no authorizer"));
        }
    }
    for (name, authorizer) in stack.of("AWS::ApiGatewayV2::Authorizer") {
        faults.extend(ttl(name, &authorizer["AuthorizerResultTtlInSeconds"]));
        let simple = given("AuthorizerHttpV2Response") != "iam";
        if authorizer["EnableSimpleResponses"] != simple || authorizer["AuthorizerPayloadFormatVersion"] != "2.0" {
            faults.push(format!(
                "{name}: reads another form of answer than the authorizer gives"
            ));
        }
    }
    for (name, api) in stack.of("AWS::ApiGateway::RestApi") {
        apis.push(name);
        faults.extend(rest(name, &api["Body"]));
    }
    let demo = given("CreateDemoApi") == "true" && given("DeployAuthorizer") == "true";
    let front = given("LambdaInvokerFront") == "http-api" && given("DeployLambdaInvoker") == "true";
    let wanted = usize::from(demo) * 2 + usize::from(front);
    if apis.len() != wanted {
        faults.push(format!(
            "{} APIs and not {wanted} are on the internet: {}",
            apis.len(),
            apis.join(", ")
        ));
    }
    faults
}

fn ttl(name: &str, ttl: &Value) -> Option<String> {
    let is_short = text(ttl).parse::<u32>().is_ok_and(|secs| secs <= LONGEST_TTL);
    (!is_short).then(|| format!("{name}: keeps answers for {ttl} s, which must be 0 to {LONGEST_TTL}"))
}

fn rest(name: &str, body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, methods) in members(&body["paths"]) {
        for (verb, method) in members(methods) {
            if items(&method["security"]).next().is_none() {
                faults.push(format!("{name}: {verb} {path} asks no authorizer"));
            }
        }
    }
    for (_, scheme) in members(at(body, "/components/securitySchemes")) {
        let authorizer = &scheme["x-amazon-apigateway-authorizer"];
        faults.extend(ttl(name, &authorizer["authorizerResultTtlInSeconds"]));
    }
    for (kind, challenge) in [
        ("UNAUTHORIZED", "'Bearer'"),
        ("ACCESS_DENIED", "'Bearer error=\"insufficient_scope\"'"),
    ] {
        let headers = at(
            body,
            &format!("/x-amazon-apigateway-gateway-responses/{kind}/responseParameters"),
        );
        if headers["gatewayresponse.header.WWW-Authenticate"] != challenge
            || headers["gatewayresponse.header.Access-Control-Allow-Origin"].is_null()
        {
            faults.push(format!("{name}: {kind} must carry a challenge and let pages read it"));
        }
    }
    faults
}
