//! A cluster that serves: what everything needs that wants to connect to it.

use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{self, Endpoint};

use super::{Connection, survey};
use crate::Context;
use crate::problem::Problem;
use crate::settings::place::Place;

/// The endpoints of a cluster, if it serves.
pub async fn find(
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

/// The host of the writer, or of the readers.
pub fn host<'a>(found: &'a Endpoint, place: &Place, reader: bool) -> Result<&'a str, Problem> {
    if !reader {
        return Ok(&found.writer);
    }
    found.reader.as_deref().ok_or_else(|| {
        Problem::error(format!("cluster {} has no reader endpoint", place.cluster))
            .code("not_found")
    })
}
