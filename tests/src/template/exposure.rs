//! Nothing is reached from outside unless a parameter says so.

use serde_json::Value;

use super::stack::{Stack, at, items, text};

pub(super) fn faults(stack: &Stack) -> Vec<String> {
    let mut faults = Vec::new();
    let given = |name: &str| stack.parameters.get(name).map(String::as_str).unwrap_or_default();
    for (name, balancer) in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer") {
        if balancer["Scheme"] != "internal" {
            faults.push(format!("{name}: is on the internet"));
        }
        if items(&balancer["SecurityGroups"]).any(|group| stack.at(group).is_null())
            || balancer["SecurityGroups"].is_null()
        {
            faults.push(format!("{name}: has no security group of this stack"));
        }
    }
    for (name, group) in stack.of("AWS::EC2::SecurityGroup") {
        if items(&group["SecurityGroupIngress"]).next().is_some() {
            faults.push(format!("{name}: lets somebody in without a parameter"));
        }
        if items(&group["SecurityGroupEgress"]).any(|rule| rule["CidrIp"] != "127.0.0.1/32")
            || items(&group["SecurityGroupEgress"]).next().is_none()
        {
            faults.push(format!("{name}: lets something out"));
        }
    }
    for (name, rule) in stack.of("AWS::EC2::SecurityGroupIngress") {
        let from_group = text(&rule["SourceSecurityGroupId"]);
        let from_range = text(&rule["CidrIp"]);
        let asked = (!from_group.is_empty() && from_group == given("ClientSecurityGroupId"))
            || (!from_range.is_empty() && from_range == given("ClientCidr"));
        let port = (text(&rule["FromPort"]), text(&rule["ToPort"]));
        let exact = port == ("80".to_owned(), "80".to_owned()) || port == ("443".to_owned(), "443".to_owned());
        if !asked || !exact || rule["IpProtocol"] != "tcp" || !rule["CidrIpv6"].is_null() {
            faults.push(format!("{name}: lets in more than the clients that were given"));
        }
    }
    for (name, listener) in stack.of("AWS::ElasticLoadBalancingV2::Listener") {
        if items(&listener["DefaultActions"]).any(|action| action["Type"] != "fixed-response") {
            faults.push(format!("{name}: leads somewhere without a rule"));
        }
        let tls = text(&listener["SslPolicy"]);
        if listener["Protocol"] == "HTTPS" && !tls.contains("TLS13") {
            faults.push(format!("{name}: its TLS policy {tls} is not today's"));
        }
    }
    // Old clients lose the body of a POST on a redirect.
    for (name, rule) in stack.of("AWS::ElasticLoadBalancingV2::ListenerRule") {
        if items(&rule["Actions"]).any(|action| action["Type"] != "forward") || !items(&rule["Conditions"]).any(by_host)
        {
            faults.push(format!("{name}: must forward by host name"));
        }
    }
    for (name, url) in stack.of("AWS::Lambda::Url") {
        if url["AuthType"] != "AWS_IAM" || given("LambdaInvokerFront") != "function-url" {
            faults.push(format!("{name}: is open"));
        }
    }
    for (name, zone) in stack.of("AWS::Route53::HostedZone") {
        let mut wanted: Vec<&str> = given("PrivateZoneVpcIds")
            .split(',')
            .chain([given("VpcId")])
            .filter(|id| !id.is_empty())
            .collect();
        let mut seen: Vec<String> = items(&zone["VPCs"]).map(|vpc| text(&vpc["VPCId"])).collect();
        wanted.sort_unstable();
        seen.sort_unstable();
        if seen.is_empty() || seen != wanted {
            faults.push(format!(
                "{name}: is seen by {} and not by {}",
                seen.join(", "),
                wanted.join(", ")
            ));
        }
    }
    for (name, secret) in stack.of("AWS::SecretsManager::Secret") {
        if !secret["SecretString"].is_null() {
            faults.push(format!("{name}: its value stands in the template"));
        }
        if text(&secret["KmsKeyId"]) != given("SecretsKmsKeyArn") {
            faults.push(format!("{name}: is not encrypted with SecretsKmsKeyArn"));
        }
    }
    faults
}

fn by_host(condition: &Value) -> bool {
    condition["Field"] == "host-header" && items(at(condition, "/HostHeaderConfig/Values")).next().is_some()
}
