//! The survey of `aurora delete`: what there is, and what would keep it from
//! going. Reads only.

use stepwell_engine::Fault;

use super::inventory::{instances, survey_vpc};
use super::{DeleteParameters, DeleteRequest, Inventory, SubnetGroupInventory};
use crate::aurora::ClusterIdentity;
use crate::aurora::alive::refuse_alive;
use crate::aurora::holders::{Databases, Doomed, Obstacle, Takes, cluster, network, refusal};
use crate::aws::{Aws, YOUNG, ec2, rds, tags};
use crate::input::InvalidInput;
use crate::peering;
use crate::{Refusal, SurveyError};

/// Finds what there is of a cluster and refuses what must not be deleted, before
/// anything is touched: a cluster that another run is at work on, and whatever
/// would keep the deletion from ending, all of it at once.
///
/// It waits a moment first, for a look at once may miss what was made just
/// before. What a run had made when it was stopped would be left; a cluster that
/// is missed would lose its instances without being asked whether it is
/// protected; and what holds the network would show only once the data is gone.
pub async fn survey_delete(
    aws: &Aws,
    request: &DeleteRequest,
) -> Result<DeleteParameters, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    refuse_alive(aws, region, name, None).await?;
    aws.clock().sleep(YOUNG).await;
    let (cluster, vpcs) = tokio::try_join!(
        aws.look_confirmed(|| rds::cluster(aws, region, name)),
        aws.look_confirmed(async || {
            let vpcs = ec2::vpcs_of(aws, region, name).await?;
            Ok(Some(vpcs).filter(|vpcs| !vpcs.is_empty()))
        }),
    )?;
    let vpcs = vpcs.unwrap_or_default();
    let accounts = request.with_peerings.as_ref();
    let peerings = match accounts {
        Some(_) => peering::peerings_of(aws, region, name, accounts).await?,
        None => Vec::new(),
    };
    let mut doomed = Doomed {
        region: region.clone(),
        cluster: name.clone(),
        identity: cluster.as_ref().map(ClusterIdentity::of),
        vpcs: (vpcs.iter())
            .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
            .collect(),
        subnet_groups: Vec::new(),
        final_snapshot: match &cluster {
            Some(_) => request.final_snapshot.clone(),
            None => taken_before(aws, request).await?,
        },
        peerings: peerings.iter().map(|one| one.id.clone()).collect(),
        takes: Takes::WhatIsTagged,
    };
    let databases = Databases::look(aws, region).await?;
    let groups: Vec<SubnetGroupInventory> = (databases.owned_groups(aws, &doomed).await?.iter())
        .map(|group| SubnetGroupInventory {
            name: group.db_subnet_group_name().unwrap_or_default().to_owned(),
            vpc: group.vpc_id().map(str::to_owned),
        })
        .collect();
    doomed.subnet_groups = groups.iter().map(|group| group.name.clone()).collect();
    let (looked, network) = tokio::try_join!(
        Box::pin(look_at(aws, &doomed, cluster.is_some())),
        Box::pin(network::look_at_vpcs(aws, &doomed))
    )?;
    let neighbours = databases.neighbours(&doomed);
    refuse(&doomed, [looked, network.obstacles, neighbours].concat())?;
    if accounts.is_none() {
        // Those without a VPC of the cluster are known by their tags alone.
        peering::peerings_of(aws, region, name, None).await?;
    }

    let (writers, readers) = instances(aws, region, name, cluster.as_ref()).await?;
    let mut inventory = Inventory {
        cluster: doomed.identity.clone(),
        readers,
        writers,
        subnet_groups: groups,
        rules: network.rules,
        vpcs: Vec::new(),
    };
    for id in &doomed.vpcs {
        let mut vpc = survey_vpc(aws, region, id).await?;
        let parts = network.parts.iter().filter(|part| part.vpc == *id);
        vpc.parts = parts.cloned().collect();
        inventory.vpcs.push(vpc);
    }
    Ok(DeleteParameters {
        cluster: name.clone(),
        region: region.clone(),
        final_snapshot: doomed.final_snapshot,
        inventory,
        peerings,
        rosa_account: accounts.map(|accounts| accounts.rosa.clone()),
    })
}

/// What is in the way of the cluster, if there is one.
async fn look_at(aws: &Aws, doomed: &Doomed, is_there: bool) -> Result<Vec<Obstacle>, Fault> {
    if !is_there {
        return Ok(Vec::new());
    }
    Ok(cluster::look(aws, doomed, None).await?.obstacles)
}

/// Refuses what is in the way. A taken name of a snapshot, alone, is an input
/// that has to be another.
fn refuse(doomed: &Doomed, obstacles: Vec<Obstacle>) -> Result<(), SurveyError> {
    if let [only] = obstacles.as_slice()
        && only.kind == cluster::SNAPSHOT_NAME
    {
        return Err(InvalidInput {
            input: "final-snapshot",
            value: only.id.clone(),
            problem: format!("is the name of a snapshot in {}", doomed.region),
            allowed: "a name that is not taken".to_owned(),
        }
        .into());
    }
    match refusal(doomed, &obstacles) {
        None => Ok(()),
        Some(Refusal { message, hint }) => Err(SurveyError::Refused {
            message,
            hint: format!("{hint}; nothing was touched"),
        }),
    }
}

/// The final snapshot where the cluster is gone: an earlier deletion's, which
/// was stopped before its end. Without one there is nothing to be kept.
async fn taken_before(aws: &Aws, request: &DeleteRequest) -> Result<Option<String>, Fault> {
    let Some(name) = &request.final_snapshot else {
        return Ok(None);
    };
    let snapshot = aws
        .look(|| rds::cluster_snapshot(aws, &request.region, name))
        .await?;
    let own = snapshot.is_some_and(|snapshot| {
        tags::names(snapshot.db_cluster_identifier(), &request.cluster)
            && snapshot.status() == Some("available")
    });
    Ok(own.then(|| name.clone()))
}
