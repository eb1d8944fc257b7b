//! Reads of RDS that more than one step needs.

use aws_sdk_rds::types::{
    AccountQuota, BlueGreenDeployment, DbCluster, DbClusterSnapshot, DbInstance, DbSubnetGroup,
    Filter, GlobalCluster, SourceType, Tag,
};
use stepwell_engine::Fault;

use super::Aws;
use super::call::{fault, unless_gone};
use super::tags;

/// A cluster, if there is one of the name.
pub(crate) async fn cluster(
    aws: &Aws,
    region: &str,
    cluster: &str,
) -> Result<Option<DbCluster>, Fault> {
    let answer = aws
        .rds(region)
        .describe_db_clusters()
        .db_cluster_identifier(cluster)
        .send()
        .await
        .map_err(|error| fault("DescribeDBClusters", error));
    Ok(unless_gone(answer)?.and_then(|answer| answer.db_clusters.unwrap_or_default().pop()))
}

/// All clusters of a region.
pub(crate) async fn clusters(aws: &Aws, region: &str) -> Result<Vec<DbCluster>, Fault> {
    aws.rds(region)
        .describe_db_clusters()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeDBClusters", error))
}

/// An instance, if there is one of the name.
pub(crate) async fn instance(
    aws: &Aws,
    region: &str,
    instance: &str,
) -> Result<Option<DbInstance>, Fault> {
    let answer = aws
        .rds(region)
        .describe_db_instances()
        .db_instance_identifier(instance)
        .send()
        .await
        .map_err(|error| fault("DescribeDBInstances", error));
    Ok(unless_gone(answer)?.and_then(|answer| answer.db_instances.unwrap_or_default().pop()))
}

/// The instances that belong to a cluster: by their own word, not by their name.
pub(crate) async fn instances(
    aws: &Aws,
    region: &str,
    cluster: &str,
) -> Result<Vec<DbInstance>, Fault> {
    let filter = Filter::builder()
        .name("db-cluster-id")
        .values(cluster)
        .build();
    let found = aws
        .rds(region)
        .describe_db_instances()
        .filters(filter)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeDBInstances", error));
    Ok(unless_gone(found)?
        .unwrap_or_default()
        .into_iter()
        .filter(|instance| tags::names(instance.db_cluster_identifier(), cluster))
        .collect())
}

/// All instances of a region, of whatever engine.
pub(crate) async fn all_instances(aws: &Aws, region: &str) -> Result<Vec<DbInstance>, Fault> {
    aws.rds(region)
        .describe_db_instances()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeDBInstances", error))
}

/// All subnet groups of a region.
pub(crate) async fn subnet_groups(aws: &Aws, region: &str) -> Result<Vec<DbSubnetGroup>, Fault> {
    aws.rds(region)
        .describe_db_subnet_groups()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeDBSubnetGroups", error))
}

/// A subnet group, if there is one of the name.
pub(crate) async fn subnet_group(
    aws: &Aws,
    region: &str,
    name: &str,
) -> Result<Option<DbSubnetGroup>, Fault> {
    let answer = aws
        .rds(region)
        .describe_db_subnet_groups()
        .db_subnet_group_name(name)
        .send()
        .await
        .map_err(|error| fault("DescribeDBSubnetGroups", error));
    Ok(unless_gone(answer)?.and_then(|answer| answer.db_subnet_groups.unwrap_or_default().pop()))
}

/// A manual snapshot of a cluster, if there is one of the name.
pub(crate) async fn cluster_snapshot(
    aws: &Aws,
    region: &str,
    name: &str,
) -> Result<Option<DbClusterSnapshot>, Fault> {
    let answer = aws
        .rds(region)
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(name)
        .send()
        .await
        .map_err(|error| fault("DescribeDBClusterSnapshots", error));
    Ok(unless_gone(answer)?
        .and_then(|answer| answer.db_cluster_snapshots.unwrap_or_default().pop()))
}

/// The global databases that a region knows of.
pub(crate) async fn global_clusters(aws: &Aws, region: &str) -> Result<Vec<GlobalCluster>, Fault> {
    aws.rds(region)
        .describe_global_clusters()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeGlobalClusters", error))
}

/// The blue/green deployments of a region.
pub(crate) async fn blue_green_deployments(
    aws: &Aws,
    region: &str,
) -> Result<Vec<BlueGreenDeployment>, Fault> {
    aws.rds(region)
        .describe_blue_green_deployments()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeBlueGreenDeployments", error))
}

/// The quotas of the account in a region, with what is used of each.
pub(crate) async fn quotas(aws: &Aws, region: &str) -> Result<Vec<AccountQuota>, Fault> {
    let request = aws.rds(region).describe_account_attributes();
    let answer = request.send().await;
    let answer = answer.map_err(|error| fault("DescribeAccountAttributes", error))?;
    Ok(answer.account_quotas.unwrap_or_default())
}

/// The tags of an RDS resource whose description does not carry them.
pub(crate) async fn tags(aws: &Aws, region: &str, arn: &str) -> Result<Vec<Tag>, Fault> {
    let answer = aws
        .rds(region)
        .list_tags_for_resource()
        .resource_name(arn)
        .send()
        .await
        .map_err(|error| fault("ListTagsForResource", error));
    Ok(unless_gone(answer)?
        .and_then(|answer| answer.tag_list)
        .unwrap_or_default())
}

/// What RDS last said about a source, newest first: the reason for a failure
/// stands there. Never fails: it only adds to a message.
pub(crate) async fn last_words(
    aws: &Aws,
    region: &str,
    kind: SourceType,
    name: &str,
) -> Option<String> {
    let answer = aws
        .rds(region)
        .describe_events()
        .source_type(kind)
        .source_identifier(name)
        .duration(180)
        .send()
        .await
        .ok()?;
    answer
        .events
        .unwrap_or_default()
        .into_iter()
        .rev()
        .find_map(|event| event.message)
}
