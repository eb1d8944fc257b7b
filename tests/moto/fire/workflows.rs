//! The workflows: what each finds, how it is begun, and how it has to end.

use serde_json::Value;

use crate::kubernetes::stage as kubernetes;
use crate::moto::account::{Account, REGION, value, values};
use crate::moto::journey::peer_as_the_scripts_do;
use crate::moto::leftovers::{as_the_scripts_do, vpc};
use crate::moto::restore::saved;
use crate::moto::rosa::THERE;
use crate::moto::stage::{CLUSTER, OFFERED, Stage};

/// What a failure for good leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// All is undone.
    Reversible,
    /// It is suspended, and goes on.
    ForwardOnly,
    /// It is itself an undoing: it is stuck, and goes on.
    Undoing,
    /// It only looks: there is no run.
    Looking,
}

/// A workflow under fire.
pub(super) struct Workflow {
    pub(super) name: &'static str,
    pub(super) course: Course,
    /// Lays the ground, and gives the words of the command.
    pub(super) lay: fn(&mut Stage) -> Vec<String>,
    /// Whether it ended as it should when nothing went wrong. Every other end
    /// has to be like that one.
    pub(super) ended: fn(&Stage),
    /// How many operations it has in all, and how many with an effect, at
    /// least: one whose calls are no longer seen must not pass for safe.
    pub(super) least: (usize, usize),
}

/// All of them.
pub(super) const WORKFLOWS: [Workflow; 13] = [
    Workflow {
        name: "aurora create",
        course: Course::Reversible,
        lay: |_| creation(&["--deletion-protection"]),
        ended: |stage| is_whole(stage, 2),
        least: (40, 9),
    },
    Workflow {
        name: "aurora create --snapshot",
        course: Course::Reversible,
        lay: |stage| {
            saved(stage);
            stage.home.set("AURORA_PASSWORD", "given-by-a-person");
            creation(&["--snapshot", "farewell"])
        },
        ended: |stage| is_whole(stage, 2),
        least: (40, 9),
    },
    Workflow {
        name: "rollback of aurora create",
        course: Course::Undoing,
        lay: |stage| {
            stage.home.expect(0, &words(&creation(&[])));
            owned(&["rollback", &stage.home.newest(), "--yes"])
        },
        ended: |stage| is_bare(&stage.account),
        least: (12, 8),
    },
    Workflow {
        name: "aurora delete",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            owned(&Stage::deletion())
        },
        ended: |stage| is_bare(&stage.account),
        least: (18, 8),
    },
    Workflow {
        name: "aurora delete --final-snapshot",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            let words = ["aurora", "delete", "--final-snapshot", "last", "--yes"];
            owned(&[&words, &CLUSTER[..]].concat())
        },
        ended: |stage| {
            is_bare(&stage.account);
            let form = [("SnapshotType", "manual")];
            let left = stage.account.call("DescribeDBClusterSnapshots", &form);
            assert_eq!(values(&left, "DBClusterSnapshotIdentifier"), ["last"]);
        },
        least: (18, 8),
    },
    Workflow {
        name: "aurora delete --with-peerings",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            peered(&stage.account, THERE, 1);
            owned(&[&Stage::deletion()[..], &["--with-peerings"]].concat())
        },
        ended: |stage| {
            is_bare(&stage.account);
            assert_eq!(ways(&stage.account), (0, 0));
        },
        least: (24, 12),
    },
    Workflow {
        name: "peering create in one region",
        course: Course::Reversible,
        lay: |stage| peering_creation(stage, REGION),
        ended: |stage| assert_eq!(ways(&stage.account), (1, 4)),
        least: (12, 4),
    },
    Workflow {
        name: "peering create across regions",
        course: Course::Reversible,
        lay: |stage| peering_creation(stage, THERE),
        ended: |stage| assert_eq!(ways(&stage.account), (1, 4)),
        least: (14, 5),
    },
    Workflow {
        name: "rollback of peering create",
        course: Course::Undoing,
        lay: |stage| {
            let creation = peering_creation(stage, THERE);
            stage.home.expect(0, &words(&creation));
            owned(&["rollback", &stage.home.newest(), "--yes"])
        },
        ended: |stage| assert_eq!(ways(&stage.account), (0, 0)),
        least: (8, 4),
    },
    Workflow {
        name: "peering delete",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            peered(&stage.account, THERE, 1);
            owned(&[&["peering", "delete", "--yes"], &CLUSTER[..]].concat())
        },
        ended: |stage| assert_eq!(ways(&stage.account), (0, 0)),
        least: (9, 4),
    },
    Workflow {
        name: "peering delete --all",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            peered(&stage.account, THERE, 1);
            peered(&stage.account, REGION, 2);
            owned(&[&["peering", "delete", "--all", "--yes"], &CLUSTER[..]].concat())
        },
        ended: |stage| assert_eq!(ways(&stage.account), (0, 0)),
        least: (9, 4),
    },
    Workflow {
        name: "aurora reap",
        course: Course::ForwardOnly,
        lay: |stage| {
            aurora(&stage.account);
            let there = stage.account.in_region(THERE);
            as_the_scripts_do(&there, "bare", "192.168.8", 1);
            vpc(&there, "orphan", "192.168.9.0/24");
            let everywhere = ["--region", REGION, "--region", THERE];
            owned(&[&["aurora", "reap", "--yes"], &everywhere[..]].concat())
        },
        ended: |stage| {
            is_bare(&stage.account);
            is_bare(&stage.account.in_region(THERE));
        },
        least: (50, 14),
    },
    Workflow {
        name: "aurora reset",
        course: Course::Looking,
        lay: |stage| {
            aurora(&stage.account);
            kubernetes::install(&mut stage.home, &Value::Null);
            let words = ["aurora", "reset", "--yes"];
            owned(&[&words, &CLUSTER[..], &kubernetes::KUBERNETES].concat())
        },
        ended: |stage| assert_eq!(stage.latest().expect("a run")["status"], "succeeded"),
        least: (3, 0),
    },
];

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

