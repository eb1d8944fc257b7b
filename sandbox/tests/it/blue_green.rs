//! Blue/green deployments, and what they hold.

use crate::support::Aurora;

const DB: (&str, &str) = ("DBClusterIdentifier", "db");
const NAME: (&str, &str) = ("BlueGreenDeploymentName", "next");

/// A cluster with an instance, and its ARN.
fn blue() -> (Aurora, String) {
    let all = Aurora::with_cluster();
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    let seen = all.aws.rds("DescribeDBClusters", &[DB]).unwrap();
    let arn = seen.one("DBClusterArn");
    (all, arn)
}

#[test]
fn blue_and_green_stay_while_they_are_deployed() {
    let (all, arn) = blue();
    let source = ("Source", arn.as_str());
    let made = all
        .aws
        .rds("CreateBlueGreenDeployment", &[NAME, source])
        .unwrap();
    assert_eq!(made.all("Status")[0], "PROVISIONING");
    let target = made.one("Target");
    let green = target.rsplit(':').next().unwrap();
    let id = made.one("BlueGreenDeploymentIdentifier");
    let of = ("BlueGreenDeploymentIdentifier", id.as_str());
    assert_eq!(all.cluster_status(green), "creating");
    all.aws.wait(900);
    let seen = all.aws.rds("DescribeBlueGreenDeployments", &[of]).unwrap();
    assert_eq!(seen.all("Status")[0], "AVAILABLE");
    assert_eq!(all.cluster_status(green), "available");

    let skip = ("SkipFinalSnapshot", "true");
    for id in ["db", green] {
        let of = ("DBClusterIdentifier", id);
        for (action, params) in [
            ("StopDBCluster", &[of][..]),
            ("DeleteDBCluster", &[of, skip]),
        ] {
            let code = all.aws.rds_code(action, params);
            assert_eq!(code, "InvalidDBClusterStateFault", "{action} {id}");
        }
    }
    assert_eq!(
        all.delete_instance("one").unwrap_err().code,
        "InvalidDBInstanceState"
    );
    let again = all
        .aws
        .rds_code("CreateBlueGreenDeployment", &[NAME, source]);
    assert_eq!(again, "BlueGreenDeploymentAlreadyExistsFault");
    let other = ("BlueGreenDeploymentName", "other");
    let again = all
        .aws
        .rds_code("CreateBlueGreenDeployment", &[other, source]);
    assert_eq!(again, "SourceClusterNotSupportedFault");

    let delete = [of, ("DeleteTarget", "true")];
    let gone = all.aws.rds("DeleteBlueGreenDeployment", &delete).unwrap();
    assert_eq!(gone.all("Status")[0], "DELETING");
    assert_eq!(
        all.aws.rds_code("DescribeBlueGreenDeployments", &[of]),
        "BlueGreenDeploymentNotFoundFault"
    );
    all.aws.wait(800);
    let left = all.aws.rds("DescribeDBClusters", &[]).unwrap();
    assert_eq!(left.all("DBClusterIdentifier"), ["db"]);
    all.delete_instance("one").unwrap();
}

#[test]
fn a_green_cluster_that_is_kept_stands_alone() {
    let (all, arn) = blue();
    let source = ("Source", arn.as_str());
    let newer = ("TargetEngineVersion", "17.5");
    let made = all
        .aws
        .rds("CreateBlueGreenDeployment", &[NAME, source, newer]);
    let made = made.unwrap();
    all.aws.wait(900);
    let id = made.one("BlueGreenDeploymentIdentifier");
    let of = ("BlueGreenDeploymentIdentifier", id.as_str());
    all.aws.rds("DeleteBlueGreenDeployment", &[of]).unwrap();
    let target = made.one("Target");
    let green = ("DBClusterIdentifier", target.rsplit(':').next().unwrap());
    all.aws.rds("StopDBCluster", &[green]).unwrap();
}

#[test]
fn not_every_source_can_be_deployed() {
    let (all, arn) = blue();
    let code = |source: &str| {
        let params = [NAME, ("Source", source)];
        all.aws.rds_code("CreateBlueGreenDeployment", &params)
    };
    let instance = arn.replace("cluster:db", "db:one");
    assert_eq!(code(&instance), "SourceDatabaseNotSupportedFault");
    assert_eq!(code(&arn.replace(":db", ":no")), "DBClusterNotFoundFault");
    assert_eq!(code("db"), "InvalidParameterValue");
    let managed = [DB, ("ManageMasterUserPassword", "true")];
    all.aws.rds("ModifyDBCluster", &managed).unwrap();
    all.aws.wait(60);
    assert_eq!(code(&arn), "SourceClusterNotSupportedFault");
}
