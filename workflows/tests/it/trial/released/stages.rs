//! Trials that are there for the kinds of steps that no other has.

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::machine::Status;
use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::CreateOptions;

use crate::campaign::AuroraDelete;
use crate::obstacles::kinds::{Kind, Site};
use crate::support::{Wanted, World, memory, options};
use crate::trial::Trial;

/// A create that ends with deletion protection.
pub(super) struct Protected;

impl Trial for Protected {
    type Stage = World;

    async fn stage(&self) -> World {
        World::hurried().await.detached().await
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let options = CreateOptions {
            deletion_protection: true,
            ..options(1)
        };
        (world.try_create(journal, run, options, Wanted::default())).await
    }
}

/// A create that completes what another left, whose history is lost.
pub(super) struct TakingOver;

impl Trial for TakingOver {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = World::hurried().await.detached().await;
        world.fails("CreateDBInstance", "ExpiredToken", None);
        let report = world
            .create(memory(), world.run_id(), options(2), Wanted::default())
            .await
            .expect("run");
        assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
        world.account.clear_faults().expect("cleared");
        // Its sign of life counts for nothing any more.
        world.clock.sleep(Duration::from_secs(11 * 60)).await;
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        (world.try_create(journal, run, options(2), Wanted::default())).await
    }
}

/// A deletion of a cluster whose network has more in it than its create made.
pub(super) struct WithParts;

impl Trial for WithParts {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = AuroraDelete.stage().await;
        let site = Site::of(&world).await;
        for kind in [
            Kind::InternetGateway,
            Kind::NatGateway,
            Kind::IngressRule,
            Kind::SecurityGroup,
        ] {
            kind.lay(&world, &site, true).await;
        }
        world.clock.sleep(Duration::from_secs(300)).await;
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        AuroraDelete.begin(world, journal, run).await
    }
}
