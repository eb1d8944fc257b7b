//! EC2's resources inside one region.

use super::cidr::Cidr;
use super::{Millis, Tags};
use serde::{Deserialize, Serialize};

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) cidr: Cidr,
    pub(crate) tags: Tags,
    pub(crate) tenancy: String,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) address_metrics: bool,
    /// From when on it is `available`.
    pub(crate) available_at: Millis,
    /// From when on reads show it.
    pub(crate) visible_at: Millis,
}

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    pub(crate) cidr: Cidr,
    pub(crate) zone: String,
    pub(crate) tags: Tags,
    pub(crate) available_at: Millis,
    pub(crate) visible_at: Millis,
}

/// A route table.
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
    /// Whether it is its VPC's main route table.
    pub(crate) fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.subnet.is_none())
    }
}

/// A route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) destination: Cidr,
    pub(crate) target: Target,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Peering(String),
    Gateway(String),
}

/// The association of a route table with a subnet, or with the VPC as its main table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) subnet: Option<String>,
}

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: Tags,
    pub(crate) rules: Vec<Rule>,
    pub(crate) visible_at: Millis,
}

/// A rule of a security group.
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

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    Cidr(Cidr),
    Cidr6(String),
    PrefixList(String),
    Group(String),
}

/// A network interface.
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
    /// The EC2 instance it is attached to.
    pub(crate) instance: Option<String>,
    pub(crate) tags: Tags,
    /// When AWS removes it, once its owner is gone.
    pub(crate) gone_at: Option<Millis>,
}

/// An internet gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gateway {
    pub(crate) vpc: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) visible_at: Millis,
}

/// An EC2 instance.
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
    /// When the state changes by itself.
    pub(crate) until: Option<Millis>,
    pub(crate) visible_at: Millis,
}

/// The state of an EC2 instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
}

impl InstanceState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
        }
    }
}
