//! What was tried, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The counts of a campaign, by workflow and by what was done to it.
#[derive(Default)]
pub(super) struct Tally(Mutex<BTreeMap<(&'static str, String), Count>>);

/// What was done, and what was seen afterwards.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    /// Runs of a workflow under fire.
    pub(super) scenarios: u64,
    /// Faults that microburst says it has injected.
    pub(super) fired: u64,
    /// Processes that were killed.
    pub(super) kills: u64,
    /// Ends that were compared with the undisturbed one, element by element.
    pub(super) whole: u64,
    /// Ends that were compared with the account as it was before.
    pub(super) undone: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.scenarios += other.scenarios;
        self.fired += other.fired;
        self.kills += other.kills;
        self.whole += other.whole;
        self.undone += other.undone;
    }
}

impl Tally {
    pub(super) fn add(&self, workflow: &'static str, what: &str, count: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (workflow, what.to_owned());
        counts.entry(key).or_default().add(count);
    }

    /// Prints a line each, and one for all, and gives the sum.
    pub(super) fn told(&self, campaign: &str) -> Count {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Count::default();
        for ((workflow, what), count) in counts.iter() {
            println!("{workflow}, {what}: {}", describe(*count));
            all.add(*count);
        }
        println!("{campaign}: {}", describe(all));
        all
    }
}

/// An end that differs from what it is compared with fails the test, so that
/// what is counted here had no difference.
fn describe(count: Count) -> String {
    let parts = [
        (count.scenarios, "scenarios"),
        (count.fired, "faults injected"),
        (count.kills, "kills"),
        (count.whole, "ends whole (duplicates 0)"),
        (count.undone, "ends as before (leftovers 0)"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, of)| format!("{number} {of}")).collect();
    parts.join(", ")
}
