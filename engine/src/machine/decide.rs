//! What comes next.

use super::{Direction, HistoryError, Machine, Phase, Status};
use crate::model::event::{End, Event, EventBody, Leftover, RollbackCause, SuspendReason, Verb};
use crate::model::{StepId, Timestamp};

impl Machine {
    /// Decides what is next and records it: the events have to become durable
    /// before what they announce is carried out. Empty when the run waits for
    /// attempts or pauses to end, or is not running. `ids` says what a step that
    /// is left was, in the remote system.
    ///
    /// A machine that was replayed knows of no attempt or pause that is really
    /// under way, so [`EventBody::RunResumed`] has to be recorded before the
    /// first decision.
    ///
    /// Each call is linear in what it returns, but for the logarithm of what may
    /// start.
    ///
    /// # Errors
    /// None but those of a machine that contradicts itself.
    pub fn decide(
        &mut self,
        at: Timestamp,
        ids: &dyn Fn(&Self, StepId) -> Vec<String>,
    ) -> Result<Vec<Event>, HistoryError> {
        if self.status != Status::Running {
            return Ok(Vec::new());
        }
        let turning = self.turning();
        let body = match (turning, self.stop.clone()) {
            // A stop that comes when nothing is left to be done stops nothing.
            (None, _) if self.is_idle() => self.end(ids),
            (_, Some(_)) if self.running > 0 => return Ok(Vec::new()),
            (_, Some(reason)) => EventBody::RunSuspended(reason),
            (Some(step), None) => {
                let step = self.shape.name(step).clone();
                EventBody::RollbackStarted(RollbackCause::Failed { step })
            }
            (None, None) => return self.starts(at),
        };
        Ok(vec![self.record(at, body)?])
    }

    fn starts(&mut self, at: Timestamp) -> Result<Vec<Event>, HistoryError> {
        let mut starts = Vec::new();
        while let Some(id) = self.ready.next(self.is_rolling_back()) {
            let step = &self.steps[id.index()];
            let (attempt, verb) = match step.phase {
                Phase::UndoReady => (step.undos + 1, Verb::Undo),
                _ => (step.runs + 1, Verb::Run),
            };
            let body = EventBody::AttemptStarted {
                step: self.shape.name(id).clone(),
                attempt,
                verb,
            };
            starts.push(self.record(at, body)?);
        }
        Ok(starts)
    }

    fn end(&self, ids: &dyn Fn(&Self, StepId) -> Vec<String>) -> EventBody {
        let (resolved, waived) = match &self.direction {
            Direction::Forward { failed: None, .. } => {
                return EventBody::RunEnded(End::Succeeded);
            }
            Direction::Forward {
                failed: Some(step), ..
            } => {
                let step = self.shape.name(*step).clone();
                return EventBody::RunSuspended(SuspendReason::Failed { step });
            }
            Direction::Rollback {
                resolved, waived, ..
            } => (*resolved, waived),
        };
        if resolved == self.steps.len() {
            let waived = waived.iter().map(|&id| self.shape.name(id).clone());
            return EventBody::RunEnded(End::RolledBack {
                waived: waived.collect(),
            });
        }
        let leftovers = self
            .left()
            .map(|id| Leftover {
                step: self.shape.name(id).clone(),
                ids: ids(self, id),
                why: match &self.step(id).fault {
                    Some(fault) if self.step(id).phase == Phase::UndoFailed => fault.to_string(),
                    _ => "something that depends on it is left".to_owned(),
                },
            })
            .collect();
        EventBody::RunEnded(End::Stuck { leftovers })
    }
}
