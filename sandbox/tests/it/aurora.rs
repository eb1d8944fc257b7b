//! Clusters and instances: creation, states, the writer, refusals.

use crate::support::Aurora;

#[test]
fn a_cluster_takes_its_time_and_the_first_instance_writes() {
    let all = Aurora::network();
    let made = all.create("DB", &[("DatabaseName", "keycloak")]).unwrap();
    assert_eq!(made.one("DBClusterIdentifier"), "db");
    assert_eq!(made.one("Status"), "creating");
    assert!(made.one("Endpoint").starts_with("db.cluster-c"));
    all.aws.wait(89);
    assert_eq!(all.cluster_status("db"), "creating");
    // Instances may be made while their cluster is.
    all.instance("db-instance-1", &[]).unwrap();
    all.aws.wait(2);
    assert_eq!(all.cluster_status("db"), "available");
    assert_eq!(all.members(), [("db-instance-1".to_owned(), false)]);
    all.aws.wait(540);
    assert_eq!(all.instance_status("db-instance-1"), "creating");
    all.aws.wait(100);
    assert_eq!(all.instance_status("db-instance-1"), "available");
    assert_eq!(all.members(), [("db-instance-1".to_owned(), true)]);
    all.instance("db-instance-2", &[("PromotionTier", "0")])
        .unwrap();
    all.aws.wait(700);
    assert_eq!(
        all.members(),
        [
            ("db-instance-1".to_owned(), true),
            ("db-instance-2".to_owned(), false)
        ]
    );
    let filter = [
        ("Filters.Filter.1.Name", "db-cluster-id"),
        ("Filters.Filter.1.Values.Value.1", "db"),
    ];
    let seen = all.aws.rds("DescribeDBInstances", &filter).unwrap();
    assert_eq!(seen.all("DBInstanceIdentifier").len(), 2);
    // Spread over the zones.
    let zones = seen.all("AvailabilityZone");
    assert_ne!(zones[0], zones[1]);

    let events = [
        ("SourceType", "db-instance"),
        ("SourceIdentifier", "db-instance-2"),
    ];
    let events = all.aws.rds("DescribeEvents", &events).unwrap();
    assert_eq!(
        events.all("Message"),
        ["Started creating the DB instance", "DB instance created"]
    );
}

#[test]
fn an_instance_has_an_interface_in_its_subnet() {
    let all = Aurora::with_cluster();
    all.instance("db-1", &[("AvailabilityZone", "eu-west-1b")])
        .unwrap();
    let filter = [
        ("Filter.1.Name", "requester-id"),
        ("Filter.1.Value.1", "amazon-rds"),
    ];
    let seen = all.aws.ec2("DescribeNetworkInterfaces", &filter).unwrap();
    assert_eq!(seen.one("subnetId"), all.subnets[1]);
    assert_eq!(seen.one("groupId"), all.group);
    let held = all
        .aws
        .ec2_code("DeleteSecurityGroup", &[("GroupId", &all.group)]);
    assert_eq!(held, "DependencyViolation");
    let held = all
        .aws
        .ec2_code("DeleteSubnet", &[("SubnetId", &all.subnets[1])]);
    assert_eq!(held, "DependencyViolation");
}

