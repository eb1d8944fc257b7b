//! A reaping as it is put on trial: several deletions, each a run of its own.

use std::sync::{Arc, Mutex};

use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal, Machine, Report, RunId, Timestamp};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{
    ReapOptions, ReapRequest, Verdict, look_again, survey_delete, survey_reap,
};

use super::minutes;
use crate::scripts::{Hand, of};
use crate::support::{REGION, World, ended_well};
use crate::trial::{Stage, Trial};

/// A cluster of the scripts, one without instances, and what is left of a third.
pub(crate) struct Reap;

/// The world, and the runs that were begun in it.
pub(crate) struct Reaped {
    world: World,
    runs: Mutex<Vec<RunId>>,
}

impl Stage for Reaped {
    fn world(&self) -> &World {
        &self.world
    }
}

impl Reaped {
    fn request(&self) -> ReapRequest {
        let now = i64::try_from(self.world.account.now().as_millis()).expect("a time");
        let options = ReapOptions {
            regions: vec![REGION.to_owned()],
            older_than: None,
        };
        options.validate(Timestamp(now)).expect("valid")
    }

    /// A run for the next deletion; the first is the one that was given.
    fn next_run(&self, first: RunId) -> RunId {
        let mut runs = self.runs.lock().expect("no panic");
        let run = if runs.is_empty() {
            first
        } else {
            self.world.run_id()
        };
        runs.push(run);
        run
    }
}

impl Trial for Reap {
    type Stage = Reaped;

    async fn stage(&self) -> Reaped {
        let world = World::hurried().await.detached().await;
        let hand = Hand::at(&world, REGION);
        hand.aurora_create("one", "192.168.1", 1).await;
        hand.aurora_create("two", "192.168.2", 0).await;
        hand.vpc("192.168.3.0/24", &of("three")).await;
        minutes(2).await;
        Reaped {
            world,
            runs: Mutex::default(),
        }
    }

    /// What goes wrong with one candidate does not keep the others from going.
    async fn begin(
        &self,
        stage: &Reaped,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let world = &stage.world;
        let request = stage.request();
        let found = survey_reap(&world.aws, &request, REGION).await?;
        let mut ended = Ok(nothing_to_do(run));
        for candidate in &found.candidates {
            let reaped = async {
                must_go(&candidate.verdict)?;
                let deletion = request.deletion(candidate).expect("a name");
                let doomed = survey_delete(&world.aws, &deletion).await?;
                let again = look_again(&world.aws, &request, candidate).await?;
                must_go(&again.expect("it is there").verdict)?;
                let run = stage.next_run(run);
                let report = world.delete(journal.clone(), run, &doomed).await;
                Ok(report.expect("run"))
            };
            match (&ended, reaped.await) {
                (Ok(so_far), next) if ended_well(so_far) => ended = next,
                _ => {}
            }
        }
        ended
    }

    /// Resumes what is unfinished, and reaps again.
    async fn go_on(
        &self,
        stage: &Reaped,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let runs = stage.runs.lock().expect("no panic").clone();
        for run in runs {
            let events = journal.load(run).await.expect("load");
            let is_over = |machine: Machine| matches!(machine.status(), Status::Ended(_));
            if events.is_empty() || is_over(Machine::replay(&events).expect("replay")) {
                continue;
            }
            let report = stage.world.resume(journal.clone(), run).await;
            let report = report.expect("resume");
            if !ended_well(&report) {
                return Ok(report);
            }
        }
        self.begin(stage, journal, run).await
    }
}

/// What is to go may be blocked because a look failed.
fn must_go(verdict: &Verdict) -> Result<(), SurveyError> {
    match verdict {
        Verdict::Delete => Ok(()),
        other => Err(SurveyError::Refused {
            message: format!("{other:?}"),
            hint: "look again".to_owned(),
        }),
    }
}

fn nothing_to_do(run: RunId) -> Report {
    Report {
        run,
        status: Status::Ended(End::Succeeded),
        output: None,
        fault: None,
    }
}
