//! Taking a peering away, and waiting until it is gone on both sides.

use std::time::Duration;

use stepwell_engine::{Attempt, Fault, FaultClass};

use super::end::End;
use super::link::{self, Link};
use crate::aws::call::has_code;
use crate::aws::poll::{Seen, confirmed, poll};
use crate::aws::{Aws, remove};

/// Asks for a peering to be deleted, unless it has ended or is ending.
pub(crate) async fn delete(at: &Attempt<Aws>, id: &str, end: &End) -> Result<(), Fault> {
    let link = confirmed(at, || link::from(at.context(), end, id)).await?;
    if !link.as_ref().is_some_and(Link::is_live) {
        return Ok(());
    }
    match remove::peering(end.aws(at.context()), &end.region, id).await {
        // It came to an end meanwhile, or is too young: the next look tells.
        Err(fault) if has_code(&fault, &["InvalidStateTransition"]) => {
            Err(fault.with_class(FaultClass::Transient))
        }
        answer => answer,
    }
}

/// Waits until a peering has ended, as seen from both ends.
pub(crate) async fn wait(at: &Attempt<Aws>, id: &str, ends: [&End; 2]) -> Result<(), Fault> {
    let what = format!("{id} is still there");
    let (pace, deadline) = (Duration::from_secs(1), Duration::from_secs(4 * 60));
    poll(at, &what, pace, deadline, || async {
        for end in ends {
            if let Some(link) = link::from(at.context(), end, id).await?
                && (link.is_live() || link.is_going())
            {
                return Ok(Seen::NotYet(format!("{id} is {}", link.state)));
            }
        }
        Ok(Seen::Done(()))
    })
    .await
}
