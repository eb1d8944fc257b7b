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
    home.create(1, &["--instances", "3"])
        .says("stepwell --sandbox aurora scale --cluster keycloak");
    assert_eq!(home.count("db-instance"), 2);
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
fn what_was_asked_of_aws_is_in_the_plan_and_in_the_end() {
    let home = Home::new();
    let serverless = [
        "--engine-version",
        "16",
        "--instance-class",
        "db.serverless",
        "--serverless-capacity",
        "1-4",
    ];
    let plan = [&serverless[..], &["--plan"]].concat();
    home.create(0, &plan)
        .prints("engine_version 16.10")
        .prints("instance_class db.serverless")
        .prints("serverless_capacity 1-4")
        .prints("zones eu-west-1a,eu-west-1b,eu-west-1c");
    let json = home
        .create(0, &[&plan[..], &["-o", "json"]].concat())
        .json();
    assert_eq!(json["parameters"]["engine_version"], "16.10");
    home.create(0, &serverless)
        .prints("engine_version 16.10")
        .prints("instance_class db.serverless")
        .says("every seven days")
        .says("--format external-secret");
}

#[test]
fn what_aws_does_not_have_is_refused_by_the_plan() {
    let home = Home::new();
    for (words, named) in [
        (["--engine-version", "17.1"], "17.4, 17.5"),
        (["--instance-class", "db.x9z.huge"], "is not offered for"),
        (
            ["--serverless-capacity", "1-4"],
            "only with --instance-class db.serverless",
        ),
    ] {
        let plan = [&words[..], &["--plan"]].concat();
        home.create(64, &plan).says(words[0]).says(named);
        home.create(64, &words).says(named);
    }
    home.create(0, &["--vpc-cidr", "10.7.0.0/24"]);
    let other = [
        "aurora",
        "create",
        "--cluster",
        "other",
        "--region",
        "eu-west-1",
    ];
    let taken = [&other[..], &["--vpc-cidr", "10.7.0.0/24"]].concat();
    home.max(8, &[&taken[..], &["--plan"]].concat())
        .says("overlaps 10.7.0.0/24");
    home.max(8, &taken);
    assert_eq!(home.runs().len(), 1, "none of these is a run");
}

#[test]
fn a_half_made_cluster_is_completed_as_it_was_begun() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &["--username", "alice"]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let state = home
        .state()
        .with_file_name("other.db")
        .display()
        .to_string();
    let elsewhere = |code: i32, words: &[&str]| {
        let create = [
            "--state",
            &state,
            "--sandbox",
            "--sandbox-speed",
            "max",
            "aurora",
            "create",
        ];
        let line = [&create[..], &KEYCLOAK, &["--take-over"], words].concat();
        home.expect(code, &line)
    };
    elsewhere(8, &["--username", "bob"])
        .says("master user alice, and bob is asked for")
        .says("stepwell aurora delete");
    let plan = elsewhere(0, &["--username", "alice", "--plan", "-o", "json"]).json();
    let steps = plan["plan"].as_array().expect("a plan");
    let change = |name: &str| {
        let step = steps.iter().find(|step| step["name"] == name);
        step.expect("a step")["change"].clone()
    };
    for name in [
        "vpc",
        "route-table",
        "subnet-group",
        "security-group",
        "cluster",
    ] {
        assert_eq!(change(name), "adopt", "{name}");
    }
    assert_eq!(change("instance-1"), "create");
    elsewhere(0, &["--username", "alice"]).prints("username alice");
    assert_eq!(home.count("db-cluster"), 1);
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
