//! Kubernetes, through the user's own `kubectl`: its configuration, contexts
//! and logins are theirs, and nothing here has credentials of its own.
//!
//! `kubectl` is a process of the machine, so it needs real time: commands that
//! use it do not run on a clock that is faster than the wall's.

mod access;
mod client;
mod faults;
#[cfg(test)]
mod fuzz;
mod kubectl;
pub(crate) mod names;
pub(crate) mod pod;
pub(crate) mod probe;
pub(crate) mod said;
mod workload;

use std::time::Duration;

use stepwell_engine::{Fault, FaultClass, Policy};

use crate::SurveyError;

pub(crate) use access::{PODS, Right, check_identity, check_rights, check_secret, namespace};
pub(crate) use client::{Client, Resources, Server, User, default_image};
pub use kubectl::{Followed, Interactive, LIMIT, Place, quoted};
pub use workload::Workload;
pub(crate) use workload::{Count, Rollout, Scaler, pods_of};

/// How attempts at a step that calls `kubectl` are limited. Kubernetes answers
/// every read from what was last written, so what a check does not see was not
/// made: there is no time to settle.
pub(crate) const POLICY: Policy = Policy {
    attempts: 12,
    deadline: Duration::from_secs(20 * 60),
    timeout: Duration::from_secs(5 * 60),
    first_delay: Duration::from_secs(1),
    max_delay: Duration::from_secs(30),
    settle: Duration::ZERO,
};

/// How looks outside of a run are: a server that is away should be told of at
/// once.
pub(crate) const LOOK: Policy = Policy {
    attempts: 3,
    ..POLICY
};

/// How steps are limited that wait for pods.
pub(crate) const WAITING: Policy = Policy {
    deadline: Duration::from_secs(2 * 60 * 60),
    timeout: Duration::from_secs(60 * 60),
    ..POLICY
};

/// The label that says what made a pod.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The label that says what a pod is for.
pub(crate) const COMPONENT: &str = "app.kubernetes.io/component";

/// The label with the Aurora cluster.
pub(crate) const CLUSTER: &str = "stepwell.io/cluster";

/// The label with the cluster's region.
pub(crate) const REGION: &str = "stepwell.io/region";

/// The label, and the annotation of what a run has scaled or restarted, with the run.
pub(crate) const RUN: &str = "stepwell.io/run";

/// What a server would refuse is refused before it is begun: a lack of rights is a
/// person's to mend (a fault), and what is in the way of everyone is a refusal.
pub(crate) fn refused_by_server(fault: Fault) -> SurveyError {
    let code = fault.code.as_deref().unwrap_or_default();
    if fault.class == FaultClass::Permanent && faults::is_admission(code) {
        return SurveyError::Refused {
            hint: fault.hint.clone().unwrap_or_default(),
            message: fault.message,
        };
    }
    fault.into()
}
