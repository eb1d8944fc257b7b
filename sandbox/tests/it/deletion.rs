//! What may go, when, and what holds it.

use crate::support::{Aurora, Aws, ManualTime, consistent};
use stepwell_sandbox::{Options, Quotas};

const SKIP: (&str, &str) = ("SkipFinalSnapshot", "true");
const DB: (&str, &str) = ("DBClusterIdentifier", "db");

#[test]
fn everything_goes_in_its_order_and_nothing_stays() {
    let all = Aurora::network();
    let before = all.aws.account.inventory().unwrap();
    all.create("db", &[]).unwrap();
    all.aws.wait(91);
    all.instance("db-1", &[]).unwrap();
    all.instance("db-2", &[]).unwrap();
    all.aws.wait(700);
    let code = || all.aws.rds_code("DeleteDBCluster", &[DB, SKIP]);
    assert_eq!(code(), "InvalidDBClusterStateFault");
    all.delete_instance("db-2").unwrap();
    assert_eq!(code(), "InvalidDBClusterStateFault");
    all.delete_instance("db-1").unwrap();
    let again = all.delete_instance("db-1").unwrap_err();
    assert_eq!(again.code, "InvalidDBInstanceState");
    assert!(again.message.contains("is already being deleted"));
    all.aws.rds("DeleteDBCluster", &[DB, SKIP]).unwrap();
    // It shows only when the instances are gone.
    assert_eq!(all.cluster_status("db"), "available");
    assert_eq!(code(), "InvalidDBClusterStateFault");
    let net = [("DBSubnetGroupName", "net")];
    assert_eq!(
        all.aws.rds_code("DeleteDBSubnetGroup", &net),
        "InvalidDBSubnetGroupStateFault"
    );

    all.aws.wait(631);
    assert_eq!(
        all.delete_instance("db-1").unwrap_err().code,
        "DBInstanceNotFound"
    );
    // The interface outlives the instance, and the cluster its last instance.
    all.aws.wait(0);
    assert_eq!(all.cluster_status("db"), "deleting");
    let held = all
        .aws
        .ec2_code("DeleteSubnet", &[("SubnetId", &all.subnets[0])]);
    assert_eq!(held, "DependencyViolation");
    all.aws.wait(61);
    let gone = all.aws.rds("DescribeDBClusters", &[DB]).unwrap_err();
    assert_eq!(
        (gone.code.as_str(), gone.status),
        ("DBClusterNotFoundFault", 404)
    );
    assert_eq!(all.aws.account.inventory().unwrap(), before);

    all.aws.rds("DeleteDBSubnetGroup", &net).unwrap();
    for subnet in &all.subnets {
        all.aws
            .ec2("DeleteSubnet", &[("SubnetId", subnet)])
            .unwrap();
    }
    all.aws
        .ec2("DeleteSecurityGroup", &[("GroupId", &all.group)])
        .unwrap();
    all.aws.ec2("DeleteVpc", &[("VpcId", &all.vpc)]).unwrap();
    assert!(all.aws.account.status().unwrap().is_empty());
    let empty = serde_json::json!({ "regions": {}, "peerings": [] });
    assert_eq!(all.aws.account.inventory().unwrap(), empty);
}

#[test]
fn the_writer_hands_over() {
    let all = Aurora::with_cluster();
    all.instance("db-1", &[]).unwrap();
    all.aws.wait(700);
    all.instance("db-2", &[("PromotionTier", "5")]).unwrap();
    all.instance("db-3", &[("PromotionTier", "2")]).unwrap();
    all.aws.wait(700);
    let events = [
        ("SourceType", "db-cluster"),
        ("SourceIdentifier", "db"),
        ("Duration", "600"),
    ];
    let failovers = || {
        let seen = all.aws.rds("DescribeEvents", &events).unwrap();
        let messages = seen.all("Message").into_iter();
        messages
            .filter(|one| one.contains("failover"))
            .collect::<Vec<_>>()
    };
    assert!(failovers().is_empty());
    all.delete_instance("db-1").unwrap();
    let writers: Vec<String> = all
        .members()
        .into_iter()
        .filter(|(_, writer)| *writer)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(writers, ["db-3"]);
    all.aws.wait(700);
    assert_eq!(all.members().len(), 2);
    assert_eq!(failovers(), ["Completed failover to DB instance: db-3"]);
}

#[test]
fn a_protected_cluster_stays() {
    let all = Aurora::network();
    all.create("db", &[("DeletionProtection", "true")]).unwrap();
    all.aws.wait(91);
    let refused = all.aws.rds("DeleteDBCluster", &[DB, SKIP]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert_eq!(
        refused.message,
        "Cannot delete protected Cluster, please disable deletion protection and try again."
    );
    all.aws
        .rds("ModifyDBCluster", &[DB, ("DeletionProtection", "false")])
        .unwrap();
    all.aws.rds("DeleteDBCluster", &[DB, SKIP]).unwrap();
    // Without instances it takes about a minute.
    assert_eq!(all.cluster_status("db"), "available");
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "deleting");
    all.aws.wait(60);
    assert_eq!(
        all.aws.rds_code("DescribeDBClusters", &[DB]),
        "DBClusterNotFoundFault"
    );
}

