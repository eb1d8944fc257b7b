//! What a survey found that keeps a workflow from being started.

use stepwell_workflows::SurveyError;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::create;

/// Puts a survey's error into form; `what` is what was being done.
pub fn refused(context: &Context, what: &str, error: SurveyError) -> Problem {
    match error {
        SurveyError::Exists { message } => Problem::error(message)
            .code("exists")
            .hint("nothing was touched; `stepwell aurora endpoint` prints its address"),
        SurveyError::Invalid(invalid) => create::refuse(&invalid, &context.environment),
        SurveyError::Refused { message, hint } => Problem::refused(message).hint(hint),
        SurveyError::Alive { message, hint } => Problem::new(Exit::Locked, message)
            .code("alive_elsewhere")
            .hint(hint),
        SurveyError::Fault(fault) => Problem::from_fault(what, &fault),
    }
}
