//! Plays the executor over the simulated world, without async, time or I/O.

mod attempts;
mod hand;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{Spec, World, actor};
use crate::event::{
    Deadline, End, Event, EventBody, ParametersChanged, RollbackCause, StepChange, SuspendReason,
    Verb,
};
use crate::machine::{Machine, Owner, Phase, Status};
use crate::model::RunId;
use crate::model::StepId;
use crate::model::Timestamp;

/// The mishaps of a run; when they are over, everything goes well.
#[derive(Debug, Clone)]
pub(super) struct Script {
    bytes: Vec<u8>,
    at: usize,
}

impl Script {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }

    fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// A number below `n`; 0, which is never a mishap, once the script is over.
    fn next(&mut self, n: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % n.max(1)
    }
}

#[derive(Debug, Clone, Copy)]
struct Flying {
    step: StepId,
    verb: Verb,
    attempt: u32,
    in_doubt: bool,
}

/// One run in one world, over any number of processes.
pub(super) struct Sim {
    pub(super) spec: Spec,
    pub(super) machine: Machine,
    /// What is durable.
    pub(super) journal: Vec<Event>,
    /// The world at the moment when each event became durable.
    pub(super) worlds: Vec<World>,
    pub(super) world: World,
    pub(super) script: Script,
    batch: Vec<Event>,
    flying: Vec<Flying>,
    pauses: Vec<StepId>,
    succeeded: BTreeSet<StepId>,
    pub(super) crashes: usize,
    /// The steps that a rollback was told to pass over.
    pub(super) waived: BTreeSet<StepId>,
    /// The steps that a person did, or had tried again.
    pub(super) by_hand: BTreeSet<StepId>,
    /// How often a person said otherwise.
    told: usize,
}

const NOW: Timestamp = Timestamp(0);

impl Sim {
    pub(super) fn new(spec: Spec, script: Vec<u8>) -> Self {
        let run = RunId::from_u128(1);
        let (machine, event) = Machine::create(run, NOW, spec.created()).unwrap();
        let world = World::new(&spec);
        Self {
            spec,
            machine,
            journal: Vec::new(),
            worlds: Vec::new(),
            world,
            script: Script::new(script),
            batch: vec![event],
            flying: Vec::new(),
            pauses: Vec::new(),
            succeeded: BTreeSet::new(),
            crashes: 0,
            waived: BTreeSet::new(),
            by_hand: BTreeSet::new(),
            told: 0,
        }
    }

    /// Takes up a run that broke off after `events`, in the world of that moment.
    pub(super) fn taken_up(spec: Spec, events: &[Event], world: World) -> Self {
        let mut sim = Self::new(spec, Vec::new());
        sim.journal = events.to_vec();
        sim.worlds = vec![world.clone(); events.len()];
        sim.world = world;
        sim.take_up();
        sim
    }

    /// A new process replays the history and goes on.
    pub(super) fn take_up(&mut self) {
        self.machine = Machine::replay(&self.journal).unwrap();
        self.batch.clear();
        self.flying.clear();
        self.pauses.clear();
        self.succeeded.clear();
        self.waived.clear();
        for at in 0..self.journal.len() {
            let body = self.journal[at].body.clone();
            self.note(&body);
        }
        self.record(EventBody::RunResumed { by: actor() });
    }

    /// A person asks for a rollback, and the request is durable.
    pub(super) fn request_rollback(&mut self) {
        assert!(self.try_rollback(), "not refused");
    }

    /// The same, or nothing where the machine refuses it.
    pub(super) fn try_rollback(&mut self) -> bool {
        self.take_up();
        if !self.machine.is_rolling_back() {
            let body = EventBody::RollbackStarted(RollbackCause::Requested { by: actor() });
            if self.machine.clone().record(NOW, body.clone()).is_err() {
                assert!(self.machine.point_of_no_return().is_some());
                return false;
            }
            assert!(!self.world.has_deleted(), "a deletion can't be undone");
            self.record(body);
        }
        self.tell();
        self.commit();
        true
    }

    /// A person says how to undo what was made or, on the way forward, changes
    /// what each step is to make. The machine takes it only of a step that has
    /// left nothing in the world.
    fn tell(&mut self) {
        self.told += 1;
        if self.machine.is_rolling_back() {
            let options = json!({ "number": self.told });
            let by = actor();
            return self.record(EventBody::RollbackOptionsGiven { by, options });
        }
        for id in self.machine.shape().clone().ids() {
            let step = self.machine.shape().name(id).clone();
            let data = format!("said {}", self.told).into();
            let body = EventBody::ParametersChanged(Box::new(ParametersChanged {
                by: actor(),
                reason: "none are left".to_owned(),
                parameters: json!({ "number": self.told }),
                changes: vec![StepChange { step, data }],
            }));
            let before = view(&self.machine);
            if self.machine.clone().record(NOW, body.clone()).is_ok() {
                assert!(!self.succeeded.contains(&id), "a done step was changed");
                assert!(!self.world.has_effect(id), "what was made was changed");
                self.record(body);
            } else {
                assert_eq!(view(&self.machine), before);
            }
        }
    }

