//! The unfinished run of a target.

use stepwell_engine::RunId;
use stepwell_engine::summary::{RunStatus, RunSummary};
use stepwell_state::{RunFilter, RunRow, Store};
use stepwell_workflows::Target;

use super::{Session, locks, store};
use crate::account::AccountRecord;
use crate::problem::Problem;
use crate::report::outcome::{self, Next};

/// The unfinished run of a target, if there is one, and where it stands.
pub fn unfinished(
    session: &Session,
    target: &Target,
) -> Result<Option<(RunRow, RunStatus)>, Problem> {
    let from = &session.state;
    let rows = from.unfinished(&session.account.to_value(), &target.to_string());
    let rows = rows.map_err(|error| store::failed(&error))?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let state = locks::state(from, &row)?;
    Ok(Some((row, state)))
}

impl Session {
    /// The unfinished runs of the account, each with what it works on. What another
    /// version of the program works on is left out.
    pub fn all_unfinished(&self) -> Result<Vec<(RunRow, Target)>, Problem> {
        let filter = RunFilter {
            unfinished_only: true,
            ..RunFilter::default()
        };
        let rows = self.state.runs(&filter);
        let rows = rows.map_err(|error| store::failed(&error))?;
        let own = self.account.to_value();
        let rows = rows.into_iter().filter(|row| row.account == own);
        let known = |row: RunRow| row.target.parse().ok().map(|target| (row, target));
        Ok(rows.filter_map(known).collect())
    }

    /// The targets of those that are meant. It is for work after which such a run
    /// has nothing left to do: where all of a kind was looked for, what is in no
    /// answer of AWS is not there.
    pub fn unfinished_targets(
        &self,
        is_meant: impl Fn(&Target) -> bool,
    ) -> Result<Vec<Target>, Problem> {
        let targets = self.all_unfinished()?.into_iter().map(|(_, target)| target);
        Ok(targets.filter(is_meant).collect())
    }
}

/// The runs, of a target if one is named, that no process of this host is at
/// work on.
pub fn dead(
    from: &Store,
    account: &AccountRecord,
    target: Option<&Target>,
) -> Result<Vec<RunId>, Problem> {
    let filter = RunFilter {
        target: target.map(Target::to_string),
        ..RunFilter::default()
    };
    let rows = from.runs(&filter).map_err(|error| store::failed(&error))?;
    let own = account.to_value();
    let mut dead = Vec::new();
    for row in rows.into_iter().filter(|row| row.account == own) {
        if locks::state(from, &row)? != RunStatus::Running {
            dead.push(row.id);
        }
    }
    Ok(dead)
}

/// An unfinished run is in the way of another.
pub(super) fn unfinished_problem(
    session: &Session,
    run: RunId,
    target: &str,
) -> Result<Problem, Problem> {
    let (from, settings) = (&session.state, &session.context.settings);
    let row = store::find(from, &run.to_string())?;
    let state = locks::state(from, &row)?;
    let short = outcome::short(row.id);
    // What may be done with it is for its history to say: growing can be undone,
    // shrinking can't, and a rollback that has begun is resumed.
    let events = from.events(row.id).map_err(|error| store::failed(&error))?;
    let next = RunSummary::of(&events, state == RunStatus::Running)
        .map(|summary| Next::of(&summary, &events, settings))
        .unwrap_or_default();
    let resume = (next.resume).map(|command| format!("go on with it: {command}"));
    let rollback = (next.rollback).map(|command| format!("or undo it: {command}"));
    let hint: Vec<String> = resume.into_iter().chain(rollback).collect();
    Ok(Problem::error(format!(
        "an unfinished run of {} exists for {target}: {short}, {state}",
        row.workflow
    ))
    .code("unfinished_run")
    .maybe_hint((!hint.is_empty()).then(|| hint.join(", "))))
}
