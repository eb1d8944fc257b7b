//! The password of a restored cluster, and where a given one comes from.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::cluster::look;
use crate::aurora::ClusterIdentity;
use crate::aurora::create::parameters::PasswordSource;
use crate::aws::call::fault;
use crate::aws::state::{Kind, Subject, settled};
use crate::aws::tags::{self, Tagged as _};
use crate::aws::{Aws, POLICY, rds};
use crate::secret::Secret;

/// The password that a person gave to this process.
pub(super) fn given(at: &Attempt<Aws>) -> Result<&Secret, Fault> {
    at.context().password().ok_or_else(|| {
        Fault::operator("the database password is needed and was not given")
            .with_hint(
                "it is nowhere recorded: give it again with AURORA_PASSWORD or --password-file",
            )
            .without_effect()
    })
}

/// Sets the password of a cluster that was restored: a restore takes none.
///
/// Nobody can read back whether a given password is in force, so an attempt in
/// doubt sets it once more, which is as good as once. There is no way back to
/// the password before, and none is needed: where the restore is this run's,
/// undoing it takes the whole cluster away.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetPassword {
    pub(crate) region: String,
    pub(crate) password: PasswordSource,
}

impl Step for SetPassword {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = ClusterIdentity;
    const KIND: &'static str = "set-password";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<Found<ClusterIdentity>, Fault> {
        if self.password != PasswordSource::Managed {
            return Ok(Found::Nothing);
        }
        let cluster = rds::cluster(at.context(), &self.region, &input.cluster).await?;
        let kept = cluster.filter(|found| input.is(found) && found.master_user_secret().is_some());
        let Some(cluster) = kept else {
            return Ok(Found::Nothing);
        };
        let run = cluster.tag_list().tag(tags::RUN);
        Ok(tags::owned(run, at, input.clone()))
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<ClusterIdentity, Fault> {
        look(at, &self.region, input).await?;
        let request = at
            .context()
            .rds(&self.region)
            .modify_db_cluster()
            .db_cluster_identifier(&input.cluster)
            .apply_immediately(true);
        let request = match self.password {
            PasswordSource::Managed => request.manage_master_user_password(true),
            PasswordSource::Given => request
                // In case that an earlier run had RDS keep one.
                .manage_master_user_password(false)
                .master_user_password(given(at)?.reveal()),
            PasswordSource::Kept => return Ok(input.clone()),
        };
        let answer = request.send().await;
        let answer = answer.map_err(|error| fault("ModifyDBCluster", error));
        let subject = Subject::to_use(Kind::Cluster, &self.region, &input.cluster);
        let answer = settled(at.context(), &subject, answer).await;
        answer.map(|_| input.clone())
    }
}
