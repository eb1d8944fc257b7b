//! Giving up an unfinished run in favour of another that takes over all it made.

use stepwell_engine::event::{End, EventBody};
use stepwell_engine::{Event, Journal as _, Machine};
use stepwell_state::RunRow;

use super::{Session, store};
use crate::problem::Problem;

/// Journals a run as abandoned. Nobody else may be at work on it.
pub(super) async fn abandon(session: &Session, row: &RunRow, reason: &str) -> Result<(), Problem> {
    let lock = session.runner().lock_run(row.id).await;
    let _lock = lock.map_err(|error| session.problem(error))?;
    let now = session.connection.clock.now();
    let body = EventBody::RunEnded(End::Abandoned {
        by: session.context.actor.clone(),
        reason: reason.to_owned(),
    });
    let what = "the unfinished run can't be given up";
    let events = session.state.events(row.id);
    let event = match events.map(|events| Machine::replay(&events)) {
        Ok(Ok(mut machine)) => {
            let event = machine.record(now, body);
            event.map_err(|error| Problem::error(what).because(&error))?
        }
        // What something else wrote to the history must not keep the cluster
        // from being deleted: it ends where it ends.
        _ => Event {
            run: row.id,
            seq: row.events,
            at: now,
            body,
        },
    };
    let recorded = session.state.append(vec![event]).await;
    recorded.map_err(|error| store::journal_failed(what, &error))
}
