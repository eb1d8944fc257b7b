//! Random calls: every operation, with parameters of which most make sense.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::parameters::Sort::{
    AclAssociation, Arn, Association, Cluster, Deployment, Global, Id, Instance, Of,
    RangeAssociation, Secret, Snapshot, SubnetGroup,
};
use super::parameters::{COMMON, CREDENTIALS, Sort, own};
use crate::ec2::{acl, block};
use crate::operations::{OperationInfo, operations};
use crate::wire::service::Service;
use crate::world::World;
use crate::{Account, Database};

/// A random call.
#[derive(Clone, Debug)]
pub(super) struct RandomCall {
    pub(super) operation: &'static OperationInfo,
    pub(super) region: &'static str,
    params: Vec<(String, RandomValue)>,
    credentials: usize,
    /// A state that a database is put into before it, and for how many seconds.
    imposed: Option<(Index, Index, Option<u64>)>,
    /// How long passes before it, in seconds.
    pub(super) pause: u64,
}

#[derive(Clone, Debug)]
enum RandomValue {
    Sensible(Sort, Index),
    Absurd(String),
}

/// Texts that no parameter should hold.
pub(super) fn absurd() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        4 => select(vec![
            "-1", "0", "4294967295", "4294967296", "9223372036854775807", "-9223372036854775808",
            "18446744073709551616", "1e309", "NaN", "null", "true", "10.0.0.0/99", "10.0.0.0/-1",
            "::/0", "vpc-", "-", "vpc-0", "a\u{0}b", "\u{ffff}\u{fffe}", "<a>&\"'", "%00%zz%", "é",
            "arn:aws:rds:::::", "9999-99-99T99:99:99Z", "1970-01-01T00:00:00Z", "db.", "..", ":",
        ]).prop_map(str::to_owned),
        2 => "\\PC{0,20}",
        1 => any::<String>(),
        1 => (any::<char>(), 0..6000_usize).prop_map(|(c, n)| c.to_string().repeat(n)),
    ]
}

fn operation() -> impl Strategy<Value = &'static OperationInfo> {
    // What others need comes up more often.
    const NEEDED: [&str; 22] = [
        "CreateVpc",
        "CreateSubnet",
        "CreateSubnet",
        "CreateDBSubnetGroup",
        "CreateDBSubnetGroup",
        "CreateSecurityGroup",
        "CreateDBCluster",
        "CreateDBCluster",
        "CreateDBInstance",
        "CreateDBInstance",
        "CreateVpcPeeringConnection",
        "AcceptVpcPeeringConnection",
        "CreateInternetGateway",
        "AttachInternetGateway",
        "CreateRouteTable",
        "CreateSubnet",
        "CreateNatGateway",
        "CreateVpcEndpoint",
        "CreateTransitGateway",
        "CreateTransitGatewayVpcAttachment",
        "CreateVpnGateway",
        "AttachVpnGateway",
    ];
    let named = |name: &str| operations().iter().find(|one| one.name == name);
    let needed: Vec<&OperationInfo> = NEEDED.iter().filter_map(|name| named(name)).collect();
    assert_eq!(needed.len(), NEEDED.len());
    prop_oneof![
        2 => select(operations().iter().collect::<Vec<_>>()),
        1 => select(needed),
    ]
}

/// Any call.
pub(super) fn call() -> impl Strategy<Value = RandomCall> {
    let region = prop_oneof![12 => Just("eu-west-1"), 3 => Just("us-west-1"), 1 => Just("mars-1")];
    let pause = prop_oneof![6 => Just(0), 4 => 1..10_u64, 4 => 60..2000_u64, 1 => Just(700_000)];
    let imposed = (
        any::<Index>(),
        any::<Index>(),
        prop::option::weighted(0.8, 0..2000_u64),
    );
    let imposed = prop::option::weighted(0.1, imposed);
    (operation(), region, pause, 0..2_usize, imposed).prop_flat_map(
        |(operation, region, pause, credentials, imposed)| {
            let candidates = own(operation.name).iter().chain(COMMON);
            let params: Vec<_> = candidates
            .map(|&(name, sort)| {
                let (often, name) = match name.strip_suffix('!') {
                    Some(name) => (0.97, name),
                    None => (0.04, name),
                };
                let value = prop_oneof![
                    40 => any::<Index>().prop_map(move |index| RandomValue::Sensible(sort, index)),
                    1 => absurd().prop_map(RandomValue::Absurd),
                ];
                let name = prop_oneof![60 => Just(name.to_owned()), 1 => other_index(name)];
                prop::option::weighted(often, (name, value))
            })
            .collect();
            params.prop_map(move |params| RandomCall {
                operation,
                region,
                params: params.into_iter().flatten().collect(),
                credentials,
                imposed,
                pause,
            })
        },
    )
}

/// A name whose numbers are others.
fn other_index(name: &str) -> impl Strategy<Value = String> + use<> {
    let name = name.to_owned();
    select(vec![
        "0",
        "-1",
        "2",
        "7",
        "4294967295",
        "4294967296",
        "99999999999999999999",
        "x",
        "",
    ])
    .prop_map(move |other| name.replace(".1", &format!(".{other}")))
}

