//! A restore as it is put on trial, and what its steps find again.

use std::sync::Arc;

use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::SurveyError;

use super::{PASSWORD, managed, restore, saved_in, wanted, world};
use crate::support::{Wanted, World, ended_well, memory};
use crate::trial::{Trial, Watch};

/// A restore with a password to set: the step whose effect nobody can read back.
pub(crate) struct Restore;

impl Trial for Restore {
    type Stage = World;

    async fn stage(&self) -> World {
        let world = saved_in(World::hurried().await, "17.5").await;
        world.with_password(PASSWORD).await.detached().await
    }

    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        world
            .try_create(journal, run, wanted(2), Wanted::default())
            .await
    }

    fn unreadable(&self) -> &'static [&'static str] {
        &["password"]
    }

    fn at_the_end(&self, watch: &Watch) -> Result<(), String> {
        match watch.asked("ModifyDBCluster") {
            0 => Err("the password was never set".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Forgets that a step succeeded, with all that came after, and takes the run
/// up: what can be read back is found as this run's own, and a given password
/// is set once more.
#[tokio::test(start_paused = true)]
async fn what_a_restore_made_is_found_by_check() {
    for (given, wanted) in [(true, wanted(1)), (false, managed(1))] {
        let world = match given {
            true => world("17.5").await.with_password(PASSWORD).await,
            false => world("17.5").await,
        };
        let (journal, run) = (memory(), world.run_id());
        let report = restore(&world, journal.clone(), run, wanted).await;
        assert!(ended_well(&report), "{report:?}");
        let events = journal.load(run).await.expect("load");
        let census = world.census();
        for name in ["restore", "password"] {
            let succeeded = |body: &EventBody| match body {
                EventBody::AttemptSucceeded {
                    step,
                    verb: Verb::Run,
                    outcome,
                    ..
                } if step.as_ref() == name => Some(outcome.clone()),
                _ => None,
            };
            let end = events
                .iter()
                .position(|event| succeeded(&event.body).is_some())
                .expect("a success");
            let forgetful = memory();
            forgetful
                .append(events[..end].to_vec())
                .await
                .expect("append");
            let report = world.resume(forgetful.clone(), run).await.expect("resume");
            assert!(ended_well(&report), "{name}: {report:?}");
            assert_eq!(world.census(), census, "{name}");
            let again = forgetful.load(run).await.expect("load");
            let outcome = again
                .iter()
                .find_map(|event| succeeded(&event.body))
                .expect("an outcome");
            match (name, given) {
                ("password", true) => assert!(matches!(outcome, Outcome::Made { .. })),
                _ => assert!(
                    matches!(outcome, Outcome::Ours { .. }),
                    "{name}: {outcome:?}"
                ),
            }
        }
    }
}
