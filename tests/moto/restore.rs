//! A snapshot and what becomes of it, and what Keycloak is told.

use super::account::values;
use super::stage::{CLUSTER, Stage};

/// A snapshot of a cluster that is gone, made without the product.
///
/// moto can't restore the snapshot of a cluster whose password RDS keeps, nor
/// one under the name of a cluster that was made in the same minute.
pub(super) fn saved(stage: &Stage) {
    let source = ("DBClusterIdentifier", "source");
    let create = [
        source,
        ("Engine", "aurora-postgresql"),
        ("EngineVersion", "11.13"),
        ("DatabaseName", "saved"),
        ("MasterUsername", "saver"),
        ("MasterUserPassword", "savers-own-1"),
    ];
    stage.account.call("CreateDBCluster", &create);
    let snapshot = [source, ("DBClusterSnapshotIdentifier", "farewell")];
    stage.account.call("CreateDBClusterSnapshot", &snapshot);
    let delete = [source, ("SkipFinalSnapshot", "true")];
    stage.account.call("DeleteDBCluster", &delete);
}

#[test]
fn a_snapshot_is_restored() {
    let stage = Stage::new();
    saved(&stage);
    let before = stage.account.snapshot();
    stage
        .create(64, &["--snapshot", "no-such"])
        .says("does not exist");
    let done = stage.create(0, &["--snapshot", "farewell", "--managed-password"]);
    done.prints("username saver\n")
        .prints("database saved\n")
        .prints("password_secret arn:");
    stage.must_be_whole();

    let env = ["keycloak", "env", "--format", "keycloak"];
    let env = stage.home.expect(0, &[&env, &CLUSTER[..]].concat());
    env.prints("KC_DB=postgres\nKC_DB_URL_HOST=keycloak.cluster-")
        .prints("KC_DB_URL_DATABASE=saved\nKC_DB_USERNAME=saver\n");
    let secret = ["keycloak", "env", "--format", "secret"];
    let secret = stage.home.expect(0, &[&secret, &CLUSTER[..]].concat());
    // moto has the same in every secret that RDS keeps.
    secret.prints("  password: \"P@55w0rd!\"\n  username: admin\n");

    stage.delete();
    let form = [("SnapshotType", "manual")];
    let left = stage.account.call("DescribeDBClusterSnapshots", &form);
    assert_eq!(values(&left, "DBClusterSnapshotIdentifier"), ["farewell"]);
    stage.account.snapshot().must_be(&before);
}

#[test]
fn a_password_is_set_on_what_was_restored() {
    let mut stage = Stage::new();
    saved(&stage);
    stage.home.set("AURORA_PASSWORD", "given-by-a-person");
    let done = stage.create(0, &["--snapshot", "farewell"]);
    done.says("done password cluster-");
    assert!(!done.stdout.contains("password_secret"), "{done:?}");
    stage.must_be_whole();
}
