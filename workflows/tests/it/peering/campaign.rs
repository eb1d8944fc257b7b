//! The creation and the deletion of peerings, as they are put on trial.

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;
use stepwell_workflows::peering::{DeleteOptions, RosaPlace};

use super::{HERE, Nets, THERE, find, peer, peered, peered_by_scripts, survey, unpeer};
use crate::support::World;
use crate::trial::Trial;

/// A create in one region or across two, with or without a stale route in the
/// way.
pub(crate) struct Create {
    rosa_region: &'static str,
    stale: bool,
}

pub(crate) const NEAR: Create = Create {
    rosa_region: HERE,
    stale: false,
};
pub(crate) const FAR: Create = Create {
    rosa_region: THERE,
    stale: false,
};
pub(crate) const STALE: Create = Create {
    rosa_region: THERE,
    stale: true,
};

impl Trial for Create {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = World::new().await.detached().await;
        let nets = Nets::lay_out(&world, self.rosa_region).await;
        if self.stale {
            nets.leave_stale_route(&world).await;
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

/// The deletion of one peering, or of all that ROSA has.
pub(crate) struct Delete {
    rosa_region: &'static str,
    all: bool,
}

pub(crate) const ONE_NEAR: Delete = Delete {
    rosa_region: HERE,
    all: false,
};
pub(crate) const ONE_FAR: Delete = Delete {
    rosa_region: THERE,
    all: false,
};
pub(crate) const ALL: Delete = Delete {
    rosa_region: THERE,
    all: true,
};

impl Trial for Delete {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = World::new().await.detached().await;
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
