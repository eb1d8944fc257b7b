//! Master user secrets.

use super::*;
use crate::world::database::Secret;

/// Makes the secret of a cluster and answers its ARN. Without an instance that is available it
/// stays in `creating`.
pub(crate) fn create(context: &mut Context<'_>, cluster: &str, username: &str) -> String {
    let resource = context.world.new_token(12).to_lowercase();
    let suffix = context.world.new_token(6);
    let name = format!("rds!cluster-{resource}");
    let arn = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}",
        context.region, context.world.account_id
    );
    let here = context.here();
    let members = here.clusters.get(cluster).map(|one| here.members(one));
    let is_up = |one: &&DbInstance| one.status == DbInstanceStatus::Available;
    let served = members.is_some_and(|members| members.iter().any(is_up));
    let secret = Secret {
        name,
        username: username.to_owned(),
        cluster_arn: context.rds_arn("cluster", cluster),
        created_at: context.now,
        active_at: served.then_some(context.now + timing::SECRET_CREATING),
        version: 1,
        rotating_until: 0,
        impaired: false,
    };
    context.here_mut().secrets.insert(arn.clone(), secret);
    arn
}
