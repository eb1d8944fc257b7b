//! Global clusters and replicas: what ties clusters to each other, and what that forbids.

use crate::support::{Answer, Aurora};

const DB: (&str, &str) = ("DBClusterIdentifier", "db");
const SKIP: (&str, &str) = ("SkipFinalSnapshot", "true");
const G: (&str, &str) = ("GlobalClusterIdentifier", "g");

fn arn(all: &Aurora, id: &str) -> String {
    let of = [("DBClusterIdentifier", id)];
    let seen = all.aws.rds("DescribeDBClusters", &of).unwrap();
    seen.one("DBClusterArn")
}

/// A second network in another region of the same account.
fn elsewhere(all: &Aurora) -> Aurora {
    Aurora::network_in(all.aws.at("eu-central-1"), &["a", "b"])
}

/// Creates a cluster that copies another one, as `how` says.
fn copy(there: &Aurora, id: &str, how: (&str, &str)) -> Answer {
    let params = [("MasterUsername", ""), ("MasterUserPassword", ""), how];
    there.create(id, &params)
}

#[test]
fn a_member_of_a_global_cluster_stays_until_it_is_removed() {
    let all = Aurora::with_cluster();
    let db = arn(&all, "db");
    let source = ("SourceDBClusterIdentifier", db.as_str());
    let made = all.aws.rds("CreateGlobalCluster", &[G, source]).unwrap();
    assert_eq!(made.one("IsWriter"), "true");
    assert_eq!(
        all.aws.rds_code(
            "CreateGlobalCluster",
            &[("GlobalClusterIdentifier", "h"), source]
        ),
        "InvalidDBClusterStateFault"
    );
    let seen = all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    assert_eq!(seen.one("GlobalClusterIdentifier"), "g");
    let delete = || all.aws.rds("DeleteDBCluster", &[DB, SKIP]);
    let refused = delete().unwrap_err();
    assert_eq!(refused.code, "InvalidDBClusterStateFault");
    assert_eq!(
        refused.message,
        "This cluster is a part of a global cluster, please remove it from globalcluster first"
    );
    assert_eq!(
        all.aws.rds_code("DeleteGlobalCluster", &[G]),
        "InvalidGlobalClusterStateFault"
    );
    // It leaves when its promotion is over.
    let member = ("DbClusterIdentifier", db.as_str());
    all.aws
        .rds("RemoveFromGlobalCluster", &[G, member])
        .unwrap();
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "promoting");
    assert_eq!(delete().unwrap_err().code, "InvalidDBClusterStateFault");
    all.aws.wait(60);
    let seen = all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    assert!(seen.all("GlobalClusterIdentifier").is_empty());
    delete().unwrap();
    assert_eq!(
        all.aws
            .rds("DeleteGlobalCluster", &[G])
            .unwrap()
            .one("Status"),
        "deleting"
    );
    let gone = all.aws.rds("DescribeGlobalClusters", &[G]).unwrap_err();
    assert_eq!(
        (gone.code.as_str(), gone.status),
        ("GlobalClusterNotFoundFault", 404)
    );
}

#[test]
fn a_primary_with_secondaries_is_refused_otherwise() {
    let all = Aurora::with_cluster();
    let there = elsewhere(&all);
    let db = arn(&all, "db");
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    let source = ("SourceDBClusterIdentifier", db.as_str());
    all.aws.rds("CreateGlobalCluster", &[G, source]).unwrap();
    let password = [G, ("MasterUserPassword", "correct-horse")];
    assert_eq!(
        there.create("second", &password).unwrap_err().code,
        "InvalidParameterCombination"
    );
    let made = copy(&there, "second", G).unwrap();
    assert_eq!(made.one("MasterUsername"), "keycloak");
    assert_eq!(
        copy(&there, "third", G).unwrap_err().code,
        "InvalidParameterCombination"
    );
    there.aws.wait(91);
    let on = [("DBClusterIdentifier", "second")];
    there.instance("reader", &on).unwrap();
    there.aws.wait(700);
    // A secondary has no writer until it stands alone.
    let seen = there.aws.rds("DescribeDBClusters", &on).unwrap();
    assert_eq!(seen.one("IsClusterWriter"), "false");
    // Both are told in every region.
    let seen = there.aws.rds("DescribeGlobalClusters", &[G]).unwrap();
    assert_eq!(seen.all("IsWriter"), ["true", "false"]);
    let refused = all.delete_instance("one").unwrap_err();
    assert_eq!(refused.code, "InvalidDBClusterStateFault");
    assert!(
        refused
            .message
            .starts_with("Cannot delete the last instance of the master cluster."),
        "{}",
        refused.message
    );
    assert_eq!(
        all.aws.rds_code("DeleteDBCluster", &[DB, SKIP]),
        "InvalidGlobalClusterStateFault"
    );
    let primary = [G, ("DbClusterIdentifier", db.as_str())];
    assert_eq!(
        all.aws.rds_code("RemoveFromGlobalCluster", &primary),
        "InvalidGlobalClusterStateFault"
    );
    assert_eq!(
        all.aws.rds_code("StopDBCluster", &[DB]),
        "InvalidDBClusterStateFault"
    );
    let second = arn(&there, "second");
    let second = [G, ("DbClusterIdentifier", second.as_str())];
    there.aws.rds("RemoveFromGlobalCluster", &second).unwrap();
    there.aws.wait(66);
    let seen = there.aws.rds("DescribeDBClusters", &on).unwrap();
    assert_eq!(seen.one("IsClusterWriter"), "true");
    all.delete_instance("one").unwrap();
}

