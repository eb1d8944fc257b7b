//! What a survey found that keeps a workflow from being started.

use std::time::Duration;

use stepwell_workflows::SurveyError;

use super::{Session, locks};
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::time;
use crate::settings::input;

/// How often it is looked whether another run is still at work.
const LOOK: Duration = Duration::from_secs(15);

/// What a survey was doing where it failed.
pub const READING: &str = "could not read what is in aws";

/// Looks around in AWS by `look`; where another run is at work, `--wait` waits
/// until it is done, or dead.
pub async fn once_alone<T>(
    session: &Session,
    what: &str,
    look: impl AsyncFn() -> Result<T, SurveyError>,
) -> Result<T, Problem> {
    let Session {
        context,
        connection,
        ..
    } = session;
    let (clock, limit) = (connection.clock.as_ref(), context.settings.times.wait);
    let began = clock.elapsed();
    let mut said = None;
    loop {
        let error = match look().await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        let waited = clock.elapsed().saturating_sub(began);
        let left = limit.saturating_sub(waited);
        match &error {
            SurveyError::Alive { message, .. } if !left.is_zero() => {
                if said.is_none_or(|said| waited.saturating_sub(said) >= locks::SAY) {
                    said = Some(waited);
                    let most = time::duration(left);
                    context
                        .printer
                        .note(format!("waiting for at most {most}: {message}"));
                }
                clock.sleep(LOOK.min(left)).await;
            }
            _ => return Err(refused(context, what, error)),
        }
    }
}

/// Puts a survey's error into form; `what` is what was being done.
pub fn refused(context: &Context, what: &str, error: SurveyError) -> Problem {
    match error {
        SurveyError::Exists { message, hint } => Problem::error(message).code("exists").hint(hint),
        SurveyError::Invalid(invalid) => input::refuse(&invalid, &context.environment),
        SurveyError::Refused { message, hint } => Problem::refused(message).hint(hint),
        SurveyError::Alive { message, hint } => Problem::new(Exit::Locked, message)
            .code("alive_elsewhere")
            .hint(hint),
        SurveyError::Fault(fault) => Problem::from_fault(what, &fault),
    }
}
