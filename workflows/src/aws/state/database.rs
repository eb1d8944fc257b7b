//! Looks at what RDS has: why a cluster, an instance, a subnet group or a
//! snapshot refuses.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use stepwell_engine::Fault;

use super::holders::{Holder, verdict};
use super::{Aim, Seen};
use crate::aws::call::{fault, unless_gone};
use crate::aws::states::{self, Phase};
use crate::aws::{Aws, rds};

/// Why a cluster refuses.
pub(super) async fn cluster(aws: &Aws, region: &str, name: &str, aim: Aim) -> Result<Seen, Fault> {
    let Some(cluster) = rds::cluster(aws, region, name).await? else {
        return Ok(Seen::Nothing(format!("there is no cluster {name:?}")));
    };
    if let Some(seen) = state_of_cluster(&cluster, aim) {
        return Ok(seen);
    }
    let members = rds::instances(aws, region, name).await?;
    let members = members.iter().map(|member| holder(member, aim));
    let holders: Vec<Holder> = match aim {
        // RDS deletes a cluster once all its instances are on their way out.
        Aim::Removal => members.collect(),
        Aim::Use => members.filter(|one| one.passing.is_some()).collect(),
    };
    Ok(verdict(holders).unwrap_or_else(|| Seen::Nothing(there("cluster", name, cluster.status()))))
}

/// What the description of a cluster alone explains.
fn state_of_cluster(cluster: &DbCluster, aim: Aim) -> Option<Seen> {
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    let status = cluster.status().unwrap_or_default();
    let is = there("cluster", name, Some(status));
    match (states::of_cluster(status), aim) {
        (Phase::Failed | Phase::Stopped, _) | (Phase::Deleting, Aim::Use) => {
            return Some(ended(is, status));
        }
        (Phase::Passing | Phase::Stopping, _) | (Phase::Deleting, Aim::Removal) => {
            return Some(Seen::Passes(is));
        }
        (Phase::Serving, _) if status != "available" => return Some(Seen::Passes(is)),
        (Phase::Serving, _) => {}
    }
    if aim == Aim::Use {
        return None;
    }
    if cluster.deletion_protection() == Some(true) {
        return Some(Seen::lasts(
            format!("cluster {name:?} is protected against deletion"),
            "switch it off: `aws rds modify-db-cluster --no-deletion-protection`",
        ));
    }
    if let Some(global) = cluster.global_cluster_identifier() {
        return Some(Seen::lasts(
            format!("cluster {name:?} is a member of the global database {global:?}"),
            format!(
                "take it out: `aws rds remove-from-global-cluster --global-cluster-identifier {global}`"
            ),
        ));
    }
    replication(cluster)
}

/// The replicas that keep a cluster, and its last instance, from being deleted.
fn replication(cluster: &DbCluster) -> Option<Seen> {
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    if !cluster.read_replica_identifiers().is_empty() {
        let replicas = cluster.read_replica_identifiers().join(", ");
        return Some(Seen::lasts(
            format!("cluster {name:?} is the source of the replica {replicas}"),
            "delete the replica, or promote it: `aws rds promote-read-replica-db-cluster`",
        ));
    }
    let source = cluster.replication_source_identifier()?;
    Some(Seen::lasts(
        format!("cluster {name:?} is a replica of {source}"),
        "promote it first: `aws rds promote-read-replica-db-cluster`",
    ))
}

/// An instance as what holds its cluster.
fn holder(instance: &DbInstance, aim: Aim) -> Holder {
    let name = instance.db_instance_identifier().unwrap_or_default();
    let status = instance.db_instance_status().unwrap_or_default();
    let passes = match states::of_instance(status) {
        Phase::Deleting => true,
        Phase::Passing | Phase::Stopping => aim == Aim::Use,
        _ => false,
    };
    Holder {
        what: there("instance", name, Some(status)),
        passing: passes.then(|| status.to_owned()),
        hint: "delete the instance, if it is not needed any more".to_owned(),
    }
}

/// Why an instance refuses: itself, or its cluster.
pub(super) async fn instance(aws: &Aws, region: &str, name: &str, aim: Aim) -> Result<Seen, Fault> {
    let Some(instance) = rds::instance(aws, region, name).await? else {
        return Ok(Seen::Nothing(format!("there is no instance {name:?}")));
    };
    let status = instance.db_instance_status().unwrap_or_default();
    let is = there("instance", name, Some(status));
    match (states::of_instance(status), aim) {
        // What has failed can be deleted, if its cluster lets it.
        (Phase::Failed | Phase::Stopped, Aim::Use) | (Phase::Deleting, Aim::Use) => {
            return Ok(ended(is, status));
        }
        (Phase::Passing | Phase::Stopping, _) | (Phase::Deleting, Aim::Removal) => {
            return Ok(Seen::Passes(is));
        }
        _ => {}
    }
    let cluster = match instance.db_cluster_identifier() {
        Some(cluster) => rds::cluster(aws, region, cluster).await?,
        None => None,
    };
    if let Some(cluster) = &cluster {
        let of_cluster = state_of_cluster(cluster, Aim::Use);
        let replicas = || replication(cluster).filter(|_| aim == Aim::Removal);
        if let Some(seen) = of_cluster.or_else(replicas) {
            return Ok(seen);
        }
    }
    Ok(if status == "available" {
        Seen::Nothing(is)
    } else {
        Seen::Passes(is)
    })
}

