//! The contract of steps: what ran is found by its check, and undoing twice is as
//! good as once.

use std::sync::Arc;

use super::trials::{Act, Case, Trials};
use crate::event::{EventBody, Outcome, Verb};
use crate::journal::{Journal as _, MemoryJournal};
use crate::machine::{Machine, Status};
use crate::model::event::End;
use crate::model::{Effect, Event, StepName};

/// How a verb of a step ended well, if this event says so.
pub fn outcome_of<'a>(event: &'a Event, name: &str, wanted: Verb) -> Option<&'a Outcome> {
    match &event.body {
        EventBody::AttemptSucceeded {
            step,
            verb,
            outcome,
            ..
        } if **step == *name && *verb == wanted => Some(outcome),
        _ => None,
    }
}

/// A history that ends before a verb of a step succeeded, as that of a process
/// that died between the effect and its record; none if it never did.
pub fn forgotten(events: &[Event], step: &str, verb: Verb) -> Option<Vec<Event>> {
    let success = |event: &Event| outcome_of(event, step, verb).is_some();
    let end = events.iter().position(success)?;
    Some(events[..end].to_vec())
}

impl<C: Send + Sync + 'static> Trials<C> {
    /// Carries the graph through and then, for each step with an effect, forgets
    /// that it succeeded, with all that came after, and takes the run up: the
    /// effect has to be found as the run's own, unless the step is repeatable,
    /// and the run to succeed. Then it undoes everything, forgets each undo in
    /// turn and undoes again. Gives the number of effects that were found.
    ///
    /// # Panics
    /// When a step does not keep the contract.
    pub async fn keeps_the_step_contract(&self, world: impl AsyncFn() -> C) -> usize {
        let case = Case::new(self, world().await);
        let report = case.go_on(Act::Start).await;
        assert_eq!(report.status, Status::Ended(End::Succeeded), "{report:#?}");
        let events = case.events().await;
        let machine = Machine::replay(&events).expect("a history");
        let mut found = 0;
        for id in machine.shape().ids() {
            let record = machine.shape().record(id);
            let forgotten = forgotten(&events, &record.name, Verb::Run);
            let Some(history) = forgotten.filter(|_| !record.effect.is_passive()) else {
                continue;
            };
            let again = self.taken_up(&case, history).await;
            let report = again.go_on(Act::Resume).await;
            let end = Status::Ended(End::Succeeded);
            assert_eq!(report.status, end, "{}: {report:#?}", record.name);
            let events = again.events().await;
            let mut outcomes =
                (events.iter()).filter_map(|event| outcome_of(event, &record.name, Verb::Run));
            match outcomes.next() {
                Some(Outcome::Ours { .. }) => found += 1,
                Some(Outcome::Made { .. }) if self.repeats(&record.name) => {}
                other => panic!("{}: its effect is not found: {other:?}", record.name),
            }
        }
        if machine
            .shape()
            .ids()
            .any(|id| machine.shape().record(id).effect == Effect::Delete)
        {
            return found;
        }
        let report = case.go_on(Act::Rollback).await;
        let end = Status::Ended(End::RolledBack { waived: Vec::new() });
        assert_eq!(report.status, end, "{report:#?}");
        let events = case.events().await;
        for id in machine.shape().ids() {
            let name = machine.shape().name(id);
            let Some(history) = forgotten(&events, name, Verb::Undo) else {
                continue;
            };
            let again = self.taken_up(&case, history).await;
            let report = again.go_on(Act::Resume).await;
            assert_eq!(report.status, end, "{name} is undone twice: {report:#?}");
        }
        found
    }

    async fn taken_up<'a>(&'a self, case: &Case<'a, C>, history: Vec<Event>) -> Case<'a, C> {
        let journal = Arc::new(MemoryJournal::new());
        journal.append(history).await.expect("a journal in memory");
        Case::over(self, case.context.clone(), journal)
    }

    fn repeats(&self, name: &StepName) -> bool {
        let id = self.graph.shape().find(name);
        let record = id.map(|id| self.graph.shape().record(id));
        let step = record.and_then(|record| self.registry.read(record).ok());
        step.is_some_and(|step| step.is_repeatable())
    }
}
