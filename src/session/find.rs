//! The unfinished run of a target.

use stepwell_engine::RunId;
use stepwell_state::{RunFilter, RunRow, Store};

use super::{locks, store};
use crate::Context;
use crate::account::AccountRecord;
use crate::history::RunState;
use crate::problem::Problem;
use crate::report::outcome;

/// The unfinished run of a target, if there is one, and where it stands.
pub fn unfinished(
    from: &Store,
    account: &AccountRecord,
    target: &str,
) -> Result<Option<(RunRow, RunState)>, Problem> {
    let rows = from
        .unfinished(&account.to_value(), target)
        .map_err(|error| store::failed(&error))?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let state = locks::state(from, &row)?;
    Ok(Some((row, state)))
}

/// The runs, of a target if one is named, that no process of this host is at
/// work on.
pub fn dead(
    from: &Store,
    account: &AccountRecord,
    target: Option<&str>,
) -> Result<Vec<RunId>, Problem> {
    let filter = RunFilter {
        target: target.map(str::to_owned),
        ..RunFilter::default()
    };
    let rows = from.runs(&filter).map_err(|error| store::failed(&error))?;
    let own = account.to_value();
    let mut dead = Vec::new();
    for row in rows.into_iter().filter(|row| row.account == own) {
        if locks::state(from, &row)? != RunState::Running {
            dead.push(row.id);
        }
    }
    Ok(dead)
}

/// Refuses to start a run beside an unfinished one.
pub fn refuse_unfinished(
    context: &Context,
    from: &Store,
    account: &AccountRecord,
    target: &str,
) -> Result<(), Problem> {
    let Some((row, state)) = unfinished(from, account, target)? else {
        return Ok(());
    };
    let short = outcome::short(row.id);
    let settings = &context.settings;
    let mut hint = format!("go on with it: {}", settings.command_for("resume", &short));
    if stepwell_workflows::Workflow::from_name(&row.workflow)
        .is_some_and(stepwell_workflows::Workflow::reversible)
    {
        hint.push_str(&format!(
            ", or undo it: {}",
            settings.command_for("rollback", &short)
        ));
    }
    Err(Problem::error(format!(
        "an unfinished run of {} exists for {target}: {short}, {state}",
        row.workflow
    ))
    .code("unfinished_run")
    .hint(hint))
}
