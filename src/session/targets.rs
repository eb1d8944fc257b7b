//! The targets of a command: their locks, and the unfinished runs on them.

use stepwell_engine::{RunnerError, TargetLock};
use stepwell_state::RunRow;
use stepwell_workflows::Target;

use super::{Session, abandon, find};
use crate::problem::Problem;
use crate::report::outcome;

/// Targets, each once, in an order that is the same for everybody: two
/// processes that want the same ones can't wait for each other.
pub struct Targets {
    names: Vec<Target>,
    locks: Vec<TargetLock>,
    /// A plan takes no lock.
    locks_them: bool,
}

impl Targets {
    /// This target, locked, unless it is only looked at for a plan.
    pub async fn of(session: &Session, name: Target, plan: bool) -> Result<Self, Problem> {
        let mut targets = Self {
            names: vec![name],
            locks: Vec::new(),
            locks_them: !plan,
        };
        targets.lock(session).await?;
        Ok(targets)
    }

    /// Adds further ones, locked.
    pub async fn add(
        &mut self,
        session: &Session,
        names: impl IntoIterator<Item = Target>,
    ) -> Result<(), Problem> {
        self.names.extend(names);
        self.names.sort();
        self.names.dedup();
        self.lock(session).await
    }

    async fn lock(&mut self, session: &Session) -> Result<(), Problem> {
        if !self.locks_them {
            return Ok(());
        }
        let (runner, account) = (session.runner(), session.account.to_value());
        for name in &self.names {
            if self.locked(name).is_some() {
                continue;
            }
            let lock = runner.lock_target(&account, &name.to_string()).await;
            self.locks
                .push(lock.map_err(|error| session.problem(error))?);
        }
        Ok(())
    }

    /// The lock of one of them; none is held for a plan.
    pub fn locked(&self, name: &Target) -> Option<&TargetLock> {
        let name = name.to_string();
        self.locks.iter().find(|lock| lock.target() == name)
    }

    /// Leaves out all but these. Locks that are held stay so.
    pub fn narrow_to(&mut self, names: &[Target]) {
        self.names.retain(|name| names.contains(name));
    }

    /// Refuses to work on what was not locked: it has come up meanwhile.
    pub fn must_cover(&self, names: &[Target]) -> Result<(), Problem> {
        match names.iter().find(|name| !self.names.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Problem::error(format!(
                "{name} has come up while this was looked at"
            ))
            .hint("run the command again")),
        }
    }

    /// Refuses to begin beside an unfinished run.
    pub fn refuse_unfinished(&self, session: &Session) -> Result<(), Problem> {
        for name in &self.names {
            if let Some((row, _)) = find::unfinished(session, name)? {
                let (run, target) = (row.id, name.to_string());
                return Err(session.problem(RunnerError::Unfinished { target, run }));
            }
        }
        Ok(())
    }

    /// The unfinished runs of the targets, each with a warning that it is
    /// given up; `label` says to whom it belongs, where there are several.
    pub fn unfinished(
        &self,
        session: &Session,
        label: Option<&str>,
    ) -> Result<Vec<RunRow>, Problem> {
        let label = label.map(|label| format!("{label}: ")).unwrap_or_default();
        let mut rows = Vec::new();
        for name in &self.names {
            if let Some((row, stands)) = find::unfinished(session, name)? {
                session.context.printer.warn(format!(
                    "{label}the unfinished run {} of {} ({stands}) is given up with it",
                    outcome::short(row.id),
                    row.workflow
                ));
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Gives up unfinished runs of the targets.
    pub async fn abandon(
        &self,
        session: &Session,
        rows: &[RunRow],
        reason: &str,
    ) -> Result<(), Problem> {
        for row in rows {
            abandon::abandon(session, row, reason).await?;
        }
        Ok(())
    }
}
