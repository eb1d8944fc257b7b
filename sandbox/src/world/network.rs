//! EC2's resources inside one region.

use super::named;
use super::{Millis, Tags, cidr};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) cidr: Ipv4Net,
    #[serde(default)]
    pub(crate) more: Vec<Block<Ipv4Net>>,
    #[serde(default)]
    pub(crate) v6: Vec<Block<Ipv6Net>>,
    pub(crate) tags: Tags,
    pub(crate) tenancy: String,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) address_metrics: bool,
    #[serde(default)]
    pub(crate) acl_tags: Tags,
    /// From when on it is `available`.
    pub(crate) available_at: Millis,
    pub(crate) visible_at: Millis,
}

/// A range of a VPC besides its first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Block<R> {
    pub(crate) association: String,
    pub(crate) range: R,
    /// From when on it is `associated`.
    pub(crate) associated_at: Millis,
}

impl Vpc {
    /// Its IPv4 ranges, the first one first.
    pub(crate) fn ranges(&self) -> Vec<Ipv4Net> {
        let more = self.more.iter().map(|block| block.range);
        [self.cidr].into_iter().chain(more).collect()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    pub(crate) cidr: Ipv4Net,
    pub(crate) zone: String,
    pub(crate) tags: Tags,
    /// Its network ACL, once it was given one. Until then it has its VPC's default one.
    #[serde(default)]
    pub(crate) acl: Option<AclLink>,
    pub(crate) available_at: Millis,
    pub(crate) visible_at: Millis,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AclLink {
    pub(crate) association: String,
    pub(crate) acl: String,
}

/// A network ACL that a caller made. It denies everything: entries can't be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Acl {
    pub(crate) vpc: String,
    pub(crate) tags: Tags,
    pub(crate) visible_at: Millis,
}

/// A prefix list that a caller made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PrefixList {
    pub(crate) name: String,
    pub(crate) v6: bool,
    /// How many entries it may have; a route or a rule that names it counts as that many.
    pub(crate) max: usize,
    pub(crate) entries: Vec<(String, Option<String>)>,
    pub(crate) tags: Tags,
    /// From when on it is `create-complete`.
    pub(crate) ready_at: Millis,
    pub(crate) visible_at: Millis,
}

impl PrefixList {
    pub(crate) fn state(&self, now: Millis) -> &'static str {
        match now < self.ready_at {
            true => "create-in-progress",
            false => "create-complete",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub(crate) vpc: String,
    pub(crate) tags: Tags,
    /// All but the local one, which is the VPC's range.
    pub(crate) routes: Vec<Route>,
    pub(crate) associations: Vec<Association>,
    pub(crate) visible_at: Millis,
}

impl RouteTable {
    pub(crate) fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.subnet.is_none())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) destination: Destination,
    pub(crate) target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Destination {
    Cidr(Ipv4Net),
    Cidr6(Ipv6Net),
    PrefixList(String),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(cidr) => cidr.fmt(f),
            Self::Cidr6(cidr) => cidr.fmt(f),
            Self::PrefixList(id) => f.write_str(id),
        }
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with("pl-") {
            return Ok(Self::PrefixList(text));
        }
        let v4 = cidr::v4(&text).map(Self::Cidr);
        v4.or_else(|| cidr::v6(&text).map(Self::Cidr6))
            .ok_or_else(|| format!("`{text}` is not a range"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Peering(String),
    Gateway(String),
    /// A gateway of another kind, or an endpoint.
    Edge(String),
}

/// The association of a route table with a subnet, or with the VPC as its main table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) subnet: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: Tags,
    pub(crate) rules: Vec<Rule>,
    pub(crate) visible_at: Millis,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) egress: bool,
    pub(crate) permission: Permission,
    pub(crate) description: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) visible_at: Millis,
}

/// What a rule allows: protocol, ports and the other side. Two rules with the same are duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol number, or `-1` for all.
    pub(crate) protocol: String,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) peer: Peer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    Cidr(Ipv4Net),
    Cidr6(String),
    PrefixList(String),
    Group(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interface {
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) groups: Vec<String>,
    pub(crate) address: String,
    pub(crate) description: String,
    /// `amazon-rds` for the interface of a DB instance.
    pub(crate) requester: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) tags: Tags,
    /// When AWS removes it, once its owner is gone.
    pub(crate) gone_at: Option<Millis>,
}

impl Interface {
    /// Whether an instance or a service of AWS uses it.
    pub(crate) fn is_attached(&self) -> bool {
        self.instance.is_some() || self.requester.is_some()
    }

    pub(crate) fn status(&self) -> &'static str {
        match self.is_attached() {
            true => "in-use",
            false => "available",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gateway {
    pub(crate) vpc: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) visible_at: Millis,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) reservation: String,
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) image: String,
    pub(crate) kind: String,
    pub(crate) groups: Vec<String>,
    pub(crate) address: String,
    pub(crate) interface: String,
    pub(crate) tags: Tags,
    pub(crate) state: InstanceState,
    pub(crate) launched_at: Millis,
    pub(crate) until: Option<Millis>,
    pub(crate) visible_at: Millis,
}

named! {
    enum InstanceState {
        Pending = "pending",
        Running = "running",
        ShuttingDown = "shutting-down",
        Terminated = "terminated",
    }
}

impl InstanceState {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
        }
    }
}
