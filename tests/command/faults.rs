//! What happens when AWS says no.

use std::fs;

use super::harness::Home;

#[test]
fn a_permanent_fault_rolls_back_to_nothing_and_the_story_is_told() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--match",
        "DBInstanceIdentifier=keycloak-instance-2",
        "--error",
        "InvalidParameterCombination",
    ]);
    let done = home.create(4, &["--instances", "2"]);
    done.says("rolled back").says("InvalidParameterCombination");
    assert_eq!(done.stdout, "", "there is nothing to print of what is gone");
    assert_eq!(home.count(""), 0);

    let story = home.expect(0, &["runs", "show", "latest"]).stdout;
    for text in [
        "rolled back",
        "because instance-2 failed",
        "(InvalidParameterCombination, request ",
        "undo, in the order in which it was done",
    ] {
        assert!(story.contains(text), "{text:?} is not in {story}");
    }
    let undo = story
        .split("undo, in the order")
        .nth(1)
        .expect("a rollback");
    let place = |name: &str| {
        undo.find(&format!("  {name} "))
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert!(place("instance-1") < place("cluster"));
    assert!(place("cluster") < place("subnet-group"));
    assert!(place("route-table-eu-west-1a") < place("route-table"));
    assert!(place("subnet-group") < place("vpc"));

    let json = home.show("latest");
    assert_eq!(json["status"], "rolled_back");
    assert_eq!(json["fault"]["step"], "instance-2");
    assert_eq!(json["fault"]["code"], "InvalidParameterCombination");
    assert!(json["fault"]["request_id"].is_string());
    let step = |name: &str| {
        let steps = json["steps"].as_array().expect("steps");
        steps
            .iter()
            .find(|step| step["name"] == name)
            .expect("the step")
            .clone()
    };
    assert_eq!(step("vpc")["status"], "undone");
    assert_eq!(step("vpc")["undo"]["status"], "undone");
    assert_eq!(step("instance-2")["status"], "failed");
    assert_eq!(step("instance-2")["attempts"][0]["outcome"], "failed");
    assert_eq!(step("endpoint")["status"], "pending");
    assert!(step("endpoint")["undo"].is_null());
}

#[test]
fn expired_credentials_suspend_and_nothing_is_undone() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    let done = home.create(3, &[]);
    done.says("hint: ").says("stepwell resume ");
    assert_eq!(home.count("db-cluster"), 1);
    assert_eq!(home.runs()[0]["status"], "suspended");
    home.resume(3);
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0).prints("endpoint ");
    assert_eq!(home.count("vpc"), 1);
    home.resume(1).says("has succeeded");
}

#[test]
fn expired_credentials_outside_of_a_run() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "DescribeDBClusters",
        "--error",
        "ExpiredToken",
    ]);
    let done = home.create(7, &["-o", "json"]);
    let error = done.error();
    assert_eq!(error["code"], "ExpiredToken");
    assert!(error["request_id"].is_string(), "{error}");
    assert!(error["hint"].is_string(), "{error}");
    home.create(7, &[]).says("caused by: ").says("request id: ");
    assert!(home.runs().is_empty());
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.fault(&[
        "--operation",
        "DescribeDBClusters",
        "--error",
        "AccessDenied",
    ]);
    home.max(7, &["aurora", "list", "--region", "eu-west-1"]);
}

#[test]
fn a_lost_answer_makes_no_second_vpc() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateVpc",
        "--lose-response",
        "--times",
        "1",
    ]);
    home.create(0, &[]);
    assert_eq!(home.count("vpc"), 1);
    home.expect(0, &["runs", "show"]).prints("in doubt");
}

#[test]
fn throttling_is_borne() {
    let home = Home::new();
    home.fault(&["--operation", "CreateSubnet", "--throttle", "--times", "5"]);
    home.create(0, &[]).says("retry in");
    assert_eq!(home.count("subnet"), 3);
}

#[test]
fn on_failure_suspend_keeps_what_is_there() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBCluster",
        "--error",
        "InvalidParameterValue",
    ]);
    home.create(3, &["--on-failure", "suspend"])
        .says("stepwell rollback ");
    assert_eq!(home.count("vpc"), 1);
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
}

#[test]
fn what_can_not_be_undone_is_listed_and_can_be_continued() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBCluster",
        "--error",
        "InvalidParameterValue",
    ]);
    home.fault(&[
        "--operation",
        "DeleteSecurityGroup",
        "--error",
        "InvalidParameterValue",
    ]);
    let done = home.create(5, &[]);
    done.says("left behind")
        .says("sg-")
        .says("stepwell resume ");
    let json = home.show("latest");
    assert_eq!(json["status"], "stuck");
    let leftovers = json["leftovers"].as_array().expect("leftovers");
    assert!(leftovers.iter().any(|left| {
        left["step"] == "security-group"
            && left["ids"][0]
                .as_str()
                .is_some_and(|id| id.starts_with("sg-"))
    }));
    home.expect(0, &["runs", "show"]).prints("left behind");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(4);
    assert_eq!(home.count(""), 0);
}

/// That the sandbox's file can't be written is no refusal by AWS: what was made
/// stays, and the run waits.
#[test]
fn a_sandbox_that_is_out_of_reach_suspends_the_run() {
    let home = Home::new();
    home.max(0, &["sandbox", "reset"]);
    // The file's successor is written under this name.
    let obstacle = home.state().with_file_name("sandbox.json.new");
    fs::create_dir_all(&obstacle).expect("a folder");
    home.create(3, &[])
        .says("DescribeVpcs got no answer")
        .says("sandbox.json.new")
        .says("suspended");
    fs::remove_dir(&obstacle).expect("it goes");
    home.resume(0);
    assert_eq!(home.count("vpc"), 1);
}

/// A region that AWS does not have is told from one that refuses.
#[test]
fn a_region_that_does_not_exist_is_no_matter_of_credentials() {
    let home = Home::new();
    for words in [
        &["aurora", "create", "--cluster", "c", "--plan"][..],
        &["aurora", "endpoint", "--cluster", "c"],
        &["aurora", "reap"],
        &["keycloak", "env", "--cluster", "c"],
    ] {
        let done = home.max(1, &[words, &["--region", "xx-nowhere-9"]].concat());
        done.says("xx-nowhere-9.amazonaws.com")
            .says("hint: ")
            .says("see that the region is one of AWS's");
        assert!(!done.stderr.contains("credentials"), "{done:?}");
    }
}

/// Outside of a run there is nothing to resume, and a region that is not
/// enabled looks like bad credentials.
#[test]
fn a_region_that_is_not_enabled_is_hinted_at() {
    let home = Home::new();
    let words = [
        "aurora",
        "create",
        "--cluster",
        "c",
        "--region",
        "af-south-1",
    ];
    let done = home.max(7, &words);
    done.says("hint: ").says("the region is enabled");
    assert!(!done.stderr.contains("resume"), "{done:?}");
}