#[test]
fn identifiers_users_passwords_and_names_are_checked() {
    let all = Aurora::network();
    for id in ["1db", "db-", "d--b", "d_b", "-db", &"d".repeat(64)] {
        assert_eq!(
            all.create(id, &[]).unwrap_err().code,
            "InvalidParameterValue",
            "{id}"
        );
    }
    for password in [
        "short12",
        "with space1",
        "with/slash",
        "with\"quote",
        "at@sign12",
        &"x".repeat(42),
        "pässword",
    ] {
        let refused = all
            .create("db", &[("MasterUserPassword", password)])
            .unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{password}");
        assert!(!refused.message.contains(password));
    }
    for user in ["", "1user", "admin", "rdsadmin", &"u".repeat(17)] {
        let refused = all.create("db", &[("MasterUsername", user)]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{user}");
    }
    for name in ["1db", "d-b", &"d".repeat(64)] {
        let refused = all.create("db", &[("DatabaseName", name)]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{name}");
    }
    for (name, value, code) in [
        ("ManageMasterUserPassword", "false", "InvalidParameterValue"),
        ("EngineVersion", "17.99", "InvalidParameterCombination"),
        ("Engine", "oracle", "InvalidParameterValue"),
        ("DBSubnetGroupName", "other", "DBSubnetGroupNotFoundFault"),
        ("BackupRetentionPeriod", "36", "InvalidParameterValue"),
        ("Port", "80", "InvalidParameterValue"),
        (
            "VpcSecurityGroupIds.VpcSecurityGroupId.1",
            "sg-0123456789abcdef0",
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(
            all.create("db", &[(name, value)]).unwrap_err().code,
            code,
            "{name}"
        );
    }
    let both = [
        ("MasterUserPassword", "correct-horse"),
        ("ManageMasterUserPassword", "true"),
    ];
    assert_eq!(
        all.create("db", &both).unwrap_err().code,
        "InvalidParameterCombination"
    );
    let other = all.aws.vpc("10.0.0.0/16");
    let group = all.aws.group(&other, "elsewhere");
    let refused = all.create(
        "db",
        &[("VpcSecurityGroupIds.VpcSecurityGroupId.1", &group)],
    );
    assert_eq!(refused.unwrap_err().code, "InvalidVPCNetworkStateFault");
    // Nothing of all this left a trace.
    assert_eq!(
        all.aws
            .rds("DescribeDBClusters", &[])
            .unwrap()
            .all("DBCluster")
            .len(),
        0
    );
    all.create("db", &[]).unwrap();
    assert_eq!(
        all.create("Db", &[]).unwrap_err().code,
        "DBClusterAlreadyExistsFault"
    );
}

#[test]
fn a_managed_password_is_a_secret() {
    let all = Aurora::network();
    let made = all.create(
        "db",
        &[
            ("ManageMasterUserPassword", "true"),
            ("MasterUserPassword", ""),
        ],
    );
    let arn = made.unwrap().one("SecretArn");
    assert_eq!(
        all.aws.secret("GetSecretValue", &arn).unwrap_err().code,
        "ResourceNotFoundException"
    );
    let status = || {
        let seen = all.aws.rds("DescribeDBClusters", &[]).unwrap();
        seen.one("SecretStatus")
    };
    // Without an instance it would stay so.
    all.aws.wait(3600);
    assert_eq!(status(), "creating");
    all.instance("i", &[]).unwrap();
    all.aws.wait(569);
    assert_eq!(status(), "creating");
    all.aws.wait(80);
    assert_eq!(status(), "active");
    let value: serde_json::Value =
        serde_json::from_str(&all.aws.secret("GetSecretValue", &arn).unwrap().0).unwrap();
    let secret: serde_json::Value =
        serde_json::from_str(value["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(secret["username"], "keycloak");
    let password = secret["password"].as_str().unwrap();
    assert_eq!(password.len(), 28);
    all.create("other", &[("MasterUserPassword", password)])
        .unwrap();
    assert!(
        all.aws
            .secret("DescribeSecret", &arn)
            .unwrap()
            .0
            .contains("\"OwningService\":\"rds\"")
    );
    let rotate = [
        ("DBClusterIdentifier", "db"),
        ("RotateMasterUserPassword", "true"),
    ];
    all.aws.rds("ModifyDBCluster", &rotate).unwrap();
    assert_eq!(status(), "rotating");
    all.aws.wait(46);
    assert_eq!(status(), "active");
    let rotated = all.aws.secret("GetSecretValue", &arn).unwrap().0;
    assert!(!rotated.contains(password), "{rotated}");
    all.delete_instance("i").unwrap();
    let params = [("DBClusterIdentifier", "db"), ("SkipFinalSnapshot", "true")];
    all.aws.rds("DeleteDBCluster", &params).unwrap();
    all.aws.wait(700);
    assert_eq!(
        all.aws.secret("GetSecretValue", &arn).unwrap_err().code,
        "ResourceNotFoundException"
    );
}

#[test]
fn changes_pass_through_a_state() {
    let all = Aurora::with_cluster();
    let of = ("DBClusterIdentifier", "db");
    all.aws
        .rds(
            "ModifyDBCluster",
            &[of, ("MasterUserPassword", "another-horse")],
        )
        .unwrap();
    let seen = || all.aws.rds("DescribeDBClusters", &[of]).unwrap();
    // Accepted and not begun: only what is pending tells.
    assert_eq!(seen().one("Status"), "available");
    assert_eq!(seen().one("MasterUserPassword"), "****");
    all.aws.wait(6);
    assert_eq!(all.cluster_status("db"), "resetting-master-credentials");
    let busy = all
        .aws
        .rds_code("ModifyDBCluster", &[of, ("DeletionProtection", "true")]);
    assert_eq!(busy, "InvalidDBClusterStateFault");
    all.aws.wait(41);
    assert!(seen().all("PendingModifiedValues").is_empty());
    all.aws
        .rds("ModifyDBCluster", &[of, ("DeletionProtection", "true")])
        .unwrap();
    assert_eq!(all.cluster_status("db"), "available");
    let down = all
        .aws
        .rds_code("ModifyDBCluster", &[of, ("EngineVersion", "16.6")]);
    assert_eq!(down, "InvalidParameterCombination");

    all.instance("i", &[]).unwrap();
    all.aws.wait(700);
    let class = [
        ("DBInstanceIdentifier", "i"),
        ("DBInstanceClass", "db.r7g.large"),
    ];
    all.aws.rds("ModifyDBInstance", &class).unwrap();
    assert_eq!(all.instance_status("i"), "modifying");
    assert_eq!(
        all.aws.rds_code("ModifyDBInstance", &class),
        "InvalidDBInstanceState"
    );
    all.aws.wait(400);
    let seen = all.aws.rds("DescribeDBInstances", &[]).unwrap();
    assert_eq!(seen.one("DBInstanceClass"), "db.r7g.large");
}

#[test]
fn a_stopped_cluster_gives_nothing_away() {
    let all = Aurora::with_cluster();
    let of = [("DBClusterIdentifier", "db")];
    all.instance("i", &[]).unwrap();
    assert_eq!(
        all.aws.rds_code("StopDBCluster", &of),
        "InvalidDBClusterStateFault"
    );
    all.aws.wait(700);
    all.aws.rds("StopDBCluster", &of).unwrap();
    all.aws.wait(181);
    assert_eq!(
        (all.cluster_status("db"), all.instance_status("i")),
        ("stopped".into(), "stopped".into())
    );
    assert_eq!(
        all.delete_instance("i").unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
    assert_eq!(
        all.instance("j", &[]).unwrap_err().code,
        "InvalidDBClusterStateFault"
    );
    all.aws.rds("StartDBCluster", &of).unwrap();
    assert_eq!(all.cluster_status("db"), "starting");
    all.aws.wait(301);
    assert_eq!(
        (all.cluster_status("db"), all.instance_status("i")),
        ("available".into(), "available".into())
    );
    all.aws.rds("StopDBCluster", &of).unwrap();
    all.aws.wait(8 * 24 * 3600);
    // AWS starts it again after seven days.
    assert_eq!(all.cluster_status("db"), "available");
}

#[test]
fn tags_are_by_arn() {
    let all = Aurora::network();
    let made = all.create(
        "db",
        &[("Tags.Tag.1.Key", "keepalive"), ("Tags.Tag.1.Value", "yes")],
    );
    let arn = made.unwrap().one("DBClusterArn");
    let add = [
        ("ResourceName", arn.as_str()),
        ("Tags.Tag.1.Key", "a"),
        ("Tags.Tag.1.Value", "b"),
    ];
    all.aws.rds("AddTagsToResource", &add).unwrap();
    let remove = [
        ("ResourceName", arn.as_str()),
        ("TagKeys.member.1", "keepalive"),
    ];
    all.aws.rds("RemoveTagsFromResource", &remove).unwrap();
    let seen = all.aws.rds("ListTagsForResource", &add[..1]).unwrap();
    assert_eq!(seen.all("Key"), ["a"]);
    let gone = arn.replace("cluster:db", "cluster:no");
    let code = all
        .aws
        .rds_code("ListTagsForResource", &[("ResourceName", &gone)]);
    assert_eq!(code, "DBClusterNotFoundFault");
    for (key, value) in [("rds:a", "b"), ("a", "aws:b"), ("a!", "b"), ("a", "<b>")] {
        let add = [
            ("ResourceName", arn.as_str()),
            ("Tags.Tag.1.Key", key),
            ("Tags.Tag.1.Value", value),
        ];
        let code = all.aws.rds_code("AddTagsToResource", &add);
        assert_eq!(code, "InvalidParameterValue", "{key}={value}");
    }
}
