//! The doctor.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::harness::{Done, Home, MAX};

/// A home whose only tools are the given scripts.
fn with_tools(tools: &[(&str, &str)]) -> Home {
    let mut home = Home::new();
    let folder = home.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    for (name, body) in tools {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let folder = folder.display().to_string();
    home.set("PATH", &folder);
    home
}

#[track_caller]
fn doctor(home: &Home, code: i32, more: &[&str]) -> Done {
    home.max(code, &[&["doctor"], more].concat())
}

#[track_caller]
fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    let checks = document["checks"].as_array().expect("checks");
    (checks.iter())
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {document:#}"))
}

const HERE: [&str; 2] = ["--region", "eu-west-1"];

/// The time of a simulated account runs ahead of the machine's, and that is
/// nobody's wrong clock.
#[test]
fn a_sandbox_that_ran_ahead_has_the_right_time() {
    let home = with_tools(&[]);
    home.create(0, &[]);
    let json = doctor(&home, 0, &[&HERE[..], &["-o", "json"]].concat()).json();
    assert_eq!(check(&json, "clock")["status"], "ok", "{json:#}");
}

#[test]
fn a_healthy_machine() {
    let rosa = r#"case "$1" in
version) echo 1.2.50 ;;
whoami) echo 'OCM API:              https://api.openshift.com'
    echo 'OCM Account Username: somebody' ;;
describe) echo "{\"name\":\"$4\",\"state\":\"ready\"}" ;;
esac"#;
    let home = with_tools(&[
        ("rosa", rosa),
        ("kubectl", "echo 'Client Version: v1.33.1'"),
    ]);
    let done = doctor(&home, 0, &HERE);
    for line in done.stdout.lines() {
        assert!(line.starts_with("ok "), "{done:#?}");
    }
    done.prints("Client Version: v1.33.1")
        .prints("rosa 1.2.50, logged in to https://api.openshift.com as somebody")
        .prints("eu-west-1 is enabled, with eu-west-1a")
        .prints("17 with db.r7g.xlarge in eu-west-1a, eu-west-1b, eu-west-1c")
        .prints("0 of 40 are used");
    let words = [&HERE[..], &["-o", "json", "--rosa-cluster", "rosa-1"]].concat();
    let json = doctor(&home, 0, &words).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["status"], "ok");
    let names: Vec<&str> = (json["checks"].as_array().expect("checks").iter())
        .filter_map(|check| check["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "version",
            "state",
            "history",
            "runs",
            "state-permissions",
            "disk",
            "rosa",
            "rosa-cluster",
            "kubectl",
            "identity",
            "clock",
            "region",
            "permissions",
            "rds",
            "offer",
            "quota-clusters",
            "quota-instances",
            "quota-subnet-groups",
            "quota-vpcs"
        ]
    );
    assert_eq!(check(&json, "rosa-cluster")["message"], "rosa-1 is ready");
    assert!(check(&json, "state")["code"].is_null());
    assert_eq!(home.count(""), 0, "it makes nothing");
}

#[test]
fn missing_tools_are_a_warning_unless_they_are_needed() {
    let home = with_tools(&[]);
    let json = doctor(&home, 0, &[&HERE[..], &["-o", "json"]].concat()).json();
    assert_eq!(json["status"], "warn");
    assert_eq!(check(&json, "rosa")["status"], "warn");
    assert!(check(&json, "kubectl")["hint"].is_string());
    let words = [&HERE[..], &["--rosa-cluster", "rosa-1"]].concat();
    doctor(&home, 1, &words).prints("the command rosa is not found");
    let wrong = [&HERE[..], &["--rosa-cluster", "-x"]].concat();
    doctor(&home, 64, &wrong);
}

/// As for a peering: with a login to OCM in the environment, OCM is asked.
#[test]
fn ocm_is_asked_where_there_is_a_login_to_it() {
    let mut home = with_tools(&[("rosa", "echo 'never asked'; exit 1")]);
    home.set("CLUSTER_NAME", "rosa-1");
    home.set("OCM_TOKEN", "e30.eyJ0eXAiOiJPZmZsaW5lIn0.x");
    // Nobody listens there.
    home.set("OCM_URL", "http://127.0.0.1:9");
    home.set("OCM_TOKEN_URL", "http://127.0.0.1:9/token");
    let json = doctor(&home, 1, &[&HERE[..], &["-o", "json"]].concat()).json();
    for (name, status) in [("rosa", "warn"), ("rosa-cluster", "fail")] {
        let found = check(&json, name);
        assert_eq!(found["status"], status, "{json:#}");
        let said = found["message"].as_str().expect("text");
        assert!(said.contains("OCM at http://127.0.0.1:9"), "{said}");
    }
    home.set("OCM_URL", "ftp://x");
    let json = doctor(&home, 1, &[&HERE[..], &["-o", "json"]].concat()).json();
    let refused = check(&json, "rosa")["message"].as_str().expect("text");
    assert!(refused.contains("OCM_URL"), "{refused}");
}

