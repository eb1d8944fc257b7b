//! What `aurora reset` needs, looked up and tried before anything is touched.

use stepwell_engine::{Clock, Fault, RunId, retry};

use super::centre::Centre;
use super::steps::{DropSchema, LookAtSchema};
use super::{COMPONENT, ResetParameters, ResetRequest};
use crate::SurveyError;
use crate::aurora::Endpoint;
use crate::kubernetes::{
    CLUSTER, Client, LOOK, MANAGED_BY, PODS, Place, REGION, Rollout, Scaler, Server, User,
    check_rights, check_secret, default_image, namespace, pod, refused_by_server,
};

/// Looks in every data centre for what is needed there: the namespace, what
/// runs Keycloak and what manages that, and in the first one the Secret. Then the
/// servers are asked whether they would take each change.
pub async fn survey_reset(
    clock: &dyn Clock,
    request: &ResetRequest,
    endpoint: &Endpoint,
) -> Result<ResetParameters, SurveyError> {
    let places = request.places();
    // All data centres share one database, so that one of them resets it.
    let Some(first) = places.first() else {
        return Err(Fault::permanent("no context is named").into());
    };
    let (mut centres, mut caches) = (Vec::new(), Vec::new());
    let mut user_id = None;
    for place in &places {
        let found = retry(LOOK, clock, || namespace(place, clock)).await?;
        refuse_twins(&centres, place, found.uid.as_deref())?;
        if centres.is_empty() {
            user_id = found.run_as;
        }
        let rollout = retry(LOOK, clock, || request.workload.get(place, clock)).await?;
        caches.extend(rollout.caches());
        centres.push(Centre {
            place: place.clone(),
            namespace_uid: found.uid,
            scaler: scaler(clock, request, place, &rollout).await?,
        });
    }
    caches.sort();
    caches.dedup();
    let keys = retry(LOOK, clock, || check_secret(first, clock, &request.secret)).await?;
    let leftovers = leftovers(clock, request, first).await?;
    let user = User::choose(
        request.username.as_deref(),
        keys.username.as_deref(),
        &request.default_username,
    );
    let parameters = ResetParameters {
        cluster: request.cluster.clone(),
        region: request.region.clone(),
        schema: request.schema.clone(),
        cascade: request.cascade,
        client: Client {
            image: (request.image.clone())
                .unwrap_or_else(|| default_image(endpoint.engine_version.as_deref())),
            server: Server {
                host: endpoint.writer.clone(),
                port: endpoint.port,
                database: request.database.clone(),
                user,
                secret: request.secret.clone(),
            },
            resources: request.resources.clone(),
            run_as: user_id,
        },
        centres,
        workload: request.workload.clone(),
        stop: !request.no_stop,
        leftovers,
        caches,
    };
    try_all(clock, &parameters, first).await?;
    Ok(parameters)
}

/// Two contexts that lead to one namespace are one data centre.
fn refuse_twins(before: &[Centre], place: &Place, uid: Option<&str>) -> Result<(), SurveyError> {
    let twin = before
        .iter()
        .find(|centre| uid.is_some() && centre.namespace_uid.as_deref() == uid);
    match twin {
        None => Ok(()),
        Some(twin) => Err(SurveyError::Refused {
            message: format!("{place} and {} are the same", twin.place),
            hint: "name the context of every data centre once".to_owned(),
        }),
    }
}

/// What scales Keycloak there, unless it can't be stopped or restarted by it.
async fn scaler(
    clock: &dyn Clock,
    request: &ResetRequest,
    place: &Place,
    rollout: &Rollout,
) -> Result<Scaler, SurveyError> {
    let workload = &request.workload;
    if request.no_stop {
        // What is only restarted need not be scaled.
        return match rollout.refusal() {
            None => Ok(Scaler::workload(workload)),
            Some(why) => Err(SurveyError::Refused {
                message: format!("{workload} in {place} can't be restarted: {why}"),
                hint: "without --no-stop its pods are stopped together, and started again"
                    .to_owned(),
            }),
        };
    }
    let scaler = Scaler::of(workload, rollout).map_err(|why| SurveyError::Refused {
        message: format!("{workload} in {place} can't be stopped: {}", why.0),
        hint: "stop keycloak by that, or say --no-stop".to_owned(),
    })?;
    let found = retry(LOOK, clock, || workload.autoscaler(place, clock, &scaler)).await?;
    match found {
        None => Ok(scaler),
        Some(name) => Err(SurveyError::Refused {
            message: format!(
                "{workload} in {place} can't be stopped: autoscaler {name} says how many pods it has"
            ),
            hint: "take the autoscaler away for the time of the reset, or say --no-stop".to_owned(),
        }),
    }
}

/// Has every server say whether it would take what the run is about to do there.
async fn try_all(
    clock: &dyn Clock,
    parameters: &ResetParameters,
    first: &Place,
) -> Result<(), SurveyError> {
    retry(LOOK, clock, || check_rights(first, clock, &PODS)).await?;
    let run = RunId::from_u128(0);
    let pods: Vec<_> = (parameters.centres.first().into_iter())
        .flat_map(|centre| {
            let look = LookAtSchema::of(parameters, centre).manifest(run);
            [look, DropSchema::of(parameters, centre).manifest(run)]
        })
        .collect();
    for manifest in &pods {
        let tried = retry(LOOK, clock, || pod::try_create(first, clock, manifest)).await;
        tried.map_err(refused_by_server)?;
    }
    for centre in &parameters.centres {
        let place = &centre.place;
        let tried = if parameters.stop {
            retry(LOOK, clock, || centre.scaler.try_stop(place, clock)).await
        } else {
            let workload = &parameters.workload;
            retry(LOOK, clock, || workload.try_restart(place, clock)).await
        };
        tried.map_err(refused_by_server)?;
        if place != first {
            retry(LOOK, clock, || check_rights(place, clock, &PODS[1..3])).await?;
        }
    }
    Ok(())
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
