//! Master user secrets.

use crate::operations::Context;
use crate::world::database::Secret;
use crate::world::timing;

/// Makes the secret of a cluster and answers its ARN.
pub(crate) fn create(context: &mut Context<'_>, cluster: &str, username: &str) -> String {
    let resource = context.world.new_token(12).to_lowercase();
    let suffix = context.world.new_token(6);
    let name = format!("rds!cluster-{resource}");
    let arn = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}",
        context.region, context.world.account_id
    );
    let secret = Secret {
        name,
        username: username.to_owned(),
        cluster_arn: context.rds_arn("cluster", cluster),
        created_at: context.now,
        active_at: context.now + timing::SECRET_CREATING,
        version: 1,
    };
    context.here_mut().secrets.insert(arn.clone(), secret);
    arn
}
