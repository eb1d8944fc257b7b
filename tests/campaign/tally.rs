//! What a campaign has done.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::plan::Plan;
use super::trial::{End, Failure, Record};

/// The sums of a campaign.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) trials: u64,
    /// Trials with as many kills as were asked for.
    pub(crate) full: u64,
    by_work: BTreeMap<&'static str, u64>,
    pub(crate) kills: u64,
    of_runs: u64,
    signals: u64,
    servers: u64,
    rivals: u64,
    /// Calls that the faults made fail.
    pub(crate) fired: u64,
    rules: u64,
    resumes: u64,
    rollbacks: u64,
    commands: u64,
    marked: u64,
    pub(crate) complete: u64,
    pub(crate) as_before: u64,
    duplicates: u64,
    leftovers: u64,
}

impl Tally {
    /// Counts what a trial that failed had too much of.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.duplicates += failure.dealt.duplicates;
        self.leftovers += failure.dealt.leftovers;
    }

    /// Adds a trial that went well.
    pub(crate) fn add(&mut self, plan: &Plan, record: &Record, kills: u32) {
        let dealt = &record.dealt;
        self.trials += 1;
        self.full += u64::from(dealt.kills >= u64::from(kills));
        *self.by_work.entry(plan.work.name()).or_default() += 1;
        self.kills += dealt.kills;
        self.of_runs += dealt.of_runs;
        self.signals += dealt.signals;
        self.servers += dealt.servers;
        self.rivals += dealt.rivals;
        self.fired += dealt.fired;
        self.rules += (plan.lives.iter())
            .map(|life| life.faults.len() as u64)
            .sum::<u64>();
        self.resumes += dealt.resumes;
        self.rollbacks += dealt.rollbacks;
        self.commands += dealt.commands;
        self.marked += record.marked;
        match record.end {
            End::Complete => self.complete += 1,
            End::AsBefore => self.as_before += 1,
        }
    }

    /// The line at the end.
    pub(crate) fn summary(&self, kills: u32, took: Duration) -> String {
        format!(
            "{self}; {} with {kills} kills or more; {} s",
            self.full,
            took.as_secs()
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let works: Vec<String> = (self.by_work.iter())
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        write!(
            f,
            "{} trials ({}): {} kill -9 hit a living process, {} of them a run; {} signals, {} servers killed, {} rivals; {} faults planted, {} calls failed by them; {} processes, {} resumes, {} rollbacks; {} attempts marked crashed; {} complete, {} as before, {} duplicates, {} leftovers",
            self.trials,
            works.join(", "),
            self.kills,
            self.of_runs,
            self.signals,
            self.servers,
            self.rivals,
            self.rules,
            self.fired,
            self.commands,
            self.resumes,
            self.rollbacks,
            self.marked,
            self.complete,
            self.as_before,
            self.duplicates,
            self.leftovers,
        )
    }
}
