//! What there is of a cluster, found by its name and tags. Reads only.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::types::Vpc;
use aws_sdk_rds::types::DbCluster;
use serde::{Deserialize, Serialize};
use stepwell_engine::Fault;

use super::groups::Databases;
use super::{DeleteParameters, DeleteRequest};
use crate::SurveyError;
use crate::aurora::alive::refuse_alive;
use crate::aws::{Aws, ec2, rds};
use crate::input::InvalidInput;
use crate::peering;

/// How long a read may miss what was just made.
const YOUNG: Duration = Duration::from_secs(5);

/// A route table that is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTableInventory {
    /// Its id.
    pub id: String,
    /// Its associations with subnets.
    pub associations: Vec<String>,
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
}

/// All there is of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Whether the cluster itself is there.
    pub cluster: bool,
    /// Whether it is stopped.
    pub stopped: bool,
    /// Instances that read.
    pub readers: Vec<String>,
    /// The instance that writes; more where nobody can tell.
    pub writers: Vec<String>,
    /// Subnet groups.
    pub subnet_groups: Vec<String>,
    /// VPCs tagged with the cluster's name; more than one after mishaps.
    pub vpcs: Vec<VpcInventory>,
}

impl Inventory {
    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What there is, a line each, for people.
    pub fn lines(&self, cluster: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for name in self.writers.iter().chain(&self.readers) {
            lines.push(format!("instance {name}"));
        }
        if self.cluster {
            lines.push(format!("cluster {cluster}"));
        }
        for name in &self.subnet_groups {
            lines.push(format!("subnet group {name}"));
        }
        for vpc in &self.vpcs {
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

/// Finds what there is of a cluster and refuses what must not be deleted,
/// before anything is touched: a cluster that another run is at work on, a
/// protected one, a peered VPC, a VPC in which somebody else lives, a snapshot
/// whose name is taken.
pub async fn survey_delete(
    aws: &Aws,
    request: &DeleteRequest,
) -> Result<DeleteParameters, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    refuse_alive(aws, region, name, None).await?;
    let (cluster, vpcs) = look_twice(aws, region, name).await?;
    if let Some((message, hint)) = cluster.as_ref().and_then(|c| protected(c, region)) {
        return Err(SurveyError::Refused { message, hint });
    }
    if let Some(cluster) = &cluster {
        refuse_taken_snapshot(aws, request, cluster).await?;
    }
    let instances = aws.look(|| rds::instances(aws, region, name)).await?;
    let writer: BTreeSet<&str> = cluster
        .iter()
        .flat_map(|cluster| cluster.db_cluster_members())
        .filter(|member| member.is_cluster_writer() == Some(true))
        .filter_map(|member| member.db_instance_identifier())
        .collect();
    let (writers, readers): (Vec<String>, Vec<String>) = instances
        .iter()
        .filter_map(|instance| instance.db_instance_identifier().map(str::to_owned))
        .partition(|id| writer.contains(id.as_str()));

    let ids: Vec<String> = vpcs
        .iter()
        .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
        .collect();
    let peerings = peering::peerings_of(aws, region, name, request.with_peerings.as_ref()).await?;
    let mut inventory = Inventory {
        cluster: cluster.is_some(),
        stopped: cluster
            .as_ref()
            .is_some_and(|cluster| cluster.status() == Some("stopped")),
        readers,
        writers,
        ..Inventory::default()
    };
    let databases = Databases::look(aws, region).await?;
    databases.refuse_neighbours(request, &ids)?;
    inventory.subnet_groups = databases.owned_groups(aws, request, &ids).await?;
    for id in &ids {
        refuse_foreign(aws, region, id).await?;
        inventory.vpcs.push(survey_vpc(aws, region, id).await?);
    }
    Ok(DeleteParameters {
        cluster: name.clone(),
        region: region.clone(),
        final_snapshot: request.final_snapshot.clone(),
        inventory,
        peerings,
        rosa_account: request
            .with_peerings
            .as_ref()
            .map(|accounts| accounts.rosa.clone()),
    })
}

/// The cluster and its VPCs. That one of them is not there is only believed at
/// a second look: a read may miss what a run made a moment before it was
/// stopped. To call that "nothing" would leak it, and a cluster that is missed
/// would lose its instances without being asked whether it is protected.
async fn look_twice(
    aws: &Aws,
    region: &str,
    name: &str,
) -> Result<(Option<DbCluster>, Vec<Vpc>), Fault> {
    let mut cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
    let mut vpcs = aws.look(|| ec2::vpcs_of(aws, region, name)).await?;
    if cluster.is_none() || vpcs.is_empty() {
        aws.clock().sleep(YOUNG).await;
    }
    if cluster.is_none() {
        cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
    }
    if vpcs.is_empty() {
        vpcs = aws.look(|| ec2::vpcs_of(aws, region, name)).await?;
    }
    Ok((cluster, vpcs))
}

/// Says that a cluster is protected, if it is, and what to do about it.
fn protected(cluster: &DbCluster, region: &str) -> Option<(String, String)> {
    let name = cluster.db_cluster_identifier()?;
    (cluster.deletion_protection() == Some(true)).then(|| {
        (
            format!("cluster {name:?} is protected against deletion"),
            format!(
                "switch it off first: aws rds modify-db-cluster --region {region} --db-cluster-identifier {name} --no-deletion-protection"
            ),
        )
    })
}

/// Refuses a name under which there is a snapshot already: RDS would say so
/// only when the instances are gone. A cluster that is being deleted made it
/// itself, or needs none any more.
async fn refuse_taken_snapshot(
    aws: &Aws,
    request: &DeleteRequest,
    cluster: &DbCluster,
) -> Result<(), SurveyError> {
    let Some(name) = &request.final_snapshot else {
        return Ok(());
    };
    let region = &request.region;
    if cluster.status() == Some("deleting")
        || !aws
            .look(|| rds::has_cluster_snapshot(aws, region, name))
            .await?
    {
        return Ok(());
    }
    Err(InvalidInput {
        input: "final-snapshot",
        value: name.clone(),
        problem: format!("is the name of a snapshot in {region}"),
        allowed: "a name that is not taken".to_owned(),
    }
    .into())
}

/// Why a cluster must not be taken away, if it is protected: message and hint.
pub(crate) async fn protection_refusal(
    aws: &Aws,
    region: &str,
    name: &str,
) -> Result<Option<(String, String)>, Fault> {
    let cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
    Ok(cluster.and_then(|cluster| protected(&cluster, region)))
}

/// Refuses a VPC in which there is a network interface that RDS does not own:
/// somebody uses it for something else.
async fn refuse_foreign(aws: &Aws, region: &str, vpc: &str) -> Result<(), SurveyError> {
    let interfaces = aws
        .look(|| ec2::network_interfaces(aws, region, vpc))
        .await?;
    let foreign: Vec<String> = interfaces
        .iter()
        .filter(|interface| {
            interface.requester_id() != Some("amazon-rds")
                && !interface
                    .description()
                    .is_some_and(|text| text.starts_with("RDS"))
        })
        .filter_map(|interface| interface.network_interface_id().map(str::to_owned))
        .collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(SurveyError::Refused {
        message: format!(
            "{vpc} holds network interfaces that are not the database's: {}",
            foreign.join(", ")
        ),
        hint: "remove what uses them first; nothing was touched".to_owned(),
    })
}

async fn survey_vpc(aws: &Aws, region: &str, vpc: &str) -> Result<VpcInventory, Fault> {
    let mut subnets: Vec<String> = aws
        .look(|| ec2::subnets(aws, region, vpc))
        .await?
        .iter()
        .filter_map(|subnet| subnet.subnet_id().map(str::to_owned))
        .collect();
    subnets.sort();
    let mut security_groups: Vec<String> = aws
        .look(|| ec2::security_groups(aws, region, vpc))
        .await?
        .iter()
        .filter(|group| group.group_name() != Some("default"))
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    security_groups.sort();
    let mut route_tables: Vec<RouteTableInventory> = aws
        .look(|| ec2::route_tables(aws, region, vpc))
        .await?
        .iter()
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
    })
}
