//! Failovers that are asked for.

use crate::support::Aurora;

const DB: (&str, &str) = ("DBClusterIdentifier", "db");

fn target(id: &str) -> (&str, &str) {
    ("TargetDBInstanceIdentifier", id)
}

/// A cluster whose writer is `one`, with the readers that are given, each with its tier.
fn with_readers(readers: &[(&str, &str)]) -> Aurora {
    let all = Aurora::with_cluster();
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    for (id, tier) in readers {
        all.instance(id, &[("PromotionTier", tier)]).unwrap();
    }
    all.aws.wait(700);
    all
}

fn writer(all: &Aurora) -> String {
    let members = all.members().into_iter();
    let mut writers = members.filter(|(_, writes)| *writes).map(|(id, _)| id);
    let writer = writers.next().unwrap();
    assert_eq!(writers.next(), None);
    writer
}

#[test]
fn a_failover_takes_half_a_minute_and_shows_late() {
    let all = with_readers(&[("two", "1"), ("three", "0")]);
    all.aws
        .rds("FailoverDBCluster", &[DB, target("TWO")])
        .unwrap();
    assert_eq!(all.cluster_status("db"), "available");
    let busy = all.aws.rds_code("FailoverDBCluster", &[DB]);
    assert_eq!(busy, "InvalidDBClusterStateFault");
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "failing-over");
    assert_eq!(writer(&all), "one");
    assert_eq!(
        all.delete_instance("three").unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
    all.aws.wait(30);
    assert_eq!(all.cluster_status("db"), "available");
    assert_eq!(writer(&all), "two");
    let events = [
        ("SourceType", "db-cluster"),
        ("EventCategories.EventCategory.1", "failover"),
    ];
    let seen = all.aws.rds("DescribeEvents", &events).unwrap();
    assert_eq!(
        seen.all("Message"),
        ["Completed failover to DB instance: two"]
    );
    // Without a target, the lowest tier.
    all.aws.rds("FailoverDBCluster", &[DB]).unwrap();
    all.aws.wait(36);
    assert_eq!(writer(&all), "three");
}

#[test]
fn a_failover_needs_a_reader_that_is_available() {
    let all = with_readers(&[("two", "1")]);
    let code = |params: &[(&str, &str)]| all.aws.rds_code("FailoverDBCluster", params);
    assert_eq!(code(&[DB, target("one")]), "InvalidDBInstanceState");
    assert_eq!(code(&[DB, target("none")]), "DBInstanceNotFound");
    assert_eq!(
        code(&[("DBClusterIdentifier", "no")]),
        "DBClusterNotFoundFault"
    );
    all.create("other", &[]).unwrap();
    all.instance("stranger", &[("DBClusterIdentifier", "other")])
        .unwrap();
    assert_eq!(code(&[DB, target("stranger")]), "InvalidDBInstanceState");
    all.instance("young", &[]).unwrap();
    assert_eq!(code(&[DB, target("young")]), "InvalidDBInstanceState");
    all.delete_instance("young").unwrap();
    all.delete_instance("two").unwrap();
    assert_eq!(code(&[DB]), "InvalidDBClusterStateFault");
}
