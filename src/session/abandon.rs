//! Giving up an unfinished run in favour of another that takes over all it made.

use stepwell_engine::event::{End, EventBody};
use stepwell_engine::{Clock, Event, Journal as _, Machine};
use stepwell_state::{RunRow, Store};

use super::{locks, store};
use crate::Context;
use crate::problem::Problem;

/// Journals a run as abandoned. Nobody else may be at work on it.
pub async fn abandon(
    context: &Context,
    to: &Store,
    row: &RunRow,
    reason: &str,
    clock: &dyn Clock,
) -> Result<(), Problem> {
    let _lock = locks::run(context, to, row.id, clock).await?;
    let now = clock.now();
    let body = EventBody::RunEnded(End::Abandoned {
        by: context.actor.clone(),
        reason: reason.to_owned(),
    });
    let events = to.events(row.id);
    let event = match events.map(|events| Machine::replay(&events)) {
        Ok(Ok(mut machine)) => machine.record(now, body).map_err(|error| {
            Problem::error("the unfinished run can't be given up").because(&error)
        })?,
        // What something else wrote to the history must not keep the cluster
        // from being deleted: it ends where it ends.
        _ => Event {
            run: row.id,
            seq: row.events,
            at: now,
            body,
        },
    };
    to.append(vec![event])
        .await
        .map_err(|error| store::journal_failed("the unfinished run can't be given up", &error))
}
