//! What `aurora reap` found and did, as text and as a document.

use std::time::Duration;

use serde::Serialize;
use stepwell_engine::summary::{RunStatus, RunSummary, StepFault};
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::RunRow;
use stepwell_workflows::Target;
use stepwell_workflows::aurora::{Candidate, Reaping, SkippedRegion, Verdict};

use super::printer::Printer;
use super::{outcome, table, time};
use crate::account::AccountRecord;
use crate::problem::Problem;
use crate::settings::Settings;

/// What became of a candidate that was to go.
#[derive(Debug, Serialize)]
pub struct Removal {
    id: Option<RunId>,
    target: String,
    cluster: String,
    region: String,
    status: &'static str,
    reason: Option<String>,
    code: Option<String>,
    hint: Option<String>,
    resume: Option<String>,
    /// The unfinished runs that ended with it.
    given_up: Vec<RunId>,
}

/// The state of a candidate whose cluster is not there.
pub const ABSENT: &str = "absent";
/// Nothing of it is left.
const GONE: &str = "succeeded";
/// It was left alone after all.
const SPARED: &str = "spared";
/// It could not be deleted, and there is no run to be resumed.
const FAILED: &str = "failed";

impl Removal {
    /// A candidate that is gone unless something is said against it.
    pub fn of(candidate: &Candidate) -> Self {
        Self {
            id: None,
            target: Target::cluster(&candidate.region, &candidate.cluster).to_string(),
            cluster: candidate.cluster.clone(),
            region: candidate.region.clone(),
            status: GONE,
            reason: None,
            code: None,
            hint: None,
            resume: None,
            given_up: Vec::new(),
        }
    }

    /// Its unfinished runs were given up.
    pub fn gave_up(&mut self, rows: &[RunRow]) {
        self.given_up.extend(rows.iter().map(|row| row.id));
    }

    /// It was left alone after all.
    pub fn spared(&mut self, reason: String) {
        self.status = SPARED;
        self.reason = Some(reason);
    }

    /// It could not be deleted.
    pub fn failed(&mut self, problem: Problem) {
        self.status = FAILED;
        self.reason = Some(
            std::iter::once(problem.message)
                .chain(problem.causes)
                .collect::<Vec<_>>()
                .join(": "),
        );
        self.code = Some(problem.code);
        self.hint = problem.hint;
    }

    /// A run of its own was begun.
    pub fn begun(&mut self, run: RunId) {
        self.id = Some(run);
        // Until it ends, all that is known is that it can be resumed.
        self.status = RunStatus::Interrupted.as_str();
    }

    /// Its run came to an end, good or not.
    pub fn told(&mut self, summary: &RunSummary, settings: &Settings) {
        self.status = summary.state.as_str();
        self.resume = (summary.state.is_resumable())
            .then(|| settings.command_for("resume", &outcome::short(summary.run)));
        if let Some(StepFault { step, fault }) = &summary.fault {
            self.reason = Some(format!("{step}: {fault}"));
            self.code.clone_from(&fault.code);
            self.hint.clone_from(&fault.hint);
        }
    }

    /// Whether it could not be deleted and there is no run to be resumed.
    pub fn has_failed(&self) -> bool {
        self.status == FAILED
    }

    /// Whether its run can be resumed.
    pub fn is_suspended(&self) -> bool {
        !matches!(self.status, GONE | SPARED | FAILED)
    }

    fn words(&self) -> String {
        let reason = (self.reason.as_ref())
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        match self.status {
            GONE if self.id.is_some() => "deleted".to_owned(),
            GONE if self.given_up.is_empty() => "nothing left".to_owned(),
            GONE => "nothing left; its unfinished run is given up".to_owned(),
            other => format!("{other}{reason}"),
        }
    }
}

/// A candidate in a line: `eu-west-1/keycloak`.
pub fn label(candidate: &Candidate) -> String {
    format!("{}/{}", candidate.region, candidate.cluster)
}

/// Says in which account and regions was looked.
pub fn place(printer: &Printer, found: &Reaping, account: &AccountRecord) {
    let regions = found.regions.join(", ");
    printer.note(format!("looked in {account}, regions {regions}"));
}