#[test]
fn a_tool_that_fails_or_hangs_holds_nothing_up() {
    let home = with_tools(&[
        (
            "rosa",
            "echo 'ERR: Failed to create OCM connection: Not logged in' >&2; exit 1",
        ),
        ("kubectl", "exec /bin/sleep 1000"),
    ]);
    let words = [&HERE[..], &["--rosa-cluster", "rosa-1", "-o", "json"]].concat();
    let json = doctor(&home, 1, &words).json();
    assert_eq!(check(&json, "rosa-cluster")["status"], "fail");
    let said = check(&json, "rosa-cluster")["message"]
        .as_str()
        .expect("text");
    assert!(said.contains("Not logged in"), "{said}");
    let kubectl = check(&json, "kubectl");
    assert_eq!(kubectl["status"], "warn");
    assert!(
        kubectl["message"]
            .as_str()
            .is_some_and(|said| said.contains("no answer within"))
    );
}

#[test]
fn what_aws_refuses_is_told() {
    let home = Home::new();
    for operation in ["DeleteVpc", "CreateSubnet"] {
        home.fault(&["--operation", operation, "--error", "UnauthorizedOperation"]);
    }
    home.fault(&[
        "--operation",
        "DescribeDBSubnetGroups",
        "--error",
        "AccessDenied",
    ]);
    home.fault(&[
        "--operation",
        "DescribeAccountAttributes",
        "--error",
        "AccessDenied",
    ]);
    let json = doctor(&home, 1, &[&HERE[..], &["-o", "json"]].concat()).json();
    assert_eq!(json["status"], "fail");
    let denied = check(&json, "permissions");
    assert_eq!(denied["status"], "fail");
    assert_eq!(
        denied["message"],
        "ec2 does not allow CreateSubnet, DeleteVpc"
    );
    assert_eq!(denied["code"], "UnauthorizedOperation");
    assert_eq!(check(&json, "rds")["code"], "AccessDenied");
    assert_eq!(check(&json, "quota-rds")["status"], "warn");
    assert_eq!(
        check(&json, "offer")["status"],
        "ok",
        "the others are checked"
    );
}

#[test]
fn regions_and_offers() {
    let home = Home::new();
    let closed = doctor(&home, 1, &["--region", "af-south-1"]);
    closed
        .prints("ok    identity")
        .prints("fail  region")
        .prints("is af-south-1 enabled");
    let words = ["--region", "us-west-1", "--instance-class", "db.r8g.xlarge"];
    doctor(&home, 1, &words).prints("17 with db.r8g.xlarge is not offered in us-west-1");
    doctor(&home, 0, &[]).prints("warn  region");
    doctor(&home, 64, &["--region", "Europe"]).says("--region \"Europe\"");
    doctor(&home, 64, &["--region", "eu-west-1", "--cluster", "a_b"]).says("--cluster");
    let named = [&HERE[..], &["--cluster", "keycloak"]].concat();
    doctor(&home, 0, &named).prints("there is no cluster keycloak in eu-west-1");
    home.create(0, &[]);
    doctor(&home, 0, &named).prints("keycloak is available, 1 instances");
}

#[test]
fn expired_credentials_and_an_endpoint_that_is_not_there() {
    let mut home = Home::new();
    home.fault(&[
        "--operation",
        "GetCallerIdentity",
        "--error",
        "ExpiredToken",
    ]);
    let json = doctor(&home, 1, &[&HERE[..], &["-o", "json"]].concat()).json();
    assert_eq!(check(&json, "identity")["code"], "ExpiredToken");
    assert!(check(&json, "identity")["hint"].is_string());
    assert_eq!(check(&json, "region")["status"], "warn");

    home.set("AWS_ACCESS_KEY_ID", "test");
    home.set("AWS_SECRET_ACCESS_KEY", "test");
    let nowhere = [
        "doctor",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        "http://127.0.0.1:1",
    ];
    let done = home.expect(1, &nowhere);
    done.prints("fail  identity").prints("got no answer");
}

#[test]
fn the_state_file() {
    let home = Home::new();
    doctor(&home, 0, &[]);
    let mode = |path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(home.state()), 0o600, "made as any command makes it");
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o644)).expect("a mode");
    doctor(&home, 0, &[]).prints("others may use the state file (mode 0644) — chmod 600");
    let folder = home.path().join("a-folder");
    fs::create_dir(&folder).expect("a folder");
    let folder = folder.display().to_string();
    let words = [&MAX[..], &["doctor", "--state", &folder]].concat();
    home.expect(1, &words).prints("fail  state");
    // A file that is no history.
    let junk = home.path().join("junk.db");
    fs::write(
        &junk,
        "not a database, but long enough to be taken for one, surely".repeat(40),
    )
    .expect("a file");
    let junk = junk.display().to_string();
    let words = [&MAX[..], &["doctor", "-o", "json", "--state", &junk]].concat();
    let json = home.expect(1, &words).json();
    assert_eq!(check(&json, "state")["code"], "state_corrupt");
}
