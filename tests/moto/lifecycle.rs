//! From nothing to a cluster and back.

use super::stage::{CLUSTER, Stage};

#[test]
fn a_cluster_is_created_found_and_deleted() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    let created = stage.create(0, &["-o", "json"]).json();
    assert_eq!(created["status"], "succeeded");
    let outputs = &created["outputs"];
    assert_eq!(outputs["instances"].as_array().expect("a list").len(), 3);
    assert_eq!(outputs["vpc_id"], stage.account.vpcs_of("keycloak")[0]);
    stage.must_be_whole();

    let whole = stage.account.snapshot();
    stage.create(1, &[]).says("already exists");
    stage.account.snapshot().must_be(&whole);

    let endpoint = stage
        .home
        .expect(0, &[&["aurora", "endpoint"], &CLUSTER[..]].concat());
    assert_eq!(endpoint.stdout.trim_end(), outputs["endpoint"]);
    let list = ["-o", "json", "aurora", "list", "--all-regions"];
    let list = stage.home.expect(0, &list).json();
    assert_eq!(
        list["clusters"].as_array().expect("a list").len(),
        1,
        "{list}"
    );
    assert_eq!(list["clusters"][0]["made_by"], "stepwell");
    assert_eq!(
        list["skipped"].as_array().expect("a list").len(),
        0,
        "{list}"
    );

    stage.delete();
    stage.account.snapshot().must_be(&before);
    stage.delete().says("nothing to delete");
    stage
        .home
        .expect(1, &[&["aurora", "endpoint"], &CLUSTER[..]].concat());
}

#[test]
fn a_plan_changes_nothing() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    stage
        .create(2, &["--plan", "--detailed-exitcode"])
        .prints("create");
    stage.account.snapshot().must_be(&before);
    assert_eq!(stage.home.runs().len(), 0);
}

#[test]
fn a_run_that_succeeded_is_rolled_back() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    stage.create(0, &[]);
    stage.must_be_whole();
    let whole = stage.account.snapshot();
    let run = stage.home.newest();
    stage.home.expect(8, &["rollback", &run]);
    stage.account.snapshot().must_be(&whole);
    stage.home.expect(0, &["rollback", &run, "--yes"]);
    stage.account.snapshot().must_be(&before);
    let run = stage.latest().expect("a run");
    assert_eq!(run["status"], "rolled_back");
}
