//! Whether a deletion that was begun earlier may be resumed.

use stepwell_engine::event::EventBody;
use stepwell_engine::{Event, Fault, Timestamp};

use super::DeleteParameters;
use super::steps::ClusterReady;
use crate::Refusal;
use crate::aurora::holders::refuse_deletion;
use crate::aws::Aws;

/// Why the run must not be resumed as things are now: another cluster has got
/// the name, or something would keep the deletion from ending.
pub(crate) async fn resume_refusal(aws: &Aws, events: &[Event]) -> Result<Option<Refusal>, Fault> {
    let Some(EventBody::RunCreated(created)) = events.first().map(|event| &event.body) else {
        return Ok(None);
    };
    let Ok(parameters) = serde_json::from_value::<DeleteParameters>(created.parameters.clone())
    else {
        // What can't be read is refused where the graph is built.
        return Ok(None);
    };
    refuse_deletion(aws, &parameters.doomed(), asked(events)).await
}

/// When the run got ready to ask for the cluster's deletion, if it has asked.
fn asked(events: &[Event]) -> Option<Timestamp> {
    let has_asked = events.iter().any(|event| {
        matches!(&event.body, EventBody::AttemptStarted { step, .. } if step.as_ref() == "delete-cluster")
    });
    let ready = events.iter().rev().find_map(|event| match &event.body {
        EventBody::AttemptSucceeded { step, outcome, .. } if step.as_ref() == "ready-cluster" => {
            serde_json::from_value::<ClusterReady>(outcome.output()?.clone()).ok()
        }
        _ => None,
    });
    ready.filter(|_| has_asked).map(|ready| ready.at)
}
