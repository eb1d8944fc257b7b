//! What is used of the quotas.

use super::*;

/// `DescribeAccountAttributes`. What is used counts in the region of the call.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (here, quotas) = (context.here(), context.quotas);
    let rows = [
        ("DBInstances", here.db_instances.len(), quotas.db_instances),
        (
            "ManualClusterSnapshots",
            here.snapshots.len(),
            quotas.snapshots,
        ),
        (
            "DBSubnetGroups",
            here.subnet_groups.len(),
            quotas.subnet_groups,
        ),
        (
            "SubnetsPerDBSubnetGroup",
            (here.subnet_groups.values())
                .map(|group| group.subnets.len())
                .max()
                .unwrap_or(0),
            quotas.group_subnets,
        ),
        ("DBClusters", here.clusters.len(), quotas.clusters),
    ];
    let mut xml = Xml::new();
    xml.list(
        "AccountQuotas",
        "AccountQuota",
        rows,
        |xml, (name, used, max)| {
            xml.text("AccountQuotaName", name)
                .text("Used", used)
                .text("Max", max);
        },
    );
    Ok(xml.finish())
}
