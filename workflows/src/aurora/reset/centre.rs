//! A data centre: where Keycloak runs there, and what scales it.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Clock, Fault};

use crate::kubernetes::{Place, Scaler, check_identity};

/// Keycloak in one data centre, as the survey found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Centre {
    /// Where it is.
    pub(crate) place: Place,
    /// The identity of the namespace; none if it may not be looked at.
    pub(crate) namespace_uid: Option<String>,
    /// What says how many pods there are.
    pub(crate) scaler: Scaler,
}

impl Centre {
    /// The context, which names it.
    pub(crate) fn name(&self) -> &str {
        self.place.context.as_deref().unwrap_or_default()
    }

    /// The context leads where it led when the run began.
    pub(crate) async fn check(&self, clock: &dyn Clock) -> Result<(), Fault> {
        check_identity(&self.place, clock, self.namespace_uid.as_deref()).await
    }
}