pub(super) fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// Two instances: one that becomes the writer, and one that waits for it.
fn creation(more: &[&str]) -> Vec<String> {
    let words = ["aurora", "create", "--instances", "2"];
    owned(&[&words, &CLUSTER[..], &OFFERED, more].concat())
}

/// A cluster with its network, not made by the product, with a route table of
/// its own.
fn aurora(account: &Account) {
    as_the_scripts_do(account, "keycloak", "192.168.7", 2);
    let vpc = account.vpcs_of("keycloak").remove(0);
    let made = account.call("CreateRouteTable", &[("VpcId", &vpc)]);
    let table = value(&made, "routeTableId");
    let form = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)];
    for subnet in values(&account.call("DescribeSubnets", &form), "subnetId") {
        let form = [("RouteTableId", table.as_str()), ("SubnetId", &subnet)];
        account.call("AssociateRouteTable", &form);
    }
}

/// A network as a ROSA cluster has it: a private and a public table, and a
/// subnet without one of its own. Gives the VPC and one of the tables.
fn rosa(account: &Account, region: &'static str, number: u8) -> (String, String) {
    let account = account.in_region(region);
    let form = [("CidrBlock", &*format!("10.{number}.0.0/16"))];
    let vpc = value(&account.call("CreateVpc", &form), "vpcId");
    let mut table = String::new();
    for part in 0..3 {
        let block = format!("10.{number}.{part}.0/24");
        // moto would draw one.
        let zone = format!("{region}a");
        let form = [
            ("VpcId", vpc.as_str()),
            ("CidrBlock", &block),
            ("AvailabilityZone", &zone),
        ];
        let subnet = value(&account.call("CreateSubnet", &form), "subnetId");
        if part > 0 {
            let made = account.call("CreateRouteTable", &[("VpcId", &vpc)]);
            table = value(&made, "routeTableId");
            let form = [("RouteTableId", table.as_str()), ("SubnetId", &subnet)];
            account.call("AssociateRouteTable", &form);
        }
    }
    (vpc, table)
}

/// Such a network, and its peering with the cluster.
fn peered(account: &Account, region: &'static str, number: u8) {
    let (vpc, table) = rosa(account, region, number);
    let range = format!("10.{number}.0.0/16");
    peer_as_the_scripts_do(account, region, &vpc, &table, &range);
}

fn peering_creation(stage: &Stage, region: &'static str) -> Vec<String> {
    aurora(&stage.account);
    let (vpc, _) = rosa(&stage.account, region, 1);
    let words = [
        "peering",
        "create",
        "--rosa-vpc",
        &vpc,
        "--rosa-region",
        region,
    ];
    owned(&[&words, &CLUSTER[..]].concat())
}

/// There is one cluster with its network and so many instances.
fn is_whole(stage: &Stage, instances: usize) {
    let account = &stage.account;
    let vpcs = account.vpcs_of("keycloak");
    assert_eq!(vpcs.len(), 1, "{vpcs:?}");
    assert_eq!(account.count("DescribeSubnets", &vpcs[0], "subnetId"), 3);
    assert_eq!(account.clusters(), ["keycloak"]);
    assert_eq!(account.instances().len(), instances);
    let words = [&["aurora", "endpoint"], &CLUSTER[..]].concat();
    stage.home.expect(0, &words).prints("keycloak.cluster-");
}

/// There is nothing of Aurora.
fn is_bare(account: &Account) {
    let form = [
        ("Filter.1.Name", "tag-key"),
        ("Filter.1.Value.1", "AuroraCluster"),
    ];
    let vpcs = values(&account.call("DescribeVpcs", &form), "vpcId");
    assert!(vpcs.is_empty(), "{vpcs:?}");
    assert!(account.clusters().is_empty());
    assert!(account.instances().is_empty());
    let groups = account.call("DescribeDBSubnetGroups", &[]);
    assert!(values(&groups, "DBSubnetGroupName").is_empty());
}

/// How many live peerings there are, as Aurora's side sees it, and how many
/// routes lead to any.
fn ways(account: &Account) -> (usize, usize) {
    let peerings = account.call("DescribeVpcPeeringConnections", &[]);
    let active = peerings.matches("<code>active</code>").count();
    let routes = [REGION, THERE].map(|region| {
        let tables = account.call_in(region, "DescribeRouteTables", &[]);
        values(&tables, "vpcPeeringConnectionId").len()
    });
    (active, routes.iter().sum())
}
