//! What was tried, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use stepwell_engine::Event;
use stepwell_engine::event::{EventBody, Outcome, Verb};

use super::subject::Subject;

/// Counts over scenarios.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Runs that were begun.
    pub(crate) runs: u64,
    /// Scenarios by workflow.
    pub(crate) scenarios: BTreeMap<&'static str, u64>,
    /// Processes that began, and what ended them before their work was done.
    pub(crate) processes: u64,
    pub(crate) deaths: u64,
    pub(crate) full_disks: u64,
    /// Calls to the account, and those that were struck.
    pub(crate) calls: u64,
    pub(crate) blows: u64,
    /// Runs that were taken up, rolled back, or lost with their history.
    pub(crate) resumed: u64,
    pub(crate) turned_round: u64,
    pub(crate) stuck: u64,
    pub(crate) forgotten: u64,
    /// Runs that were rolled back since their peering's request had expired.
    pub(crate) expired: u64,
    /// Effects that were found to be a run's own after their answer was lost.
    pub(crate) settled: u64,
    pub(crate) undone: u64,
    pub(crate) events: u64,
    /// How it ended.
    pub(crate) refused: u64,
    pub(crate) complete: u64,
    pub(crate) as_before: u64,
}

impl Tally {
    pub(crate) fn of(subject: Subject) -> Self {
        Self {
            scenarios: [(subject.name(), 1)].into(),
            ..Self::default()
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.scenarios.values().sum()
    }

    /// Counts what histories tell.
    pub(crate) fn note(&mut self, events: &[Event]) {
        self.events += events.len() as u64;
        for event in events {
            match &event.body {
                EventBody::RunCreated(_) => self.runs += 1,
                EventBody::RunResumed { .. } => self.resumed += 1,
                EventBody::RollbackStarted(_) => self.turned_round += 1,
                EventBody::RunEnded(stepwell_engine::event::End::Stuck { .. }) => self.stuck += 1,
                EventBody::AttemptSucceeded {
                    verb: Verb::Run,
                    outcome: Outcome::Ours { .. },
                    ..
                } => self.settled += 1,
                EventBody::AttemptSucceeded {
                    outcome: Outcome::Undone,
                    ..
                } => self.undone += 1,
                _ => {}
            }
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (name, count) in other.scenarios {
            *self.scenarios.entry(name).or_default() += count;
        }
        self.runs += other.runs;
        self.processes += other.processes;
        self.deaths += other.deaths;
        self.full_disks += other.full_disks;
        self.calls += other.calls;
        self.blows += other.blows;
        self.resumed += other.resumed;
        self.turned_round += other.turned_round;
        self.stuck += other.stuck;
        self.forgotten += other.forgotten;
        self.expired += other.expired;
        self.settled += other.settled;
        self.undone += other.undone;
        self.events += other.events;
        self.refused += other.refused;
        self.complete += other.complete;
        self.as_before += other.as_before;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} simulated runs in {} scenarios:",
            self.runs,
            self.total()
        )?;
        for (place, (name, count)) in self.scenarios.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma} {count} {name}")?;
        }
        writeln!(
            f,
            "\n{} processes, of which {} died and {} could not record; {} calls, {} of them struck",
            self.processes, self.deaths, self.full_disks, self.calls, self.blows
        )?;
        writeln!(
            f,
            "{} events; {} times taken up, {} rolled back ({} over an expired request), {} stuck and continued, {} histories lost; {} effects found after a lost answer, {} undone",
            self.events,
            self.resumed,
            self.turned_round,
            self.expired,
            self.stuck,
            self.forgotten,
            self.settled,
            self.undone
        )?;
        write!(
            f,
            "{} complete, {} as before, {} refused before they began, {} without their history made complete and taken back; duplicates 0, leftovers 0",
            self.complete, self.as_before, self.refused, self.forgotten
        )
    }
}
