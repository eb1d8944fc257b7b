//! What AWS asks of ranges of addresses besides what `ipnet` answers.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Reads an IPv4 range and clears its host bits, as AWS does.
pub(crate) fn v4(text: &str) -> Option<Ipv4Net> {
    let (address, len) = parts(text)?;
    Ipv4Net::new(address, len).ok().map(|net| net.trunc())
}

/// Reads an IPv6 range and clears its host bits, as AWS does.
pub(crate) fn v6(text: &str) -> Option<Ipv6Net> {
    let (address, len) = parts(text)?;
    Ipv6Net::new(address, len).ok().map(|net| net.trunc())
}

/// Not the parser of `ipnet`, which takes leading zeros.
fn parts<A: FromStr>(text: &str) -> Option<(A, u8)> {
    let (address, len) = text.split_once('/')?;
    Some((address.parse().ok()?, len.parse().ok()?))
}

pub(crate) fn overlaps(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

pub(crate) fn size(net: Ipv4Net) -> u64 {
    1 << (32 - net.prefix_len())
}

/// The address at `offset` from the start.
pub(crate) fn address(net: Ipv4Net, offset: u64) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.network()).wrapping_add((offset % size(net)) as u32))
}

#[cfg(test)]
mod tests {
    use super::{v4, v6};

    #[test]
    fn reads_and_clears() {
        let text = |text| v4(text).map(|net| net.to_string());
        assert_eq!(text("192.168.1.5/24").as_deref(), Some("192.168.1.0/24"));
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.256/8",
            "a/8",
            "010.0.0.0/8",
        ] {
            assert_eq!(v4(bad), None, "{bad}");
        }
        let text = |text| v6(text).map(|net| net.to_string());
        assert_eq!(text("2001:DB8::1/32").as_deref(), Some("2001:db8::/32"));
        for bad in ["", "::", "::/129", "10.0.0.0/8", "x::/8", "::/x"] {
            assert_eq!(v6(bad), None, "{bad}");
        }
    }
}
