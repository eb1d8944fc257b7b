//! Versions, classes, engines and what else a cluster may be given.

use crate::support::{Aurora, Aws};

const ENGINE: (&str, &str) = ("Engine", "aurora-postgresql");

fn versions(aws: &Aws, more: &[(&str, &str)]) -> Vec<String> {
    let params: Vec<_> = [ENGINE].into_iter().chain(more.iter().copied()).collect();
    let seen = aws.rds("DescribeDBEngineVersions", &params).unwrap();
    // Each also names the versions that it can be upgraded to.
    let shown = seen.all("DBEngineVersion").into_iter();
    shown
        .map(|one| crate::support::Body(one).one("EngineVersion"))
        .collect()
}

#[test]
fn a_major_version_stands_for_its_default_not_for_its_newest() {
    let all = Aurora::network();
    let aws = &all.aws;
    let of = ("EngineVersion", "17");
    assert_eq!(versions(aws, &[of]), ["17.4", "17.5", "17.6", "17.7"]);
    let default = ("DefaultOnly", "true");
    assert_eq!(versions(aws, &[of, default]), ["17.5"]);
    assert_eq!(versions(aws, &[default]), ["16.6"]);
    let filter = [
        ("Filters.Filter.1.Name", "db-parameter-group-family"),
        ("Filters.Filter.1.Values.Value.1", "aurora-postgresql14"),
    ];
    assert_eq!(versions(aws, &filter).len(), 5);
    let made = all.create("db", &[of]).unwrap();
    assert_eq!(made.one("EngineVersion"), "17.5");
    let made = all.create("none", &[("EngineVersion", "")]).unwrap();
    assert_eq!(made.one("EngineVersion"), "16.6");
}

