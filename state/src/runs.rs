//! The store as the engine's runner knows it.

use serde_json::Value;
use stepwell_engine::event::Actor;
use stepwell_engine::{
    BoxFuture, Event, Guard, JournalError, LockError, Locked, RunId, Store as Runs, Timestamp,
};

use crate::chain::{Examined, Verdict};
use crate::error::StoreError;
use crate::store::Store;

/// A lock of ours as the engine knows it.
fn taken(
    what: Locked,
    lock: Result<crate::Lock, crate::LockError>,
) -> BoxFuture<'static, Result<Guard, LockError>> {
    let guard = match lock {
        Ok(lock) => Ok(Box::new(lock) as Guard),
        Err(crate::LockError::Held(holder)) => Err(LockError::Held { what, holder }),
        Err(source) => Err(LockError::Failed {
            what,
            source: Box::new(source),
        }),
    };
    Box::pin(std::future::ready(guard))
}

fn unreadable(source: impl std::error::Error + Send + Sync + 'static) -> JournalError {
    JournalError::Store {
        context: "the state file can't be read".to_owned(),
        source: Box::new(source),
    }
}

impl Runs for Store {
    fn lock_run<'a>(
        &'a self,
        run: RunId,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        taken(Locked::Run(run), Self::lock_run(self, run, by, since))
    }

    fn lock_target<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        let lock = Self::lock_target(self, account, target, by, since);
        taken(Locked::Target(target.to_owned()), lock)
    }

    fn unfinished<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
    ) -> BoxFuture<'a, Result<Vec<RunId>, JournalError>> {
        let rows = Self::unfinished(self, account, target).map_err(unreadable);
        let runs = rows.map(|rows| rows.into_iter().map(|row| row.id).collect());
        Box::pin(std::future::ready(runs))
    }

    fn history(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        let history = match self.examine(run) {
            Ok(None) => Ok(Vec::new()),
            Ok(Some(Examined { verdict, events })) => match verdict {
                Verdict::Broken { seq, why } => {
                    Err(unreadable(StoreError::Broken { run, seq, why }))
                }
                Verdict::Whole { .. } | Verdict::Unchained { .. } => Ok(events),
            },
            Err(error) => Err(unreadable(error)),
        };
        Box::pin(std::future::ready(history))
    }
}
