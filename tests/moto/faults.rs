//! Faults between the command and AWS, by microburst.

use serde_json::json;

use super::stage::Stage;

#[test]
fn an_instance_that_is_refused_ends_in_a_rollback() {
    let stage = Stage::with_faults();
    let before = stage.account.snapshot();
    stage.proxy().inject(&json!({
        "service": "rds",
        "operation": "CreateDBInstance",
        "body": "DBInstanceIdentifier == 'keycloak-instance-2'",
        "error": { "code": "InvalidParameterCombination", "message": "not like this" },
    }));
    stage.create(4, &[]).says("InvalidParameterCombination");
    stage.account.snapshot().must_be(&before);
    let run = stage.home.show("latest");
    assert_eq!(run["status"], "rolled_back");
}

#[test]
fn expired_credentials_suspend_and_a_resume_completes() {
    let stage = Stage::with_faults();
    let before = stage.account.snapshot();
    stage.proxy().inject(&json!({
        "service": "rds",
        "operation": "CreateDBInstance",
        "error": { "code": "ExpiredToken", "status": 403 },
    }));
    stage.create(3, &[]);
    // Nothing is undone, and nothing is made twice.
    assert_eq!(stage.account.vpcs_of("keycloak").len(), 1);
    assert_eq!(stage.account.clusters(), ["keycloak"]);
    assert_eq!(stage.account.instances().len(), 0);
    stage.proxy().calm();
    stage.home.expect(0, &["resume"]);
    stage.must_be_whole();
    stage.delete();
    stage.account.snapshot().must_be(&before);
}

#[test]
fn lost_answers_make_nothing_twice() {
    let stage = Stage::with_faults();
    let before = stage.account.snapshot();
    let creates = [
        ("ec2", "CreateVpc"),
        ("ec2", "CreateSubnet"),
        ("ec2", "CreateRouteTable"),
        ("ec2", "CreateSecurityGroup"),
        ("ec2", "AssociateRouteTable"),
        ("rds", "CreateDBSubnetGroup"),
        ("rds", "CreateDBCluster"),
        ("rds", "CreateDBInstance"),
    ];
    for (service, operation) in creates {
        stage.proxy().inject(&json!({
            "service": service,
            "operation": operation,
            "times": 1,
            // The call is carried out; then the connection breaks.
            "response": { "abort_frac": 0.0 },
        }));
    }
    stage.create(0, &[]);
    assert_eq!(stage.proxy().fired(), creates.len());
    stage.must_be_whole();
    stage.delete();
    stage.account.snapshot().must_be(&before);
}

#[test]
fn throttles_and_broken_connections_are_lived_through() {
    let stage = Stage::with_faults();
    let before = stage.account.snapshot();
    let throttled = |code| json!({ "error": { "code": code } });
    let broken = json!({ "reset": true });
    let faults = [
        (
            "ec2",
            "DescribeAvailabilityZones",
            throttled("RequestLimitExceeded"),
        ),
        ("ec2", "DescribeRegions", broken.clone()),
        ("ec2", "CreateVpc", throttled("RequestLimitExceeded")),
        ("ec2", "CreateSubnet", throttled("RequestLimitExceeded")),
        (
            "ec2",
            "CreateSecurityGroup",
            json!({ "error": { "code": "InternalError", "status": 500 } }),
        ),
        ("rds", "DescribeDBSubnetGroups", broken),
        ("rds", "CreateDBCluster", throttled("Throttling")),
        (
            "rds",
            "DescribeDBClusters",
            throttled("ThrottlingException"),
        ),
        ("rds", "CreateDBInstance", throttled("Throttling")),
    ];
    for (service, operation, mut rule) in faults.clone() {
        rule["service"] = json!(service);
        rule["operation"] = json!(operation);
        rule["times"] = json!(1);
        stage.proxy().inject(&rule);
    }
    stage.create(0, &[]);
    assert_eq!(stage.proxy().fired(), faults.len());
    stage.must_be_whole();
    stage.proxy().calm();
    stage.delete();
    stage.account.snapshot().must_be(&before);
}
