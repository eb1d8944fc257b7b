//! Classified failures: what went wrong, and what that means for the run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a failure means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// Passes by itself (throttling, a lost connection): retried with
    /// exponential backoff, within the policy's attempts and deadline.
    Transient,
    /// Something else has to reach a state first: retried at a steady pace
    /// until the policy's deadline, without counting attempts. When that is over
    /// the run is suspended: what was only waiting is not undone.
    Pending,
    /// A person must act (credentials, quota, capacity): the run is suspended
    /// at once and nothing is rolled back.
    Operator,
    /// Will not get better by itself: the workflow's failure policy decides.
    Permanent,
    /// The remote service can't be reached at all: retried like a transient
    /// fault, but when that is exhausted the run is suspended, because a
    /// rollback would fail in the same way.
    Unreachable,
}

impl FaultClass {
    /// Whether the same may well succeed when it is done again.
    pub fn passes(self) -> bool {
        match self {
            Self::Transient | Self::Pending | Self::Unreachable => true,
            Self::Operator | Self::Permanent => false,
        }
    }
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transient => "transient",
            Self::Pending => "pending",
            Self::Operator => "operator",
            Self::Permanent => "permanent",
            Self::Unreachable => "unreachable",
        })
    }
}

/// A classified failure of one attempt. Its texts go into the journal, so they
/// must not hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What it means for the run.
    pub class: FaultClass,
    /// A lower-case fragment that says what went wrong.
    pub message: String,
    /// The remote service's own code, for example `InvalidVpcID.NotFound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The remote service's id of the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The causes beneath, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// Whether the effect may have taken place although the attempt failed.
    #[serde(default, skip_serializing_if = "Certainty::may_have_happened")]
    pub effect: Certainty,
}

/// What a fault of *run* says of the step's effect. Who does not know says
/// nothing: a step that may have had its effect is in doubt, and its *check*
/// settles that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It may have taken place (a lost response, a timeout, or nobody knows).
    #[default]
    MayHaveHappened,
    /// It did not take place: the remote service refused, or was never asked.
    DidNotHappen,
}

impl Certainty {
    /// What a caller says who knows whether it may have.
    pub fn of(may_have_happened: bool) -> Self {
        match may_have_happened {
            true => Self::MayHaveHappened,
            false => Self::DidNotHappen,
        }
    }

    /// Whether the effect may have taken place.
    pub fn may_have_happened(&self) -> bool {
        *self == Self::MayHaveHappened
    }
}

impl Fault {
    /// A fault of the given class with a message and nothing else.
    pub fn new(class: FaultClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            code: None,
            request_id: None,
            hint: None,
            causes: Vec::new(),
            effect: Certainty::default(),
        }
    }

    /// A [`FaultClass::Transient`] fault.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Transient, message)
    }

    /// A [`FaultClass::Pending`] fault.
    pub fn pending(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Pending, message)
    }

    /// A [`FaultClass::Operator`] fault.
    pub fn operator(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Operator, message)
    }

    /// A [`FaultClass::Permanent`] fault.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Permanent, message)
    }

    /// A [`FaultClass::Unreachable`] fault.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Unreachable, message)
    }

    /// Sets the class, where the circumstances say more than the code.
    #[must_use]
    pub fn with_class(mut self, class: FaultClass) -> Self {
        self.class = class;
        self
    }

    /// Adds a cause beneath.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Sets the remote service's code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the remote service's request id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<impl Into<String>>) -> Self {
        self.request_id = id.map(Into::into);
        self
    }

    /// Sets what a person can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what is known of the effect.
    #[must_use]
    pub fn with_effect(mut self, effect: Certainty) -> Self {
        self.effect = effect;
        self
    }

    /// Says that the effect did not take place.
    #[must_use]
    pub fn without_effect(self) -> Self {
        self.with_effect(Certainty::DidNotHappen)
    }

    /// Says that the effect may have taken place, whatever a call beneath knew.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        self.with_effect(Certainty::MayHaveHappened)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
