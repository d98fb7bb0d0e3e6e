//! Which addresses a target's name may lead to. The check stands between the name's resolution and the connection, so
//! that a name that changes its mind gets no second look.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The instance metadata service's IPv6 address, which is no link-local one.
const EC2_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Where ECS serves the credentials of a task, and EKS those of a pod
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>).
const CONTAINER_CREDENTIALS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// Whether credentials may be asked for at `address` without TLS, and a token be shown there.
pub(super) fn serves_credentials(address: IpAddr) -> bool {
    address.is_loopback() || CONTAINER_CREDENTIALS.contains(&address)
}

/// Whether a connection to `address` may be made: never to link-local addresses, where the metadata services live, nor
/// to those that name no single host; to this machine itself only if the configuration says so literally.
pub(super) fn may_connect(address: IpAddr, loopback: bool) -> bool {
    let address = match address {
        IpAddr::V6(address) => embedded(address).map_or(IpAddr::V6(address), IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    if address.is_loopback() {
        return loopback;
    }
    let refused = match address {
        IpAddr::V4(address) => {
            // 0.0.0.0/8 is this host as well.
            address.is_link_local() || address.is_broadcast() || matches!(address.octets(), [0, ..])
        }
        IpAddr::V6(address) => address.is_unicast_link_local() || address == EC2_METADATA,
    };
    !refused && !address.is_unspecified() && !address.is_multicast()
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, behind the well-known prefix of NAT64 (RFC 6052),
/// or at the end of a tunnel of 6to4 (RFC 3056) or Teredo (RFC 4380, which writes it with all bits turned).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if address.is_loopback() || address.is_unspecified() {
        return None;
    }
    let wrapped = || match address.octets() {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] | [0x20, 0x02, a, b, c, d, ..] => {
            Some(Ipv4Addr::new(a, b, c, d))
        }
        [0x20, 0x01, 0, 0, .., a, b, c, d] => Some(Ipv4Addr::new(!a, !b, !c, !d)),
        _ => None,
    };
    address.to_ipv4().or_else(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_belong_to_nobody_outside_are_refused() {
        for (text, outside, with_loopback) in [
            ("93.184.216.34", true, true),
            ("10.0.0.1", true, true),
            ("2606:2800:220:1::1", true, true),
            ("fd00::1", true, true),
            ("::ffff:93.184.216.34", true, true),
            ("127.0.0.1", false, true),
            ("127.9.9.9", false, true),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("64:ff9b::7f00:1", false, true),
            ("2002:7f00:1::1", false, true),
            ("2002:5db8:d822::1", true, true),
            ("2001:0:5db8:d822:0:0:a247:27dd", true, true),
            ("2001:1::1", true, true),
            ("169.254.169.254", false, false),
            ("169.254.170.2", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("::169.254.169.254", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("2002:a9fe:a9fe::", false, false),
            ("2002:a9fe:a9fe:1:2:3:4:5", false, false),
            ("2001:0:5db8:d822::5601:5601", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("0.0.0.0", false, false),
            ("0.1.2.3", false, false),
            ("::", false, false),
            ("255.255.255.255", false, false),
            ("224.0.0.1", false, false),
            ("ff02::1", false, false),
        ] {
            let address = text.parse().unwrap();
            assert_eq!(may_connect(address, false), outside, "{text}");
            assert_eq!(may_connect(address, true), with_loopback, "{text}");
        }
    }

    #[test]
    fn credentials_are_served_on_this_machine_and_at_three_other_addresses() {
        for (text, serves) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("169.254.170.2", true),
            ("169.254.170.23", true),
            ("fd00:ec2::23", true),
            ("169.254.169.254", false),
            ("169.254.171.23", false),
            ("fd00:ec2::2", false),
            ("fd00:ec2::254", false),
            ("::ffff:127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("192.168.10.120", false),
        ] {
            assert_eq!(serves_credentials(text.parse().unwrap()), serves, "{text}");
        }
    }
}
