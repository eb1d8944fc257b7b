//! Whether a scaling that was begun earlier may be resumed or rolled back.

use stepwell_engine::event::RunCreated;
use stepwell_engine::{Event, Fault};

use super::ScaleParameters;
use crate::Refusal;
use crate::aws::{Aws, rds};

/// Why the run must not be taken up as things are now: another cluster has got
/// the name.
pub(crate) async fn refusal(aws: &Aws, events: &[Event]) -> Result<Option<Refusal>, Fault> {
    let parameters = RunCreated::told(events)
        .and_then(|created| serde_json::from_value::<ScaleParameters>(created.parameters).ok());
    // What can't be read is refused where the graph is built.
    let Some(p) = parameters else {
        return Ok(None);
    };
    let found = aws
        .look(|| rds::cluster(aws, &p.region, &p.cluster))
        .await?;
    let differs = found.and_then(|found| p.identity.differs(&found));
    Ok(differs.map(|message| Refusal {
        message,
        hint: "this run does not touch the other cluster; a new scaling finds that one by its name"
            .to_owned(),
    }))
}
