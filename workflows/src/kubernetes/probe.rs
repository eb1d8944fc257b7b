//! A pod that tries to reach the database, and tells how that went.

use std::time::Duration;

use serde_json::Value;
use stepwell_engine::{Clock, Fault, retry};

use super::pod::{self, Look, Wanted, Watch};
use super::said::Told;
use super::{CLUSTER, COMPONENT, Client, LOOK, MANAGED_BY, Place, REGION};

/// What such a pod is for.
const VERIFY: &str = "verify";

const PACE: Duration = Duration::from_secs(2);

/// How long the pod may be at work: three tries with pauses between them.
const AT_WORK: Duration = Duration::from_secs(2 * 60);

/// How long to wait for it, a node and an image included.
const PATIENCE: Duration = Duration::from_secs(6 * 60);

/// Runs psql, again where it finds no connection: in a pod's first seconds names
/// may not resolve yet, and network policies may not let it out yet.
const SCRIPT: &str = r#"for n in 1 2 3; do
  [ "$n" = 1 ] || sleep 5
  "$0" "$@"
  code=$?
  [ "$code" = 2 ] || exit "$code"
done
exit "$code""#;

/// What a pod is to try.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// The pod's name.
    pub(crate) name: String,
    /// The Aurora cluster.
    pub(crate) cluster: String,
    /// Its region.
    pub(crate) region: String,
    /// What runs in it.
    pub(crate) client: Client,
}

impl Probe {
    fn manifest(&self) -> Value {
        let words = ["-X", "-w", "-A", "-t", "-c", "SELECT 1"].map(str::to_owned);
        Wanted {
            name: &self.name,
            labels: &[
                (COMPONENT, VERIFY),
                (CLUSTER, &self.cluster),
                (REGION, &self.region),
            ],
            client: &self.client,
            command: self.client.script(SCRIPT, &words),
            deadline: AT_WORK,
        }
        .manifest()
    }

    /// Has the server say whether it would take the pod.
    pub(crate) async fn try_out(&self, place: &Place, clock: &dyn Clock) -> Result<(), Fault> {
        let manifest = self.manifest();
        retry(LOOK, clock, || pod::try_create(place, clock, &manifest)).await
    }

    /// Makes the pod, waits until it has tried, and gives what it said. The pod
    /// is left to whoever made it, whatever comes of it.
    pub(crate) async fn try_it(&self, place: &Place, clock: &dyn Clock) -> Result<Told, Fault> {
        let manifest = self.manifest();
        // Its name is its own, so that a second call makes no other.
        retry(LOOK, clock, || pod::create(place, clock, &manifest)).await?;
        let started = clock.elapsed();
        let watch = Watch::new(place, &self.name);
        loop {
            let state = match watch.look(clock).await {
                Ok(Look::Ended(code)) => {
                    let lines = pod::log(place, clock, &self.name).await?;
                    return Ok(Told { code, lines });
                }
                Ok(Look::Failed(how)) => {
                    let fault = Fault::permanent(format!("pod {} in {place} {how}", self.name));
                    return Err(fault.with_code("PodFailed"));
                }
                Ok(Look::Absent) => return Err(watch.vanished()),
                Ok(Look::Running) => "psql is at work".to_owned(),
                Ok(Look::Waiting(how)) => how,
                Err(fault) if fault.class.passes() => fault.to_string(),
                Err(fault) => return Err(fault),
            };
            if clock.elapsed().saturating_sub(started) >= PATIENCE {
                return Err(Fault::permanent(format!(
                    "pod {} in {place} has not tried after {} minutes: {state}",
                    self.name,
                    PATIENCE.as_secs() / 60
                ))
                .with_code("Timeout"));
            }
            clock.sleep(PACE).await;
        }
    }
}

/// Takes away the pods of earlier verifications that have ended: their process
/// was killed before it could.
pub(crate) async fn sweep(
    place: &Place,
    clock: &dyn Clock,
    cluster: &str,
    region: &str,
) -> Result<(), Fault> {
    let selector =
        format!("{MANAGED_BY}=stepwell,{COMPONENT}={VERIFY},{CLUSTER}={cluster},{REGION}={region}");
    for pod in pod::list(place, clock, &selector).await? {
        if pod.has_ended() {
            pod::delete(place, clock, pod.name()).await?;
        }
    }
    Ok(())
}
