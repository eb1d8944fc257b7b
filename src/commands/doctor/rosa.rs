//! Checks of who is asked about ROSA clusters: the same as for a peering.

use std::future::Future;

use stepwell_engine::Clock;
use stepwell_workflows::SurveyError;
use stepwell_workflows::rosa::{self, RosaSource};

use super::{LIMIT, silence};
use crate::Context;
use crate::problem::Problem;
use crate::report::checks::{Check, Health};
use crate::session::survey;

/// Whether those who would be asked can be, and how the cluster stands, if one
/// is named.
pub(super) async fn checks(
    context: &Context,
    clock: &dyn Clock,
    source: Result<RosaSource, Problem>,
    cluster: Option<&str>,
) -> Vec<Check> {
    let source = match source {
        Ok(source) => source,
        Err(problem) => return vec![Check::problem("rosa", problem)],
    };
    let (login, state) = tokio::join!(
        within(
            context,
            "rosa",
            &source,
            "rosa clusters can't be looked up by their names",
            rosa::probe(clock, &source),
        ),
        async {
            let cluster = cluster?;
            let without = format!("{cluster} can't be looked up");
            let state = rosa::state(clock, &source, cluster);
            let state = within(context, "rosa-cluster", &source, &without, state).await;
            Some((cluster, state))
        }
    );
    let mut checks = vec![match login {
        Ok(login) => Check::ok("rosa", login),
        // Without a peering nobody is asked.
        Err(check) => Check {
            status: Health::Warn,
            ..check
        },
    }];
    checks.extend(state.map(|(cluster, state)| match state {
        Err(check) => check,
        Ok(state) if state == "ready" => Check::ok("rosa-cluster", format!("{cluster} is ready")),
        Ok(state) => Check::warn("rosa-cluster", format!("{cluster} is {state}, not ready")),
    }));
    checks
}

/// Bounds a look in time; `without` says what is not to be had where it fails.
async fn within(
    context: &Context,
    name: &'static str,
    source: &RosaSource,
    without: &str,
    look: impl Future<Output = Result<String, SurveyError>>,
) -> Result<String, Check> {
    match tokio::time::timeout(LIMIT, look).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            let problem = survey::refused(context, without, error);
            Err(Check::problem(name, problem))
        }
        Err(_) => {
            let silence = silence(&source.to_string());
            Err(Check::fail(name, format!("{without}: {silence}")))
        }
    }
}
