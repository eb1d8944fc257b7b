//! What there is of a cluster, found by its name and tags. Reads only.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbCluster;
use serde::{Deserialize, Serialize};
use stepwell_engine::Fault;

use crate::aurora::holders::{NamingRule, Part};
use crate::aurora::{ClusterIdentity, InstanceIdentity};
use crate::aws::{Aws, ec2, rds};

/// A route table that is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTableInventory {
    /// Its id.
    pub id: String,
    /// Its associations with subnets.
    pub associations: Vec<String>,
}

/// A subnet group that is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroupInventory {
    /// Its name.
    pub name: String,
    /// The VPC of its subnets: another group of the name has another.
    pub vpc: Option<String>,
}

/// A VPC with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcInventory {
    /// Its id.
    pub id: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its security groups but for the default one.
    pub security_groups: Vec<String>,
    /// Its route tables but for the main one.
    pub route_tables: Vec<RouteTableInventory>,
    /// What else is in it and the cluster's: gateways, endpoints, attachments,
    /// network ACLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// All there is of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The cluster itself, if it is there.
    pub cluster: Option<ClusterIdentity>,
    /// Instances that read.
    pub readers: Vec<InstanceIdentity>,
    /// The instance that writes; more where nobody can tell.
    pub writers: Vec<InstanceIdentity>,
    /// Subnet groups.
    pub subnet_groups: Vec<SubnetGroupInventory>,
    /// Rules of security groups that name a group that goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<NamingRule>,
    /// VPCs tagged with the cluster's name; more than one after mishaps.
    pub vpcs: Vec<VpcInventory>,
}

impl Inventory {
    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The instances, those first that read.
    pub fn instances(&self) -> impl Iterator<Item = &InstanceIdentity> {
        self.readers.iter().chain(&self.writers)
    }

    /// The ids of everything in the network that goes.
    pub(super) fn network_ids(&self) -> Vec<String> {
        let rules = self.rules.iter().map(|rule| &rule.rule);
        let in_vpc = |vpc: &'_ VpcInventory| -> Vec<String> {
            let parts = vpc.parts.iter().map(|part| &part.id);
            let tables = vpc.route_tables.iter().map(|table| &table.id);
            let ids = vpc.subnets.iter().chain(&vpc.security_groups);
            ids.chain(tables).chain(parts).cloned().collect()
        };
        let vpcs = self.vpcs.iter().flat_map(in_vpc);
        rules.cloned().chain(vpcs).collect()
    }

    /// What there is, a line each, for people.
    pub fn lines(&self, cluster: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for one in self.writers.iter().chain(&self.readers) {
            lines.push(format!("instance {}", one.instance));
        }
        if self.cluster.is_some() {
            lines.push(format!("cluster {cluster}"));
        }
        for group in &self.subnet_groups {
            lines.push(format!("subnet group {}", group.name));
        }
        for rule in &self.rules {
            lines.push(format!("rule {} of {}", rule.rule, rule.group));
        }
        for vpc in &self.vpcs {
            for part in &vpc.parts {
                lines.push(format!("{} {} in {}", part.kind.words(), part.id, vpc.id));
            }
            for id in vpc.subnets.iter().chain(&vpc.security_groups) {
                lines.push(format!("{id} in {}", vpc.id));
            }
            for table in &vpc.route_tables {
                lines.push(format!("{} in {}", table.id, vpc.id));
            }
            lines.push(format!("vpc {}", vpc.id));
        }
        lines
    }
}

/// The instances of a cluster: those that write, and those that read.
pub(super) async fn instances(
    aws: &Aws,
    region: &str,
    name: &str,
    cluster: Option<&DbCluster>,
) -> Result<(Vec<InstanceIdentity>, Vec<InstanceIdentity>), Fault> {
    let instances = aws.look(|| rds::instances(aws, region, name)).await?;
    let writer: BTreeSet<&str> = cluster
        .iter()
        .flat_map(|cluster| cluster.db_cluster_members())
        .filter(|member| member.is_cluster_writer() == Some(true))
        .filter_map(|member| member.db_instance_identifier())
        .collect();
    Ok((instances.iter())
        .map(InstanceIdentity::of)
        .partition(|one| writer.contains(one.instance.as_str())))
}

/// What is in a VPC.
pub(super) async fn survey_vpc(aws: &Aws, region: &str, vpc: &str) -> Result<VpcInventory, Fault> {
    let (subnets, groups, tables) = tokio::try_join!(
        aws.look(|| ec2::subnets(aws, region, vpc)),
        aws.look(|| ec2::security_groups(aws, region, vpc)),
        aws.look(|| ec2::route_tables(aws, region, vpc)),
    )?;
    let mut subnets: Vec<String> = (subnets.iter())
        .filter_map(|subnet| subnet.subnet_id().map(str::to_owned))
        .collect();
    subnets.sort();
    let mut security_groups: Vec<String> = (groups.iter())
        .filter(|group| group.group_name() != Some("default"))
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    security_groups.sort();
    let mut route_tables: Vec<RouteTableInventory> = (tables.iter())
        .filter(|table| !ec2::is_main(table))
        .filter_map(|table| {
            Some(RouteTableInventory {
                id: table.route_table_id()?.to_owned(),
                associations: table
                    .associations()
                    .iter()
                    .filter_map(|association| association.route_table_association_id())
                    .map(str::to_owned)
                    .collect(),
            })
        })
        .collect();
    route_tables.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(VpcInventory {
        id: vpc.to_owned(),
        subnets,
        security_groups,
        route_tables,
        parts: Vec::new(),
    })
}
