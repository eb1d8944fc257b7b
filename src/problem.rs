//! Errors as people and programs see them.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use stepwell_engine::{Fault, FaultClass};

use crate::exit::Exit;

/// The code of a problem with a service that gave no answer.
const UNREACHABLE: &str = "unreachable";

/// Why the command could not do what it was asked: a lower-case fragment with
/// its causes, a code, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The exit code.
    pub exit: Exit,
    /// What kind of problem it is: the remote service's code where there is
    /// one, otherwise our own.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The causes beneath, outermost first.
    pub causes: Vec<String>,
    /// The remote service's id of the request.
    pub request_id: Option<String>,
    /// What a person can do.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with the exit's own code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: exit.kind().to_owned(),
            message: message.into(),
            causes: Vec::new(),
            request_id: None,
            hint: None,
        }
    }

    /// An error that has no exit code of its own.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Exit::Error, message)
    }

    /// The command line or an input is not valid.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Not confirmed, or not safe to do.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// Sets what kind of problem it is, for programs.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Sets what a person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets what a person can do, if something is known.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }

    /// Adds an error and all that caused it.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Errors that show their source themselves would say it twice.
            let said = self.causes.last().unwrap_or(&self.message);
            if !said.ends_with(&text) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// An error outside of a run that a remote service caused, while the
    /// command was doing `what`.
    pub fn from_fault(what: impl Into<String>, fault: &Fault) -> Self {
        let denied = fault.code.as_deref().is_some_and(is_permission);
        let exit = if denied || is_credentials(fault) {
            Exit::Credentials
        } else {
            Exit::Error
        };
        let mut problem = Self::new(exit, what).maybe_hint(fault.hint.clone());
        problem.causes.push(match &fault.code {
            Some(code) => format!("{} ({code})", fault.message),
            None => fault.message.clone(),
        });
        problem.causes.extend(fault.causes.iter().cloned());
        problem.request_id.clone_from(&fault.request_id);
        if let Some(code) = &fault.code {
            problem.code.clone_from(code);
        } else if fault.class == FaultClass::Unreachable {
            UNREACHABLE.clone_into(&mut problem.code);
        }
        problem
    }

    /// The same, which names the endpoint where that does not answer.
    #[must_use]
    pub fn at(self, endpoint: Option<&str>) -> Self {
        match endpoint {
            Some(address) if self.code == UNREACHABLE && self.hint.is_none() => self.hint(format!(
                "the endpoint is {address} (--endpoint-url or AWS_ENDPOINT_URL): see that it answers"
            )),
            _ => self,
        }
    }

    /// The error as one JSON object.
    pub fn document(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: u32,
            error: &'a str,
            causes: &'a [String],
            code: &'a str,
            exit_code: u8,
            hint: Option<&'a str>,
            request_id: Option<&'a str>,
        }
        Document {
            schema: crate::SCHEMA,
            error: &self.message,
            causes: &self.causes,
            code: &self.code,
            exit_code: self.exit.code(),
            hint: self.hint.as_deref(),
            request_id: self.request_id.as_deref(),
        }
    }
}

fn is_permission(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied"
            | "AccessDeniedException"
            | "DecryptionFailure"
            | "Forbidden"
            | "OptInRequired"
            | "UnauthorizedOperation"
    )
}

/// Outside of a run, nobody waits for a quota or capacity: what a person has
/// to see to before a command can read anything is the credentials.
fn is_credentials(fault: &Fault) -> bool {
    fault.class == FaultClass::Operator
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {}
