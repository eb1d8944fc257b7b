//! What is somebody else's stops a create, and stays as it is.

use super::account::values;
use super::stage::Stage;

#[test]
fn a_foreign_instance_of_a_name_that_is_needed_ends_in_a_rollback() {
    let stage = Stage::new();
    stage.account.call(
        "CreateDBInstance",
        &[
            ("DBInstanceIdentifier", "keycloak-instance-2"),
            ("DBInstanceClass", "db.r5.large"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "somebody"),
            ("MasterUserPassword", "somebodys-own"),
        ],
    );
    let before = stage.account.snapshot();
    stage.create(4, &[]).says("keycloak-instance-2");
    stage.account.snapshot().must_be(&before);
}

#[test]
fn a_foreign_subnet_group_of_the_name_ends_in_a_rollback() {
    let stage = Stage::new();
    let subnets = values(&stage.account.call("DescribeSubnets", &[]), "subnetId");
    stage.account.call(
        "CreateDBSubnetGroup",
        &[
            ("DBSubnetGroupName", "keycloak-subnet-group"),
            ("DBSubnetGroupDescription", "somebody else's"),
            ("SubnetIds.SubnetIdentifier.1", &subnets[0]),
            ("SubnetIds.SubnetIdentifier.2", &subnets[1]),
        ],
    );
    let before = stage.account.snapshot();
    stage.create(4, &[]).says("--subnet-group-name");
    stage.account.snapshot().must_be(&before);
    stage.create(0, &["--subnet-group-name", "mine"]);
    stage.must_be_whole();
    stage.delete();
    stage.account.snapshot().must_be(&before);
}
