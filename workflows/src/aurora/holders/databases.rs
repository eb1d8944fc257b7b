//! The databases of a region: which subnet groups are a cluster's, and who else
//! lives in its VPCs.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{DbCluster, DbInstance, DbSubnetGroup};
use stepwell_engine::Fault;

use super::{Doomed, Obstacle, ask};
use crate::Target;
use crate::aws::{Aws, ec2, rds, tags};

/// All databases of a region, with the subnet groups that say where they live.
pub(crate) struct Databases {
    groups: Vec<DbSubnetGroup>,
    clusters: Vec<DbCluster>,
    instances: Vec<DbInstance>,
}

impl Databases {
    /// Looks at the region.
    pub(crate) async fn look(aws: &Aws, region: &str) -> Result<Self, Fault> {
        let statement = "LookAtDatabases";
        let (groups, clusters, instances) = tokio::try_join!(
            ask(aws, statement, || rds::subnet_groups(aws, region)),
            ask(aws, statement, || rds::clusters(aws, region)),
            ask(aws, statement, || rds::all_instances(aws, region)),
        )?;
        Ok(Self {
            groups,
            clusters,
            instances,
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

    /// Other databases in the VPCs and subnet groups that go: their network
    /// interfaces are RDS's as well, so nothing else would tell.
    pub(crate) fn neighbours(&self, doomed: &Doomed) -> Vec<Obstacle> {
        let others: BTreeSet<&str> = (self.groups.iter())
            .filter_map(|group| {
                let name = group.db_subnet_group_name()?;
                let goes = doomed.subnet_groups.iter().any(|one| one == name);
                (goes || is_in(group, &doomed.vpcs)).then_some(name)
            })
            .flat_map(|group| self.users(group))
            .filter(|user| !tags::names(Some(user), &doomed.cluster))
            .collect();
        let obstacle = |other| {
            Obstacle::new(
                "database",
                other,
                format!(
                    "another database lives in the network of cluster {:?}: {other}",
                    doomed.cluster
                ),
                "delete it or move it to another network first",
            )
        };
        others.into_iter().map(obstacle).collect()
    }

    /// The subnet groups that are the cluster's: the one it uses and the one
    /// of the conventional name, if they are in one of its VPCs, tagged for it
    /// or left behind by a VPC that is gone; and those of any name that are
    /// tagged for it and that nothing uses.
    pub(crate) async fn owned_groups(
        &self,
        aws: &Aws,
        doomed: &Doomed,
    ) -> Result<Vec<&DbSubnetGroup>, Fault> {
        let (region, cluster) = (&doomed.region, doomed.cluster.as_str());
        let conventional = format!("{cluster}-subnet-group");
        let mut owned = Vec::new();
        for group in &self.groups {
            let Some(name) = group.db_subnet_group_name() else {
                continue;
            };
            let users: Vec<&str> = self.users(name).collect();
            let uses = users.iter().any(|user| tags::names(Some(user), cluster));
            let by_name = uses || name.eq_ignore_ascii_case(&conventional);
            if !by_name && !users.is_empty() {
                continue;
            }
            if (by_name && is_in(group, &doomed.vpcs))
                || is_tagged(aws, region, group, cluster).await?
                || (by_name && is_homeless(aws, region, group).await?)
            {
                owned.push(group);
            }
        }
        Ok(owned)
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
    let own = Target::cluster(region, cluster).to_string();
    let deployment = tags::rds_value(&labels, tags::DEPLOYMENT);
    Ok(
        tags::names(tags::rds_value(&labels, tags::CLUSTER), cluster)
            && deployment.is_none_or(|deployment| deployment.eq_ignore_ascii_case(&own)),
    )
}

/// Whether a group's VPC is gone.
async fn is_homeless(aws: &Aws, region: &str, group: &DbSubnetGroup) -> Result<bool, Fault> {
    let vpc = group.vpc_id().unwrap_or_default();
    let filter = || ec2::filter("vpc-id", vpc);
    let found = aws.look(|| ec2::vpcs(aws, region, Some(filter()))).await?;
    Ok(found.is_empty())
}
