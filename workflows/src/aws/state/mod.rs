//! The state decides, not the code. AWS refuses with one and the same code what
//! passes by itself and what never will; which of them it is, a look at the
//! resource tells, and at what depends on it.

mod database;
pub(crate) mod holders;
mod network;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stepwell_engine::{Fault, FaultClass};

use super::{Aws, codes};

/// What kind of resource refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Cluster,
    Instance,
    SubnetGroup,
    Snapshot,
    Vpc,
    Subnet,
    SecurityGroup,
    RouteTable,
    Peering,
}

impl Kind {
    /// How long the resource is known to refuse although nothing is to be seen
    /// that holds it: the timeouts that the Terraform provider has learnt.
    fn patience(self) -> Duration {
        Duration::from_secs(
            60 * match self {
                Self::Cluster => 120,
                Self::Instance => 90,
                Self::Subnet | Self::SubnetGroup | Self::Snapshot => 20,
                Self::SecurityGroup => 15,
                Self::Vpc | Self::RouteTable | Self::Peering => 5,
            },
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::Instance => "instance",
            Self::SubnetGroup => "subnet group",
            Self::Snapshot => "snapshot",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::SecurityGroup => "security group",
            Self::RouteTable => "route table",
            Self::Peering => "peering",
        })
    }
}

/// What is wanted of the resource: what keeps it from going need not keep it
/// from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Aim {
    Use,
    Removal,
}

/// A resource that refuses, and what it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Subject {
    kind: Kind,
    region: String,
    /// Its id, or its name where RDS goes by names.
    id: String,
    aim: Aim,
}

impl Subject {
    /// What refuses to be changed, or to have something made in it.
    pub(crate) fn to_use(kind: Kind, region: &str, id: &str) -> Self {
        Self::new(kind, region, id, Aim::Use)
    }

    /// What refuses to be deleted.
    pub(crate) fn to_remove(kind: Kind, region: &str, id: &str) -> Self {
        Self::new(kind, region, id, Aim::Removal)
    }

    fn new(kind: Kind, region: &str, id: &str, aim: Aim) -> Self {
        Self {
            kind,
            region: region.to_owned(),
            id: id.to_owned(),
            aim,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Cluster | Kind::Instance | Kind::SubnetGroup | Kind::Snapshot => {
                write!(f, "{} {:?}", self.kind, self.id)
            }
            _ => write!(f, "{} {}", self.kind, self.id),
        }
    }
}

/// What a look tells of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// What no time changes, and what a person can do about it.
    Lasts { culprit: String, hint: String },
    /// A state of passage.
    Passes(String),
    /// No reason; says what there is.
    Nothing(String),
}

impl Seen {
    fn lasts(culprit: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Lasts {
            culprit: culprit.into(),
            hint: hint.into(),
        }
    }
}

/// How long a culprit is looked at again before it is believed: reads lag behind
/// what was just changed, and what is on its way out may not show it yet. Short
/// enough for it to be named within a minute of the first refusal.
const SURE: Duration = Duration::from_secs(35);

/// After how long without a refusal the next one counts as the first: longer
/// than any pause between two attempts.
const APART: Duration = Duration::from_secs(120);

/// Since when which resources refuse, as this process has seen it.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<Subject, Refusal>>);

#[derive(Debug, Clone, Copy)]
struct Refusal {
    first: Duration,
    last: Duration,
}

impl Refusals {
    /// Takes note of a refusal; gives for how long there have been such.
    fn note(&self, subject: &Subject, now: Duration) -> Duration {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, refusal| now.saturating_sub(refusal.last) < APART);
        let refusal = all.entry(subject.clone()).or_insert(Refusal {
            first: now,
            last: now,
        });
        refusal.last = now;
        now.saturating_sub(refusal.first)
    }

    /// Forgets a resource that has given in.
    fn forget(&self, subject: &Subject) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(subject);
    }
}

/// Gives the answer of a call to `subject` its final class and words: a refusal
/// for a state is permanent if something lasts that explains it, and names that;
/// pending while there is a state of passage; and pending for as long as the
/// resource is known to need where nothing is to be seen. Any other answer is
/// returned as it is.
pub(crate) async fn settled<T>(
    aws: &Aws,
    subject: &Subject,
    answer: Result<T, Fault>,
) -> Result<T, Fault> {
    match answer {
        Err(fault) if fault.code.as_deref().is_some_and(codes::is_state) => {
            Err(judged(aws, subject, fault).await)
        }
        answer => {
            aws.refusals().forget(subject);
            answer
        }
    }
}

async fn judged(aws: &Aws, subject: &Subject, fault: Fault) -> Fault {
    let refusing = aws.refusals().note(subject, aws.clock().elapsed());
    // Rarely needed and large: not to be part of every step that calls AWS.
    match Box::pin(look(aws, subject)).await {
        Ok(seen) => decided(subject.kind, refusing, seen, fault),
        // Who can't look has to be put right first.
        Err(other) if other.class == FaultClass::Operator => other.with_cause(fault.to_string()),
        Err(other) => {
            let blind = Seen::Nothing(format!("a look at {subject} failed: {other}"));
            decided(subject.kind, refusing, blind, fault)
        }
    }
}

