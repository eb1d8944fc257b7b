//! What each operation answers in each state that a database can be in.

use crate::support::{Answer, Aurora, Aws, ManualTime, consistent};
use std::time::Duration;
use stepwell_sandbox::{Database, PlantError};

const DB: (&str, &str) = ("DBClusterIdentifier", "db");
const SKIP: (&str, &str) = ("SkipFinalSnapshot", "true");
const LAST: (&str, &str) = ("FinalDBSnapshotIdentifier", "last");
const OK: &str = "";
const CLUSTER: &str = "InvalidDBClusterStateFault";
const INSTANCE: &str = "InvalidDBInstanceState";
const KMS: &str = "KMSKeyNotAccessibleFault";

/// A cluster with the writer `one` and the reader `two`.
fn pair() -> Aurora {
    let all = Aurora::with_cluster();
    for id in ["one", "two"] {
        all.instance(id, &[]).unwrap();
        all.aws.wait(700);
    }
    all
}

/// What calls answer in an account that begins as `all` is and has the status.
fn codes(all: &Aurora, kind: Database, id: &str, status: &str, calls: &[Call]) -> Vec<String> {
    let code = |call: &Call| {
        let time = ManualTime::new();
        let fork = all.aws.account.fork(consistent(&time)).unwrap();
        let aws = Aws::of(fork, time);
        aws.account
            .set_status(aws.region, kind, id, status, None)
            .unwrap();
        let answer: Answer = aws.rds(call.0, call.1);
        answer.err().map(|refused| refused.code).unwrap_or_default()
    };
    calls.iter().map(code).collect()
}

type Call<'a> = (&'a str, &'a [(&'a str, &'a str)]);

#[test]
fn a_cluster_in_each_state() {
    let all = pair();
    let alone = Aurora::with_cluster();
    let with_instances: [Call; 6] = [
        ("ModifyDBCluster", &[DB, ("DeletionProtection", "true")]),
        ("StopDBCluster", &[DB]),
        ("StartDBCluster", &[DB]),
        ("FailoverDBCluster", &[DB]),
        (
            "CreateDBClusterSnapshot",
            &[DB, ("DBClusterSnapshotIdentifier", "s")],
        ),
        ("DeleteDBInstance", &[("DBInstanceIdentifier", "two")]),
    ];
    let new = [
        ("DBInstanceIdentifier", "new"),
        ("DBInstanceClass", "db.r7g.xlarge"),
        ("Engine", "aurora-postgresql"),
        DB,
    ];
    let without: [Call; 3] = [
        ("CreateDBInstance", &new),
        ("DeleteDBCluster", &[DB, SKIP]),
        ("DeleteDBCluster", &[DB, LAST]),
    ];
    // Modify, stop, start, failover, snapshot, delete instance; create instance, delete, delete
    // with a snapshot.
    let only_waits = [CLUSTER, CLUSTER, CLUSTER, CLUSTER, CLUSTER, OK];
    let asleep = [CLUSTER; 6];
    for (status, busy, empty) in [
        ("available", [OK, OK, CLUSTER, OK, OK, OK], [OK, OK, OK]),
        ("backing-up", only_waits, [OK, CLUSTER, CLUSTER]),
        ("modifying", only_waits, [OK, CLUSTER, CLUSTER]),
        (
            "resetting-master-credentials",
            only_waits,
            [OK, CLUSTER, CLUSTER],
        ),
        ("upgrading", only_waits, [CLUSTER, CLUSTER, CLUSTER]),
        ("maintenance", only_waits, [CLUSTER, CLUSTER, CLUSTER]),
        ("promoting", only_waits, [CLUSTER, CLUSTER, CLUSTER]),
        ("failing-over", asleep, [CLUSTER, CLUSTER, CLUSTER]),
        ("stopping", asleep, [CLUSTER, CLUSTER, CLUSTER]),
        ("starting", asleep, [CLUSTER, CLUSTER, CLUSTER]),
        (
            "stopped",
            [CLUSTER, CLUSTER, OK, CLUSTER, CLUSTER, CLUSTER],
            [CLUSTER, CLUSTER, CLUSTER],
        ),
        (
            "inaccessible-encryption-credentials-recoverable",
            [CLUSTER, CLUSTER, OK, CLUSTER, CLUSTER, CLUSTER],
            [CLUSTER, CLUSTER, KMS],
        ),
        (
            "inaccessible-encryption-credentials",
            only_waits,
            [CLUSTER, OK, KMS],
        ),
        ("cloning-failed", only_waits, [CLUSTER, OK, CLUSTER]),
        ("migration-failed", only_waits, [CLUSTER, OK, CLUSTER]),
    ] {
        let found = codes(&all, Database::Cluster, "db", status, &with_instances);
        assert_eq!(found, busy, "{status}");
        let found = codes(&alone, Database::Cluster, "db", status, &without);
        assert_eq!(found, empty, "{status}");
    }
}