impl RandomCall {
    /// Puts a database that is there into the state that was drawn, if one was.
    pub(super) fn impose(&self, account: &Account) {
        let Some((which, state, lasts)) = self.imposed else {
            return;
        };
        let all = account.look(|world| {
            let here = world.region(self.region);
            let clusters = here
                .clusters
                .keys()
                .map(|id| (Database::Cluster, id.clone()));
            let instances = here.db_instances.keys();
            let instances = instances.map(|id| (Database::Instance, id.clone()));
            clusters.chain(instances).collect::<Vec<_>>()
        });
        if all.is_empty() {
            return;
        }
        let (kind, id) = which.get(&all);
        let lasts = lasts.map(Duration::from_secs);
        let state = state.get(kind.states());
        account
            .set_status(self.region, *kind, id, state, lasts)
            .unwrap();
    }

    /// The parameters, with the names of what is there.
    pub(super) fn resolve(&self, world: &World) -> Vec<(String, String)> {
        let mut params: Vec<(String, String)> = (self.params.iter())
            .map(|(name, value)| {
                let value = match value {
                    RandomValue::Absurd(text) => text.clone(),
                    RandomValue::Sensible(sort, index) => self.pick(world, *sort, *index),
                };
                (name.clone(), value)
            })
            .collect();
        let copies = ["ReplicationSourceIdentifier", "GlobalClusterIdentifier"];
        let copies = params
            .iter()
            .any(|(name, _)| copies.contains(&name.as_str()));
        // What is copied has its password.
        if self.operation.name == "CreateDBCluster" && !copies {
            let pairs = CREDENTIALS[self.credentials].iter();
            params.extend(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        }
        // What one of the three takes, the others refuse.
        match self.operation.name {
            "CreateDBCluster" => params.retain(|(name, _)| name != "SnapshotIdentifier"),
            "ModifyDBCluster" => params.retain(|(name, _)| !name.starts_with("Snapshot")),
            _ => {}
        }
        params
    }

    fn pick(&self, world: &World, sort: Sort, index: Index) -> String {
        let here = world.region(self.region);
        let of = |names: Vec<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => index.get(&names).clone(),
        };
        match sort {
            Of(values) => (*index.get(values)).to_owned(),
            Id(prefix) => of(ids(world, self.region, prefix)),
            Cluster => of(here.clusters.keys().cloned().collect()),
            Instance => of(here.db_instances.keys().cloned().collect()),
            SubnetGroup => of(here.subnet_groups.keys().cloned().collect()),
            Snapshot => of(here.snapshots.keys().cloned().collect()),
            Global => of(world.global_clusters.keys().cloned().collect()),
            Deployment => of(here.deployments.keys().cloned().collect()),
            Secret => of(here.secrets.keys().cloned().collect()),
            Association => of((here.route_tables.values())
                .flat_map(|table| table.associations.iter().map(|one| one.id.clone()))
                .collect()),
            AclAssociation => of((here.subnets.iter())
                .map(|(id, subnet)| acl::link(id, subnet).association)
                .collect()),
            RangeAssociation => {
                let first = here.vpcs.keys().map(|id| block::first_association(id));
                let blocks = here.vpcs.values().flat_map(|vpc| {
                    let v6 = vpc.v6.iter().map(|one| one.association.clone());
                    vpc.more.iter().map(|one| one.association.clone()).chain(v6)
                });
                of(first.chain(blocks).collect())
            }
            Arn => {
                let named = |kind: &'static str, names: Vec<&String>| -> Vec<String> {
                    let account = &world.account_id;
                    let arn = |name| format!("arn:aws:rds:{}:{account}:{kind}:{name}", self.region);
                    names.into_iter().map(arn).collect()
                };
                let mut arns = named("cluster", here.clusters.keys().collect());
                arns.extend(named("db", here.db_instances.keys().collect()));
                arns.extend(named("subgrp", here.subnet_groups.keys().collect()));
                arns.extend(named("cluster-snapshot", here.snapshots.keys().collect()));
                of(arns)
            }
        }
    }

    /// The service.
    pub(super) fn service(&self) -> Service {
        self.operation.service
    }
}

/// The ids that begin like this.
fn ids(world: &World, region: &str, prefix: &str) -> Vec<String> {
    let here = world.region(region);
    let rules = here.groups.values().flat_map(|group| &group.rules);
    // Both sides of a peering know its id, and VPCs elsewhere can be peered.
    let elsewhere = world.regions.values().flat_map(|region| region.vpcs.keys());
    let all = elsewhere
        .chain(here.subnets.keys())
        .chain(here.route_tables.keys())
        .chain(here.groups.keys())
        .chain(here.interfaces.keys())
        .chain(here.gateways.keys())
        .chain(here.instances.keys())
        .chain(here.edges.keys())
        .chain(here.acls.keys())
        .chain(here.prefix_lists.keys())
        .chain(world.peerings.keys())
        .chain(rules.map(|rule| &rule.id));
    // Every VPC has a default network ACL.
    let defaults = here.vpcs.keys().map(|vpc| acl::default_of(vpc));
    all.cloned()
        .chain(defaults)
        .filter(|id| id.starts_with(prefix))
        .collect()
}
