//! A world in which steps have effects, whether or not anybody records them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use crate::event::{Actor, OnFailure, RunCreated};
use crate::model::{Effect, GRAPH_VERSION, StepId, StepRecord, Wiring};
use crate::step::Found;

/// A random workflow.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) steps: Vec<StepSpec>,
    pub(super) reversible: bool,
    pub(super) on_failure: OnFailure,
    pub(super) parallel: u32,
    /// How many of every third step at once.
    pub(super) third: u32,
}

/// A random step.
#[derive(Debug, Clone)]
pub(super) struct StepSpec {
    pub(super) effect: Effect,
    pub(super) needs: Vec<u32>,
    /// Whether somebody else made it before.
    pub(super) theirs: bool,
}

/// Somebody, for records.
pub(super) fn actor() -> Actor {
    Actor {
        host: "host".into(),
        user: "user".into(),
        pid: 1,
        version: "test".into(),
    }
}

impl Spec {
    /// The facts a run of it starts from.
    pub(super) fn created(&self) -> RunCreated {
        let steps = self.steps.iter().enumerate().map(|(at, step)| StepRecord {
            name: format!("s{at}").into(),
            kind: "simulated".into(),
            effect: step.effect,
            data: "first".into(),
            limit: (at % 3 == 0).then(|| "third".to_owned()),
            input: Wiring::List(step.needs.iter().copied().map(Wiring::Output).collect()),
            after: Vec::new(),
        });
        let steps: Vec<_> = steps.collect();
        RunCreated {
            reversible: self.reversible,
            on_failure: self.on_failure,
            parallel: self.parallel,
            limits: [("third".to_owned(), self.third)].into(),
            by: actor(),
            graph_version: GRAPH_VERSION,
            output: steps.last().map(|step| step.name.clone()),
            steps: steps.into(),
            ..RunCreated::new("test", "target", Value::Null)
        }
    }

    /// Whether a failure turns the run round.
    pub(super) fn rolls_back(&self) -> bool {
        self.reversible && self.on_failure == OnFailure::Rollback
    }
}

/// Any workflow of up to `most` steps.
pub(super) fn specs(most: usize) -> impl Strategy<Value = Spec> {
    let step = (0..10_u8, any::<u16>(), 0..5_u8);
    let steps = prop::collection::vec(step, 1..=most);
    let rolls_back = prop::bool::weighted(0.7);
    let limits = (1..=4_u32, 1..=3_u32);
    // After a deletion nothing can be rolled back, so most graphs have none.
    let ways = (prop::bool::weighted(0.75), prop::bool::weighted(0.3));
    (steps, ways, rolls_back, limits).prop_map(
        |(steps, (reversible, deletes), rolls_back, (parallel, third))| Spec {
            steps: steps
                .iter()
                .enumerate()
                .map(|(at, &(effect, edges, theirs))| StepSpec {
                    effect: match effect {
                        0..6 => Effect::Create,
                        6 => Effect::Read,
                        7 => Effect::Wait,
                        _ if deletes => Effect::Delete,
                        _ => Effect::Create,
                    },
                    // Half of the bits, so that graphs are not too dense.
                    needs: (0..at)
                        .filter(|bit| edges >> bit & 1 == 1 && (at - bit < 3 || bit % 3 == 0))
                        .map(|bit| bit as u32)
                        .collect(),
                    theirs: theirs == 0,
                })
                .collect(),
            reversible,
            on_failure: if rolls_back {
                OnFailure::Rollback
            } else {
                OnFailure::Suspend
            },
            parallel,
            third,
        },
    )
}

/// What there is of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thing {
    effect: Effect,
    /// How often this run performed it without taking it back.
    performed: u32,
    theirs: bool,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct World(Vec<Thing>);

impl World {
    pub(super) fn new(spec: &Spec) -> Self {
        let things = spec.steps.iter().map(|step| Thing {
            effect: step.effect,
            performed: 0,
            theirs: step.theirs && !step.effect.is_passive(),
        });
        Self(things.collect())
    }

    /// What *check* says. It is as bad as eventual consistency makes it: what
    /// this run did is seen only by who knows that it must look twice.
    pub(super) fn check(&self, step: StepId, in_doubt: bool) -> Found<()> {
        let thing = self.0[step.index()];
        match thing {
            Thing { theirs: true, .. } => Found::Theirs(()),
            Thing { performed: 1.., .. } if in_doubt => Found::Ours(()),
            _ => Found::Nothing,
        }
    }

    /// Performs a step's effect.
    pub(super) fn perform(&mut self, step: StepId) {
        let thing = &mut self.0[step.index()];
        if !thing.effect.is_passive() {
            assert!(!thing.theirs, "made what is there");
            assert_eq!(thing.performed, 0, "performed twice: {step:?}");
            thing.performed += 1;
        }
    }

    /// A person makes it, so that it is not the run's.
    pub(super) fn make_by_hand(&mut self, step: StepId) {
        let thing = &mut self.0[step.index()];
        if !thing.effect.is_passive() {
            assert_eq!(thing.performed, 0, "made what is there");
            thing.theirs = true;
        }
    }

    /// Takes a step's effect back; nothing happens if it is gone already.
    pub(super) fn take_back(&mut self, step: StepId) {
        let thing = &mut self.0[step.index()];
        assert_eq!(thing.effect, Effect::Create, "undid what can't be undone");
        assert!(!thing.theirs, "undid what is theirs");
        thing.performed = 0;
    }

    /// Whether something that this run created is there.
    pub(super) fn has_ours(&self, step: StepId) -> bool {
        let thing = self.0[step.index()];
        thing.effect == Effect::Create && thing.performed > 0
    }

    /// Whether this run took something away for good.
    pub(super) fn has_deleted(&self) -> bool {
        let mut things = self.0.iter();
        things.any(|thing| thing.effect == Effect::Delete && thing.performed > 0)
    }

    /// Whether this run did something for a step.
    pub(super) fn has_effect(&self, step: StepId) -> bool {
        self.0[step.index()].performed > 0
    }

    /// Whether nothing that can be undone is left of the run, but for steps
    /// that a person waived.
    pub(super) fn is_as_before(&self, waived: &BTreeSet<StepId>) -> bool {
        let mut steps = (0..self.0.len()).map(|at| StepId(at as u32));
        steps.all(|step| waived.contains(&step) || !self.has_ours(step))
    }

    /// Whether every effect is there, by this run or by somebody else.
    pub(super) fn is_complete(&self) -> bool {
        let mut things = self.0.iter();
        things.all(|thing| thing.effect.is_passive() || thing.theirs || thing.performed == 1)
    }
}
