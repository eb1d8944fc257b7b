//! What runs work on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a run works on: at most one unfinished run each, and one lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// An Aurora cluster with its network: `aurora/REGION/CLUSTER`.
    Cluster {
        /// The cluster's region.
        region: String,
        /// The cluster's name.
        cluster: String,
    },
    /// The schema of Keycloak in a cluster, so that a run on the cluster itself
    /// need not be over: `reset/REGION/CLUSTER`.
    Schema {
        /// The cluster's region.
        region: String,
        /// The cluster's name.
        cluster: String,
    },
    /// The peering of a cluster with the VPC of a ROSA cluster:
    /// `peering/REGION/CLUSTER/VPC`.
    Peering {
        /// The Aurora cluster's region.
        region: String,
        /// The Aurora cluster's name.
        cluster: String,
        /// ROSA's VPC.
        rosa_vpc: String,
    },
    /// All peerings of a cluster: `peering/REGION/CLUSTER/*`.
    PeeringsOfCluster {
        /// The Aurora cluster's region.
        region: String,
        /// The Aurora cluster's name.
        cluster: String,
    },
    /// All peerings of a ROSA cluster's VPC, with clusters in whatever region:
    /// `peering/REGION/*/VPC`.
    PeeringsOfRosa {
        /// The region of the VPC.
        region: String,
        /// ROSA's VPC.
        rosa_vpc: String,
    },
}

/// A text that is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not what a run of this program works on")]
pub struct NoTarget(pub String);

impl Target {
    /// A cluster.
    pub fn cluster(region: &str, cluster: &str) -> Self {
        Self::Cluster {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
        }
    }

    /// A peering.
    pub fn peering(region: &str, cluster: &str, rosa_vpc: &str) -> Self {
        Self::Peering {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            rosa_vpc: rosa_vpc.to_owned(),
        }
    }

    /// The region: the cluster's, and ROSA's for all of ROSA's peerings.
    pub fn region(&self) -> &str {
        match self {
            Self::Cluster { region, .. }
            | Self::Schema { region, .. }
            | Self::Peering { region, .. }
            | Self::PeeringsOfCluster { region, .. }
            | Self::PeeringsOfRosa { region, .. } => region,
        }
    }

    /// The Aurora cluster's name, unless it is about those of whatever name.
    pub fn cluster_name(&self) -> Option<&str> {
        match self {
            Self::Cluster { cluster, .. }
            | Self::Schema { cluster, .. }
            | Self::Peering { cluster, .. }
            | Self::PeeringsOfCluster { cluster, .. } => Some(cluster),
            Self::PeeringsOfRosa { .. } => None,
        }
    }

    /// ROSA's VPC, where it is about one.
    pub fn rosa_vpc(&self) -> Option<&str> {
        match self {
            Self::Peering { rosa_vpc, .. } | Self::PeeringsOfRosa { rosa_vpc, .. } => {
                Some(rosa_vpc)
            }
            Self::Cluster { .. } | Self::Schema { .. } | Self::PeeringsOfCluster { .. } => None,
        }
    }

    /// Whether it is about peerings.
    pub fn is_peering(&self) -> bool {
        match self {
            Self::Cluster { .. } | Self::Schema { .. } => false,
            Self::Peering { .. } | Self::PeeringsOfCluster { .. } | Self::PeeringsOfRosa { .. } => {
                true
            }
        }
    }

    /// Whether it is about this cluster.
    pub fn is_of(&self, in_region: &str, of_cluster: &str) -> bool {
        self.region() == in_region && self.cluster_name() == Some(of_cluster)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster { region, cluster } => write!(f, "aurora/{region}/{cluster}"),
            Self::Schema { region, cluster } => write!(f, "reset/{region}/{cluster}"),
            Self::Peering {
                region,
                cluster,
                rosa_vpc,
            } => write!(f, "peering/{region}/{cluster}/{rosa_vpc}"),
            Self::PeeringsOfCluster { region, cluster } => {
                write!(f, "peering/{region}/{cluster}/*")
            }
            Self::PeeringsOfRosa { region, rosa_vpc } => {
                write!(f, "peering/{region}/*/{rosa_vpc}")
            }
        }
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let parts: Vec<&str> = text.split('/').collect();
        if parts.contains(&"") {
            return Err(NoTarget(text.to_owned()));
        }
        let owned = str::to_owned;
        Ok(match parts[..] {
            ["aurora", region, cluster] => Self::cluster(region, cluster),
            ["reset", region, cluster] => Self::Schema {
                region: owned(region),
                cluster: owned(cluster),
            },
            ["peering", region, "*", rosa_vpc] => Self::PeeringsOfRosa {
                region: owned(region),
                rosa_vpc: owned(rosa_vpc),
            },
            ["peering", region, cluster, "*"] => Self::PeeringsOfCluster {
                region: owned(region),
                cluster: owned(cluster),
            },
            ["peering", region, cluster, rosa_vpc] => Self::peering(region, cluster, rosa_vpc),
            _ => return Err(NoTarget(text.to_owned())),
        })
    }
}

impl TryFrom<String> for Target {
    type Error = NoTarget;

    fn try_from(text: String) -> Result<Self, NoTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in [
            "aurora/eu-west-1/keycloak",
            "reset/eu-west-1/keycloak",
            "peering/eu-west-1/keycloak/vpc-1",
            "peering/eu-west-1/keycloak/*",
            "peering/eu-west-1/*/vpc-1",
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(target.to_string(), text);
            assert_eq!(target.region(), "eu-west-1");
            assert_eq!(target.is_peering(), text.starts_with("peering"));
            let named = text.contains("keycloak");
            assert_eq!(target.is_of("eu-west-1", "keycloak"), named, "{text}");
            assert!(!target.is_of("eu-west-2", "keycloak"), "{text}");
            assert_eq!(target.rosa_vpc().is_some(), text.ends_with("vpc-1"));
        }
        for text in [
            "",
            "aurora",
            "aurora/eu-west-1",
            "aurora//kc",
            "x/y/z",
            "peering/a/b",
        ] {
            let refused = text.parse::<Target>().expect_err("no target");
            assert!(refused.to_string().contains(text), "{refused}");
        }
    }
}
