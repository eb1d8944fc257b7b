//! Pods that run `psql` for a step.

use std::time::Duration;

use serde_json::Value;
use stepwell_engine::{Attempt, Clock, Fault, FaultClass, RunId};

use super::PACE;
use crate::aurora::reset::COMPONENT;
use crate::aws::Aws;
use crate::aws::poll::{Seen, is_over, poll};
use crate::kubernetes::pod::{self, Look, Wanted, Watch};
use crate::kubernetes::said::{Said, Told};
use crate::kubernetes::{self, Client, Place, RUN};

/// How long a pod may be at work.
const AT_WORK: Duration = Duration::from_secs(10 * 60);

/// How long to wait for a pod: for a node, an image, and the work itself.
const PATIENCE: Duration = Duration::from_secs(25 * 60);

/// How many pods one after the other may find no connection, or lose against
/// another transaction, and how long the pauses between them get: a failover of
/// Aurora takes a minute or two.
const TRIES: u32 = 7;
const LONGEST: Duration = Duration::from_secs(40);

/// How much of what psql said goes into a fault.
const LINES: usize = 6;

/// The name of the pod of a run that drops: the same for every attempt, after
/// crashes too.
pub(super) fn drop_name(run: RunId) -> String {
    format!("stepwell-reset-{run}")
}

/// The name of the pod of a run that looks.
pub(super) fn look_name(run: RunId) -> String {
    format!("stepwell-look-{run}")
}

/// What a pod is to do.
pub(super) struct Job<'a> {
    pub(super) name: String,
    pub(super) run: RunId,
    pub(super) client: &'a Client,
    pub(super) cluster: &'a str,
    pub(super) region: &'a str,
    /// The arguments of `psql`.
    pub(super) arguments: Vec<String>,
}

impl Job<'_> {
    pub(super) fn manifest(&self) -> Value {
        let run = self.run.to_string();
        Wanted {
            name: &self.name,
            labels: &[
                (kubernetes::COMPONENT, COMPONENT),
                (kubernetes::CLUSTER, self.cluster),
                (kubernetes::REGION, self.region),
                (RUN, &run),
            ],
            client: self.client,
            command: self.client.command(&self.arguments),
            deadline: AT_WORK,
        }
        .manifest()
    }
}

/// Makes a pod and waits until psql has done its work in it; makes another one
/// where the first found no connection. One that failed for good is taken away.
/// The pod that did it is left. A fault is uncertain where a pod may still be at
/// work.
pub(super) async fn carried_out(
    at: &Attempt<Aws>,
    place: &Place,
    job: &Job<'_>,
) -> Result<Told, Fault> {
    let mut tried = 0;
    loop {
        let made = pod::create(place, at.clock().as_ref(), &job.manifest()).await;
        // An earlier attempt may have made it.
        made.map_err(|fault| {
            if at.in_doubt() {
                fault.in_doubt()
            } else {
                fault
            }
        })?;
        let told = ended(at, place, &job.name).await?;
        if told.code == 0 {
            return Ok(told);
        }
        remove(at, place, &job.name).await?;
        tried += 1;
        let said = Said::of(&told);
        if !said.passes() || tried == TRIES {
            return Err(failed(place, job, &told, &said));
        }
        at.progress(format!("psql is tried again: {}", said.text));
        let pause = (PACE * 2_u32.pow(tried)).min(LONGEST);
        at.pause(pause).await;
    }
}

/// Waits until a pod has ended, and gives how. One that can't start, or is not
/// through in time, is taken away: nobody waits for it any longer, so it must not
/// start later.
async fn ended(at: &Attempt<Aws>, place: &Place, name: &str) -> Result<Told, Fault> {
    let clock = at.clock().as_ref();
    let what = format!("pod {name} in {place} is not done");
    let watch = Watch::new(place, name);
    let ended = poll(at, &what, PACE, PATIENCE, || async {
        Ok(match watch.look(clock).await? {
            Look::Ended(code) => Seen::Done(told(clock, place, name, code).await?),
            Look::Failed(how) => {
                return Err(
                    Fault::permanent(format!("pod {name} in {place} {how}")).with_code("PodFailed")
                );
            }
            Look::Running => Seen::NotYet("psql is at work".to_owned()),
            Look::Waiting(how) => Seen::NotYet(how),
            Look::Absent => {
                return Err(watch
                    .vanished()
                    .with_hint("somebody or something else deleted it; the run can be resumed"));
            }
        })
    })
    .await;
    let fault = match ended {
        Ok(told) => return Ok(told),
        Err(fault) if fault.class == FaultClass::Permanent || is_over(&fault) => {
            fault.without_effect()
        }
        // A login that is over does not stop a pod that is at work.
        Err(fault) => return Err(fault.in_doubt()),
    };
    match pod::delete(place, clock, name).await {
        Ok(()) => Err(fault),
        Err(other) => Err(fault
            .with_cause(format!("and the pod is still there: {other}"))
            .in_doubt()),
    }
}

async fn told(clock: &dyn Clock, place: &Place, name: &str, code: i64) -> Result<Told, Fault> {
    match pod::log(place, clock, name).await {
        Ok(lines) => Ok(Told { code, lines }),
        // What it said counts where it is all that is wanted, and where it may
        // be had yet.
        Err(fault) if code == 0 || fault.class.passes() => Err(fault),
        Err(fault) => Ok(Told {
            code,
            lines: vec![format!("its log can't be read: {fault}")],
        }),
    }
}

/// Takes a pod away.
pub(super) async fn remove(at: &Attempt<Aws>, place: &Place, name: &str) -> Result<(), Fault> {
    pod::delete(place, at.clock().as_ref(), name).await
}

/// What a pod that failed for good has said.
fn failed(place: &Place, job: &Job<'_>, told: &Told, said: &Said) -> Fault {
    let name = &job.name;
    let code = said.state.as_deref().unwrap_or("PodFailed");
    let hint = said.hint(&job.client.server.secret);
    let fault = Fault::permanent(format!(
        "pod {name} in {place} ended with exit code {}",
        told.code
    ))
    .with_code(code)
    .with_hint(hint.unwrap_or_else(|| "put right what psql complains of, then go on".to_owned()))
    .without_effect();
    let lines = told
        .lines
        .iter()
        .filter(|line| !line.starts_with("LOCATION:"));
    let lines: Vec<&String> = lines.collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter()
        .fold(fault, |fault, line| fault.with_cause(line.as_str()))
}
