//! What may start, and how much of it at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::event::RunCreated;
use crate::model::{StepId, StepRecord};

/// The steps that may start, and the room there is. Steps that change nothing
/// take no room; of the others, `parallel` at once, and of those under a named
/// limit no more than it says.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    passive: BTreeSet<StepId>,
    lanes: Vec<Lane>,
    /// The lane of each limit that the run names; the first lane has none.
    limits: BTreeMap<String, usize>,
    room: usize,
    acting: usize,
}

#[derive(Debug, Clone, Default)]
struct Lane {
    ready: BTreeSet<StepId>,
    acting: usize,
    room: usize,
}

impl Ready {
    pub(super) fn new(created: &RunCreated) -> Self {
        let lane = |room| Lane {
            room,
            ..Lane::default()
        };
        let mut lanes = vec![lane(usize::MAX)];
        let mut limits = BTreeMap::new();
        for (name, &room) in &created.limits {
            limits.insert(name.clone(), lanes.len());
            lanes.push(lane(room.max(1) as usize));
        }
        Self {
            passive: BTreeSet::new(),
            lanes,
            limits,
            room: created.parallel.max(1) as usize,
            acting: 0,
        }
    }

    fn lane(&mut self, step: &StepRecord) -> &mut Lane {
        let limit = step.limit.as_ref().and_then(|name| self.limits.get(name));
        &mut self.lanes[limit.copied().unwrap_or(0)]
    }

    pub(super) fn insert(&mut self, id: StepId, step: &StepRecord) {
        match step.effect.is_passive() {
            true => self.passive.insert(id),
            false => self.lane(step).ready.insert(id),
        };
    }

    pub(super) fn remove(&mut self, id: StepId, step: &StepRecord) {
        match step.effect.is_passive() {
            true => self.passive.remove(&id),
            false => self.lane(step).ready.remove(&id),
        };
    }

    /// Whether an attempt at the step may begin now.
    pub(super) fn has_room(&mut self, step: &StepRecord) -> bool {
        let free = self.acting < self.room;
        let lane = self.lane(step);
        step.effect.is_passive() || (free && lane.acting < lane.room)
    }

    /// An attempt at the step begins.
    pub(super) fn begin(&mut self, id: StepId, step: &StepRecord) {
        self.remove(id, step);
        if !step.effect.is_passive() {
            self.acting += 1;
            self.lane(step).acting += 1;
        }
    }

    /// An attempt at the step has ended.
    pub(super) fn end(&mut self, step: &StepRecord) {
        if !step.effect.is_passive() {
            self.acting -= 1;
            self.lane(step).acting -= 1;
        }
    }

    /// The step whose turn it is, of those for which there is room: forward the
    /// one that was added first, in a rollback the one that was added last.
    pub(super) fn next(&self, back: bool) -> Option<StepId> {
        let lanes = (self.lanes.iter())
            .filter(|lane| self.acting < self.room && lane.acting < lane.room)
            .map(|lane| &lane.ready);
        let heads = std::iter::once(&self.passive).chain(lanes);
        match back {
            true => heads.filter_map(BTreeSet::last).max().copied(),
            false => heads.filter_map(BTreeSet::first).min().copied(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.passive.is_empty() && self.lanes.iter().all(|lane| lane.ready.is_empty())
    }

    /// Forgets what may start, and what is under way.
    pub(super) fn clear(&mut self) {
        self.forget();
        self.acting = 0;
        for lane in &mut self.lanes {
            lane.acting = 0;
        }
    }

    /// Forgets what may start.
    pub(super) fn forget(&mut self) {
        self.passive.clear();
        for lane in &mut self.lanes {
            lane.ready.clear();
        }
    }
}
