//! Where the steps of a summary are.

use std::collections::{BTreeSet, HashMap};

use super::step::{AttemptOutcome, StepSummary};
use crate::model::StepName;

/// The places of steps by name, and of those that have an attempt under way.
/// Follows from the steps: it is made when it is first needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(Option<Places>);

#[derive(Debug, Clone)]
struct Places {
    by_name: HashMap<StepName, usize>,
    running: BTreeSet<usize>,
}

/// All of them are alike, since they say nothing that the steps do not.
impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Index {
    fn places(&mut self, steps: &[StepSummary]) -> &mut Places {
        self.0.get_or_insert_with(|| {
            let places = || steps.iter().enumerate();
            Places {
                by_name: places()
                    .map(|(place, step)| (step.name.clone(), place))
                    .collect(),
                running: places()
                    .filter(|(_, step)| is_running(step))
                    .map(|(place, _)| place)
                    .collect(),
            }
        })
    }

    /// The place of a step.
    pub(super) fn find(&mut self, steps: &[StepSummary], name: &StepName) -> Option<usize> {
        self.places(steps).by_name.get(name).copied()
    }

    /// Takes note of whether the step in a place has an attempt under way.
    pub(super) fn note(&mut self, steps: &[StepSummary], place: usize) {
        let running = &mut self.places(steps).running;
        match is_running(&steps[place]) {
            true => running.insert(place),
            false => running.remove(&place),
        };
    }

    /// The places of the steps that had an attempt under way, which is over now.
    pub(super) fn take_running(&mut self, steps: &[StepSummary]) -> BTreeSet<usize> {
        std::mem::take(&mut self.places(steps).running)
    }
}

fn is_running(step: &StepSummary) -> bool {
    let last = step.attempts.last();
    last.is_some_and(|last| last.outcome == AttemptOutcome::Running)
}
