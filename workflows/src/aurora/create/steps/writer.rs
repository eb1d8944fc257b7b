//! Which instance writes.

use std::time::Duration;

use aws_sdk_rds::types::DbCluster;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::cluster::look;
use crate::aurora::{ClusterIdentity, InstanceIdentity, gone};
use crate::aws::call::fault;
use crate::aws::poll::{Seen, poll};
use crate::aws::tags::{self, Tagged as _};
use crate::aws::{Aws, rds};

/// Makes the first instance the writer.
///
/// The instances are asked for at once, and the one that is available first
/// becomes the writer. Where chance was faster, a failover puts that right. It
/// usually takes less than a minute (Aurora User Guide, "High availability for
/// Amazon Aurora"). There is nothing to undo.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChooseWriter {
    pub(crate) region: String,
}

impl ChooseWriter {
    /// Waits until the cluster is available and says who writes, or until that
    /// is `wanted`.
    async fn settled(
        &self,
        at: &Attempt<Aws>,
        cluster: &ClusterIdentity,
        wanted: Option<&str>,
    ) -> Result<String, Fault> {
        let what = match wanted {
            Some(name) => format!("instance {name:?} is not the writer"),
            None => format!("cluster {:?} has no writer", cluster.cluster),
        };
        let (pace, deadline) = (Duration::from_secs(5), Duration::from_secs(30 * 60));
        poll(at, &what, pace, deadline, || async {
            let Some(found) = look(at, &self.region, cluster).await? else {
                return Ok(Seen::NotYet("not visible".to_owned()));
            };
            let status = found.status().unwrap_or("unknown");
            Ok(match writer(&found) {
                Some(name) if status == "available" && wanted.is_none_or(|one| one == name) => {
                    Seen::Done(name.to_owned())
                }
                name => Seen::NotYet(format!(
                    "{status}, {} writes",
                    name.unwrap_or("no instance")
                )),
            })
        })
        .await
    }
}

impl Step for ChooseWriter {
    type Context = Aws;
    /// The wanted writer stands first.
    type Input = (ClusterIdentity, Vec<InstanceIdentity>);
    type Output = ();
    const KIND: &'static str = "choose-writer";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (identity, instances): &Self::Input,
    ) -> Result<Found<()>, Fault> {
        let cluster = rds::cluster(at.context(), &self.region, &identity.cluster).await?;
        let Some(cluster) = cluster.filter(|cluster| identity.is(cluster)) else {
            return Ok(Found::Nothing);
        };
        let wanted = instances.first().map(|first| first.instance.as_str());
        if wanted.is_some() && writer(&cluster) == wanted {
            return Ok(tags::owned(cluster.tag_list().tag(tags::RUN), at, ()));
        }
        Ok(Found::Nothing)
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (cluster, instances): &Self::Input,
    ) -> Result<(), Fault> {
        let Some(wanted) = instances.first().map(|first| first.instance.as_str()) else {
            return Ok(());
        };
        let now = self.settled(at, cluster, None).await?;
        if now == wanted {
            return Ok(());
        }
        at.progress(format!("{now} became the writer: failing over to {wanted}"));
        at.context()
            .rds(&self.region)
            .failover_db_cluster()
            .db_cluster_identifier(&cluster.cluster)
            .target_db_instance_identifier(wanted)
            .send()
            .await
            .map_err(|error| fault("FailoverDBCluster", error))?;
        self.settled(at, cluster, Some(wanted)).await.map(drop)
    }
}

/// The instance that writes.
pub(crate) fn writer(cluster: &DbCluster) -> Option<&str> {
    cluster
        .db_cluster_members()
        .iter()
        .find(|member| member.is_cluster_writer() == Some(true))
        .and_then(|member| member.db_instance_identifier())
}
