//! Reaping what another tool made, beside what is somebody else's.

use super::account::{REGION, values};
use super::leftovers::{as_the_scripts_do, vpc};
use super::stage::Stage;

#[test]
fn what_the_scripts_made_is_reaped_and_what_is_foreign_stays() {
    let stage = Stage::new();
    let account = &stage.account;
    // A cluster in the default VPC, with a name like one of the scripts'.
    let subnets = values(&account.call("DescribeSubnets", &[]), "subnetId");
    account.call(
        "CreateDBSubnetGroup",
        &[
            ("DBSubnetGroupName", "prod-subnet-group"),
            ("DBSubnetGroupDescription", "somebody else's"),
            ("SubnetIds.SubnetIdentifier.1", &subnets[0]),
            ("SubnetIds.SubnetIdentifier.2", &subnets[1]),
        ],
    );
    account.call(
        "CreateDBCluster",
        &[
            ("DBClusterIdentifier", "prod"),
            ("Engine", "aurora-postgresql"),
            ("EngineVersion", "11.13"),
            ("MasterUsername", "somebody"),
            ("MasterUserPassword", "somebodys-own"),
            ("DBSubnetGroupName", "prod-subnet-group"),
            ("Tags.Tag.1.Key", "AuroraCluster"),
            ("Tags.Tag.1.Value", "another"),
        ],
    );
    let before = account.snapshot();
    as_the_scripts_do(account, "keycloak", "192.168.7", 2);
    as_the_scripts_do(account, "bare", "192.168.8", 0);
    vpc(account, "orphan", "192.168.9.0/24");

    let whole = account.snapshot();
    let list = stage.home.expect(0, &["-o", "json", "aurora", "reap"]);
    let json = list.json();
    let names: Vec<&str> = (json["candidates"].as_array().expect("candidates").iter())
        .filter_map(|one| one["cluster"].as_str())
        .collect();
    assert_eq!(names, ["bare", "keycloak", "orphan"], "{json}");
    for one in json["candidates"].as_array().expect("candidates") {
        assert_eq!(one["verdict"], "delete", "{one}");
        assert_eq!(one["made_by"], "scripts", "{one}");
        assert_eq!(one["region"], REGION);
    }
    assert_eq!(json["left_alone"], 1);
    account.snapshot().must_be(&whole);

    stage
        .home
        .expect(0, &["aurora", "reap", "--yes", "--region", REGION]);
    account.snapshot().must_be(&before);
    assert_eq!(account.clusters(), ["prod"]);
    let runs = stage.home.runs();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run["status"] == "succeeded"));
}