/// Why a subnet group refuses: who uses it.
pub(super) async fn subnet_group(
    aws: &Aws,
    region: &str,
    name: &str,
    aim: Aim,
) -> Result<Seen, Fault> {
    let Some(group) = rds::subnet_group(aws, region, name).await? else {
        return Ok(Seen::Nothing(format!("there is no subnet group {name:?}")));
    };
    let users = match aim {
        Aim::Removal => users(aws, region, &[name.to_owned()]).await?,
        Aim::Use => Vec::new(),
    };
    Ok(verdict(users)
        .unwrap_or_else(|| Seen::Nothing(there("subnet group", name, group.subnet_group_status()))))
}

/// The clusters and the instances without one that are in subnet groups.
pub(super) async fn users(
    aws: &Aws,
    region: &str,
    groups: &[String],
) -> Result<Vec<Holder>, Fault> {
    let is_in = |group: Option<&str>| {
        group.is_some_and(|group| groups.iter().any(|one| one.eq_ignore_ascii_case(group)))
    };
    let hint = || "delete it, if it is not needed any more".to_owned();
    let mut users = Vec::new();
    for cluster in rds::clusters(aws, region).await? {
        if is_in(cluster.db_subnet_group()) {
            let name = cluster.db_cluster_identifier().unwrap_or_default();
            let status = cluster.status().unwrap_or_default();
            users.push(Holder {
                what: there("cluster", name, Some(status)),
                passing: (states::of_cluster(status) == Phase::Deleting).then(|| status.to_owned()),
                hint: hint(),
            });
        }
    }
    for instance in rds::all_instances(aws, region).await? {
        let group = instance.db_subnet_group();
        if is_in(group.and_then(|group| group.db_subnet_group_name())) {
            users.push(holder(&instance, Aim::Removal));
        }
    }
    Ok(users)
}

/// Why a cluster snapshot refuses to be restored.
pub(super) async fn snapshot(aws: &Aws, region: &str, id: &str) -> Result<Seen, Fault> {
    let answer = aws
        .rds(region)
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(id)
        .send()
        .await
        .map_err(|error| fault("DescribeDBClusterSnapshots", error));
    let found = unless_gone(answer)?
        .and_then(|answer| answer.db_cluster_snapshots.unwrap_or_default().pop());
    let Some(snapshot) = found else {
        return Ok(Seen::Nothing(format!("there is no snapshot {id:?}")));
    };
    let status = snapshot.status().unwrap_or_default();
    let is = there("snapshot", id, Some(status));
    Ok(match states::of_snapshot(status) {
        Phase::Serving => Seen::Nothing(is),
        Phase::Failed | Phase::Deleting => ended(is, status),
        _ => Seen::Passes(is),
    })
}

/// A state that does not end.
fn ended(is: String, status: &str) -> Seen {
    Seen::lasts(
        is,
        states::hint(status).unwrap_or("wait until it is gone, then run the command again"),
    )
}

fn there(kind: &str, name: &str, status: Option<&str>) -> String {
    format!(
        "{kind} {name:?} is {}",
        status.unwrap_or("in no known state")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(status: &str) -> aws_sdk_rds::types::builders::DbClusterBuilder {
        DbCluster::builder()
            .db_cluster_identifier("kc")
            .status(status)
    }

    fn culprit(cluster: &DbCluster, aim: Aim) -> String {
        match state_of_cluster(cluster, aim) {
            Some(Seen::Lasts { culprit, .. }) => culprit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_holds_a_cluster_is_named() {
        let global = described("available").global_cluster_identifier("world");
        let global = global.build();
        assert!(culprit(&global, Aim::Removal).contains("global database \"world\""));
        // It keeps nobody from adding an instance.
        assert_eq!(state_of_cluster(&global, Aim::Use), None);
        let source = described("available").read_replica_identifiers("arn:replica");
        assert!(culprit(&source.build(), Aim::Removal).contains("arn:replica"));
        let replica = described("available").replication_source_identifier("arn:source");
        assert!(culprit(&replica.build(), Aim::Removal).contains("replica of arn:source"));
        let protected = described("available").deletion_protection(true);
        assert!(culprit(&protected.build(), Aim::Removal).contains("protected"));
        for status in ["stopped", "failed", "inaccessible-encryption-credentials"] {
            let cluster = described(status).build();
            assert!(culprit(&cluster, Aim::Removal).contains(status));
            assert!(culprit(&cluster, Aim::Use).contains(status));
        }
        let deleting = described("deleting").build();
        assert!(culprit(&deleting, Aim::Use).contains("deleting"));
    }

    #[test]
    fn what_passes_is_told() {
        for status in [
            "modifying",
            "backing-up",
            "stopping",
            "upgrading",
            "creating",
        ] {
            let cluster = described(status).build();
            let seen = state_of_cluster(&cluster, Aim::Removal);
            let expected = Seen::Passes(format!("cluster \"kc\" is {status}"));
            assert_eq!(seen, Some(expected));
        }
        let deleting = state_of_cluster(&described("deleting").build(), Aim::Removal);
        assert!(matches!(deleting, Some(Seen::Passes(_))));
    }
}
