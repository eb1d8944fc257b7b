//! The main job.

use super::harness::{Home, KEYCLOAK};

#[test]
fn the_main_job() {
    let home = Home::new();
    let done = home.create(0, &["--instances", "2"]);
    done.prints("endpoint keycloak.cluster-")
        .prints("instances keycloak-instance-1,keycloak-instance-2")
        .says("succeeded");
    for line in done.stdout.lines() {
        assert!(
            line.split_once(' ').is_some(),
            "{line:?} is not `key value`"
        );
    }
    assert_eq!(home.count("vpc"), 1);
    assert_eq!(home.count("db-instance"), 2);

    let endpoint = home.max(0, &[&["aurora", "endpoint"], &KEYCLOAK[..]].concat());
    let host = endpoint.stdout.trim_end();
    assert!(host.starts_with("keycloak.cluster-"), "{endpoint:?}");
    assert!(done.stdout.contains(&format!("endpoint {host}\n")));
    assert_eq!(endpoint.stderr, "");
    let reader = home.max(
        0,
        &[&["aurora", "endpoint", "--reader"], &KEYCLOAK[..]].concat(),
    );
    assert!(
        reader.stdout.starts_with("keycloak.cluster-ro-"),
        "{reader:?}"
    );

    let list = home.max(0, &["aurora", "list", "--all-regions"]);
    list.prints("keycloak")
        .prints("eu-west-1")
        .prints("stepwell");

    let again = home.create(1, &["--instances", "2"]);
    again
        .says("error: ")
        .says("exists")
        .says("nothing was touched");
    assert_eq!(again.stdout, "");
    assert_eq!(home.runs().len(), 1, "a refused create is no run");

    home.delete(0, &[]);
    assert_eq!(home.count(""), 0);
    home.delete(0, &[]).says("nothing to delete");
}

#[test]
fn the_variables_of_the_scripts_work_and_a_flag_wins() {
    let mut home = Home::new();
    home.set("AURORA_CLUSTER", "from-env");
    home.set("AWS_REGION", "eu-central-1");
    home.set("AURORA_REGION", "us-west-2");
    home.set("AURORA_INSTANCES", "2");
    home.set("AURORA_SUBNET_GROUP_NAME", "my-subnets");
    home.set("AURORA_SECURITY_GROUP_NAME", "my-group");
    home.set("AURORA_USERNAME", "somebody");
    home.set("AURORA_ENGINE_VERSION", "");
    let done = home.max(0, &["aurora", "create", "--instances", "1"]);
    done.prints("cluster from-env")
        .prints("region us-west-2")
        .prints("username somebody")
        .prints("instances from-env-instance-1\n");
    let status = home.expect(0, &["sandbox", "status"]);
    status.prints("my-subnets").prints("my-group");
    home.max(0, &["aurora", "endpoint"])
        .prints("from-env.cluster-");
    home.max(0, &["aurora", "delete", "-y", "--skip-final-snapshot"]);
}

#[test]
fn a_plan_does_nothing() {
    let home = Home::new();
    let plan = home.create(0, &["--plan"]);
    plan.prints("create").prints("vpc").prints("instance-1");
    home.create(2, &["--plan", "--detailed-exitcode"]);
    let json = home
        .create(2, &["--plan", "--detailed-exitcode", "-o", "json"])
        .json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["changes"], true);
    assert_eq!(json["target"], "aurora/eu-west-1/keycloak");
    let steps = json["plan"].as_array().expect("plan");
    assert!(
        steps
            .iter()
            .any(|step| step["name"] == "vpc" && step["change"] == "create")
    );
    assert_eq!(
        json["summary"]["create"].as_u64().expect("a number") as usize,
        steps
            .iter()
            .filter(|step| step["change"] == "create")
            .count()
    );

    assert!(home.runs().is_empty());
    assert!(!home.state().exists(), "a plan writes no state");
    assert_eq!(home.count(""), 0);

    home.create(0, &[]);
    home.create(1, &["--plan"]).says("exists");
    let delete = [
        "aurora",
        "delete",
        "--skip-final-snapshot",
        "--plan",
        "--detailed-exitcode",
    ];
    home.max(2, &[&delete, &KEYCLOAK[..]].concat())
        .prints("delete");
    assert_eq!(home.count("db-cluster"), 1);
    assert_eq!(home.runs().len(), 1);
}

#[test]
fn an_endpoint_is_printed_only_when_it_serves() {
    let home = Home::new();
    let words = [&["aurora", "endpoint"], &KEYCLOAK[..]].concat();
    let nothing = home.max(1, &words);
    nothing.says("there is no aurora cluster");
    assert_eq!(nothing.stdout, "");
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--error",
        "InsufficientDBInstanceCapacity",
    ]);
    home.create(3, &[]);
    let young = home.max(1, &words);
    young.says("does not serve");
    assert_eq!(young.stdout, "");
}

#[test]
fn an_unfinished_run_is_named_with_what_can_be_done() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBCluster", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    let again = home.create(1, &["-o", "json"]);
    let error = again.error();
    assert_eq!(error["code"], "unfinished_run");
    let id = home.runs()[0]["id"].as_str().expect("an id").to_owned();
    let hint = error["hint"].as_str().expect("a hint");
    assert!(
        hint.contains(&format!("stepwell resume {}", &id[..13])),
        "{hint}"
    );
    assert!(
        hint.contains(&format!("stepwell rollback {}", &id[..13])),
        "{hint}"
    );
    assert_eq!(home.runs().len(), 1);
    home.create(1, &["--plan"]).says("unfinished run");
    // Another cluster is another target.
    home.max(
        3,
        &[
            "aurora",
            "create",
            "--cluster",
            "other",
            "--region",
            "eu-west-1",
        ],
    );
}
