//! Which peerings are meant.

use super::inventory;
use super::known::{self, Known};
use super::parameters::{DeleteOptions, DeleteParameters, DeleteRequest, PeeringInventory};
use crate::SurveyError;
use crate::Target;
use crate::aws::Aws;
use crate::peering::end::Accounts;
use crate::peering::owner;

/// Finds the peerings that are meant and what belongs to them, and refuses
/// what is not clear or can't be done whole, before anything is touched.
pub async fn survey_delete(
    aws: &Aws,
    request: &DeleteRequest,
    accounts: &Accounts,
) -> Result<DeleteParameters, SurveyError> {
    let mut skipped = Vec::new();
    let (target, cluster, peerings) = match &request.0 {
        DeleteOptions::One {
            cluster,
            region,
            rosa,
        } => {
            let place = rosa.as_ref();
            let known = known::of_cluster(aws, region, cluster, place, true, &mut skipped).await?;
            let machines = place.and_then(|rosa| rosa.machine_cidr);
            let peerings = inventory::inventories(aws, known, accounts, machines).await?;
            if rosa.is_none() {
                refuse_several(cluster, region, &peerings)?;
            }
            let target = match (place, peerings.first()) {
                (Some(rosa), _) => Target::peering(region, cluster, &rosa.vpc_id),
                (None, Some(peering)) => Target::peering(region, cluster, &peering.rosa.vpc_id),
                (None, None) => of_cluster(region, cluster),
            };
            (target, Some(cluster), peerings)
        }
        DeleteOptions::OfCluster { cluster, region } => {
            let known = known::of_cluster(aws, region, cluster, None, true, &mut skipped).await?;
            let peerings = inventory::inventories(aws, known, accounts, None).await?;
            (of_cluster(region, cluster), Some(cluster), peerings)
        }
        DeleteOptions::OfRosa(rosa) => {
            let end = owner::of_place(aws, rosa, accounts).await?;
            let known = known::of_rosa(aws, &end, accounts).await?;
            let machines = rosa.machine_cidr;
            let target = Target::PeeringsOfRosa {
                region: rosa.region.clone(),
                rosa_vpc: rosa.vpc_id.clone(),
            };
            let peerings = inventory::inventories(aws, known, accounts, machines).await?;
            (target, None, peerings)
        }
    };
    Ok(DeleteParameters {
        target,
        cluster: cluster.cloned(),
        rosa_account: accounts.rosa.clone(),
        peerings,
        skipped,
    })
}

fn of_cluster(region: &str, cluster: &str) -> Target {
    Target::PeeringsOfCluster {
        region: region.to_owned(),
        cluster: cluster.to_owned(),
    }
}

/// Of several, a person has to say which.
fn refuse_several(
    cluster: &str,
    region: &str,
    peerings: &[PeeringInventory],
) -> Result<(), SurveyError> {
    let mut vpcs: Vec<String> = peerings
        .iter()
        .map(|peering| {
            format!(
                "{} with {} in {}",
                peering.id, peering.rosa.vpc_id, peering.rosa.region
            )
        })
        .collect();
    let networks: std::collections::BTreeSet<&str> = peerings
        .iter()
        .map(|peering| peering.rosa.vpc_id.as_str())
        .collect();
    if networks.len() < 2 {
        return Ok(());
    }
    vpcs.sort();
    Err(SurveyError::Refused {
        message: format!(
            "aurora cluster {cluster:?} in {region} has several peerings: {}",
            vpcs.join(", ")
        ),
        hint: "name one with --rosa-vpc or --rosa-cluster, or say --all; nothing was touched"
            .to_owned(),
    })
}

/// The peerings that an Aurora cluster's deletion meets: all of them, if they
/// are to go with it; else there must be none, and each is named with the
/// command that removes it. A peering with a VPC that is no ROSA cluster's is
/// among them: AWS keeps the VPC for it all the same.
pub(crate) async fn peerings_of(
    aws: &Aws,
    region: &str,
    cluster: &str,
    accounts: Option<&Accounts>,
) -> Result<Vec<PeeringInventory>, SurveyError> {
    let thorough = accounts.is_some();
    // Where no VPC is left, none has to be free of peerings: what can't be asked
    // is no hindrance.
    let mut skipped = Vec::new();
    let known = known::of_cluster(aws, region, cluster, None, thorough, &mut skipped).await?;
    if let Some(accounts) = accounts {
        return inventory::inventories(aws, known, accounts, None).await;
    }
    let alive: Vec<&Known> = known.iter().filter(|known| known.link.is_live()).collect();
    if alive.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<String> = alive
        .iter()
        .map(|known| {
            format!(
                "{} ({}) with {} in {}",
                known.link.id, known.link.state, known.rosa.vpc_id, known.rosa.region
            )
        })
        .collect();
    let commands: Vec<String> = alive
        .iter()
        .map(|known| {
            format!(
                "`stepwell peering delete --cluster {cluster} --region {region} --rosa-vpc {} --rosa-region {}`",
                known.rosa.vpc_id, known.rosa.region
            )
        })
        .collect();
    Err(SurveyError::Refused {
        message: format!("cluster {cluster:?} is still peered: {}", named.join(", ")),
        hint: format!(
            "remove each first: {}; or say --with-peerings to have them removed with it",
            commands.join(", ")
        ),
    })
}
