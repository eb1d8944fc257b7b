//! Ranges of addresses.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 range in canonical form: no bit set after the prefix. The default is every address.
#[derive(Clone, Default, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Cidr {
    base: u32,
    len: u8,
}

impl Cidr {
    /// The prefix length.
    pub(crate) fn len(self) -> u8 {
        self.len
    }

    /// The number of addresses.
    pub(crate) fn size(self) -> u64 {
        1_u64 << (32 - self.len)
    }

    /// Whether the ranges share an address.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let mask = mask(self.len.min(other.len));
        self.base & mask == other.base & mask
    }

    /// Whether `other` lies within this range.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.len <= other.len && self.overlaps(other)
    }

    /// The address at `offset` from the start.
    pub(crate) fn address(self, offset: u64) -> Ipv4Addr {
        Ipv4Addr::from(self.base.wrapping_add((offset % self.size()) as u32))
    }
}

fn mask(len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = String;

    /// Reads a range and clears its host bits, as AWS does.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not an ipv4 range");
        let (address, len) = text.split_once('/').ok_or_else(bad)?;
        let address: Ipv4Addr = address.parse().map_err(|_| bad())?;
        let len: u8 = len.parse().map_err(|_| bad())?;
        if len > 32 {
            return Err(bad());
        }
        let base = u32::from(address) & mask(len);
        Ok(Self { base, len })
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.len)
    }
}

/// An IPv6 range in canonical form: no bit set after the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Cidr6 {
    base: u128,
    len: u8,
}

impl Cidr6 {
    /// The range of that length which has the address.
    pub(crate) fn new(address: u128, len: u8) -> Self {
        let base = address & mask6(len);
        Self { base, len }
    }

    /// Whether the ranges share an address.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let mask = mask6(self.len.min(other.len));
        self.base & mask == other.base & mask
    }

    /// Whether `other` lies within this range.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.len <= other.len && self.overlaps(other)
    }
}

fn mask6(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0)
}

impl FromStr for Cidr6 {
    type Err = String;

    /// Reads a range and clears its host bits, as AWS does.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not an ipv6 range");
        let (address, len) = text.split_once('/').ok_or_else(bad)?;
        let address: Ipv6Addr = address.parse().map_err(|_| bad())?;
        let len: u8 = len.parse().map_err(|_| bad())?;
        if len > 128 {
            return Err(bad());
        }
        Ok(Self::new(u128::from(address), len))
    }
}

impl TryFrom<String> for Cidr6 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cidr6> for String {
    fn from(cidr: Cidr6) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from(self.base), self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cidr, Cidr6};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn reads_clears_and_compares() {
        assert_eq!(cidr("192.168.1.5/24").to_string(), "192.168.1.0/24");
        assert!(cidr("0.0.0.0/0").contains(cidr("10.0.0.0/8")));
        assert!(!cidr("192.168.1.0/26").contains(cidr("192.168.1.0/24")));
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.256/8",
            "a/8",
        ] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_clears_and_compares_ipv6() {
        let cidr = |text: &str| -> Cidr6 { text.parse().unwrap() };
        assert_eq!(cidr("2001:DB8::1/32").to_string(), "2001:db8::/32");
        assert!(cidr("::/0").contains(cidr("fe80::/10")));
        assert!(!cidr("2001:db8::/64").contains(cidr("2001:db8::/56")));
        assert!(cidr("2001:db8::/64").overlaps(cidr("2001:db8::/56")));
        assert_eq!(cidr("::1/128").to_string(), "::1/128");
        for bad in ["", "::", "::/129", "10.0.0.0/8", "x::/8", "::/x"] {
            assert!(bad.parse::<Cidr6>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn overlap_is_containment_one_way_or_the_other(
            a in any::<u32>(), b in any::<u32>(), m in 0_u8..=32, n in 0_u8..=32
        ) {
            let make = |base: u32, len| cidr(&format!("{}/{len}", std::net::Ipv4Addr::from(base)));
            let (a, b) = (make(a, m), make(b, n));
            prop_assert_eq!(a.overlaps(b), a.contains(b) || b.contains(a));
            prop_assert_eq!(cidr(&a.to_string()), a);
        }
    }
}
