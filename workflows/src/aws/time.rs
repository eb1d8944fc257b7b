//! The time at AWS. The clocks of hosts differ; what one host writes down for
//! another to compare is told by the clock that both can read. And by how much
//! this host's is off, which spoils the signatures of its requests.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use stepwell_engine::{Clock, Timestamp};

/// From how far off on a clock is the likely reason for a refused signature: RDS
/// and STS refuse one that is five minutes old (Signature Version 4), and an
/// answer takes its time.
const SUSPECT: Duration = Duration::from_secs(4 * 60);

/// The header that an answer gets here, for whoever reads an error: by how many
/// milliseconds this host's clock is ahead of AWS's.
const AHEAD: &str = "x-stepwell-clock-ahead";

/// Reads the header `Date` of every answer and goes on from there by this
/// host's clock, until the next.
#[derive(Clone)]
pub(super) struct ServiceTime {
    clock: Arc<dyn Clock>,
    /// Whether AWS's clock and this host's ought to agree; a simulated account
    /// has a time of its own.
    comparable: bool,
    /// What the last answer said, and the clock time when it came.
    seen: Arc<Mutex<Option<(Timestamp, Duration)>>>,
}

impl ServiceTime {
    pub(super) fn new(clock: Arc<dyn Clock>, comparable: bool) -> Self {
        Self {
            clock,
            comparable,
            seen: Arc::default(),
        }
    }

    /// The time at AWS; nothing before the first answer.
    pub(super) fn told(&self) -> Option<Timestamp> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(|(said, at)| said.plus(self.clock.elapsed().saturating_sub(at)))
    }

    /// The time at AWS; this host's before the first answer.
    pub(super) fn now(&self) -> Timestamp {
        self.told().unwrap_or_else(|| self.clock.now())
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

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response_mut().headers_mut();
        headers.remove(AHEAD);
        let date = headers.get("date");
        let said = date.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        if let Some(millis) = said.and_then(|said| said.to_millis().ok()) {
            let now = (Timestamp(millis), self.clock.elapsed());
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
            if self.comparable {
                let ahead = self.clock.now().0.saturating_sub(millis);
                headers.insert(AHEAD, ahead.to_string());
            }
        }
        Ok(())
    }
}

/// How this host's clock stands to AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skew {
    /// Milliseconds ahead of AWS's; negative if behind.
    ahead: i64,
}

impl Skew {
    /// What an answer told, if it told the time.
    pub(super) fn of(response: &HttpResponse) -> Option<Self> {
        let ahead = response.headers().get(AHEAD)?.parse().ok()?;
        Some(Self { ahead })
    }

    /// Whether the clock is the likely reason for a refused signature.
    pub(super) fn is_suspect(self) -> bool {
        self.ahead.unsigned_abs() >= SUSPECT.as_millis() as u64
    }
}

impl fmt::Display for Skew {
    /// `17 minutes behind AWS's`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.ahead.unsigned_abs() / 1000;
        let side = if self.ahead < 0 { "behind" } else { "ahead of" };
        match seconds {
            0..120 => write!(f, "{seconds} seconds")?,
            120..7200 => write!(f, "{} minutes", seconds / 60)?,
            _ => write!(f, "{} hours", seconds / 3600)?,
        }
        write!(f, " {side} AWS's")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use stepwell_engine::{Fault, FaultClass, TokioClock};

    use super::*;
    use crate::aws::call::fault;

    /// An EC2 whose clock is so many seconds ahead and that refuses everything.
    #[derive(Debug, Clone)]
    struct Refusing {
        ahead: i64,
        code: &'static str,
    }

    impl HttpConnector for Refusing {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let now = std::time::SystemTime::now();
            let there = DateTime::from_millis(Timestamp::from(now).0 + self.ahead * 1000);
            let body = format!(
                "<Response><Errors><Error><Code>{}</Code><Message>no</Message></Error></Errors></Response>",
                self.code
            );
            let status = 400_u16.try_into().expect("a status");
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            let there = there.fmt(Format::HttpDate).expect("a date");
            answer.headers_mut().insert("date", there);
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    async fn refused(code: &'static str, ahead: i64) -> (Fault, ServiceTime) {
        let time = ServiceTime::new(Arc::new(TokioClock::at_speed(1.0)), true);
        let refusing = SharedHttpConnector::new(Refusing { ahead, code });
        let config = aws_sdk_ec2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .http_client(http_client_fn(move |_, _| refusing.clone()))
            .interceptor(time.clone())
            .build();
        let client = aws_sdk_ec2::Client::from_conf(config);
        let answer = client.describe_vpcs().send().await;
        let error = answer.expect_err("it refuses everything");
        (fault("DescribeVpcs", error), time)
    }

    #[tokio::test]
    async fn a_refused_signature_is_put_down_to_the_clock_where_that_is_off() {
        for code in ["AuthFailure", "RequestExpired", "SignatureDoesNotMatch"] {
            let (fault, time) = refused(code, 17 * 60).await;
            assert_eq!(fault.class, FaultClass::Operator, "{fault}");
            let hint = fault.hint.expect("a hint");
            // What is cut off of a second may make it one minute less.
            assert!(hint.contains("set the clock"), "{code}: {hint}");
            assert!(hint.contains("minutes behind AWS's"), "{code}: {hint}");
            assert!(time.told().is_some());
            let (fault, _) = refused(code, 0).await;
            let hint = fault.hint.expect("a hint");
            assert!(hint.contains("renew the AWS credentials"), "{code}: {hint}");
        }
        let (fault, _) = refused("RequestTimeTooSkewed", 0).await;
        assert!(fault.hint.expect("a hint").contains("set the clock"));
        let (fault, _) = refused("InvalidVpcID.NotFound", 17 * 60).await;
        assert_eq!(fault.hint, None);
    }

    #[test]
    fn a_skew_is_told_in_words() {
        let told = |ahead| Skew { ahead }.to_string();
        assert_eq!(told(-90_000), "90 seconds behind AWS's");
        assert_eq!(told(17 * 60_000), "17 minutes ahead of AWS's");
        assert_eq!(told(-3 * 3_600_000), "3 hours behind AWS's");
        assert!(!Skew { ahead: 60_000 }.is_suspect());
        assert!(Skew { ahead: -300_000 }.is_suspect());
    }
}
