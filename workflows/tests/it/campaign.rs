//! The creation and the deletion of a cluster, as they are put on trial.

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;

use crate::support::{Wanted, World, ended_well, memory, options};
use crate::trial::Trial;

/// A create of two instances, which has every kind of step.
pub(crate) struct AuroraCreate;

impl Trial for AuroraCreate {
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
        world
            .try_create(journal, run, options(2), Wanted::default())
            .await
    }
}

/// Its deletion.
pub(crate) struct AuroraDelete;

impl Trial for AuroraDelete {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = World::hurried().await.detached().await;
        let report = world
            .create(memory(), world.run_id(), options(2), Wanted::default())
            .await
            .expect("run");
        assert!(ended_well(&report), "{report:?}");
        world
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let found = world.survey_delete(None).await?;
        Ok(world.delete(journal, run, &found).await.expect("run"))
    }
}
