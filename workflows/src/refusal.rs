//! Why a run that was begun earlier must not be taken up as things are now.
//! Asked before anything is changed, each time a run is resumed or rolled back.

use serde::de::DeserializeOwned;
use stepwell_engine::event::RunCreated;
use stepwell_engine::{Event, Fault};

use crate::aws::Aws;
use crate::{Workflow, aurora, peering};

/// A run that is refused. Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, with the ids of what is in the way.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Refusal {
    /// The same for a step: a person has to act before it can go on.
    pub(crate) fn unless(found: Option<Self>) -> Result<(), Fault> {
        match found {
            None => Ok(()),
            Some(Self { message, hint }) => {
                Err(Fault::operator(message).with_hint(hint).without_effect())
            }
        }
    }
}

/// What a run started from, if its history says so.
pub(crate) fn parameters<P: DeserializeOwned>(events: &[Event]) -> Option<P> {
    P::deserialize(RunCreated::told(events)?.parameters).ok()
}

/// Says why a run must not be resumed as things are now, if there is a reason:
/// another cluster has the name, the run was taken over, or something would
/// keep a deletion from ending. `events` is the run's whole history.
pub async fn resume_refusal(
    aws: &Aws,
    workflow: &str,
    events: &[Event],
) -> Result<Option<Refusal>, Fault> {
    match Workflow::from_name(workflow) {
        Some(Workflow::AuroraCreate) => aurora::create_resume_refusal(aws, events).await,
        Some(Workflow::AuroraDelete) => aurora::delete_resume_refusal(aws, events).await,
        Some(Workflow::AuroraScale) => aurora::scale_refusal(aws, events).await,
        Some(Workflow::PeeringCreate) => peering::create_resume_refusal(aws, events).await,
        Some(Workflow::PeeringDelete) => peering::delete_resume_refusal(aws, events).await,
        _ => Ok(None),
    }
}

/// Says why a run must not be rolled back as things are now, if there is a
/// reason. `events` is the run's whole history.
pub async fn rollback_refusal(
    aws: &Aws,
    workflow: &str,
    events: &[Event],
) -> Result<Option<Refusal>, Fault> {
    match Workflow::from_name(workflow) {
        Some(Workflow::AuroraCreate) => aurora::create_rollback_refusal(aws, events).await,
        Some(Workflow::AuroraScale) => aurora::scale_refusal(aws, events).await,
        _ => Ok(None),
    }
}
