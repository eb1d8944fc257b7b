//! What can go wrong with a call, in the words of AWS and of microburst.

use serde_json::{Value, json};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blow {
    /// Too many requests.
    Throttled,
    /// A failure of the service, before the effect.
    Unavailable,
    /// The connection is reset before the effect.
    Reset,
    /// The call is carried out; then the connection breaks.
    Lost,
    /// The same in the midst of the answer.
    Broken,
    /// The call is carried out; of the answer, half is sent as if it were all.
    Truncated,
    /// Refused for good, without an effect.
    Refused,
    /// The credentials have expired.
    Expired,
}

impl Blow {
    /// Whether the call is carried out all the same.
    pub(super) fn is_after(self) -> bool {
        matches!(self, Self::Lost | Self::Broken | Self::Truncated)
    }

    /// The effect of a rule for microburst. Each service has its own words for
    /// the same (the lists of common errors in the API references of EC2, RDS,
    /// STS; EC2 gives 503 to who asks too often).
    pub(super) fn effect(self, service: &str) -> Value {
        let error = |code: &str, status: u16| json!({ "error": { "code": code, "status": status, "message": "struck by the test" } });
        match (self, service) {
            (Self::Throttled, "ec2") => error("RequestLimitExceeded", 503),
            (Self::Throttled, "rds") => error("Throttling", 400),
            (Self::Throttled, _) => error("ThrottlingException", 400),
            (Self::Unavailable, "ec2") => error("Unavailable", 503),
            (Self::Unavailable, "rds") => error("InternalFailure", 500),
            (Self::Unavailable, _) => error("ServiceUnavailable", 503),
            (Self::Reset, _) => json!({ "reset": true }),
            (Self::Lost, _) => json!({ "response": { "abort_frac": 0.0 } }),
            (Self::Broken, _) => json!({ "response": { "abort_frac": 0.5 } }),
            (Self::Truncated, _) => json!({ "response": { "truncate_frac": 0.5 } }),
            (Self::Refused, "ec2") => error("InvalidParameterValue", 400),
            (Self::Refused, "rds") => error("InvalidParameterCombination", 400),
            (Self::Refused, _) => error("AccessDenied", 403),
            (Self::Expired, "ec2") => error("RequestExpired", 400),
            (Self::Expired, "rds") => error("ExpiredToken", 403),
            (Self::Expired, _) => error("ExpiredTokenException", 400),
        }
    }
}

/// The calls of one operation in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) region: String,
    /// Whether it only tells other hosts that a run is at work: no effect of
    /// any step, and of no consequence where it fails.
    pub(super) is_sign_of_life: bool,
}

impl Call {
    pub(super) fn mutates(&self) -> bool {
        let reads = ["Describe", "Get", "List"];
        !reads
            .iter()
            .any(|prefix| self.operation.starts_with(prefix))
    }

    /// A rule that strikes it, each time or so many times.
    pub(super) fn rule(&self, blow: Blow, times: Option<u64>) -> Value {
        let mut rule = self.matched(blow.effect(&self.service));
        if let Some(times) = times {
            rule["times"] = json!(times);
        }
        rule
    }

    /// A rule that lets so many of it pass. The first rule that fits is the
    /// only one, so that those after it begin to count later.
    pub(super) fn pass(&self, times: u64) -> Value {
        let mut rule = self.matched(json!({}));
        rule["times"] = json!(times);
        rule
    }

    pub(super) fn matched(&self, mut rule: Value) -> Value {
        rule["service"] = json!(self.service);
        rule["operation"] = json!(self.operation);
        rule["region"] = json!(self.region);
        rule
    }
}

/// Matches the calls that give and take signs of life.
pub(super) const SIGN_OF_LIFE: &str = "\"Tag.1.Key\" == 'stepwell:alive'";
