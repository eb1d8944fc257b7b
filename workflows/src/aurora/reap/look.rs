//! What a region holds that may be ours or the scripts'.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Vpc;
use aws_sdk_rds::types::{DbCluster, DbInstance, DbSubnetGroup, Tag};
use stepwell_engine::Fault;

use crate::aws::{Aws, ec2, rds};

/// What a region holds. Plain data, so that judging it asks nothing more.
pub(super) struct Region {
    pub(super) name: String,
    pub(super) vpcs: Vec<Vpc>,
    pub(super) clusters: Vec<DbCluster>,
    pub(super) instances: Vec<DbInstance>,
    pub(super) groups: Vec<Group>,
}

/// A subnet group.
pub(super) struct Group {
    pub(super) group: DbSubnetGroup,
    /// Whether a cluster or an instance uses it.
    pub(super) used: bool,
    /// Its tags; asked for only where nothing uses it, one call each.
    pub(super) tags: Vec<Tag>,
}

impl Region {
    /// Looks at a region. Each read has its own patience with faults that
    /// pass: a region with many is not given up for what meets each once.
    pub(super) async fn look(aws: &Aws, region: &str) -> Result<Self, Fault> {
        let clusters = aws.look(|| rds::clusters(aws, region)).await?;
        let instances = aws.look(|| rds::all_instances(aws, region)).await?;
        let used: BTreeSet<String> = clusters
            .iter()
            .filter_map(|cluster| cluster.db_subnet_group())
            .chain(
                instances
                    .iter()
                    .filter_map(|instance| instance.db_subnet_group()?.db_subnet_group_name()),
            )
            .map(str::to_owned)
            .collect();
        let mut groups = Vec::new();
        for group in aws.look(|| rds::subnet_groups(aws, region)).await? {
            let used = group
                .db_subnet_group_name()
                .is_none_or(|name| used.contains(name));
            let tags = match group.db_subnet_group_arn() {
                Some(arn) if !used => aws.look(|| rds::tags(aws, region, arn)).await?,
                _ => Vec::new(),
            };
            groups.push(Group { group, used, tags });
        }
        Ok(Self {
            name: region.to_owned(),
            vpcs: aws.look(|| ec2::vpcs(aws, region, None)).await?,
            clusters,
            instances,
            groups,
        })
    }

    /// The VPC in which a cluster lives, by its subnet group.
    pub(super) fn vpc_of(&self, cluster: &DbCluster) -> Option<&str> {
        let name = cluster.db_subnet_group()?;
        self.groups
            .iter()
            .find(|one| one.group.db_subnet_group_name() == Some(name))?
            .group
            .vpc_id()
    }
}
