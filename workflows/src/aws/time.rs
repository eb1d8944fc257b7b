//! The time at AWS. The clocks of hosts differ; what one host writes down for
//! another to compare is told by the clock that both can read.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use stepwell_engine::{Clock, Timestamp};

/// Reads the header `Date` of every answer and goes on from there by this
/// host's clock, until the next.
#[derive(Clone)]
pub(super) struct ServiceTime {
    clock: Arc<dyn Clock>,
    /// What the last answer said, and the clock time when it came.
    seen: Arc<Mutex<Option<(Timestamp, Duration)>>>,
}

impl ServiceTime {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            seen: Arc::default(),
        }
    }

    /// The time at AWS; this host's before the first answer.
    pub(super) fn now(&self) -> Timestamp {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen {
            Some((said, at)) => said.plus(self.clock.elapsed().saturating_sub(at)),
            None => self.clock.now(),
        }
    }
}

impl fmt::Debug for ServiceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceTime")
    }
}

impl Intercept for ServiceTime {
    fn name(&self) -> &'static str {
        "ServiceTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let said = date.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        if let Some(millis) = said.and_then(|said| said.to_millis().ok()) {
            let now = (Timestamp(millis), self.clock.elapsed());
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        Ok(())
    }
}
