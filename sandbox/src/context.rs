//! What an operation works on.

use crate::quotas::{InstanceTimes, Quotas};
use crate::wire::error::ApiResult;
use crate::wire::params::Params;
use crate::world::{Millis, Region, World, ids, timing};

/// Answers with the inside of the result. A handler that answers with an error has changed nothing.
pub(crate) type Handler = fn(&mut Context<'_>) -> ApiResult<String>;

pub(crate) struct Context<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Millis,
    pub(crate) region: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) quotas: &'a Quotas,
    /// The enabled regions, where that is a choice.
    pub(crate) regions: Option<&'a [String]>,
    pub(crate) window: Millis,
    pub(crate) instance_times: Option<&'a InstanceTimes>,
}

impl Context<'_> {
    pub(crate) fn here(&self) -> &Region {
        self.world.region(self.region)
    }

    pub(crate) fn here_mut(&mut self) -> &mut Region {
        self.world.region_mut(self.region)
    }

    /// From when on reads show a new resource: some time within the window that its id gives.
    pub(crate) fn visible_at(&self, id: &str) -> Millis {
        match self.window {
            0 => self.now,
            window => self.now + ids::hash(self.world.seed, id) % (window + 1),
        }
    }

    /// Whether RDS knows an EC2 resource that reads show from `visible_at` on: it learns of it some
    /// time within a further window.
    pub(crate) fn is_known_to_rds(&self, id: &str, visible_at: Millis) -> bool {
        let learns = match self.window {
            0 => 0,
            window => ids::hash(!self.world.seed, id) % (window + 1),
        };
        self.now >= visible_at.saturating_add(learns)
    }

    /// How long the DB instance `id` is `creating`.
    pub(crate) fn creating(&self, id: &str) -> Millis {
        match self.instance_times {
            Some(times) => u64::try_from(times(id).as_millis()).unwrap_or(Millis::MAX),
            None => {
                let spread = ids::hash(self.world.seed, id) % (timing::DB_INSTANCE_SPREAD + 1);
                timing::DB_INSTANCE_CREATING + spread
            }
        }
    }

    /// `arn:aws:ec2:REGION:ACCOUNT:KIND/ID`.
    pub(crate) fn ec2_arn(&self, kind: &str, id: &str) -> String {
        let account = &self.world.account_id;
        format!("arn:aws:ec2:{}:{account}:{kind}/{id}", self.region)
    }

    /// `arn:aws:rds:REGION:ACCOUNT:KIND:NAME`.
    pub(crate) fn rds_arn(&self, kind: &str, name: &str) -> String {
        rds_arn(self.world, self.region, kind, name)
    }
}

/// `arn:aws:rds:REGION:ACCOUNT:KIND:NAME`.
pub(crate) fn rds_arn(world: &World, region: &str, kind: &str, name: &str) -> String {
    format!("arn:aws:rds:{region}:{}:{kind}:{name}", world.account_id)
}
