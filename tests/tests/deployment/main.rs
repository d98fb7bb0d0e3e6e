//! The stacks that `template.yaml` makes, without an account: translated by AWS's own translator, worked out for several
//! sets of parameters, compared with the code. Broken templates show that each comparison bites.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tests::template::code::Code;
use tests::template::stack::Stack;
use tests::template::{faults, unseen};
use tests::tidy::{self, Files, root};

fn repository() -> Files {
    tidy::read(&root()).unwrap()
}

/// Translates templates, in two processes side by side: starting a translator takes longer than its work on one template.
fn translated(templates: &[String]) -> Vec<Value> {
    let half = templates.len().div_ceil(2);
    let started: Vec<Child> = templates.chunks(half).map(translator).collect();
    started
        .into_iter()
        .flat_map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "the translator failed");
            serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
        })
        .collect()
}

/// A translator that has its templates and works on them.
fn translator(templates: &[String]) -> Child {
    let environment = root().join(".tools/interop/sam-translator");
    assert!(
        environment.join("stamp").is_file(),
        "tests/interop/sam-translator is not installed: run .ci/interop (make test does)"
    );
    let parsed: Vec<Value> = templates
        .iter()
        .map(|text| tidy::template::parse(text).unwrap())
        .collect();
    let mut child = Command::new(environment.join("bin/python"))
        .arg("-B")
        .arg(root().join("tests/interop/sam-translator/translate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&parsed).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    child
}

fn the_stack(given: &[(&str, &str)]) -> Stack {
    Stack::new(&translated(&[repository()["template.yaml"].clone()])[0], given)
}

#[test]
fn every_stack_is_as_it_must_be() {
    let files = repository();
    let translated = translated(&[files["template.yaml"].clone()]).remove(0);
    assert!(translated["error"].is_null(), "{translated}");
    let faults = faults(&translated, &Code::read(&files));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(
        unseen(&translated),
        Vec::<String>::new(),
        "in none of the stacks that are looked at"
    );
}

#[test]
fn parameters_that_do_not_fit_together_are_refused() {
    let template = translated(&[repository()["template.yaml"].clone()]).remove(0);
    let listener = (
        "ExistingHttpListenerArn",
        "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/a/b/c",
    );
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "needs VpcId"),
        (&[("DeployHipchatProxy", "false")], "needs VpcId"),
        (
            &[listener, ("PrivateZoneName", "a.example.com")],
            "ExistingLoadBalancerName",
        ),
        (&[listener, ("PrivateZoneName", "a.example.com")], "a VPC that sees it"),
        (
            &[
                listener,
                ("LambdaInvokerFront", "http-api"),
                ("DeployAuthorizer", "false"),
            ],
            "closed by the authorizer",
        ),
        (
            &[listener, ("CreateDemoApi", "true"), ("DeployAuthorizer", "false")],
            "show the authorizer",
        ),
        (
            &[
                listener,
                ("AuthorizerPolicyScope", "method"),
                ("GatewayCacheTtlSecs", "5"),
            ],
            "GatewayCacheTtlSecs must be 0",
        ),
    ];
    for (given, words) in cases {
        let broken = Stack::new(&template, given).broken_rules;
        assert!(broken.iter().any(|rule| rule.contains(words)), "{given:?}: {broken:?}");
    }
    assert!(Stack::new(&template, &[listener]).broken_rules.is_empty());
}

#[test]
fn the_zone_takes_as_many_vpcs_as_its_parameter() {
    let eight: Vec<String> = (1..=8).map(|n| format!("vpc-{n}{n}{n}{n}{n}{n}{n}{n}")).collect();
    let given = [
        ("VpcId", "vpc-0123456789abcdef0"),
        ("PrivateZoneName", "a.example.com"),
        ("PrivateZoneVpcIds", &eight.join(",")),
    ];
    let stack = the_stack(&given);
    let seen = stack.resources["PrivateZone"]["Properties"]["VPCs"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(seen.len(), 9);
    assert_eq!(seen[8]["VPCId"], "vpc-88888888");
}

#[test]
fn each_stage_builds_for_the_processor_that_it_deploys_on_and_names_parameters_that_exist() {
    let files = repository();
    let template = tidy::template::parse(&files["template.yaml"]).unwrap();
    let mut processors = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    let mut stage = "";
    for line in files["samconfig.toml"].lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            stage = section.split('.').next().unwrap();
        }
        // Examples that are commented out count too.
        let Some((name, value)) = line.split('"').nth(1).and_then(|pair| pair.split_once('=')) else {
            continue;
        };
        if line.starts_with("tags") {
            continue;
        }
        let parameter = &template["Parameters"][name];
        assert!(parameter.is_object(), "samconfig.toml: there is no parameter {name}");
        if name == "Architecture" {
            processors.entry(stage).or_default().push(value);
        }
    }
    assert_eq!(processors.len(), 2, "{processors:?}");
    for (stage, values) in processors {
        assert!(values.len() == 2 && values[0] == values[1], "{stage}: {values:?}");
    }
}

