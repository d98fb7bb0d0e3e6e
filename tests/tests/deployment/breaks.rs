//! Ways to break the template; each must be found out.

use tests::template::code::Code;
use tests::template::faults;

use super::repository;
use super::translator::translated;

/// One way to break the template: a text of it, what takes its place, and words of the fault that must be found.
type Break = (&'static str, &'static str, &'static str);

const BREAKS: &[Break] = &[
    // The wrong source, account, target or principal of a permission.
    (
        ":${AuthorizerApiId}/authorizers/*",
        ":${AuthorizerApiId}/*",
        "AuthorizerPermission: names the wrong source",
    ),
    (
        ":targetgroup/hipchat-${Id}/*",
        ":targetgroup/invoker-${Id}/*",
        "HipchatProxyTargetGroup: may not call its target",
    ),
    (
        "Principal: elasticloadbalancing.amazonaws.com",
        "Principal: \"*\"",
        "lets in *",
    ),
    (
        "      FunctionName: !Ref AuthorizerFunction.Alias",
        "      FunctionName: !Ref AuthorizerFunction",
        "must stand on the alias",
    ),
    // A role that allows too little, too much, or on too much.
    (
        "Action: [logs:CreateLogStream, logs:PutLogEvents]",
        "Action: [logs:CreateLogStream]",
        "must allow logs:PutLogEvents",
    ),
    (
        "                  - !Ref SlackTokenSecret\n",
        "",
        "must allow secretsmanager:GetSecretValue on ${SlackTokenSecret}",
    ),
    (
        "                  Resource: !Split [\",\", !Ref AuthorizerProviderSecretArns]",
        "                  Resource: !Select [0, !Split [\",\", !Ref AuthorizerProviderSecretArns]]",
        "must allow secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:123456789012:secret:two-AbCdEf",
    ),
    (
        "                  Action: secretsmanager:GetSecretValue\n",
        "                  Action: secretsmanager:*\n",
        "no exact action",
    ),
    (
        "[logs:CreateLogStream, logs:PutLogEvents]",
        "[logs:CreateLogStream, logs:PutLogEvents, s3:GetObject]",
        "allows s3:GetObject, and nothing does that",
    ),
    (
        "                  Resource: !Ref LambdaInvokerFunctionArns",
        "                  Resource: \"*\"",
        "holds for more than named resources",
    ),
    (
        "                  Action: execute-api:Invoke",
        "                  Action: execute-api:ManageConnections",
        "must allow execute-api:Invoke",
    ),
    // Variables.
    (
        "          AUTHZ_SCOPE_MODE: !Ref AuthorizerScopeMode\n",
        "",
        "AUTHZ_SCOPE_MODE: in the code of authorizer, but not in",
    ),
    (
        "          SLACK_TOKEN: \"\"",
        "          SLACK_TOKEN: xoxb-1",
        "SLACK_TOKEN holds a secret in plain sight",
    ),
    // Doors.
    (
        "      Scheme: internal",
        "      Scheme: internet-facing",
        "LoadBalancer: is on the internet",
    ),
    (
        "      CidrIp: !Ref ClientCidr",
        "      CidrIp: 0.0.0.0/0",
        "lets in more than the clients that were given",
    ),
    (
        "      SecurityGroupEgress:\n",
        "      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}]\n      SecurityGroupEgress:\n",
        "lets somebody in without a parameter",
    ),
    (
        "      AuthType: AWS_IAM",
        "      AuthType: NONE",
        "LambdaInvokerUrl: is open",
    ),
    (
        "      AuthorizationType: CUSTOM\n",
        "      AuthorizationType: NONE\n",
        "a route asks no authorizer",
    ),
    (
        "    Condition: HasDemoApi\n",
        "    Condition: HasAuthorizer\n",
        "APIs and not 0 are on the internet",
    ),
    (
        "              security: [{authorizer: []}]\n",
        "",
        "get /hello asks no authorizer",
    ),
    (
        "      - !Equals [!Ref LambdaInvokerFront, http-api]",
        "      - !Equals [!Ref LambdaInvokerFront, load-balancer]",
        "closed by the authorizer",
    ),
    (
        "        - {Type: forward, TargetGroupArn: !Ref HipchatProxyTargetGroup}",
        "        - {Type: redirect, RedirectConfig: {StatusCode: HTTP_301, Protocol: HTTPS}}",
        "must forward by host name",
    ),
    (
        "          - HasZoneVpc1\n",
        "          - HasZoneVpc2\n",
        "PrivateZone: is seen by",
    ),
    (
        "      HealthCheckEnabled: true\n",
        "",
        "HipchatProxyTargetGroup: nobody looks at its health",
    ),
    (
        "lambda.multi_value_headers.enabled, Value: \"true\"",
        "lambda.multi_value_headers.enabled, Value: \"false\"",
        "loses repeated headers",
    ),
    // Operations.
    (
        "      RetentionInDays: !Ref LogRetentionDays\n",
        "",
        "keeps its lines for ever",
    ),
    (
        "      MetricName: SlackAuthFailures",
        "      MetricName: SlackAuthFailure",
        "hipchat-proxy emits no metric SlackAuthFailure",
    ),
    (
        "        - {Name: outcome, Value: upstream_error}",
        "        - {Name: result, Value: upstream_error}",
        "but not by service, result",
    ),
    (
        "        - {Name: reason, Value: upstream_unauthorized}",
        "        - {Name: reason, Value: upstream_forbids}",
        "knows no outcome or reason upstream_forbids",
    ),
    (
        "[\"LambdaSuite\", \"SlackMs\"",
        "[\"LambdaSuite\", \"SlackTime\"",
        "Dashboard: hipchat-proxy emits no metric SlackTime",
    ),
    (
        "\"service\", \"lambda-invoker\"",
        "\"service\", \"invoker\"",
        "Dashboard: LambdaSuite",
    ),
    (
        "      Threshold: 2800",
        "      Threshold: 6000",
        "p99 of its duration must be watched at 2800 ms",
    ),
    (
        "        Alarms: [!Ref AuthorizerErrorsAlarm]\n",
        "",
        "no alarm stops a release",
    ),
    (
        "        PassthroughCondition: true\n",
        "",
        "is referred to, and the stack has none",
    ),
    (
        "        LogGroup: !Ref AuthorizerLogGroup\n",
        "",
        "must log JSON to a group of this stack",
    ),
    (
        "AlarmActions: !If [HasAlarmTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]",
        "AlarmActions: [arn:aws:sns:eu-west-1:1:other]",
        "does not tell AlarmTopicArn",
    ),
    // The gateway.
    (
        "      AuthorizerResultTtlInSeconds: !Ref GatewayCacheTtlSecs",
        "      AuthorizerResultTtlInSeconds: 300",
        "keeps answers for 300 s",
    ),
    (
        "              gatewayresponse.header.WWW-Authenticate: \"'Bearer'\"\n",
        "",
        "UNAUTHORIZED must carry a challenge",
    ),
    (
        "      EnableSimpleResponses: !If [AuthorizerAnswersSimply, true, false]",
        "      EnableSimpleResponses: true",
        "reads another form of answer",
    ),
];

#[test]
fn a_broken_template_is_found_out() {
    let files = repository();
    let code = Code::read(&files);
    let whole = &files["template.yaml"];
    let mut broken = Vec::new();
    for (text, other, _) in BREAKS {
        assert!(whole.contains(text), "the template no longer has {text:?}");
        broken.push(whole.replace(text, other));
    }
    for ((text, _, words), translated) in BREAKS.iter().zip(translated(&broken)) {
        let found = match translated["error"].as_str() {
            Some(error) => vec![error.to_owned()],
            None => faults(&translated, &code),
        };
        assert!(
            found.iter().any(|fault| fault.contains(words)),
            "{text:?} was broken, and {words:?} is not among:\n{}",
            found.join("\n")
        );
    }
}
