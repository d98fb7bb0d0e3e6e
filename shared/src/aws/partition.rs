//! Partitions of AWS: groups of regions, each with a name of its own in the DNS; pure
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html>).

/// The start of a partition's regions, and the end of its hosts, as the SDKs have them. All other regions are of one that
/// is called `aws`, or `aws-us-gov` with the same hosts.
const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

/// What the hosts of services end with in a region.
fn dns_suffix(region: &str) -> &'static str {
    let found = PARTITIONS.iter().find(|(start, _)| region.starts_with(start));
    found.map_or("amazonaws.com", |(_, suffix)| suffix)
}

/// The host of a service in a region.
pub fn service_host(service: &str, region: &str) -> String {
    format!("{service}.{region}.{}", dns_suffix(region))
}

/// Whether a host of this region ends with these labels.
pub fn ends_host(region: &str, labels: &[&str]) -> bool {
    labels.iter().copied().eq(dns_suffix(region).split('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_hosts() {
        for (region, host) in [
            ("eu-west-1", "lambda.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", "lambda.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "lambda.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "lambda.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "lambda.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "lambda.us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-south-1", "lambda.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", "lambda.eu-isoe-west-1.cloud.adc-e.uk"),
        ] {
            assert_eq!(service_host("lambda", region), host);
        }
    }
}