#[test]
fn extensions_come_to_every_function_or_to_none() {
    let layers = [
        "arn:aws:lambda:eu-west-1:1:layer:a:1",
        "arn:aws:lambda:eu-west-1:1:layer:b:2",
    ];
    let vpc = ("VpcId", "vpc-0123456789abcdef0");
    for (given, wanted) in [
        (vec![vpc], Value::Null),
        (
            vec![vpc, ("ExtensionLayerArns", &layers.join(","))],
            Value::from(&layers[..]),
        ),
    ] {
        let stack = the_stack(&given);
        let functions: Vec<&Value> = stack
            .of("AWS::Lambda::Function")
            .map(|(_, function)| &function["Layers"])
            .collect();
        assert_eq!(functions, [&wanted, &wanted, &wanted]);
    }
}

#[test]
fn outputs_are_lines_to_copy() {
    let stack = the_stack(&[("VpcId", "vpc-0123456789abcdef0"), ("CreateDemoApi", "true")]);
    let output = |name: &str| stack.outputs[name]["Value"].as_str().unwrap().to_owned();
    let uri = "--authorizer-uri arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${AuthorizerFunctionAliaslive}/invocations";
    for (name, words) in [
        (
            "AttachToRestApiAsToken",
            "aws apigateway create-authorizer --region eu-west-1 --rest-api-id YOUR_API_ID",
        ),
        (
            "AttachToRestApiAsRequest",
            "--type REQUEST --identity-source method.request.header.Authorization",
        ),
        (
            "AttachToHttpApi",
            "--authorizer-payload-format-version 2.0 --enable-simple-responses --identity-source '$request.header.Authorization'",
        ),
        (
            "AttachToWebSocketApi",
            "--authorizer-type REQUEST --identity-source route.request.header.Authorization",
        ),
    ] {
        let line = output(name);
        assert!(
            line.contains(words) && line.ends_with(uri) && !line.contains('\n'),
            "{name}: {line}"
        );
    }
    assert_eq!(
        output("TryDemoRestApi"),
        "curl -i -H \"Authorization: Bearer $TOKEN\" https://${DemoRestApi}.execute-api.eu-west-1.amazonaws.com/demo/hello"
    );
    assert!(output("TryHipchatProxy").ends_with("\"http://${LoadBalancer.DNSName}/v2/room/$ROOM/notification\""));
    assert!(!stack.outputs.contains_key("LambdaInvokerUrl"));
}

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

/// The template with another default of a parameter whose own is empty.
fn with_default(template: &str, parameter: &str, value: &str) -> String {
    let head = format!("\n  {parameter}:\n");
    let (before, after) = template.split_once(&head).unwrap();
    let after = after.replacen("Default: \"\"", &format!("Default: \"{value}\""), 1);
    format!("{before}{head}{after}")
}

#[test]
fn another_release_publishes_every_function() {
    let template = &repository()["template.yaml"];
    let given = [
        ("Release", ""),
        ("AuthorizerIssuers", "https://a"),
        ("Release", "r1"),
        ("Release", "r2"),
    ];
    let stacks = translated(&given.map(|(parameter, value)| with_default(template, parameter, value)));
    let versions = |stack: &Value| -> Vec<String> {
        let resources = stack["Resources"].as_object().unwrap().iter();
        let versions = resources
            .filter(|(name, resource)| resource["Type"] == "AWS::Lambda::Version" && !name.starts_with("Demo"));
        versions.map(|(name, _)| name.clone()).collect()
    };
    let versions: Vec<Vec<String>> = stacks.iter().map(versions).collect();
    assert_eq!(versions[0].len(), 3, "{versions:?}");
    // What the guides warn of: another parameter alone changes nothing that is called.
    assert_eq!(versions[0], versions[1]);
    for (one, other) in [(0, 2), (2, 3)] {
        assert!(
            versions[one].iter().all(|version| !versions[other].contains(version)),
            "{versions:?}"
        );
    }
}