#[test]
fn a_retired_version_is_told_only_when_asked_for_and_never_made() {
    let all = Aurora::network();
    let of = ("EngineVersion", "16.1");
    assert!(versions(&all.aws, &[of]).is_empty());
    let every = ("IncludeAll", "true");
    assert_eq!(versions(&all.aws, &[of, every]), ["16.1"]);
    let seen = all
        .aws
        .rds("DescribeDBEngineVersions", &[ENGINE, of, every]);
    assert_eq!(seen.unwrap().one("Status"), "deprecated");
    let refused = all.create("db", &[of]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert_eq!(
        refused.message,
        "Cannot find version 16.1 for aurora-postgresql"
    );
}

#[test]
fn not_every_version_runs_on_every_class() {
    let all = Aurora::network();
    let orderable = |class: &str| {
        let params = [ENGINE, ("DBInstanceClass", class), ("MaxRecords", "1000")];
        let seen = all.aws.rds("DescribeOrderableDBInstanceOptions", &params);
        seen.unwrap().all("EngineVersion")
    };
    assert_eq!(orderable("db.r7g.xlarge").last().unwrap(), "17.7");
    assert_eq!(orderable("db.t3.medium").last().unwrap(), "17.6");
    assert_eq!(orderable("db.r5.large").last().unwrap(), "17.5");
    assert!(!orderable("db.r8g.large").contains(&"16.4".to_owned()));
    assert!(orderable("db.r8g.large").contains(&"16.6".to_owned()));
    all.create("db", &[("EngineVersion", "17.7")]).unwrap();
    let refused = all.instance("one", &[("DBInstanceClass", "db.r5.large")]);
    assert_eq!(refused.unwrap_err().code, "InvalidParameterCombination");

    let pages = |max: &str| {
        let params = [ENGINE, ("MaxRecords", max)];
        all.aws.rds("DescribeOrderableDBInstanceOptions", &params)
    };
    // Everything in one page of a thousand; other describes give a hundred at most.
    assert!(pages("1000").unwrap().all("Marker").is_empty());
    assert!(pages("1000").unwrap().all("EngineVersion").len() > 100);
    assert_eq!(pages("1001").unwrap_err().code, "InvalidParameterValue");
    assert_eq!(
        all.aws
            .rds_code("DescribeDBClusters", &[("MaxRecords", "101")]),
        "InvalidParameterValue"
    );
}

#[test]
fn a_serverless_instance_needs_a_capacity_in_steps() {
    let all = Aurora::network();
    let capacity = |id: &str, min: &str, max: &str| {
        let params = [
            ("ServerlessV2ScalingConfiguration.MinCapacity", min),
            ("ServerlessV2ScalingConfiguration.MaxCapacity", max),
        ];
        all.create(id, &params)
    };
    for (min, max) in [
        ("0.3", "16"),
        ("0.5", "16.2"),
        ("8", "4"),
        ("0", "0.5"),
        ("0.5", "256.5"),
        ("-1", "4"),
        ("NaN", "4"),
    ] {
        let refused = capacity("db", min, max).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{min} to {max}");
    }
    capacity("paused", "0", "1").unwrap();
    let made = capacity("db", "0.5", "256").unwrap();
    assert_eq!(made.one("MinCapacity"), "0.5");
    all.instance("one", &[("DBInstanceClass", "db.serverless")])
        .unwrap();
    all.create("plain", &[]).unwrap();
    let on = [
        ("DBInstanceClass", "db.serverless"),
        ("DBClusterIdentifier", "plain"),
    ];
    let refused = all.instance("two", &on).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
}

#[test]
fn clusters_of_other_engines_are_described_and_deleted() {
    let all = Aurora::network();
    for (engine, version, family, port) in [
        (
            "aurora-mysql",
            "8.0.mysql_aurora.3.08.2",
            "default.aurora-mysql8.0",
            "3306",
        ),
        ("docdb", "5.0.0", "default.docdb5.0", "27017"),
        ("neptune", "1.4.5.0", "default.neptune1.4", "8182"),
    ] {
        let made = all.create(engine, &[("Engine", engine), ("EngineVersion", "")]);
        let made = made.unwrap();
        assert_eq!(made.one("Engine"), engine);
        assert_eq!(made.one("EngineVersion"), version);
        assert_eq!(made.one("DBClusterParameterGroup"), family);
        assert_eq!(made.one("Port"), port);
        let on = ("DBClusterIdentifier", engine);
        let mixed = all.instance("one", &[on]).unwrap_err();
        assert!(mixed.message.contains("doesn't match"), "{}", mixed.message);
        let same = all.instance("one", &[on, ("Engine", engine)]).unwrap_err();
        assert!(same.message.contains("not simulated"), "{}", same.message);
    }
    let filter = [
        ("Filters.Filter.1.Name", "engine"),
        ("Filters.Filter.1.Values.Value.1", "docdb"),
    ];
    let seen = all.aws.rds("DescribeDBClusters", &filter).unwrap();
    assert_eq!(seen.all("DBClusterIdentifier"), ["docdb"]);
    all.aws.wait(91);
    let docdb = [
        ("DBClusterIdentifier", "docdb"),
        ("SkipFinalSnapshot", "true"),
    ];
    all.aws.rds("DeleteDBCluster", &docdb).unwrap();
    assert_eq!(
        all.create("db", &[("Engine", "oracle")]).unwrap_err().code,
        "InvalidParameterValue"
    );
}

#[test]
fn users_and_long_names_are_as_rds_takes_them() {
    let all = Aurora::network();
    for user in ["pg_kc", "PG_kc", "rdsadmin", "rds_superuser"] {
        let refused = all.create("db", &[("MasterUsername", user)]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{user}");
        assert!(
            refused.message.contains("reserved word"),
            "{}",
            refused.message
        );
    }
    all.create("db", &[("MasterUsername", "postgres")]).unwrap();
    let longest = format!("k{}", "x".repeat(62));
    all.create(&longest, &[("MasterUsername", "pgkc")]).unwrap();
    all.instance(&longest, &[]).unwrap();
    assert_eq!(all.instance_status(&longest), "creating");
    let longer = format!("{longest}x");
    assert_eq!(
        all.create(&longer, &[]).unwrap_err().code,
        "InvalidParameterValue"
    );
}

#[test]
fn the_quota_of_manual_snapshots_is_told() {
    let all = Aurora::with_cluster();
    let taken = [
        ("DBClusterIdentifier", "db"),
        ("DBClusterSnapshotIdentifier", "s"),
    ];
    all.aws.rds("CreateDBClusterSnapshot", &taken).unwrap();
    let seen = all.aws.rds("DescribeAccountAttributes", &[]).unwrap();
    let quotas = seen.all("AccountQuota");
    let quota = |name: &str| {
        let found = quotas.iter().find(|one| one.contains(&format!(">{name}<")));
        let body = crate::support::Body(found.unwrap().clone());
        (body.one("Used"), body.one("Max"))
    };
    assert_eq!(quota("ManualClusterSnapshots"), ("1".into(), "100".into()));
    assert_eq!(quota("SubnetsPerDBSubnetGroup"), ("2".into(), "20".into()));
}
