//! Snapshots and what is restored from them.

use crate::support::Aurora;

const OF: (&str, &str) = ("DBClusterSnapshotIdentifier", "snap");

fn restore<'a>(all: &'a Aurora, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut params = vec![
        ("DBClusterIdentifier", "restored"),
        ("SnapshotIdentifier", "snap"),
        ("Engine", "aurora-postgresql"),
        ("DBSubnetGroupName", "net"),
        (
            "VpcSecurityGroupIds.VpcSecurityGroupId.1",
            all.group.as_str(),
        ),
    ];
    params.extend(more);
    params
}

#[test]
fn a_restored_cluster_takes_instances_once_it_is_available() {
    let all = Aurora::with_cluster();
    all.aws
        .rds(
            "CreateDBClusterSnapshot",
            &[("DBClusterIdentifier", "db"), OF],
        )
        .unwrap();
    let early = all
        .aws
        .rds_code("RestoreDBClusterFromSnapshot", &restore(&all, &[]));
    assert_eq!(early, "InvalidDBClusterSnapshotStateFault");
    assert_eq!(
        all.aws.rds_code("DeleteDBClusterSnapshot", &[OF]),
        "InvalidDBClusterSnapshotStateFault"
    );
    all.aws.wait(181);
    let older = restore(&all, &[("EngineVersion", "16.6")]);
    assert_eq!(
        all.aws.rds_code("RestoreDBClusterFromSnapshot", &older),
        "InvalidParameterCombination"
    );
    let password = restore(&all, &[("MasterUserPassword", "correct-horse")]);
    assert_eq!(
        all.aws.rds_code("RestoreDBClusterFromSnapshot", &password),
        "InvalidParameterCombination"
    );
    let made = all
        .aws
        .rds("RestoreDBClusterFromSnapshot", &restore(&all, &[]))
        .unwrap();
    assert_eq!(made.one("MasterUsername"), "keycloak");
    let on = [("DBClusterIdentifier", "restored")];
    assert_eq!(
        all.instance("r-1", &on).unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
    all.aws.wait(241);
    all.instance("r-1", &on).unwrap();
    all.aws.rds("DeleteDBClusterSnapshot", &[OF]).unwrap();
    let gone = all.aws.rds("DeleteDBClusterSnapshot", &[OF]).unwrap_err();
    assert_eq!(
        (gone.code.as_str(), gone.status),
        ("DBClusterSnapshotNotFoundFault", 404)
    );
    let code = all
        .aws
        .rds_code("RestoreDBClusterFromSnapshot", &restore(&all, &[]));
    assert_eq!(code, "DBClusterSnapshotNotFoundFault");
}

#[test]
fn tags_are_copied_only_when_asked() {
    let all = Aurora::network();
    let tagged = [
        ("CopyTagsToSnapshot", "true"),
        ("Tags.Tag.1.Key", "team"),
        ("Tags.Tag.1.Value", "keycloak"),
    ];
    all.create("db", &tagged).unwrap();
    all.aws.wait(91);
    let made = all.aws.rds(
        "CreateDBClusterSnapshot",
        &[("DBClusterIdentifier", "db"), OF],
    );
    assert_eq!(made.unwrap().one("Value"), "keycloak");
    let filter = [("DBClusterIdentifier", "db"), ("SnapshotType", "automated")];
    let seen = all.aws.rds("DescribeDBClusterSnapshots", &filter).unwrap();
    assert!(seen.all("DBClusterSnapshot").is_empty());
}
