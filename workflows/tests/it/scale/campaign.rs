//! A scaling as it is put on trial: up, which can be undone, and down.

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;

use super::{scale, survey, world};
use crate::support::World;
use crate::trial::Trial;

/// From one instance to three.
pub(crate) struct Grow;

/// From three instances to one.
pub(crate) struct Shrink;

impl Trial for Grow {
    type Stage = World;

    async fn stage(&self) -> World {
        world(1).await
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let parameters = survey(world, 3).await?;
        Ok(scale(world, journal, run, &parameters).await)
    }
}

impl Trial for Shrink {
    type Stage = World;

    async fn stage(&self) -> World {
        world(3).await
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let parameters = survey(world, 1).await?;
        Ok(scale(world, journal, run, &parameters).await)
    }
}