    /// A person passes over the first step that may be.
    fn waive_one(&mut self) {
        let shape = self.machine.shape().clone();
        let mut refusals = 0;
        for id in shape.ids() {
            let body = EventBody::StepWaived {
                step: shape.name(id).clone(),
                by: actor(),
                reason: "kept for a look".to_owned(),
            };
            // Refused without a trace, or recorded.
            let before = view(&self.machine);
            match self.machine.clone().record(NOW, body.clone()) {
                Ok(_) => {
                    self.record(body);
                    return;
                }
                Err(_) => refusals += 1,
            }
            assert_eq!(view(&self.machine), before);
        }
        panic!("stuck, and none of {refusals} steps may be waived");
    }

    fn record(&mut self, body: EventBody) {
        let event = self.machine.record(NOW, body).unwrap();
        self.note(&event.body);
        self.batch.push(event);
    }

    fn note(&mut self, body: &EventBody) {
        let find = |step| self.machine.shape().find(step).unwrap();
        match body {
            EventBody::AttemptSucceeded {
                step,
                verb: Verb::Run,
                ..
            } => assert!(self.succeeded.insert(find(step)), "{step} succeeded twice"),
            EventBody::StepWaived { step, .. } => {
                self.waived.insert(find(step));
            }
            EventBody::StepDone { step, .. } => {
                assert!(self.succeeded.insert(find(step)), "{step} was done twice");
                self.by_hand.insert(find(step));
            }
            EventBody::StepRetried { step, .. } => {
                self.by_hand.insert(find(step));
            }
            _ => {}
        }
    }

    /// Makes the first starts durable.
    pub(super) fn start(&mut self) {
        self.decide();
        self.commit();
    }

    /// Carries the run on until it is suspended or at its end.
    pub(super) fn drive(&mut self) {
        self.drive_watched(&mut |_| {});
    }

    /// As [`Self::drive`], and calls `watch` after each transaction.
    pub(super) fn drive_watched(&mut self, watch: &mut dyn FnMut(&Self)) {
        for _ in 0..10_000 {
            self.decide();
            if self.script.next(24) == 23 {
                self.crash();
                continue;
            }
            self.commit();
            watch(self);
            if *self.machine.status() != Status::Running {
                return;
            }
            assert!(
                !self.flying.is_empty() || !self.pauses.is_empty(),
                "nothing is under way and nothing was said"
            );
            self.happen();
        }
        panic!("the run does not come to an end");
    }

    /// As [`Self::drive`], and takes the run up again until it is at its end.
    pub(super) fn finish(&mut self) -> End {
        loop {
            let quiet = self.script.is_over();
            self.drive();
            match self.machine.status().clone() {
                Status::Ended(End::Stuck { leftovers }) => {
                    assert!(!quiet, "stuck without a fault: {leftovers:?}");
                    assert!(!leftovers.is_empty());
                    self.take_up();
                    match self.script.next(4) {
                        2 => self.waive_one(),
                        3 => self.tell(),
                        _ => {}
                    }
                }
                Status::Ended(end) => return end,
                Status::Suspended(reason) => {
                    assert!(!quiet, "suspended without a cause: {reason:?}");
                    match self.script.next(6) {
                        4 => self.do_one(),
                        5 => self.retry_one(),
                        _ => {}
                    }
                    self.take_up();
                    if self.script.next(3) == 2 {
                        self.tell();
                    }
                }
                Status::Running => unreachable!(),
            }
        }
    }

    fn decide(&mut self) {
        loop {
            if self.machine.is_stopping() || self.machine.is_rolling_back() {
                self.drop_waits();
            }
            let before = self.machine.clone();
            let events = self.machine.decide(NOW, &|_, _| Vec::new()).unwrap();
            if events.is_empty() {
                return;
            }
            self.examine_order(&events);
            for event in events {
                self.examine(&before, &event.body);
                self.note(&event.body);
                self.batch.push(event);
            }
            self.examine_room();
        }
    }

    /// Of what begins at once, what was added first begins first; in a rollback
    /// what was added last.
    fn examine_order(&self, events: &[Event]) {
        let ids = events.iter().filter_map(|event| match &event.body {
            EventBody::AttemptStarted { step, .. } => self.machine.shape().find(step),
            _ => None,
        });
        let ids: Vec<StepId> = ids.collect();
        let in_order = |pair: &[StepId]| (pair[0] < pair[1]) != self.machine.is_rolling_back();
        assert!(ids.windows(2).all(in_order), "{ids:?}");
    }

