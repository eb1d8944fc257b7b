//! What a person asks for, checked; and what a run starts from, found.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::Target;
use crate::aws::destination::Destination;
use crate::input::{self, InvalidInput};
use crate::peering::end::{End, RosaAccount};
use crate::peering::ingress::default_port;

/// The VPC of a ROSA cluster, which may be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosaPlace {
    /// Its region.
    pub region: String,
    /// Its id.
    pub vpc_id: String,
    /// The range of its machines, where it is known.
    pub machine_cidr: Option<Ipv4Net>,
}

/// Which peerings; nothing is checked yet.
#[derive(Debug, Clone)]
pub enum DeleteOptions {
    /// The one of an Aurora cluster, or the one that it has with a ROSA VPC.
    One {
        /// The Aurora cluster's name.
        cluster: String,
        /// Its region.
        region: String,
        /// ROSA's VPC; none if the cluster has one peering only.
        rosa: Option<RosaPlace>,
    },
    /// All of an Aurora cluster.
    OfCluster {
        /// Its name.
        cluster: String,
        /// Its region.
        region: String,
    },
    /// All that a ROSA VPC has with Aurora clusters, wherever these are.
    OfRosa(RosaPlace),
}

/// `peering delete`, checked.
#[derive(Debug, Clone)]
pub struct DeleteRequest(pub(super) DeleteOptions);

impl DeleteOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<DeleteRequest, InvalidInput> {
        Ok(DeleteRequest(match self {
            Self::One {
                cluster,
                region,
                rosa,
            } => Self::One {
                cluster: input::cluster(&cluster)?,
                region: input::region(&region)?,
                rosa,
            },
            Self::OfCluster { cluster, region } => Self::OfCluster {
                cluster: input::cluster(&cluster)?,
                region: input::region(&region)?,
            },
            Self::OfRosa(place) => Self::OfRosa(place),
        }))
    }
}

impl DeleteRequest {
    /// The region that AWS is asked in first.
    pub fn region(&self) -> &str {
        match &self.0 {
            DeleteOptions::One { region, .. } | DeleteOptions::OfCluster { region, .. } => region,
            DeleteOptions::OfRosa(place) => &place.region,
        }
    }
}

/// A route that leads to a peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteInventory {
    /// The VPC in which it is.
    pub end: End,
    /// Its table.
    pub table: String,
    /// Its destination.
    pub destination: Destination,
}

/// A rule that lets the other side in to the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInventory {
    /// The VPC in which it is.
    pub end: End,
    /// Its security group.
    pub group: String,
    /// Its id.
    pub rule: String,
    /// Whom it lets in.
    pub source: Ipv4Net,
    /// To which port.
    #[serde(default = "default_port")]
    pub port: i32,
    /// Whether its tag says that it was made for this very peering.
    #[serde(default)]
    pub own: bool,
}

/// A peering with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringInventory {
    /// Its id.
    pub id: String,
    /// Its state when it was found. One that has ended may have left routes.
    pub state: String,
    /// The Aurora cluster that it is for.
    pub cluster: String,
    /// Aurora's end.
    pub aurora: End,
    /// ROSA's end.
    pub rosa: End,
    /// Whether ROSA's end asked for it; only the requester can take back what
    /// is not accepted yet.
    pub from_rosa: bool,
    /// The routes that lead to it, in whatever table of either VPC.
    pub routes: Vec<RouteInventory>,
    /// The rules that let its other side in.
    pub rules: Vec<RuleInventory>,
}

impl PeeringInventory {
    /// What a run on this peering alone works on.
    pub fn target(&self) -> Target {
        Target::peering(&self.aurora.region, &self.cluster, &self.rosa.vpc_id)
    }

    /// The end from which it is deleted.
    pub(crate) fn requester(&self) -> &End {
        if self.from_rosa {
            &self.rosa
        } else {
            &self.aurora
        }
    }

    /// What there is, a line each, for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "peering {} ({}) of cluster {} in {} with {} in {} of account {}",
            self.id,
            self.state,
            self.cluster,
            self.aurora.region,
            self.rosa.vpc_id,
            self.rosa.region,
            self.rosa.owner
        )];
        lines.extend(self.routes.iter().map(|route| {
            format!(
                "  route for {} in {} of {}",
                route.destination, route.table, route.end.vpc_id
            )
        }));
        lines.extend(self.rules.iter().map(|rule| {
            format!(
                "  ingress from {} to port {} in {} of {}",
                rule.source, rule.port, rule.group, rule.end.vpc_id
            )
        }));
        lines
    }
}

/// What a run of `peering delete` starts from: what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteParameters {
    /// What the run works on.
    pub target: Target,
    /// The Aurora cluster, if it is about one.
    pub cluster: Option<String>,
    /// The account in which ROSA lives.
    pub rosa_account: RosaAccount,
    /// What is to be deleted.
    pub peerings: Vec<PeeringInventory>,
    /// Regions that were to be looked in and could not be asked, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}
