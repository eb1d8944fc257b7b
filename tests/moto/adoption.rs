//! A create whose state file is lost.

use std::fs;

use serde_json::json;

use super::account::values;
use super::stage::Stage;

fn lose_state(stage: &Stage) {
    let state = stage.home.state();
    fs::remove_dir_all(state.parent().expect("a folder")).expect("the state");
}

#[test]
fn what_a_lost_run_left_is_completed() {
    for (service, operation) in [
        ("ec2", "CreateSubnet"),
        ("rds", "CreateDBCluster"),
        ("rds", "CreateDBInstance"),
    ] {
        let stage = Stage::with_faults();
        let before = stage.account.snapshot();
        stage.plant(vec![json!({
            "service": service,
            "operation": operation,
            "error": { "code": "ExpiredToken", "status": 403 },
        })]);
        stage.create(3, &[]);
        stage.calm();
        lose_state(&stage);
        stage.create(0, &[]);
        stage.must_be_whole();
        stage.delete();
        stage.account.snapshot().must_be(&before);
    }
}

#[test]
fn a_run_shows_that_it_is_at_work_only_while_it_is() {
    let stage = Stage::with_faults();
    let signs = || {
        let form = [
            ("Filter.1.Name", "tag-key"),
            ("Filter.1.Value.1", "stepwell:alive"),
        ];
        values(&stage.account.call("DescribeVpcs", &form), "vpcId")
    };
    // The sign can't be taken away, as if the process had died.
    stage.plant(vec![json!({
        "service": "ec2",
        "operation": "DeleteTags",
        "error": { "code": "UnauthorizedOperation", "status": 403 },
    })]);
    stage.plant(vec![json!({
        "service": "rds",
        "operation": "CreateDBInstance",
        "error": { "code": "ExpiredToken", "status": 403 },
    })]);
    stage.create(3, &[]);
    stage.calm();
    assert_eq!(signs().len(), 1);
    lose_state(&stage);
    stage.create(6, &[]).says("sign of life");
    stage.create(0, &["--take-over"]);
    stage.must_be_whole();
    assert!(signs().is_empty());
}
