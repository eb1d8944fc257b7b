//! Every failure and every crash at every point of a create and a delete: the
//! account ends complete, or exactly as it was before.

use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;

use crate::support::{Wanted, World, ended_well, memory, options};
use crate::trial::{self, Trial};

/// A create of two instances, which has every kind of step.
pub(crate) struct AuroraCreate;

impl Trial for AuroraCreate {
    async fn world(&self) -> World {
        World::new().await
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

    /// The address range is drawn.
    fn seen(&self, world: &World) -> Value {
        serde_json::to_value(world.census()).expect("census")
    }
}

/// Its deletion.
struct AuroraDelete;

impl Trial for AuroraDelete {
    async fn world(&self) -> World {
        let world = World::new().await;
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

#[tokio::test(start_paused = true)]
async fn a_create_refused_at_any_call_leaves_the_account_as_it_was() {
    trial::refused_at_any_call(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_refused_at_any_read_leaves_the_account_as_it_was() {
    trial::refused_at_any_read(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_at_any_call_makes_no_difference() {
    trial::passing_fault_at_any_call(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_suspend_and_nothing_is_undone() {
    trial::expired_at_any_call(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_at_any_append_is_resumed_to_the_same_end() {
    trial::death_at_any_append(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_at_any_call_is_resumed_to_the_same_end() {
    trial::death_at_any_call(&AuroraCreate).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_dies_at_any_append_is_resumed_to_nothing() {
    trial::death_at_any_append_of_a_rollback(&AuroraCreate, 12).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_fails_or_dies_anywhere_is_resumed_to_nothing() {
    let empty = trial::inventory(&World::new().await);
    assert_eq!(trial::clean(&AuroraDelete).await.seen, empty);
    trial::forward_only_through_everything(&AuroraDelete).await;
}
