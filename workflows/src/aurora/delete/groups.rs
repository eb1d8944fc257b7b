//! The subnet groups of a cluster, and who else lives in its VPCs. Reads only.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{DbCluster, DbInstance, DbSubnetGroup};
use stepwell_engine::Fault;

use super::DeleteRequest;
use crate::SurveyError;
use crate::aws::{Aws, ec2, rds, tags};

/// All databases of a region, with the subnet groups that say where they live.
pub(super) struct Databases {
    groups: Vec<DbSubnetGroup>,
    clusters: Vec<DbCluster>,
    instances: Vec<DbInstance>,
}

impl Databases {
    /// Looks at the region.
    pub(super) async fn look(aws: &Aws, region: &str) -> Result<Self, Fault> {
        Ok(Self {
            groups: aws.look(|| rds::subnet_groups(aws, region)).await?,
            clusters: aws.look(|| rds::clusters(aws, region)).await?,
            instances: aws.look(|| rds::all_instances(aws, region)).await?,
        })
    }

    /// The clusters and lone instances that use a subnet group.
    fn users<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        let clusters = (self.clusters.iter())
            .filter(move |cluster| cluster.db_subnet_group() == Some(group))
            .filter_map(|cluster| cluster.db_cluster_identifier());
        let instances = (self.instances.iter())
            .filter(move |one| {
                one.db_subnet_group()
                    .and_then(|of| of.db_subnet_group_name())
                    == Some(group)
            })
            .filter_map(|one| one.db_cluster_identifier().or(one.db_instance_identifier()));
        clusters.chain(instances)
    }

    /// Refuses VPCs in which another database lives: its network interfaces
    /// are RDS's as well, so nothing else would tell.
    pub(super) fn refuse_neighbours(
        &self,
        request: &DeleteRequest,
        vpcs: &[String],
    ) -> Result<(), SurveyError> {
        let others: BTreeSet<&str> = (self.groups.iter())
            .filter(|group| is_in(group, vpcs))
            .filter_map(|group| group.db_subnet_group_name())
            .flat_map(|group| self.users(group))
            .filter(|user| *user != request.cluster)
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<&str> = others.into_iter().collect();
        Err(SurveyError::Refused {
            message: format!(
                "another database lives in the network of cluster {:?}: {}",
                request.cluster,
                others.join(", ")
            ),
            hint: "delete or move it first; nothing was touched".to_owned(),
        })
    }

    /// The subnet groups that are the cluster's: the one it uses and the one
    /// of the conventional name, if they are in one of its VPCs, tagged for it
    /// or left behind by a VPC that is gone; and those of any name that are
    /// tagged for it and that nothing uses.
    pub(super) async fn owned_groups(
        &self,
        aws: &Aws,
        request: &DeleteRequest,
        vpcs: &[String],
    ) -> Result<Vec<String>, Fault> {
        let (region, cluster) = (&request.region, request.cluster.as_str());
        let conventional = format!("{cluster}-subnet-group");
        let mut owned = BTreeSet::new();
        for group in &self.groups {
            let Some(name) = group.db_subnet_group_name() else {
                continue;
            };
            let users: Vec<&str> = self.users(name).collect();
            let by_name = users.contains(&cluster) || name == conventional;
            if !by_name && !users.is_empty() {
                continue;
            }
            if (by_name && is_in(group, vpcs))
                || is_tagged(aws, region, group, cluster).await?
                || (by_name && is_homeless(aws, region, group).await?)
            {
                owned.insert(name.to_owned());
            }
        }
        Ok(owned.into_iter().collect())
    }
}

fn is_in(group: &DbSubnetGroup, vpcs: &[String]) -> bool {
    vpcs.iter().any(|vpc| group.vpc_id() == Some(vpc))
}

async fn is_tagged(
    aws: &Aws,
    region: &str,
    group: &DbSubnetGroup,
    cluster: &str,
) -> Result<bool, Fault> {
    let arn = group.db_subnet_group_arn().unwrap_or_default();
    let labels = aws.look(|| rds::tags(aws, region, arn)).await?;
    let own = super::super::target(region, cluster);
    let deployment = tags::rds_value(&labels, tags::DEPLOYMENT);
    Ok(tags::rds_value(&labels, tags::CLUSTER) == Some(cluster)
        && deployment.is_none_or(|deployment| deployment == own))
}

/// Whether a group's VPC is gone.
async fn is_homeless(aws: &Aws, region: &str, group: &DbSubnetGroup) -> Result<bool, Fault> {
    let vpc = group.vpc_id().unwrap_or_default();
    let filter = || ec2::filter("vpc-id", vpc);
    let found = aws.look(|| ec2::vpcs(aws, region, Some(filter()))).await?;
    Ok(found.is_empty())
}