    /// No more effects are under way than may be; what changes nothing takes no
    /// room.
    fn examine_room(&self) {
        let shape = self.machine.shape();
        let acting = shape.ids().filter(|&id| {
            let phase = self.machine.step(id).phase;
            matches!(phase, Phase::Running | Phase::Undoing)
                && !shape.record(id).effect.is_passive()
        });
        let acting: Vec<StepId> = acting.collect();
        assert!(acting.len() <= self.spec.parallel as usize);
        let third = acting.iter().filter(|id| id.index() % 3 == 0);
        assert!(third.count() <= self.spec.third as usize);
    }

    /// The rules that hold for whatever the machine wants next.
    fn examine(&self, machine: &Machine, body: &EventBody) {
        let shape = machine.shape();
        match body {
            EventBody::AttemptStarted { step, verb, .. } => {
                let id = shape.find(step).unwrap();
                assert!(!machine.is_stopping(), "started while stopping");
                match verb {
                    Verb::Run => {
                        assert!(!machine.is_rolling_back(), "ran in a rollback");
                        assert!(!self.succeeded.contains(&id), "ran a success again");
                        for parent in shape.parents(id) {
                            assert_eq!(machine.step(parent).phase, Phase::Done);
                        }
                    }
                    Verb::Undo => {
                        assert!(self.spec.reversible, "undid in a forward-only workflow");
                        assert_ne!(machine.step(id).owner, Owner::Theirs);
                        for child in shape.children(id) {
                            assert_eq!(machine.step(child).phase, Phase::Resolved);
                            assert!(
                                self.waived.contains(&child) || !self.world.has_ours(child),
                                "a child is left"
                            );
                        }
                    }
                }
            }
            EventBody::RollbackStarted(RollbackCause::Failed { step }) => {
                let state = machine.step(shape.find(step).unwrap());
                assert!(self.spec.rolls_back());
                assert!(!self.world.has_deleted(), "rolled back after a deletion");
                assert_eq!(state.phase, Phase::Failed);
            }
            EventBody::RunEnded(End::Succeeded) => {
                assert_eq!(self.succeeded.len(), shape.len());
            }
            _ => {}
        }
    }

    fn commit(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        for event in batch {
            if let EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } = &event.body
            {
                let step = self.machine.shape().find(step).unwrap();
                self.flying.push(Flying {
                    step,
                    verb: *verb,
                    attempt: *attempt,
                    in_doubt: self.machine.step(step).in_doubt,
                });
            }
            self.journal.push(event);
            self.worlds.push(self.world.clone());
        }
    }

    /// The process dies: what is not durable is lost, and of each attempt under
    /// way the effect may have happened.
    fn crash(&mut self) {
        self.crashes += 1;
        for flying in std::mem::take(&mut self.flying) {
            if self.script.next(2) == 1 {
                self.effect(flying);
            }
        }
        if self.journal.is_empty() {
            let (script, crashes) = (self.script.clone(), self.crashes);
            *self = Self::new(self.spec.clone(), Vec::new());
            self.script = script;
            self.crashes = crashes;
        } else {
            self.take_up();
        }
    }

    /// Something happens in the world.
    fn happen(&mut self) {
        match self.script.next(25) {
            24 => {
                let why = "taken over".to_owned();
                return self.machine.request_stop(SuspendReason::LeaseLost { why });
            }
            23 => return self.machine.request_stop(SuspendReason::Interrupted),
            22 => {
                let of = Deadline::Asked;
                let reason = SuspendReason::Deadline { at: NOW, of };
                return self.machine.request_stop(reason);
            }
            20 | 21 => {
                self.retry_one();
                return;
            }
            _ => {}
        }
        let land_all = self.script.next(3) == 2;
        loop {
            let choice = self.script.next(self.flying.len() + self.pauses.len());
            if choice < self.flying.len() {
                let flying = self.flying.swap_remove(choice);
                self.land(flying);
            } else {
                let step = self.pauses.swap_remove(choice - self.flying.len());
                self.machine.retry_due(step);
            }
            if !land_all || self.flying.is_empty() {
                return;
            }
        }
    }
}

/// All that a history says of a run, as text. That a pause is over is not in
/// the history, so steps in a pause and steps that may start are alike.
pub(super) fn view(machine: &Machine) -> String {
    let steps: Vec<_> = machine
        .shape()
        .ids()
        .map(|id| {
            let mut state = machine.step(id).clone();
            state.phase = match state.phase {
                Phase::Retrying => Phase::Ready,
                Phase::UndoRetrying => Phase::UndoReady,
                phase => phase,
            };
            state
        })
        .collect();
    let output: Option<&Value> = machine.output();
    format!(
        "{:?} {} {:?} {} {} {:?} {output:?} {steps:?}",
        machine.status(),
        machine.rollback_options(),
        machine.created(),
        machine.is_rolling_back(),
        machine.running(),
        machine.blame(),
    )
}
