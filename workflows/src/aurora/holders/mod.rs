//! What would keep a cluster or its network from being deleted. Two looks, of
//! which each gives plain data: at the cluster ([`cluster`]) and at the VPCs
//! ([`network`]). What is the cluster's own goes with it; all else is an
//! [`Obstacle`], named with what to do about it.
//!
//! The same looks serve the survey of a deletion, its resume, the steps that
//! can't be undone, `aurora reap` and the rollback of a finished create: data is
//! destroyed only where everything that depends on it can go too.

pub(crate) mod cluster;
mod databases;
mod interfaces;
pub(crate) mod network;
mod rules;

use aws_sdk_ec2::types::Tag;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Fault, RunId, Timestamp};

use crate::Refusal;
use crate::Target;
use crate::aurora::ClusterIdentity;
use crate::aws::call::is_denied;
use crate::aws::parts::remedy;
pub use crate::aws::parts::{Part, PartKind};
pub(crate) use crate::aws::parts::{Standing, When};
use crate::aws::{Aws, YOUNG, tags};
pub(crate) use databases::Databases;
pub use rules::NamingRule;

/// What is to be deleted, as far as the looks need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doomed {
    /// The region.
    pub(crate) region: String,
    /// The cluster's name.
    pub(crate) cluster: String,
    /// Which cluster of that name; none if there is no cluster, or whichever
    /// there is.
    pub(crate) identity: Option<ClusterIdentity>,
    /// The VPCs that go with it.
    pub(crate) vpcs: Vec<String>,
    /// The subnet groups that go with it.
    pub(crate) subnet_groups: Vec<String>,
    /// The name of the snapshot that is taken before.
    pub(crate) final_snapshot: Option<String>,
    /// Peerings that go before it.
    pub(crate) peerings: Vec<String>,
    /// What of the VPCs goes with them.
    pub(crate) takes: Takes,
}

/// What goes with a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Takes {
    /// The survey of a deletion: its subnets, route tables and security groups,
    /// and whatever else is tagged for the cluster.
    WhatIsTagged,
    /// A run of a deletion: what its survey found, by id. What came later would
    /// be left, and hold the rest.
    Listed(Vec<String>),
    /// A rollback: only what a run made, by its tag.
    MadeBy(String),
}

impl Doomed {
    /// What the rollback of a create takes away.
    pub(crate) fn by_rollback(region: &str, cluster: &str, vpcs: Vec<String>, run: RunId) -> Self {
        Self {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            identity: None,
            vpcs,
            subnet_groups: Vec::new(),
            final_snapshot: None,
            peerings: Vec::new(),
            takes: Takes::MadeBy(run.to_string()),
        }
    }

    /// Whether something with an id and these tags goes along.
    fn takes(&self, id: &str, labels: &[Tag]) -> bool {
        match &self.takes {
            Takes::MadeBy(run) => tags::value(labels, tags::RUN) == Some(run),
            Takes::Listed(ids) => ids.iter().any(|one| one == id),
            Takes::WhatIsTagged => self.is_tagged(labels),
        }
    }

    /// Whether tags name the cluster.
    fn is_tagged(&self, labels: &[Tag]) -> bool {
        let own = Target::cluster(&self.region, &self.cluster).to_string();
        match tags::value(labels, tags::DEPLOYMENT) {
            Some(deployment) => deployment.eq_ignore_ascii_case(&own),
            None => tags::names(tags::value(labels, tags::CLUSTER), &self.cluster),
        }
    }

    /// What a person can do about something of these tags that does not go,
    /// besides removing it by `command`.
    fn remedy(&self, labels: &[Tag], command: String) -> String {
        match &self.takes {
            Takes::Listed(_) if self.is_tagged(labels) => {
                "it came after the deletion was begun; run `stepwell aurora delete` again, which takes it along".to_owned()
            }
            _ => command,
        }
    }
}

/// Something that keeps the cluster or its network from going, and that does
/// not go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// What kind of thing it is, for example `internet gateway`.
    pub(crate) kind: &'static str,
    /// Its id or name.
    pub(crate) id: String,
    /// What is in the way, with its id.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: String,
    /// Whether it would go along if it were tagged for the cluster.
    pub(crate) taggable: bool,
}

impl Obstacle {
    fn new(
        kind: &'static str,
        id: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            id: id.into(),
            message: message.into(),
            remedy: remedy.into(),
            taggable: false,
        }
    }

    /// The same, of something that would go along if it were tagged.
    fn taggable(self) -> Self {
        Self {
            taggable: true,
            ..self
        }
    }
}

/// One refusal that names every obstacle; none if there is none.
pub(crate) fn refusal(doomed: &Doomed, obstacles: &[Obstacle]) -> Option<Refusal> {
    if obstacles.is_empty() {
        return None;
    }
    let messages: Vec<&str> = (obstacles.iter()).map(|one| one.message.as_str()).collect();
    let mut remedies: Vec<&str> = Vec::new();
    for one in obstacles {
        if !remedies.contains(&one.remedy.as_str()) {
            remedies.push(&one.remedy);
        }
    }
    let mut hint = remedies.join("; ");
    if doomed.takes == Takes::WhatIsTagged && obstacles.iter().any(|one| one.taggable) {
        hint += &format!(
            "; or tag what is the cluster's with {}={}, and it is deleted with it",
            tags::CLUSTER,
            doomed.cluster
        );
    }
    Some(Refusal {
        message: messages.join("; "),
        hint,
    })
}

/// Why the cluster and its VPCs must not be deleted as things are, if there is a
/// reason: every obstacle with its id and what to do about it. `asked` is when
/// this deletion got ready to ask RDS for the cluster's deletion, if it has: the
/// final snapshot may be there then.
///
/// It waits a moment first: a look at once may miss what was made just before.
pub(crate) async fn refuse_deletion(
    aws: &Aws,
    doomed: &Doomed,
    asked: Option<Timestamp>,
) -> Result<Option<Refusal>, Fault> {
    aws.clock().sleep(YOUNG).await;
    look_at_once(aws, doomed, asked).await
}

/// The same without the wait, for a step that is about to destroy data.
pub(crate) async fn look_at_once(
    aws: &Aws,
    doomed: &Doomed,
    asked: Option<Timestamp>,
) -> Result<Option<Refusal>, Fault> {
    let (cluster, network) = tokio::try_join!(
        Box::pin(cluster::look(aws, doomed, asked)),
        Box::pin(network::look(aws, doomed))
    )?;
    let obstacles = [cluster.obstacles, network.obstacles].concat();
    Ok(refusal(doomed, &obstacles))
}

/// Looks, with patience for what passes. Where the credentials may not look,
/// nobody can tell what would keep the deletion from ending, so that is for a
/// person to put right, with the statement of the policy that allows it.
async fn ask<T, F, Fut>(aws: &Aws, statement: &str, read: F) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    aws.look(read)
        .await
        .map_err(|fault| denied(statement, fault))
}

/// The same for something that is left alone where it is not there: "nothing" is
/// believed only at the third look.
async fn ask_surely<T, F, Fut>(aws: &Aws, statement: &str, read: F) -> Result<Option<T>, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>, Fault>>,
{
    aws.look_confirmed(read)
        .await
        .map_err(|fault| denied(statement, fault))
}

/// A look that the credentials may not take.
fn denied(statement: &str, fault: Fault) -> Fault {
    if !is_denied(&fault) {
        return fault;
    }
    fault
        .with_hint(format!(
            "allow this call: statement {statement} of docs/iam-policy.json has it; without it nobody can tell what would keep the deletion from ending"
        ))
}
