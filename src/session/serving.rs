//! A cluster that serves.

use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{self, Endpoint};

use super::{Connection, survey};
use crate::Context;
use crate::problem::Problem;
use crate::settings::place::Place;

/// Finds a cluster's endpoint; an error if there is none that serves.
pub async fn endpoint(
    context: &Context,
    connection: &Connection,
    place: &Place,
) -> Result<Endpoint, Problem> {
    let found = aurora::endpoint(&connection.aws, &place.region, &place.cluster)
        .await
        .map_err(|error| match error {
            SurveyError::Refused { message, hint } => {
                Problem::error(message).code("not_found").hint(hint)
            }
            other => survey::refused(context, "could not look up the endpoint", other),
        })?;
    if found.serving {
        return Ok(found);
    }
    Err(Problem::error(format!(
        "cluster {} does not serve yet: it is {}",
        place.cluster, found.status
    ))
    .code("not_serving")
    .hint("its first instance has to become available"))
}
