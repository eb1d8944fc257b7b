//! Instances that come up at the same time, and names in two spellings.

use crate::support::{Aurora, Aws, ManualTime, consistent};
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{Account, InstanceTimes, Options};

/// A network whose instances take the time that their last letter stands for, `a` 60 s, `b` 120 s.
fn timed() -> Aurora {
    let times: InstanceTimes = Arc::new(|id: &str| {
        let letter = id.bytes().last().unwrap_or(b'a');
        Duration::from_secs(60 * u64::from(letter - b'a' + 1))
    });
    let time = ManualTime::new();
    let options = Options {
        instance_times: Some(times),
        ..consistent(&time)
    };
    Aurora::network_in(Aws::of(Account::in_memory(options), time), &["a", "b"])
}

fn writers(all: &Aurora) -> Vec<String> {
    let members = all.members().into_iter();
    members
        .filter(|(_, writes)| *writes)
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn all_instances_are_taken_while_the_cluster_is_created() {
    let all = timed();
    all.create("db", &[]).unwrap();
    for id in ["one-c", "two-b", "three-c"] {
        all.instance(id, &[]).unwrap();
    }
    assert_eq!(all.cluster_status("db"), "creating");
    let members: Vec<String> = all.members().into_iter().map(|(id, _)| id).collect();
    assert_eq!(members, ["one-c", "two-b", "three-c"]);
    assert!(writers(&all).is_empty());
    all.aws.wait(119);
    assert!(writers(&all).is_empty());
    // The first that is available writes, not the first that was asked for.
    all.aws.wait(1);
    assert_eq!(writers(&all), ["two-b"]);
    assert_eq!(all.instance_status("one-c"), "creating");
    all.aws.wait(60);
    assert_eq!(all.instance_status("one-c"), "available");
    assert_eq!(all.instance_status("three-c"), "available");
    assert_eq!(writers(&all), ["two-b"]);
}

#[test]
fn no_instance_is_available_before_its_cluster() {
    let all = timed();
    all.create("db", &[]).unwrap();
    all.instance("quick-a", &[]).unwrap();
    all.aws.wait(89);
    assert_eq!(all.instance_status("quick-a"), "creating");
    all.aws.wait(2);
    assert_eq!(all.cluster_status("db"), "available");
    assert_eq!(all.instance_status("quick-a"), "available");
    assert_eq!(writers(&all), ["quick-a"]);
}

#[test]
fn names_compare_without_case() {
    let all = timed();
    all.create("gh-Octo", &[("DBSubnetGroupName", "NET")])
        .unwrap();
    let on = ("DBClusterIdentifier", "GH-octo");
    let made = all.instance("gh-Octo-Instance-a", &[on]).unwrap();
    assert_eq!(made.one("DBInstanceIdentifier"), "gh-octo-instance-a");
    assert_eq!(made.one("DBClusterIdentifier"), "gh-octo");
    all.aws.wait(91);
    let filter = [
        ("Filters.Filter.1.Name", "db-cluster-id"),
        ("Filters.Filter.1.Values.Value.1", "gh-OCTO"),
    ];
    for action in ["DescribeDBClusters", "DescribeDBInstances"] {
        let seen = all.aws.rds(action, &filter).unwrap();
        assert_eq!(seen.one("DBClusterIdentifier"), "gh-octo", "{action}");
    }
    let arn = made.one("DBInstanceArn").replace("octo", "Octo");
    let tag = [
        ("ResourceName", arn.as_str()),
        ("Tags.Tag.1.Key", "a"),
        ("Tags.Tag.1.Value", "b"),
    ];
    all.aws.rds("AddTagsToResource", &tag).unwrap();
    let seen = all
        .aws
        .rds("DescribeDBInstances", &[("DBInstanceIdentifier", &arn)]);
    assert_eq!(seen.unwrap().one("Key"), "a");
    let snapshot = [on, ("DBClusterSnapshotIdentifier", "Last-One")];
    let taken = all.aws.rds("CreateDBClusterSnapshot", &snapshot).unwrap();
    assert_eq!(taken.one("DBClusterSnapshotIdentifier"), "last-one");
    let same = [("DBClusterSnapshotIdentifier", "LAST-ONE")];
    all.aws.rds("DescribeDBClusterSnapshots", &same).unwrap();
    let group = [("DBSubnetGroupName", "Net")];
    let seen = all.aws.rds("DescribeDBSubnetGroups", &group).unwrap();
    assert_eq!(seen.one("DBSubnetGroupName"), "net");
    assert_eq!(
        all.aws.rds_code("DeleteDBSubnetGroup", &group),
        "InvalidDBSubnetGroupStateFault"
    );
}