/// Says what is about to go.
pub fn announce(printer: &Printer, found: &Reaping, account: &AccountRecord, now: Timestamp) {
    place(printer, found, account);
    for line in lines(found, now, &[]) {
        printer.note(line);
    }
    if (found.candidates.iter()).any(|one| one.verdict == Verdict::Delete && !is_bare(one)) {
        printer.note("no snapshots are made: the data is lost");
    }
}

/// Says how it went with one.
pub fn tell(printer: &Printer, candidate: &Candidate, removal: &Removal) {
    let label = label(candidate);
    printer.note(format!("{label} {}", removal.words()));
    if let Some(hint) = &removal.hint {
        printer.hint(hint);
    }
    if let Some(command) = &removal.resume {
        printer.note(format!("to go on: {}", printer.err.bold(command)));
    }
}

/// Prints what was found and what became of it.
pub fn print(
    printer: &Printer,
    found: &Reaping,
    now: Timestamp,
    removals: &[Removal],
) -> Result<(), Problem> {
    if printer.output.is_json() {
        return printer.document(&Document {
            schema: crate::SCHEMA,
            regions: &found.regions,
            candidates: (found.candidates.iter())
                .map(|candidate| CandidateDocument {
                    created_at: candidate.created_at,
                    age_seconds: age(candidate, now).map(|age| age.as_secs()),
                    candidate,
                })
                .collect(),
            skipped: &found.skipped,
            left_alone: found.left_alone,
            runs: removals,
        });
    }
    let lines = lines(found, now, removals);
    if lines.is_empty() {
        printer.note("nothing to reap");
    }
    for line in lines {
        printer.line(line)?;
    }
    if found.left_alone > 0 {
        printer.note(format!(
            "{} Aurora clusters are neither stepwell's nor the scripts', and are left alone",
            found.left_alone
        ));
    }
    Ok(())
}

fn lines(found: &Reaping, now: Timestamp, removals: &[Removal]) -> Vec<String> {
    if found.candidates.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> = (found.candidates.iter())
        .map(|one| {
            let removal = (removals.iter())
                .find(|removal| removal.region == one.region && removal.cluster == one.cluster);
            vec![
                one.region.clone(),
                one.cluster.clone(),
                one.made_by.to_owned(),
                parts(one),
                age(one, now).map_or_else(|| "unknown".to_owned(), time::duration),
                removal.map_or_else(|| verdict(one), Removal::words),
            ]
        })
        .collect();
    let header = ["REGION", "CLUSTER", "MADE BY", "WHAT", "AGE", "VERDICT"];
    table::columns(&header, &rows)
}

fn verdict(candidate: &Candidate) -> String {
    match &candidate.verdict {
        Verdict::Delete if is_bare(candidate) => "give up".to_owned(),
        Verdict::Delete => "delete".to_owned(),
        Verdict::Spared { reason } => format!("spared: {reason}"),
        Verdict::Blocked { reason, .. } => format!("blocked: {reason}"),
    }
}

/// Whether AWS has nothing of it, and only an unfinished run tells of it.
fn is_bare(candidate: &Candidate) -> bool {
    candidate.status == ABSENT && candidate.vpcs.is_empty() && candidate.subnet_groups.is_empty()
}

/// What there is of a candidate: `available, 2 instances, 1 vpc, 1 subnet group`.
fn parts(candidate: &Candidate) -> String {
    if is_bare(candidate) {
        return "unfinished run".to_owned();
    }
    let mut parts = vec![candidate.status.clone()];
    for (count, one, many) in [
        (candidate.instances.len(), "instance", "instances"),
        (candidate.vpcs.len(), "vpc", "vpcs"),
        (
            candidate.subnet_groups.len(),
            "subnet group",
            "subnet groups",
        ),
    ] {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            _ => parts.push(format!("{count} {many}")),
        }
    }
    parts.join(", ")
}

fn age(candidate: &Candidate, now: Timestamp) -> Option<Duration> {
    candidate.created_at.map(|at| now.since(at))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    regions: &'a [String],
    candidates: Vec<CandidateDocument<'a>>,
    skipped: &'a [SkippedRegion],
    left_alone: usize,
    runs: &'a [Removal],
}

#[derive(Serialize)]
struct CandidateDocument<'a> {
    #[serde(flatten)]
    candidate: &'a Candidate,
    #[serde(with = "time::rfc3339_option")]
    created_at: Option<Timestamp>,
    age_seconds: Option<u64>,
}