#[test]
fn an_instance_in_each_state() {
    let all = pair();
    let two = ("DBInstanceIdentifier", "two");
    let target = ("TargetDBInstanceIdentifier", "two");
    let calls: [Call; 4] = [
        ("ModifyDBInstance", &[two, ("PromotionTier", "3")]),
        ("DeleteDBInstance", &[two]),
        ("FailoverDBCluster", &[DB, target]),
        ("StopDBCluster", &[DB]),
    ];
    let goes = [INSTANCE, OK, INSTANCE, CLUSTER];
    let waits = [INSTANCE, INSTANCE, INSTANCE, CLUSTER];
    for (status, expected) in [
        ("available", [OK, OK, OK, OK]),
        ("backing-up", goes),
        ("configuring-enhanced-monitoring", goes),
        ("configuring-log-exports", goes),
        ("storage-optimization", goes),
        ("storage-full", goes),
        ("failed", goes),
        ("incompatible-network", goes),
        ("incompatible-parameters", goes),
        ("incompatible-restore", goes),
        ("inaccessible-encryption-credentials", goes),
        ("upgrading", waits),
        ("maintenance", waits),
        ("rebooting", waits),
        ("stopped", waits),
        ("deleting", waits),
    ] {
        let found = codes(&all, Database::Instance, "two", status, &calls);
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn a_status_shows_for_its_time() {
    let all = pair();
    let account = &all.aws.account;
    let set = |kind, id: &str, status: &str, seconds| {
        let lasts = Some(Duration::from_secs(seconds));
        account
            .set_status("eu-west-1", kind, id, status, lasts)
            .unwrap();
    };
    set(Database::Cluster, "DB", "backing-up", 60);
    set(Database::Instance, "two", "storage-full", 90);
    assert_eq!(all.cluster_status("db"), "backing-up");
    assert_eq!(all.instance_status("two"), "storage-full");
    let status = account.status().unwrap();
    let states: Vec<&str> = (status.regions["eu-west-1"].iter())
        .filter(|one| one.kind.starts_with("db-cluster") || one.kind == "db-instance")
        .map(|one| one.state.as_str())
        .collect();
    assert_eq!(states, ["backing-up", "available", "storage-full"]);
    all.aws.wait(61);
    assert_eq!(all.cluster_status("db"), "available");
    assert_eq!(all.instance_status("two"), "storage-full");
    all.aws.wait(30);
    assert_eq!(all.instance_status("two"), "available");
    // Without an end it lasts until it is ended.
    let region = "eu-west-1";
    let stopped = |status: &str| account.set_status(region, Database::Cluster, "db", status, None);
    stopped("stopped").unwrap();
    all.aws.wait(10_000);
    assert_eq!(all.cluster_status("db"), "stopped");
    all.aws.rds("StartDBCluster", &[DB]).unwrap();
    assert_eq!(all.cluster_status("db"), "starting");
    stopped("maintenance").unwrap();
    stopped("available").unwrap();
    all.aws.wait(301);
    assert_eq!(all.cluster_status("db"), "available");

    assert!(matches!(
        stopped("fine"),
        Err(PlantError::UnknownStatus { .. })
    ));
    let missing = account.set_status(region, Database::Instance, "db", "failed", None);
    assert!(matches!(missing, Err(PlantError::Missing { .. })));
}

#[test]
fn an_instance_that_does_not_serve_does_not_write() {
    let all = Aurora::with_cluster();
    all.instance("one", &[]).unwrap();
    let account = &all.aws.account;
    let set = |status| {
        account
            .set_status("eu-west-1", Database::Instance, "one", status, None)
            .unwrap();
    };
    set("incompatible-network");
    all.aws.wait(700);
    assert_eq!(all.members(), [("one".to_owned(), false)]);
    set("available");
    assert_eq!(all.members(), [("one".to_owned(), true)]);
}

#[test]
fn protection_and_secret_change_behind_the_calls() {
    let all = Aurora::network();
    let managed = [
        ("ManageMasterUserPassword", "true"),
        ("MasterUserPassword", ""),
    ];
    all.create("db", &managed).unwrap();
    let account = &all.aws.account;
    let seen = || all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    // While it is created, when no call could.
    account
        .set_deletion_protection("eu-west-1", "Db", true)
        .unwrap();
    assert_eq!(seen().one("DeletionProtection"), "true");
    account
        .set_deletion_protection("eu-west-1", "db", false)
        .unwrap();
    assert_eq!(seen().one("DeletionProtection"), "false");
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    account
        .set_secret_impaired("eu-west-1", "db", true)
        .unwrap();
    assert_eq!(seen().one("SecretStatus"), "impaired");
    all.aws
        .secret("GetSecretValue", &seen().one("SecretArn"))
        .unwrap();
    account
        .set_secret_impaired("eu-west-1", "db", false)
        .unwrap();
    assert_eq!(seen().one("SecretStatus"), "active");
    assert!(
        account
            .set_deletion_protection("eu-west-1", "no", true)
            .is_err()
    );
}

#[test]
fn a_port_and_a_version_are_applied_at_the_end() {
    let all = pair();
    let seen = || all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    all.aws
        .rds("ModifyDBCluster", &[DB, ("Port", "5433")])
        .unwrap();
    // No element of PendingModifiedValues tells of a port.
    assert!(seen().all("PendingModifiedValues").is_empty());
    all.aws.wait(6);
    assert_eq!(
        (seen().one("Status"), seen().one("Port")),
        ("modifying".into(), "5432".into())
    );
    all.aws.wait(40);
    assert_eq!(
        (seen().one("Status"), seen().one("Port")),
        ("available".into(), "5433".into())
    );
    all.aws
        .rds("ModifyDBCluster", &[DB, ("EngineVersion", "17.6")])
        .unwrap();
    let pending = seen().one("PendingModifiedValues");
    assert_eq!(pending, "<EngineVersion>17.6</EngineVersion>");
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "upgrading");
    assert_eq!(all.instance_status("two"), "upgrading");
    all.aws.wait(360);
    assert_eq!(seen().one("EngineVersion"), "17.6");
    assert_eq!(all.instance_status("two"), "available");
    // Two changes that are asked for one after the other are applied as one.
    all.aws
        .rds("ModifyDBCluster", &[DB, ("Port", "5434")])
        .unwrap();
    all.aws
        .rds(
            "ModifyDBCluster",
            &[DB, ("MasterUserPassword", "another-horse")],
        )
        .unwrap();
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "resetting-master-credentials");
    all.aws.wait(40);
    assert_eq!(seen().one("Port"), "5434");
}
