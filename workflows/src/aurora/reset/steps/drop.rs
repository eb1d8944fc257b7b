//! The step that drops the schema.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Clock, Effect, Fault, FaultClass, Found, Policy, Step};

use super::PACE;
use crate::aurora::reset::{COMPONENT, sql};
use crate::aws::Aws;
use crate::aws::poll::{Seen, is_over, poll};
use crate::kubernetes::pod::{self, Pod, Stand, Wanted};
use crate::kubernetes::{self, Client, MANAGED_BY, Place, RUN, WAITING};

/// How long the pod that resets may be at work.
const AT_WORK: Duration = Duration::from_secs(10 * 60);

/// How long after it was made a pod still resets.
const FRESH: Duration = Duration::from_secs(30 * 60);

/// How long to wait for the pod: for a node, an image, and the work itself.
const PATIENCE: Duration = Duration::from_secs(25 * 60);

/// The name of the pod of a run: the same for every attempt, after crashes too.
fn pod_name(run: impl std::fmt::Display) -> String {
    format!("stepwell-reset-{run}")
}

/// Drops the schema and makes it anew, by `psql` in a pod.
///
/// To make the pod and to wait for it is one step here: the pod is the attempt.
/// One that failed is reported and taken away, and when the run is resumed
/// another one takes its place. One that did its work stays until the run is
/// over, so that *check* finds it after a crash; should it have vanished, the
/// statement itself finds out that it was carried out before.
#[derive(Debug, Serialize)]
pub(crate) struct DropSchema {
    pub(crate) place: Place,
    pub(crate) client: Client,
    pub(crate) schema: String,
    pub(crate) cluster: String,
    pub(crate) region: String,
}

/// The pod that did it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) pod: String,
}

impl Step for DropSchema {
    type Context = Aws;
    type Input = ();
    type Output = Dropped;
    const KIND: &'static str = "drop-schema";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<Dropped>, Fault> {
        let name = pod_name(at.run());
        let found = pod::get(&self.place, at.clock().as_ref(), &name).await?;
        Ok(match found.map(|pod| pod.stand()) {
            Some(Stand::Succeeded) => Found::Ours(Dropped { pod: name }),
            // Not done yet; or failed, which is for the attempt to report.
            _ => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Dropped, Fault> {
        let clock = at.clock().as_ref();
        let name = pod_name(at.run());
        let found = pod::get(&self.place, clock, &name).await?;
        let failed = matches!(found.as_ref().map(Pod::stand), Some(Stand::Failed(_)));
        let absent = found.is_none();
        // Of one that failed before this attempt, an earlier one has told,
        // unless it died first.
        if failed && !at.in_doubt() {
            pod::delete(&self.place, clock, &name).await?;
        }
        if absent || failed && !at.in_doubt() {
            self.create(at, &name).await?;
        }
        let ended = self.wait(at, &name).await;
        ended.map_err(|fault| match fault.class {
            // It has been told, and the pod is gone.
            FaultClass::Permanent => fault,
            _ => fault.uncertain(),
        })?;
        Ok(Dropped { pod: name })
    }

    fn ids(&self, output: &Dropped) -> Vec<String> {
        vec![output.pod.clone()]
    }
}

impl DropSchema {
    async fn create(&self, at: &Attempt<Aws>, name: &str) -> Result<(), Fault> {
        let run = at.run().to_string();
        let wanted = Wanted {
            name,
            labels: &[
                (MANAGED_BY, "stepwell"),
                (kubernetes::COMPONENT, COMPONENT),
                (kubernetes::CLUSTER, &self.cluster),
                (kubernetes::REGION, &self.region),
                (RUN, &run),
            ],
            client: &self.client,
            arguments: sql::arguments(at.run(), &self.schema, at.clock().now().plus(FRESH)),
            deadline: AT_WORK,
        };
        pod::create(&self.place, at.clock().as_ref(), &wanted).await
    }

    async fn wait(&self, at: &Attempt<Aws>, name: &str) -> Result<(), Fault> {
        let clock = at.clock().as_ref();
        let what = format!("pod {name} in {} is not done", self.place);
        let trouble = Since::default();
        let ended = poll(at, &what, PACE, PATIENCE, || async {
            let Some(pod) = pod::get(&self.place, clock, name).await? else {
                return Err(
                    Fault::permanent(format!("pod {name} in {} has vanished", self.place))
                        .with_hint("somebody or something else deleted it; the run can be resumed"),
                );
            };
            Ok(match pod.stand() {
                Stand::Succeeded => Seen::Done(()),
                Stand::Failed(how) => return Err(self.failed(clock, name, &how).await),
                Stand::Troubled(found) => {
                    if trouble.lasts(clock, &found.reason) >= found.patience {
                        return Err(found.fault(name, &self.place));
                    }
                    Seen::Not(format!("{}: {}", found.reason, found.message))
                }
                Stand::Running => Seen::Not("psql is at work".to_owned()),
                Stand::Starting(reason) => Seen::Not(reason),
            })
        })
        .await;
        let fault = match ended {
            Ok(()) => return Ok(()),
            Err(fault) if fault.class != FaultClass::Permanent && !is_over(&fault) => {
                return Err(fault);
            }
            Err(fault) => fault,
        };
        // Nobody is going to wait for it any longer: it must not start later.
        match pod::delete(&self.place, clock, name).await {
            Ok(()) => Err(fault),
            Err(other) => Err(fault.with_cause(format!("and the pod is still there: {other}"))),
        }
    }

    /// What a pod that failed has said.
    async fn failed(&self, clock: &dyn Clock, name: &str, how: &str) -> Fault {
        let fault = Fault::permanent(format!("pod {name} in {} {how}", self.place))
            .with_code("PodFailed")
            .with_hint("put right what psql complains of, then go on");
        match pod::log(&self.place, clock, name).await {
            Ok(lines) => lines.into_iter().fold(fault, Fault::with_cause),
            Err(other) => fault.with_cause(format!("its log can't be read: {other}")),
        }
    }
}

/// Since when the same thing has been so.
#[derive(Default)]
struct Since(Mutex<Option<(String, Duration)>>);

impl Since {
    /// How long `what` has been so, without anything else in between.
    fn lasts(&self, clock: &dyn Clock, what: &str) -> Duration {
        let now = clock.elapsed();
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match since.as_ref() {
            // One of these comes and goes with every try to pull.
            Some((before, at)) if before == what || what == "ErrImagePull" => {
                now.saturating_sub(*at)
            }
            Some((before, at)) if before == "ErrImagePull" && what == "ImagePullBackOff" => {
                let at = *at;
                *since = Some((what.to_owned(), at));
                now.saturating_sub(at)
            }
            _ => {
                *since = Some((what.to_owned(), now));
                Duration::ZERO
            }
        }
    }
}