async fn look(aws: &Aws, subject: &Subject) -> Result<Seen, Fault> {
    let Subject {
        kind,
        region,
        id,
        aim,
    } = subject;
    match kind {
        Kind::Cluster => database::cluster(aws, region, id, *aim).await,
        Kind::Instance => database::instance(aws, region, id, *aim).await,
        Kind::SubnetGroup => database::subnet_group(aws, region, id, *aim).await,
        Kind::Snapshot => database::snapshot(aws, region, id).await,
        Kind::Vpc => network::vpc(aws, region, id, *aim).await,
        Kind::Subnet => network::subnet(aws, region, id).await,
        Kind::SecurityGroup => network::security_group(aws, region, id).await,
        Kind::RouteTable => network::route_table(aws, region, id).await,
        Kind::Peering => network::peering(aws, region, id).await,
    }
}

/// What comes of a refusal, once it has been looked at.
fn decided(kind: Kind, refusing: Duration, seen: Seen, fault: Fault) -> Fault {
    match seen {
        Seen::Lasts { culprit, hint } if refusing >= SURE => fault
            .with_class(FaultClass::Permanent)
            .with_cause(culprit)
            .with_hint(hint),
        Seen::Lasts { culprit, .. } => fault
            .with_class(FaultClass::Pending)
            .with_cause(format!("{culprit}; looking again")),
        Seen::Passes(state) => fault
            .with_class(FaultClass::Pending)
            .with_cause(state)
            .with_hint("it passes by itself; `stepwell resume` goes on waiting"),
        Seen::Nothing(there) if refusing >= kind.patience() => {
            let minutes = refusing.as_secs() / 60;
            fault
                .with_class(FaultClass::Permanent)
                .with_cause(format!("refused for {minutes} minutes, and {there}"))
                .with_hint(format!(
                    "nothing is to be seen that holds this {kind}; look at it in the AWS console"
                ))
        }
        Seen::Nothing(there) => fault.with_class(FaultClass::Pending).with_cause(there),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Fault {
        Fault::pending("DeleteVpc failed: it has dependencies").with_code("DependencyViolation")
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_culprit_is_believed_within_a_minute_and_named() {
        let seen = || Seen::lasts("internet gateway igw-1 is in it", "detach it");
        let early = decided(Kind::Vpc, secs(10), seen(), refused());
        assert_eq!(early.class, FaultClass::Pending);
        let late = decided(Kind::Vpc, secs(40), seen(), refused());
        assert_eq!(late.class, FaultClass::Permanent);
        assert!(late.to_string().contains("igw-1"), "{late}");
        assert_eq!(late.hint.as_deref(), Some("detach it"));
        assert_eq!(late.code.as_deref(), Some("DependencyViolation"));
    }

    #[test]
    fn a_state_of_passage_is_waited_for_and_told() {
        let seen = Seen::Passes("cluster \"kc\" is modifying".to_owned());
        let fault = decided(Kind::Cluster, secs(3600), seen, refused());
        assert_eq!(fault.class, FaultClass::Pending);
        assert!(fault.to_string().contains("is modifying"), "{fault}");
    }

    #[test]
    fn what_is_held_by_nothing_is_waited_for_as_long_as_its_kind_needs() {
        for (kind, minutes) in [
            (Kind::Vpc, 5),
            (Kind::SecurityGroup, 15),
            (Kind::Subnet, 20),
            (Kind::Instance, 90),
            (Kind::Cluster, 120),
        ] {
            let seen = || Seen::Nothing("it is available".to_owned());
            let before = decided(kind, secs(minutes * 60 - 1), seen(), refused());
            assert_eq!(before.class, FaultClass::Pending, "{kind}");
            let after = decided(kind, secs(minutes * 60), seen(), refused());
            assert_eq!(after.class, FaultClass::Permanent, "{kind}");
            assert!(after.to_string().contains("it is available"), "{after}");
        }
    }

    #[test]
    fn a_refusal_counts_from_the_first_of_those_in_a_row() {
        let refusals = Refusals::default();
        let vpc = Subject::to_remove(Kind::Vpc, "eu-west-1", "vpc-1");
        assert_eq!(refusals.note(&vpc, secs(100)), secs(0));
        assert_eq!(refusals.note(&vpc, secs(180)), secs(80));
        let other = Subject::to_use(Kind::Vpc, "eu-west-1", "vpc-1");
        assert_eq!(refusals.note(&other, secs(180)), secs(0));
        // It was not refused for minutes: another matter.
        assert_eq!(refusals.note(&vpc, secs(400)), secs(0));
        refusals.forget(&vpc);
        assert_eq!(refusals.note(&vpc, secs(410)), secs(0));
    }
}
