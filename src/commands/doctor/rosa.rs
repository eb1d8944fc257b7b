//! Checks of who is asked about ROSA clusters: the same as for a peering.

use std::future::Future;

use stepwell_engine::Clock;
use stepwell_workflows::SurveyError;
use stepwell_workflows::rosa::{self, RosaSource};

use super::{LIMIT, silence};
use crate::Context;
use crate::problem::Problem;
use crate::report::checks::Check;
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
        within(context, "rosa", &source, rosa::probe(clock, &source)),
        async {
            let cluster = cluster?;
            let state = rosa::state(clock, &source, cluster);
            Some((
                cluster,
                within(context, "rosa-cluster", &source, state).await,
            ))
        }
    );
    let mut checks = vec![match login {
        Ok(login) => Check::ok("rosa", login),
        // Without a peering nobody is asked.
        Err(check) => check.only_warns("needed to look up a rosa cluster by its name"),
    }];
    checks.extend(state.map(|(cluster, state)| match state {
        Err(check) => check,
        Ok(state) if state == "ready" => Check::ok("rosa-cluster", format!("{cluster} is ready")),
        Ok(state) => Check::warn("rosa-cluster", format!("{cluster} is {state}, not ready")),
    }));
    checks
}

/// Bounds a look in time.
async fn within(
    context: &Context,
    name: &'static str,
    source: &RosaSource,
    look: impl Future<Output = Result<String, SurveyError>>,
) -> Result<String, Check> {
    match tokio::time::timeout(LIMIT, look).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            let problem = survey::refused(context, "it can't be asked", error);
            Err(Check::problem(name, problem))
        }
        Err(_) => Err(Check::fail(name, silence(&source.to_string()))),
    }
}
