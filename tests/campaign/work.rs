//! The workflows of the campaign, with their parameters.

use std::fmt;

use super::ground::{Ground, Laid};
use crate::command::harness::KEYCLOAK;

/// What is done to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Create {
        instances: u32,
        zones: bool,
        range: bool,
        password: bool,
    },
    Restore {
        instances: u32,
        password: Password,
    },
    Delete {
        snapshot: bool,
        peered: bool,
    },
    Peer {
        across: bool,
    },
    Unpeer {
        all: bool,
    },
    Reap,
    Reset,
}

/// What becomes of the password of a restored cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Password {
    Kept,
    Given,
    Managed,
}

impl Work {
    /// What it is counted as.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Restore { .. } => "restore",
            Self::Delete { .. } => "delete",
            Self::Peer { .. } => "peering create",
            Self::Unpeer { all: false } => "peering delete",
            Self::Unpeer { all: true } => "peering delete --all",
            Self::Reap => "reap",
            Self::Reset => "reset",
        }
    }

    /// Whether it can be rolled back.
    pub(crate) fn is_reversible(self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::Restore { .. } | Self::Peer { .. }
        )
    }

    /// Whether it may have several runs, or has left out what it could not see:
    /// it is done when it is done once more and finds nothing.
    pub(crate) fn is_repeated(self) -> bool {
        matches!(self, Self::Reap | Self::Unpeer { all: true })
    }

    /// The world in which it is done.
    pub(crate) fn ground(self) -> Ground {
        match self {
            Self::Create { .. } => Ground::Empty,
            Self::Restore { .. } => Ground::Saved,
            Self::Delete { peered: false, .. } | Self::Reset => Ground::Cluster,
            Self::Peer { .. } => Ground::Networks,
            Self::Unpeer { .. } | Self::Delete { peered: true, .. } => Ground::Peered,
            Self::Reap => Ground::Several,
        }
    }

    /// The master password, where one is given.
    pub(crate) fn password(self) -> Option<&'static str> {
        let given = matches!(
            self,
            Self::Create { password: true, .. }
                | Self::Restore {
                    password: Password::Given,
                    ..
                }
        );
        given.then_some("correct-horse-battery-7")
    }

    /// The words of the command.
    pub(crate) fn words(self, laid: &Laid) -> Vec<String> {
        let network = |across: bool| {
            let (region, vpc) = &laid.networks[usize::from(across)];
            ["--rosa-vpc", vpc, "--rosa-region", region].map(str::to_owned)
        };
        let (words, more): (&[&str], Vec<String>) = match self {
            Self::Create {
                instances,
                zones,
                range,
                ..
            } => {
                let mut more = vec!["--instances".to_owned(), instances.to_string()];
                if zones {
                    more.extend(["--zones", "eu-west-1c,eu-west-1a"].map(str::to_owned));
                }
                if range {
                    more.extend(["--vpc-cidr", "192.168.77.0/24"].map(str::to_owned));
                }
                (&["aurora", "create"], more)
            }
            Self::Restore {
                instances,
                password,
            } => {
                let mut more = vec!["--instances".to_owned(), instances.to_string()];
                if password == Password::Managed {
                    more.push("--managed-password".to_owned());
                }
                (&["aurora", "create", "--snapshot", "farewell"], more)
            }
            Self::Delete { snapshot, peered } => {
                let mut more: Vec<String> = match snapshot {
                    true => vec!["--final-snapshot".to_owned(), "last".to_owned()],
                    false => vec!["--skip-final-snapshot".to_owned()],
                };
                more.extend(peered.then(|| "--with-peerings".to_owned()));
                (&["aurora", "delete", "--yes"], more)
            }
            Self::Peer { across } => (&["peering", "create"], network(across).to_vec()),
            Self::Unpeer { all: false } => {
                (&["peering", "delete", "--yes"], network(true).to_vec())
            }
            Self::Unpeer { all: true } => (&["peering", "delete", "--yes", "--all"], Vec::new()),
            Self::Reap => {
                let regions = ["--region", "eu-west-1", "--region", "us-west-1"];
                let words = ["aurora", "reap", "--yes"];
                return [&words[..], &regions].concat().iter().map(own).collect();
            }
            Self::Reset => {
                let words = &["aurora", "reset", "--yes"];
                let more = crate::kubernetes::stage::KUBERNETES;
                (words, more.iter().map(own).collect())
            }
        };
        let words = [words, &KEYCLOAK].concat();
        words.iter().map(own).chain(more).collect()
    }

    /// The AWS operations that may go wrong.
    pub(crate) fn operations(self) -> Vec<&'static str> {
        let lists: &[&[&'static str]] = match self {
            Self::Create { .. } => &[NETWORK, &["CreateDBCluster"], CLUSTER, GONE],
            Self::Restore { .. } => &[NETWORK, RESTORE, CLUSTER, GONE],
            Self::Delete { peered: false, .. } | Self::Reap => &[CLUSTER_READS, GONE],
            Self::Delete { peered: true, .. } => &[CLUSTER_READS, GONE, UNPEER],
            Self::Peer { .. } => &[PEER, UNPEER],
            Self::Unpeer { .. } => &[UNPEER],
            Self::Reset => &[&["DescribeDBClusters", "DescribeDBInstances"]],
        };
        [lists.concat(), vec!["GetCallerIdentity"]].concat()
    }

    /// The same with less of it, the simplest first.
    pub(crate) fn simpler(self) -> Vec<Self> {
        match self {
            Self::Create {
                instances,
                zones,
                range,
                password,
            } => {
                let with = |instances, zones, range, password| Self::Create {
                    instances,
                    zones,
                    range,
                    password,
                };
                vec![
                    with(1, false, true, false),
                    with(1, zones, range, password),
                    with(instances, false, range, password),
                    with(instances, zones, true, password),
                    with(instances, zones, range, false),
                ]
            }
            Self::Restore {
                instances,
                password,
            } => vec![
                Self::Restore {
                    instances: 1,
                    password: Password::Kept,
                },
                Self::Restore {
                    instances: 1,
                    password,
                },
                Self::Restore {
                    instances,
                    password: Password::Kept,
                },
            ],
            Self::Delete { snapshot, peered } => vec![
                Self::Delete {
                    snapshot: false,
                    peered: false,
                },
                Self::Delete {
                    snapshot: false,
                    peered,
                },
                Self::Delete {
                    snapshot,
                    peered: false,
                },
            ],
            Self::Peer { .. } => vec![Self::Peer { across: false }],
            Self::Unpeer { .. } => vec![Self::Unpeer { all: false }],
            Self::Reap | Self::Reset => Vec::new(),
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

fn own(word: &&str) -> String {
    (*word).to_owned()
}

const NETWORK: &[&str] = &[
    "CreateVpc",
    "CreateSubnet",
    "CreateSecurityGroup",
    "CreateRouteTable",
    "AssociateRouteTable",
    "CreateDBSubnetGroup",
    "CreateTags",
    "DeleteTags",
];

const CLUSTER: &[&str] = &[
    "CreateDBInstance",
    "CreateDBInstance",
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeDBClusters",
    "DescribeDBInstances",
];

const RESTORE: &[&str] = &[
    "RestoreDBClusterFromSnapshot",
    "ModifyDBCluster",
    "DescribeDBClusterSnapshots",
];

const CLUSTER_READS: &[&str] = &[
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeDBClusters",
    "DescribeDBInstances",
    "DescribeDBSubnetGroups",
];

const GONE: &[&str] = &[
    "DeleteDBInstance",
    "DeleteDBCluster",
    "DeleteDBSubnetGroup",
    "DeleteSecurityGroup",
    "DeleteRouteTable",
    "DisassociateRouteTable",
    "DeleteSubnet",
    "DeleteVpc",
];

const PEER: &[&str] = &[
    "CreateVpcPeeringConnection",
    "AcceptVpcPeeringConnection",
    "CreateRoute",
    "CreateRoute",
    "AuthorizeSecurityGroupIngress",
    "CreateTags",
];

const UNPEER: &[&str] = &[
    "DeleteRoute",
    "RevokeSecurityGroupIngress",
    "DeleteVpcPeeringConnection",
    "DescribeVpcPeeringConnections",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
];
