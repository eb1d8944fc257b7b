//! The destination of a route: IPv4, IPv6 or a prefix list.

use std::fmt;

use aws_sdk_ec2::types::Route;
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

/// The destination of a route. As text it is what AWS calls it: `10.0.0.0/16`,
/// `2001:db8::/56`, `pl-0123456789abcdef0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Destination {
    /// An IPv4 range.
    Ipv4(Ipv4Net),
    /// An IPv6 range, in the spelling of AWS: a deletion has to repeat it.
    Ipv6(String),
    /// The id of a managed prefix list.
    PrefixList(String),
}

/// A text that is no destination of a route.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not the destination of a route")]
pub struct NotADestination(String);

impl Destination {
    /// The destination of a described route.
    pub(crate) fn of(route: &Route) -> Option<Self> {
        let named = [
            route.destination_cidr_block(),
            route.destination_ipv6_cidr_block(),
            route.destination_prefix_list_id(),
        ];
        let text = named.into_iter().flatten().next()?;
        Self::try_from(text.to_owned()).ok()
    }

    /// The IPv4 range, if it is one.
    pub fn ipv4(&self) -> Option<Ipv4Net> {
        match self {
            Self::Ipv4(range) => Some(*range),
            Self::Ipv6(_) | Self::PrefixList(_) => None,
        }
    }
}

impl From<Ipv4Net> for Destination {
    fn from(range: Ipv4Net) -> Self {
        Self::Ipv4(range)
    }
}

impl TryFrom<String> for Destination {
    type Error = NotADestination;

    fn try_from(text: String) -> Result<Self, NotADestination> {
        if text.starts_with("pl-") {
            return Ok(Self::PrefixList(text));
        }
        if let Ok(range) = text.parse() {
            return Ok(Self::Ipv4(range));
        }
        match text.parse::<Ipv6Net>() {
            Ok(_) => Ok(Self::Ipv6(text)),
            Err(_) => Err(NotADestination(text)),
        }
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(range) => range.fmt(f),
            Self::Ipv6(text) | Self::PrefixList(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_destination_is_recorded_as_aws_calls_it() {
        for text in [
            "10.0.0.0/16",
            "2001:DB8:0::/56",
            "::/0",
            "pl-0123456789abcdef0",
        ] {
            let read: Destination = serde_json::from_value(json!(text)).expect("a destination");
            assert_eq!(json!(read), json!(text));
        }
        for text in ["", "10.0.0.0", "vpc-1", "2001:db8::"] {
            assert!(
                serde_json::from_value::<Destination>(json!(text)).is_err(),
                "{text}"
            );
        }
    }
}
