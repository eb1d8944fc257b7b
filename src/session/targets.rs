//! The targets of a run that works on several at once: their locks, and the
//! unfinished runs that it takes over.

use stepwell_state::{Lock, RunRow, Store};

use super::{Connection, abandon, find, locks};
use crate::Context;
use crate::account::AccountRecord;
use crate::problem::Problem;
use crate::report::outcome;

/// Targets, each once, in an order that is the same for everybody: two
/// processes that want the same ones can't wait for each other.
pub struct Targets<'a> {
    account: &'a AccountRecord,
    names: Vec<String>,
    locks: Vec<(String, Lock)>,
}

impl<'a> Targets<'a> {
    /// These targets, unlocked.
    pub fn new(account: &'a AccountRecord, names: impl IntoIterator<Item = String>) -> Self {
        let mut targets = Self {
            account,
            names: Vec::new(),
            locks: Vec::new(),
        };
        targets.add(names);
        targets
    }

    /// Adds further ones, unlocked.
    pub fn add(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
        self.names.sort();
        self.names.dedup();
    }

    /// Adds those of this form (see [`find::all_unfinished`]) that have an
    /// unfinished run. It is for work after which such a run has nothing left
    /// to do: where all of a kind was looked for, what is in no answer of AWS
    /// is not there.
    pub fn add_unfinished(&mut self, state: &Store, form: &str) -> Result<(), Problem> {
        let rows = find::all_unfinished(state, self.account, form)?;
        self.add(rows.into_iter().map(|row| row.target));
        Ok(())
    }

    /// Leaves out all but these. Locks that are held stay so.
    pub fn narrow_to(&mut self, names: &[String]) {
        self.names.retain(|name| names.contains(name));
    }

    /// Takes the lock of each that is not held yet.
    pub async fn lock(
        &mut self,
        context: &Context,
        state: &Store,
        connection: &Connection,
    ) -> Result<(), Problem> {
        let clock = connection.clock.as_ref();
        for name in &self.names {
            if self.locks.iter().any(|(held, _)| held == name) {
                continue;
            }
            let lock = locks::target(context, state, self.account, name, clock).await?;
            self.locks.push((name.clone(), lock));
        }
        Ok(())
    }

    /// Refuses to work on what was not locked: it has come up meanwhile.
    pub fn must_cover(&self, names: &[String]) -> Result<(), Problem> {
        match names.iter().find(|name| !self.names.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Problem::error(format!(
                "{name} has come up while this was looked at"
            ))
            .hint("run the command again")),
        }
    }

    /// The unfinished runs of the targets, each with a warning that it is
    /// given up; `label` says to whom it belongs, where there are several.
    pub fn unfinished(
        &self,
        context: &Context,
        state: &Store,
        label: Option<&str>,
    ) -> Result<Vec<RunRow>, Problem> {
        let label = label.map(|label| format!("{label}: ")).unwrap_or_default();
        let mut rows = Vec::new();
        for name in &self.names {
            if let Some((row, stands)) = find::unfinished(state, self.account, name)? {
                context.printer.warn(format!(
                    "{label}the unfinished run {} of {} ({stands}) is given up with it",
                    outcome::short(row.id),
                    row.workflow
                ));
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Gives the unfinished runs up.
    pub async fn abandon(
        &self,
        context: &Context,
        state: &Store,
        connection: &Connection,
        rows: &[RunRow],
        reason: &str,
    ) -> Result<(), Problem> {
        for row in rows {
            let clock = connection.clock.as_ref();
            abandon::abandon(context, state, row, reason, clock).await?;
        }
        Ok(())
    }
}
