//! What `aurora reset` needs, looked up before anything is touched.

use stepwell_engine::{Clock, Fault, Policy, retry};

use super::{COMPONENT, ResetParameters, ResetRequest};
use crate::SurveyError;
use crate::aurora::Endpoint;
use crate::kubernetes::{
    CLUSTER, Client, MANAGED_BY, POLICY, Place, REGION, Server, check_namespace, check_secret,
    default_image, pod,
};

/// Nobody waits long for a survey: a server that is away should be told
/// of at once.
const LOOK: Policy = Policy {
    attempts: 3,
    ..POLICY
};

/// Looks in every data centre for what is needed there: the namespace, what
/// runs Keycloak, and in the first one the Secret.
pub async fn survey_reset(
    clock: &dyn Clock,
    request: &ResetRequest,
    endpoint: &Endpoint,
) -> Result<ResetParameters, SurveyError> {
    let places = request.places();
    for place in &places {
        retry(LOOK, clock, || check_namespace(place, clock)).await?;
        let rollout = retry(LOOK, clock, || request.workload.get(place, clock)).await?;
        if let Some(why) = rollout.refusal() {
            return Err(SurveyError::Refused {
                message: format!("{} in {place} can't be restarted: {why}", request.workload),
                hint: "its pods would go on with what they know of the old schema".to_owned(),
            });
        }
    }
    // All data centres share one database, so that one of them resets it.
    let Some(first) = places.first() else {
        return Err(Fault::permanent("no context is named").into());
    };
    retry(LOOK, clock, || check_secret(first, clock, &request.secret)).await?;
    let leftovers = leftovers(clock, request, first).await?;
    Ok(ResetParameters {
        cluster: request.cluster.clone(),
        region: request.region.clone(),
        schema: request.schema.clone(),
        client: Client {
            image: (request.image.clone())
                .unwrap_or_else(|| default_image(endpoint.engine_version.as_deref())),
            server: Server {
                host: endpoint.writer.clone(),
                port: endpoint.port,
                database: request.database.clone(),
                username: request.username.clone(),
                secret: request.secret.clone(),
            },
        },
        places,
        workload: request.workload.clone(),
        leftovers,
    })
}

/// The pods of resets that were given up. One that is still under way is
/// somebody's: only who begins anew on purpose takes it away.
async fn leftovers(
    clock: &dyn Clock,
    request: &ResetRequest,
    first: &Place,
) -> Result<Vec<String>, SurveyError> {
    let selector = format!(
        "{MANAGED_BY}=stepwell,{}={COMPONENT},{CLUSTER}={},{REGION}={}",
        crate::kubernetes::COMPONENT,
        request.cluster,
        request.region
    );
    let pods = retry(LOOK, clock, || pod::list(first, clock, &selector)).await?;
    if let Some(pod) = pods.iter().find(|pod| !pod.has_ended())
        && !request.anew
    {
        return Err(SurveyError::Refused {
            message: format!("another reset is under way: pod {} in {first}", pod.name()),
            hint: "wait for it, or add --anew to take it away and begin anew".to_owned(),
        });
    }
    Ok(pods.iter().map(|pod| pod.name().to_owned()).collect())
}