#[test]
fn an_empty_global_cluster_is_joined_by_its_primary() {
    let all = Aurora::network();
    let engine = ("Engine", "aurora-postgresql");
    assert_eq!(
        all.aws.rds_code("CreateGlobalCluster", &[G]),
        "InvalidParameterValue"
    );
    let protected = [G, engine, ("DeletionProtection", "true")];
    all.aws.rds("CreateGlobalCluster", &protected).unwrap();
    assert_eq!(
        all.aws.rds_code("CreateGlobalCluster", &[G, engine]),
        "GlobalClusterAlreadyExistsFault"
    );
    assert!(!all.aws.account.status().unwrap().is_empty());
    all.create("db", &[G]).unwrap();
    let seen = all.aws.rds("DescribeGlobalClusters", &[]).unwrap();
    assert_eq!(seen.one("IsWriter"), "true");
    let other = ("GlobalClusterIdentifier", "none");
    assert_eq!(
        all.create("other", &[other]).unwrap_err().code,
        "GlobalClusterNotFoundFault"
    );
    all.aws.wait(91);
    let member = [G, ("DbClusterIdentifier", "db")];
    all.aws.rds("RemoveFromGlobalCluster", &member).unwrap();
    all.aws.wait(66);
    assert_eq!(
        all.aws.rds_code("DeleteGlobalCluster", &[G]),
        "InvalidParameterCombination"
    );
    let open = [G, ("DeletionProtection", "false")];
    all.aws.rds("ModifyGlobalCluster", &open).unwrap();
    all.aws.rds("DeleteGlobalCluster", &[G]).unwrap();
}

#[test]
fn a_source_and_its_replica_hold_each_other() {
    let all = Aurora::with_cluster();
    let there = elsewhere(&all);
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    let db = arn(&all, "db");
    let from = ("ReplicationSourceIdentifier", db.as_str());
    let unknown = db.replace(":db", ":none");
    assert_eq!(
        copy(&there, "copy", (from.0, &unknown)).unwrap_err().code,
        "DBClusterNotFoundFault"
    );
    let made = copy(&there, "copy", from).unwrap();
    assert_eq!(made.one("ReplicationSourceIdentifier"), db);
    let seen = all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    assert_eq!(seen.one("ReadReplicaIdentifier"), arn(&there, "copy"));
    assert_eq!(
        all.delete_instance("one").unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
    assert_eq!(
        all.aws.rds_code("DeleteDBCluster", &[DB, SKIP]),
        "InvalidDBClusterStateFault"
    );
    there.aws.wait(91);
    let on = [("DBClusterIdentifier", "copy")];
    there.instance("two", &on).unwrap();
    there.aws.wait(700);
    let refused = there.delete_instance("two").unwrap_err();
    assert!(refused.message.contains("Promote"), "{}", refused.message);
    assert_eq!(
        all.aws.rds_code("PromoteReadReplicaDBCluster", &[DB]),
        "InvalidDBClusterStateFault"
    );
    there.aws.rds("PromoteReadReplicaDBCluster", &on).unwrap();
    there.aws.wait(66);
    let seen = there.aws.rds("DescribeDBClusters", &on).unwrap();
    assert!(seen.all("ReplicationSourceIdentifier").is_empty());
    there.delete_instance("two").unwrap();
    all.delete_instance("one").unwrap();
}
