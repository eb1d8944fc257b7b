//! The unfinished run of a target.

use stepwell_engine::RunId;
use stepwell_engine::summary::{RunState, RunSummary};
use stepwell_state::{RunFilter, RunRow, Store};

use super::{Session, locks, store};
use crate::account::AccountRecord;
use crate::problem::Problem;
use crate::report::outcome::{self, Next};

/// The unfinished run of a target, if there is one, and where it stands.
pub fn unfinished(session: &Session, target: &str) -> Result<Option<(RunRow, RunState)>, Problem> {
    let from = &session.state;
    let rows = from
        .unfinished(&session.account.to_value(), target)
        .map_err(|error| store::failed(&error))?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let state = locks::state(from, &row)?;
    Ok(Some((row, state)))
}

impl Session {
    /// The unfinished runs on targets of this form, in which `*` stands for any
    /// part: `peering/eu-west-1/keycloak/*`.
    pub fn all_unfinished(&self, form: &str) -> Result<Vec<RunRow>, Problem> {
        let filter = RunFilter {
            unfinished_only: true,
            ..RunFilter::default()
        };
        let rows = self.state.runs(&filter);
        let mut rows = rows.map_err(|error| store::failed(&error))?;
        let own = self.account.to_value();
        rows.retain(|row| row.account == own && has_form(&row.target, form));
        Ok(rows)
    }

    /// Their targets. It is for work after which such a run has nothing left to
    /// do: where all of a kind was looked for, what is in no answer of AWS is not
    /// there.
    pub fn unfinished_of(&self, form: &str) -> Result<Vec<String>, Problem> {
        let rows = self.all_unfinished(form)?;
        Ok(rows.into_iter().map(|row| row.target).collect())
    }
}

fn has_form(target: &str, form: &str) -> bool {
    let parts = target.split('/');
    let wanted = form.split('/');
    parts.clone().count() == wanted.clone().count()
        && (parts.zip(wanted)).all(|(part, wanted)| wanted == "*" || part == wanted)
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
    let next = RunSummary::of(&events, state == RunState::Running)
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

#[cfg(test)]
mod tests {
    use super::has_form;

    #[test]
    fn a_form_is_matched_part_by_part() {
        let peering = "peering/eu-west-1/keycloak/vpc-1";
        for form in [peering, "peering/eu-west-1/keycloak/*", "peering/*/*/vpc-1"] {
            assert!(has_form(peering, form), "{form}");
        }
        for form in [
            "peering/eu-west-1/keycloak",
            "*/eu-west-1/keycloak",
            "peering/eu-west-1/key/*",
            "peering/eu-west-1/keycloak/*/*",
        ] {
            assert!(!has_form(peering, form), "{form}");
        }
        assert!(has_form("reset/eu-west-1/keycloak", "*/eu-west-1/keycloak"));
        assert!(has_form(
            "peering/eu-west-1/keycloak/*",
            "peering/*/keycloak/*"
        ));
    }
}
