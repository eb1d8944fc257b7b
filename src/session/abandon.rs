//! Giving up an unfinished run in favour of another that takes over all it made.

use stepwell_engine::event::{End, EventBody};
use stepwell_engine::{Journal as _, Machine, Timestamp};
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
    now: Timestamp,
) -> Result<(), Problem> {
    let _lock = locks::run(context, to, row.id, now)?;
    let events = to.events(row.id).map_err(|error| store::failed(&error))?;
    let unusable = |error: stepwell_engine::machine::HistoryError| {
        Problem::error("the unfinished run can't be given up").because(&error)
    };
    let mut machine = Machine::replay(&events).map_err(unusable)?;
    let event = machine
        .record(
            now,
            EventBody::RunEnded(End::Abandoned {
                by: context.actor.clone(),
                reason: reason.to_owned(),
            }),
        )
        .map_err(unusable)?;
    to.append(vec![event])
        .await
        .map_err(|error| store::journal_failed("the unfinished run can't be given up", &error))
}
