//! What the account holds, and how it changes by itself as time passes.

pub(crate) mod catalog;
pub(crate) mod cidr;
pub(crate) mod database;
pub(crate) mod edge;
pub(crate) mod fault;
pub(crate) mod ids;
pub(crate) mod lifecycle;
pub(crate) mod network;
pub(crate) mod peering;
pub(crate) mod regions;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod timing;

use database::{
    Cluster, DbInstance, Deployment, Event, GlobalCluster, Secret, Snapshot, SubnetGroup,
};
use edge::Edge;
use fault::FaultRule;
use ipnet::Ipv4Net;
use network::{
    Acl, Gateway, Instance, Interface, PrefixList, RouteTable, SecurityGroup, Subnet, Vpc,
};
use peering::{Peering, Side};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

pub(crate) type Tags = BTreeMap<String, String>;

/// An enum whose variants go by what AWS calls them, in answers and in the file of an account.
macro_rules! named {
    ($(#[$of_enum:meta])* enum $name:ident {
        $($(#[$of_variant:meta])* $variant:ident = $text:literal,)*
    }) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $name {
            $($(#[$of_variant])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

use named;

/// Simulated milliseconds since the UNIX epoch.
pub(crate) type Millis = u64;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) account_id: String,
    pub(crate) seed: u64,
    /// Counts what was made; ids come from it.
    pub(crate) counter: u64,
    pub(crate) regions: BTreeMap<String, Region>,
    /// Peerings by id; they belong to two regions.
    pub(crate) peerings: BTreeMap<String, Peering>,
    /// Global clusters by identifier; they belong to no region.
    #[serde(default)]
    pub(crate) global_clusters: BTreeMap<String, GlobalCluster>,
    pub(crate) faults: Vec<FaultRule>,
    /// When the next change is due that happens by itself; 0 is "find out".
    #[serde(skip)]
    pub(crate) next_due: Millis,
}

/// What one region holds. Every map goes by id, RDS's by identifier.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Region {
    pub(crate) vpcs: BTreeMap<String, Vpc>,
    pub(crate) subnets: BTreeMap<String, Subnet>,
    pub(crate) route_tables: BTreeMap<String, RouteTable>,
    pub(crate) groups: BTreeMap<String, SecurityGroup>,
    pub(crate) interfaces: BTreeMap<String, Interface>,
    pub(crate) gateways: BTreeMap<String, Gateway>,
    pub(crate) instances: BTreeMap<String, Instance>,
    pub(crate) edges: BTreeMap<String, Edge>,
    /// Those that callers made; each VPC also has its default one.
    pub(crate) acls: BTreeMap<String, Acl>,
    /// Those that callers made; AWS has some of its own.
    pub(crate) prefix_lists: BTreeMap<String, PrefixList>,
    pub(crate) subnet_groups: BTreeMap<String, SubnetGroup>,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) db_instances: BTreeMap<String, DbInstance>,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) deployments: BTreeMap<String, Deployment>,
    pub(crate) events: VecDeque<Event>,
}

static NOWHERE: LazyLock<Region> = LazyLock::new(Region::default);

impl World {
    pub(crate) fn new(account_id: String, seed: u64) -> Self {
        Self {
            account_id,
            seed,
            counter: 0,
            regions: BTreeMap::new(),
            peerings: BTreeMap::new(),
            global_clusters: BTreeMap::new(),
            faults: Vec::new(),
            next_due: 0,
        }
    }

    pub(crate) fn region(&self, region: &str) -> &Region {
        self.regions.get(region).unwrap_or(&NOWHERE)
    }

    pub(crate) fn region_mut(&mut self, region: &str) -> &mut Region {
        self.regions.entry(region.to_owned()).or_default()
    }

    /// The IPv4 ranges of the VPC on one side of a peering.
    pub(crate) fn ranges_of(&self, side: &Side) -> Vec<Ipv4Net> {
        let vpc = self.region(&side.region).vpcs.get(&side.vpc);
        vpc.map_or_else(|| vec![side.cidr], Vpc::ranges)
    }

    /// A new id such as `vpc-0123456789abcdef0`.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        ids::resource(prefix, self.seed, self.counter)
    }

    /// A new upper-case id such as RDS uses inside ARNs and names.
    pub(crate) fn new_token(&mut self, length: usize) -> String {
        self.counter += 1;
        ids::token(self.seed, self.counter, length)
    }
}
