//! What a person may change of a run that was begun: what is still to be made,
//! and how what was made is undone.

use std::sync::Arc;

use serde_json::Value;

use super::{Direction, IllegalEvent, Machine, Owner, Phase, StepId};
use crate::model::Shape;
use crate::model::event::ParametersChanged;

impl Machine {
    /// Takes note of how what was made is to be undone.
    pub(super) fn give_options(&mut self, given: &Value) -> Result<(), IllegalEvent> {
        self.must_rest()?;
        match &mut self.direction {
            Direction::Forward { .. } => Err(IllegalEvent::Forward),
            Direction::Rollback { options, .. } => {
                *options = given.clone();
                Ok(())
            }
        }
    }

    /// Takes over other parameters for the steps that have made nothing.
    pub(super) fn change(&mut self, change: &ParametersChanged) -> Result<(), IllegalEvent> {
        self.must_rest()?;
        if self.is_rolling_back() {
            return Err(IllegalEvent::Backward);
        }
        if self.turning().is_some() {
            return Err(IllegalEvent::Turning);
        }
        for change in &change.changes {
            let id = self.find(&change.step)?;
            if self.shape.record(id).data != change.data {
                self.may_change(id)?;
            }
        }
        let mut created = self.created.as_ref().clone();
        created.change(change);
        // Names and edges are those of before.
        if let Ok(shape) = Shape::new(created.steps.clone()) {
            self.shape = Arc::new(shape);
        }
        self.created = Arc::new(created);
        Ok(())
    }

    /// Whether a step has certainly made nothing, so that its data may still
    /// change once the run is taken up.
    pub fn is_unmade(&self, id: StepId) -> bool {
        let step = self.step(id);
        let could_have = !self.shape.record(id).effect.is_passive();
        let cut_off = step.phase == Phase::Running && could_have;
        !step.in_doubt && !cut_off && step.phase != Phase::Done && step.owner == Owner::Unknown
    }

    /// Refuses other data for a step that has made something, or may have.
    fn may_change(&self, id: StepId) -> Result<(), IllegalEvent> {
        let step = self.shape.name(id).clone();
        if !self.is_recorded_whole() {
            return Err(IllegalEvent::NoData(step));
        }
        if self.is_unmade(id) {
            return Ok(());
        }
        let in_doubt = self.step(id).in_doubt;
        Err(IllegalEvent::Made { step, in_doubt })
    }

    /// Only while nothing is under way: a step acts on what it was started with.
    fn must_rest(&self) -> Result<(), IllegalEvent> {
        self.must_run()?;
        if self.running > 0 || self.retrying > 0 {
            return Err(IllegalEvent::UnderWay);
        }
        if self.stop.is_some() {
            return Err(IllegalEvent::Suspending);
        }
        Ok(())
    }
}