#[test]
fn a_final_snapshot_must_be_decided() {
    let all = Aurora::with_cluster();
    let name = ("FinalDBSnapshotIdentifier", "last");
    let code = |more: &[(&str, &str)]| {
        let params: Vec<_> = [DB].into_iter().chain(more.iter().copied()).collect();
        all.aws.rds_code("DeleteDBCluster", &params)
    };
    assert_eq!(code(&[]), "InvalidParameterCombination");
    assert_eq!(code(&[SKIP, name]), "InvalidParameterCombination");
    assert_eq!(
        code(&[("FinalDBSnapshotIdentifier", "la--st")]),
        "InvalidParameterValue"
    );
    let taken = [DB, ("DBClusterSnapshotIdentifier", "taken")];
    all.aws.rds("CreateDBClusterSnapshot", &taken).unwrap();
    let code = code(&[("FinalDBSnapshotIdentifier", "taken")]);
    assert_eq!(code, "DBClusterSnapshotAlreadyExistsFault");
    all.aws.rds("DeleteDBCluster", &[DB, name]).unwrap();
    // Asked again by whoever lost the answer.
    assert_eq!(
        all.aws.rds_code("DeleteDBCluster", &[DB, name]),
        "DBClusterSnapshotAlreadyExistsFault"
    );
    assert_eq!(
        all.aws.rds_code("DeleteDBCluster", &[DB, SKIP]),
        "InvalidDBClusterStateFault"
    );
    let of = [("DBClusterSnapshotIdentifier", "last")];
    let status = || {
        let seen = all.aws.rds("DescribeDBClusterSnapshots", &of);
        seen.unwrap().one("Status")
    };
    // The cluster goes after its snapshot, never before.
    all.aws.wait(179);
    assert_eq!(status(), "creating");
    assert_eq!(all.cluster_status("db"), "deleting");
    all.aws.wait(1);
    assert_eq!(status(), "available");
    assert_eq!(
        all.aws.rds_code("DescribeDBClusters", &[DB]),
        "DBClusterNotFoundFault"
    );
}

#[test]
fn tags_go_when_the_thing_begins_to() {
    let all = Aurora::network();
    let tags = [("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "keycloak")];
    all.create("db", &tags).unwrap();
    all.instance("i", &tags).unwrap();
    all.aws.wait(700);
    let keys = |action: &str| all.aws.rds(action, &[]).unwrap().all("Key");
    assert_eq!(keys("DescribeDBInstances"), ["team"]);
    all.delete_instance("i").unwrap();
    assert!(keys("DescribeDBInstances").is_empty());
    all.aws.rds("DeleteDBCluster", &[DB, SKIP]).unwrap();
    assert_eq!(keys("DescribeDBClusters"), ["team"]);
    while all.cluster_status("db") == "available" {
        all.aws.wait(1);
    }
    assert!(keys("DescribeDBClusters").is_empty());
}

#[test]
fn what_a_deletion_refuses_leaves_the_cluster() {
    let all = Aurora::with_cluster();
    let params = [DB, ("DBClusterSnapshotIdentifier", "s")];
    all.aws.rds("CreateDBClusterSnapshot", &params).unwrap();
    let time = ManualTime::new();
    let full = Options {
        quotas: Quotas {
            snapshots: 1,
            ..Quotas::default()
        },
        ..consistent(&time)
    };
    let full = Aws::of(all.aws.account.fork(full).unwrap(), time);
    let last = [DB, ("FinalDBSnapshotIdentifier", "last")];
    let refused = full.rds("DeleteDBCluster", &last).unwrap_err();
    assert_eq!(refused.code, "SnapshotQuotaExceeded");
    assert_eq!(
        full.rds("DescribeDBClusters", &[DB]).unwrap().one("Status"),
        "available"
    );
    // While it is being deleted nothing else is taken.
    all.aws.rds("DeleteDBCluster", &last).unwrap();
    let code = |action, params: &[(&str, &str)]| all.aws.rds_code(action, params);
    let protect = [DB, ("DeletionProtection", "true")];
    assert_eq!(
        code("ModifyDBCluster", &protect),
        "InvalidDBClusterStateFault"
    );
    let other = [DB, ("DBClusterSnapshotIdentifier", "t")];
    assert_eq!(
        code("CreateDBClusterSnapshot", &other),
        "InvalidDBClusterStateFault"
    );
    assert_eq!(
        all.instance("i", &[]).unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
}
