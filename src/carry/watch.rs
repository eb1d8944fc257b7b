//! Whether a run is still this process's to carry: its signs of life, and the
//! end when another has taken over.

use std::sync::{Arc, Mutex, PoisonError};

use stepwell_engine::event::{RunCreated, SuspendReason};
use stepwell_engine::summary::RunSummary;
use stepwell_engine::{Lease, NoLease, RunId, Stopper};
use stepwell_workflows::Recorded;
use stepwell_workflows::aurora::{Heard, Lost, SignsOfLife};

use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::Connection;

/// The signs of life of a run that this process carries.
pub(super) struct Watch {
    signs: Option<SignsOfLife>,
    lost: Mutex<Option<Lost>>,
}

impl Watch {
    /// Those of a run; it has none where it works on no network of its own.
    pub(super) fn of(connection: &Connection, run: RunId, created: &RunCreated) -> Self {
        // One whose parameters can't be read is not taken up.
        let recorded = Recorded::of(created).ok();
        Self {
            signs: recorded.and_then(|recorded| SignsOfLife::of(&connection.aws, run, &recorded)),
            lost: Mutex::default(),
        }
    }

    /// Whether the run may begin anything.
    pub(super) fn lease(&self) -> Arc<dyn Lease> {
        match &self.signs {
            Some(signs) => signs.lease(),
            None => Arc::new(NoLease),
        }
    }

    /// Gives signs while `work` is done, and stops it once the run is no longer
    /// this process's; `note` is told of both.
    pub(super) async fn during<T>(
        &self,
        stopper: &Stopper,
        note: impl Fn(String),
        work: impl Future<Output = T>,
    ) -> T {
        let hear = |heard| match heard {
            Heard::Failed(text) => note(text),
            Heard::Lost(lost) => {
                note(format!("{}: nothing more is started", lost.message));
                let why = lost.message.clone();
                *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(lost);
                stopper.suspend(SuspendReason::LeaseLost { why });
            }
        };
        SignsOfLife::during(self.signs.as_ref(), hear, work).await
    }

    /// The problem of a run that was stopped because it may be another's by now,
    /// or because nobody can tell.
    pub(super) fn verdict(&self, summary: &RunSummary, resume: &str) -> Result<(), Problem> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        match (lost.as_ref(), &summary.suspended) {
            (Some(lost), Some(SuspendReason::LeaseLost { .. })) => {
                let (exit, code) = match lost.is_known {
                    true => (Exit::Locked, "taken_over"),
                    false => (Exit::Suspended, "out_of_reach"),
                };
                Err(Problem::new(exit, lost.message.clone())
                    .code(code)
                    .hint(format!("{}: {resume}", lost.hint)))
            }
            _ => Ok(()),
        }
    }
}
