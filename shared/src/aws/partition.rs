//! Partitions of AWS: groups of regions, each with a name of its own in the DNS; pure
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html>).

/// A partition's hosts, as the SDKs have them.
struct Partition {
    /// What its regions begin with.
    regions: &'static str,
    /// What the hosts of services end with.
    suffix: &'static str,
    /// The same for hosts that have addresses of both kinds.
    dual_stack: &'static str,
}

/// All regions that no other partition has are of one that is called `aws`, or `aws-us-gov` with the same hosts.
const AWS: Partition = Partition {
    regions: "",
    suffix: "amazonaws.com",
    dual_stack: "api.aws",
};

const OTHERS: [Partition; 6] = [
    Partition {
        regions: "cn-",
        suffix: "amazonaws.com.cn",
        dual_stack: "api.amazonwebservices.com.cn",
    },
    Partition {
        regions: "eusc-",
        suffix: "amazonaws.eu",
        dual_stack: "api.amazonwebservices.eu",
    },
    Partition {
        regions: "us-iso-",
        suffix: "c2s.ic.gov",
        dual_stack: "api.aws.ic.gov",
    },
    Partition {
        regions: "us-isob-",
        suffix: "sc2s.sgov.gov",
        dual_stack: "api.aws.scloud",
    },
    Partition {
        regions: "us-isof-",
        suffix: "csp.hci.ic.gov",
        dual_stack: "api.aws.hci.ic.gov",
    },
    Partition {
        regions: "eu-isoe-",
        suffix: "cloud.adc-e.uk",
        dual_stack: "api.cloud-aws.adc-e.uk",
    },
];

fn of_region(region: &str) -> &'static Partition {
    let found = OTHERS.iter().find(|partition| region.starts_with(partition.regions));
    found.unwrap_or(&AWS)
}

/// The host of a service in a region.
pub fn service_host(service: &str, region: &str) -> String {
    format!("{service}.{region}.{}", of_region(region).suffix)
}

/// Whether a host of this region ends with these labels, be it of addresses of one kind or of both.
pub fn ends_host(region: &str, labels: &[&str]) -> bool {
    let partition = of_region(region);
    let known = [partition.suffix, partition.dual_stack];
    known.iter().any(|suffix| labels.iter().copied().eq(suffix.split('.')))
}

/// Whether a label of a host has the form of a region, such as `eu-west-1`: two or more words and a number.
pub fn is_like_region(label: &str) -> bool {
    let mut pieces = label.split('-').rev();
    let number = pieces.next().unwrap_or_default();
    let words: Vec<&str> = pieces.collect();
    let is_made_of = |text: &str, which: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(which);
    words.len() >= 2
        && is_made_of(number, u8::is_ascii_digit)
        && words.iter().all(|word| is_made_of(word, u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_hosts() {
        for (region, host, dual_stack) in [
            ("eu-west-1", "lambda.eu-west-1.amazonaws.com", "api.aws"),
            ("us-gov-west-1", "lambda.us-gov-west-1.amazonaws.com", "api.aws"),
            (
                "cn-north-1",
                "lambda.cn-north-1.amazonaws.com.cn",
                "api.amazonwebservices.com.cn",
            ),
            (
                "eusc-de-east-1",
                "lambda.eusc-de-east-1.amazonaws.eu",
                "api.amazonwebservices.eu",
            ),
            ("us-iso-east-1", "lambda.us-iso-east-1.c2s.ic.gov", "api.aws.ic.gov"),
            (
                "us-isob-east-1",
                "lambda.us-isob-east-1.sc2s.sgov.gov",
                "api.aws.scloud",
            ),
            (
                "us-isof-south-1",
                "lambda.us-isof-south-1.csp.hci.ic.gov",
                "api.aws.hci.ic.gov",
            ),
            (
                "eu-isoe-west-1",
                "lambda.eu-isoe-west-1.cloud.adc-e.uk",
                "api.cloud-aws.adc-e.uk",
            ),
        ] {
            assert_eq!(service_host("lambda", region), host);
            let plain = host.strip_prefix(&format!("lambda.{region}.")).unwrap();
            for (suffix, ends) in [(plain, true), (dual_stack, true), ("example.com", false)] {
                let labels: Vec<&str> = suffix.split('.').collect();
                assert_eq!(ends_host(region, &labels), ends, "{region} {suffix}");
                assert!(!ends_host("ap-south-1", &labels) || suffix.ends_with("amazonaws.com") || suffix == "api.aws");
            }
        }
    }

    #[test]
    fn a_region_has_two_words_and_a_number() {
        for (label, is_one) in [
            ("eu-west-1", true),
            ("us-gov-west-1", true),
            ("eusc-de-east-1", true),
            ("ap-southeast-12", true),
            ("west-1", false),
            ("internal", false),
            ("eu-west-a", false),
            ("eu-west-1a", false),
            ("eu--1", false),
            ("eu-west-", false),
            ("-1", false),
            ("", false),
        ] {
            assert_eq!(is_like_region(label), is_one, "{label}");
        }
    }
}
