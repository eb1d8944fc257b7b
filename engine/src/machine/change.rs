//! What a person may change of a run that was begun: what is still to be made,
//! and how what was made is undone.

use std::sync::Arc;

use serde_json::Value;

use super::{Machine, Owner, Phase, StepId};
use crate::event::ParametersChanged;
use crate::graph::{Shape, StepRecord};

impl Machine {
    /// Takes note of how what was made is to be undone.
    pub(super) fn give_options(&mut self, options: &Value) -> Result<(), String> {
        self.must_rest()?;
        if !self.backward {
            return Err("the run is not being rolled back".to_owned());
        }
        self.rollback_options = options.clone();
        Ok(())
    }

    /// Takes over other parameters for the steps that have made nothing.
    pub(super) fn change(&mut self, change: &ParametersChanged) -> Result<(), String> {
        self.must_rest()?;
        if self.backward {
            return Err("the run is being rolled back".to_owned());
        }
        if self.turning().is_some() {
            return Err("the run is about to be rolled back".to_owned());
        }
        let then = &self.created.steps;
        if then.len() != change.steps.len() {
            return Err(format!(
                "the graph has {} steps, not {}",
                then.len(),
                change.steps.len()
            ));
        }
        for (id, (then, now)) in self.shape.ids().zip(then.iter().zip(&change.steps)) {
            self.may_become(id, then, now)?;
        }
        let mut created = self.created.as_ref().clone();
        created.change(change);
        let shape = Shape::new(&created.steps).map_err(|error| error.to_string())?;
        self.created = Arc::new(created);
        self.shape = Arc::new(shape);
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

    /// Whether a step may have other data from now on, or why not.
    fn may_become(&self, id: StepId, then: &StepRecord, now: &StepRecord) -> Result<(), String> {
        let name = &then.name;
        if now.name != *name {
            return Err(format!("step {:?} stands where {name:?} is", now.name));
        }
        if now.kind != then.kind || now.effect != then.effect {
            return Err(format!("step {name:?} would be another"));
        }
        if now.needs != then.needs {
            return Err(format!("step {name:?} would need other steps"));
        }
        if then.digest.is_empty() {
            return Err(format!("what step {name:?} was to do is not recorded"));
        }
        if now.digest == then.digest {
            return Ok(());
        }
        if self.is_unmade(id) {
            return Ok(());
        }
        Err(match self.step(id).in_doubt {
            true => format!("step {name:?} is in doubt: it may have made something"),
            false => format!("step {name:?} is done"),
        })
    }

    /// Only while nothing is under way: a step acts on what it was started with.
    fn must_rest(&self) -> Result<(), String> {
        self.must_run()?;
        if self.running > 0 || self.retrying > 0 {
            return Err("attempts are under way".to_owned());
        }
        if self.stop.is_some() {
            return Err("the run is about to be suspended".to_owned());
        }
        Ok(())
    }
}
