//! The stacks that `template.yaml` makes, without an account: translated by AWS's own translator, worked out for several
//! sets of parameters, compared with the code. Broken templates show that each comparison bites.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod breaks;
mod translator;

use serde_json::Value;
use tests::template::code::Code;
use tests::template::stack::Stack;
use tests::template::{faults, unseen};
use tests::tidy::{self, Files, root};

use self::translator::translated;

fn repository() -> Files {
    tidy::read(&root()).unwrap()
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
