//! Peerings and the deletion of the cluster that has them.

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{DeleteOptions, DeleteParameters, survey_delete};

use super::{HERE, Nets, THERE, cluster_net, peered_by_scripts};
use crate::layout::{AuroraNet, RosaNet};
use crate::support::{World, ended_well, memory};
use crate::trial::{Trial, inventory};

async fn survey(world: &World, with_peerings: bool) -> Result<DeleteParameters, SurveyError> {
    let request = DeleteOptions {
        cluster: "keycloak".to_owned(),
        region: HERE.to_owned(),
        final_snapshot: None,
    }
    .validate()
    .expect("valid");
    let request = if with_peerings {
        request.with_peerings(world.accounts())
    } else {
        request
    };
    survey_delete(&world.aws, &request).await
}

/// A cluster that is peered with two ROSA networks.
async fn peered_cluster(world: &World) -> (AuroraNet, [RosaNet; 2]) {
    let aurora = cluster_net(world).await;
    let rosa = [
        world.rosa_net(THERE, "10.0.0.0/16").await,
        world.rosa_net("us-west-2", "10.4.0.0/16").await,
    ];
    let nets = Nets {
        aurora: aurora.clone(),
        rosa: rosa[0].clone(),
    };
    super::peered(world, &nets).await;
    peered_by_scripts(world, &aurora, &rosa[1]).await;
    (aurora, rosa)
}

#[tokio::test(start_paused = true)]
async fn a_peered_cluster_is_refused_naming_each_peering_and_its_command() {
    let world = World::new().await;
    let (_, rosa) = peered_cluster(&world).await;
    let before = inventory(&world);
    let Err(SurveyError::Refused { message, hint }) = survey(&world, false).await else {
        panic!("it must be refused");
    };
    for net in &rosa {
        assert!(message.contains(&net.vpc), "{message}");
        let command = format!(
            "stepwell peering delete --cluster keycloak --region {HERE} --rosa-vpc {} --rosa-region {}",
            net.vpc, net.region
        );
        assert!(hint.contains(&command), "{hint}");
    }
    assert!(hint.contains("--with-peerings"), "{hint}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn with_peerings_all_of_it_goes_and_both_sides_are_as_before() {
    let world = World::new().await;
    for (region, cidr) in [(THERE, "10.0.0.0/16"), ("us-west-2", "10.4.0.0/16")] {
        world.rosa_net(region, cidr).await;
    }
    let before = inventory(&world);
    let world = World::new().await;
    peered_cluster(&world).await;
    let found = survey(&world, true).await.expect("survey");
    assert_eq!(found.peerings.len(), 2);
    assert!(!found.is_empty());
    assert_eq!(found.rosa_account, Some(world.accounts().rosa));
    let report = world
        .delete(memory(), world.run_id(), &found)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn the_cluster_is_not_touched_before_its_peerings_are_gone() {
    let world = World::new().await;
    peered_cluster(&world).await;
    let found = survey(&world, true).await.expect("survey");
    let graph = stepwell_workflows::aurora::delete_graph(&found).expect("graph");
    let records = graph.records();
    let is_before = |early: &str, late: &str| {
        let place = |name: &str| {
            records
                .iter()
                .position(|record| &*record.name == name)
                .unwrap_or_else(|| panic!("{name}"))
        };
        let (early, mut reached) = (place(early), vec![place(late)]);
        while let Some(step) = reached.pop() {
            if step == early {
                return true;
            }
            reached.extend(
                records[step]
                    .parents()
                    .into_iter()
                    .map(|need| need as usize),
            );
        }
        false
    };
    for peering in &found.peerings {
        let gone = format!("{}-gone", peering.id);
        assert!(is_before(&gone, "delete-keycloak-instance-1"));
        assert!(is_before(&gone, "delete-cluster"));
        for vpc in &found.inventory.vpcs {
            assert!(is_before(&gone, &format!("delete-{}", vpc.id)));
        }
    }
}

/// The deletion of a cluster with its peering.
pub(crate) struct WithPeerings;

impl Trial for WithPeerings {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = World::hurried().await.detached().await;
        peered_cluster(&world).await;
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let found = survey(world, true).await?;
        Ok(world.delete(journal, run, &found).await.expect("run"))
    }
}
