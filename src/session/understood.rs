//! Which of the recorded runs this program understands.

use stepwell_engine::Unsupported;
use stepwell_state::{RunRow, Store, StoreError};

use crate::problem::Problem;
use crate::report::not_understood;

use super::store;

/// Why this program can't carry an unfinished run on, if it can't. Nearly always
/// the first event, which holds the graph, is all that is read: only where
/// something in it is not understood does it matter which steps are over.
pub fn why(from: &Store, row: &RunRow) -> Result<Option<Unsupported>, Problem> {
    if !row.status.is_unfinished() {
        return Ok(None);
    }
    let first = match from.beginning(row.id) {
        Ok(first) => first,
        // That it can't be read is told where the row is compared with it.
        Err(StoreError::Corrupt { .. }) => None,
        Err(error) => return Err(store::failed(&error)),
    };
    let Some(at_first) = first.and_then(|first| not_understood::why(&[first])) else {
        return Ok(None);
    };
    Ok(match from.events(row.id) {
        Ok(events) => not_understood::why(&events),
        Err(_) => Some(at_first),
    })
}
