//! Every failure and every crash at every point of a peering: both accounts
//! end peered, or exactly as they were before.

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;
use stepwell_workflows::peering::{DeleteOptions, RosaPlace};

use super::{HERE, Nets, THERE, find, peer, peered, peered_by_scripts, survey, unpeer};
use crate::contract;
use crate::support::World;
use crate::trial::{self, Trial};

/// A create in one region or across two, with or without a stale route in the
/// way.
struct Create {
    rosa_region: &'static str,
    stale: bool,
}

const NEAR: Create = Create {
    rosa_region: HERE,
    stale: false,
};
const FAR: Create = Create {
    rosa_region: THERE,
    stale: false,
};
const STALE: Create = Create {
    rosa_region: THERE,
    stale: true,
};

impl Trial for Create {
    async fn world(&self) -> World {
        let world = World::new().await;
        let nets = Nets::lay_out(&world, self.rosa_region).await;
        if self.stale {
            // What the scripts leave: the peering is gone, its route is not.
            let (aurora, rosa) = (&nets.aurora, &nets.rosa);
            let id = world
                .request_peering(
                    (&rosa.region, &rosa.vpc),
                    (&aurora.region, &aurora.vpc),
                    Some("keycloak"),
                )
                .await;
            world.accept_peering(&aurora.region, &id).await;
            world
                .route(&rosa.region, &rosa.public, &aurora.cidr, &id)
                .await;
            world.delete_peering(&rosa.region, &id).await;
        }
        world.rosa.set(nets.rosa.network()).expect("once");
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let network = world.rosa.get().expect("a network").clone();
        let parameters = survey(world, network).await?;
        Ok(peer(world, journal, run, &parameters).await)
    }
}

macro_rules! campaign {
    ($($trial:ident $name:ident;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn refused_at_any_call() {
                trial::refused_at_any_call(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn refused_at_any_read() {
                trial::refused_at_any_read(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn passing_fault_at_any_call() {
                trial::passing_fault_at_any_call(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn expired_credentials_at_any_call() {
                trial::expired_at_any_call(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn death_at_any_append() {
                trial::death_at_any_append(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn death_at_any_call() {
                trial::death_at_any_call(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn death_at_any_append_of_a_rollback() {
                trial::death_at_any_append_of_a_rollback(&$trial, 6).await;
            }

            #[tokio::test(start_paused = true)]
            async fn blow_at_any_call_of_a_rollback() {
                trial::blow_at_any_call_of_a_rollback(&$trial).await;
            }

            #[tokio::test(start_paused = true)]
            async fn what_ran_is_found_by_check() {
                contract::found_by_check(&$trial, 7).await;
            }

            #[tokio::test(start_paused = true)]
            async fn what_was_undone_can_be_undone_again() {
                contract::undone_again(&$trial, 7).await;
            }

            #[tokio::test(start_paused = true)]
            async fn children_are_undone_before_their_parents() {
                contract::children_first(&$trial).await;
            }
        }
    )*};
}

campaign! {
    NEAR a_peering_in_one_region;
    FAR a_peering_across_regions;
    STALE a_peering_over_a_stale_route;
}

/// The deletion of one peering, or of all that ROSA has.
struct Delete {
    rosa_region: &'static str,
    all: bool,
}

impl Trial for Delete {
    async fn world(&self) -> World {
        let world = World::new().await;
        let nets = Nets::lay_out(&world, self.rosa_region).await;
        peered(&world, &nets).await;
        if self.all {
            let other = world
                .aurora_net("eu-central-1", "other", "192.168.9.0/24")
                .await;
            peered_by_scripts(&world, &other, &nets.rosa).await;
        }
        world.rosa.set(nets.rosa.network()).expect("once");
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let network = world.rosa.get().expect("a network");
        let rosa = RosaPlace {
            region: network.region.clone(),
            vpc_id: network.vpc_id.clone(),
            machine_cidr: Some(network.machine_cidr),
        };
        let options = if self.all {
            DeleteOptions::OfRosa(rosa)
        } else {
            DeleteOptions::One {
                cluster: "keycloak".to_owned(),
                region: HERE.to_owned(),
                rosa: Some(rosa),
            }
        };
        let found = find(world, options).await?;
        Ok(unpeer(world, journal, run, &found).await)
    }
}

/// What the networks are like before anybody peers them.
async fn unpeered(all: bool, rosa_region: &str) -> serde_json::Value {
    let world = World::new().await;
    Nets::lay_out(&world, rosa_region).await;
    if all {
        world
            .aurora_net("eu-central-1", "other", "192.168.9.0/24")
            .await;
    }
    trial::inventory(&world)
}

#[tokio::test(start_paused = true)]
async fn a_deletion_in_one_region_bears_everything() {
    let delete = Delete {
        rosa_region: HERE,
        all: false,
    };
    assert_eq!(
        trial::clean(&delete).await.seen,
        unpeered(false, HERE).await
    );
    trial::forward_only_through_everything(&delete).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_across_regions_bears_everything() {
    let delete = Delete {
        rosa_region: THERE,
        all: false,
    };
    assert_eq!(
        trial::clean(&delete).await.seen,
        unpeered(false, THERE).await
    );
    trial::forward_only_through_everything(&delete).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_all_bears_everything() {
    let delete = Delete {
        rosa_region: THERE,
        all: true,
    };
    assert_eq!(
        trial::clean(&delete).await.seen,
        unpeered(true, THERE).await
    );
    trial::forward_only_through_everything(&delete).await;
}
