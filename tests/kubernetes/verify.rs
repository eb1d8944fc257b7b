//! Whether a pod reaches the database, and what is at fault if not.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::database::PASSWORD;
use super::stage::{Stage, Whole, base64};
use crate::command::harness::KEYCLOAK;
use crate::command::peering::ground::{ROSA_RANGE, THERE, close, lay_out, peering};

/// As libpq 17 says it.
const SILENCE: &str =
    "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: timeout expired";

fn statuses(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let checks = document["checks"].as_array().expect("checks");
    checks
        .iter()
        .map(|check| (text(&check["name"]), text(&check["status"])))
        .collect()
}

#[test]
fn a_pod_that_reaches_the_database_leaves_nothing() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    // A process that was killed left one that has ended, and another is at work.
    stage.change(|state| {
        for (name, phase) in [("old", "Succeeded"), ("young", "Running")] {
            let labels = json!({ "app.kubernetes.io/managed-by": "stepwell",
                                 "app.kubernetes.io/component": "verify",
                                 "stepwell.io/cluster": "keycloak",
                                 "stepwell.io/region": "eu-west-1" });
            let name = format!("stepwell-verify-{name}");
            state["clusters"]["dc1"]["keycloak"][format!("pod/{name}")] = json!({
                "metadata": { "name": name, "labels": labels },
                "spec": { "containers": [{ "name": "psql" }] },
                "status": { "phase": phase },
            });
        }
    });
    let done = stage.verify(0, &["-o", "json"]).json();
    assert_eq!(done["schema"], 1);
    assert_eq!(done["reached"], true);
    assert_eq!(done["at_fault"], Value::Null);
    assert_eq!(done["port"], 5432);
    assert_eq!(
        (&done["context"], &done["namespace"]),
        (&json!("dc1"), &json!("keycloak"))
    );
    let ok = |name: &str| (name.to_owned(), "ok".to_owned());
    assert_eq!(statuses(&done), [ok("name"), ok("port"), ok("login")]);
    assert_eq!(stage.pods(), ["stepwell-verify-young"], "its own is gone");
    stage.verify(0, &[]).prints("login");
    assert!(!format!("{:?}", stage.calls()).contains(PASSWORD));
    assert_eq!(stage.home.runs().len(), 1, "the create alone: it is no run");
}

#[test]
fn user_and_password_are_those_of_the_secret() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    stage.change(|state| {
        let data = &mut state["clusters"]["dc1"]["keycloak"]["secret/keycloak-db-secret"]["data"];
        data["password"] = json!(base64("another"));
    });
    let done = stage.verify(1, &["-o", "json"]);
    let told = done.json();
    assert_eq!(told["reached"], false);
    assert_eq!(told["at_fault"], "password");
    assert_eq!(done.error()["code"], "not_reached");
    done.says("--format secret");
    assert_eq!(stage.pods(), [""; 0]);
    assert!(!format!("{done:?}").contains("another\""));

    // The user is the Secret's, not the master user of the cluster.
    stage.change(|state| {
        let data = &mut state["clusters"]["dc1"]["keycloak"]["secret/keycloak-db-secret"]["data"];
        data["password"] = json!(base64(PASSWORD));
        data["username"] = json!(base64("nobody"));
    });
    stage
        .verify(1, &[])
        .says("user and password of secret keycloak-db-secret");
    stage.verify(1, &["--database", "other", "-o", "json"]);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn what_aws_lacks_is_named() {
    let stage = Stage::without_database();
    let home = &stage.home;
    stage.tells(2, SILENCE);
    let at_fault = |more: &[&str]| {
        let done = stage.verify(1, &[&["-o", "json"], more].concat());
        assert_eq!(stage.pods(), [""; 0]);
        done.json()["at_fault"]
            .as_str()
            .expect("a culprit")
            .to_owned()
    };
    assert_eq!(at_fault(&[]), "peering");

    let network = lay_out(home, THERE, ROSA_RANGE);
    let made = peering(home, 0, "create", &network, &["-o", "json"]).json();
    let outputs = &made["outputs"];
    assert_eq!(at_fault(&[]), "network");
    assert_eq!(at_fault(&["--rosa-vpc", &network.vpc]), "network");
    assert_eq!(
        at_fault(&["--rosa-vpc", "vpc-0123456789abcdef0"]),
        "peering"
    );

    let range = outputs["cidrs"][0].as_str().expect("a range");
    network.cut(home, range);
    let done = stage.verify(1, &[]);
    done.prints("routes")
        .says("there is no route for")
        .says(range);
    done.says("peering create --cluster keycloak --region eu-west-1 --rosa-vpc vpc-")
        .says("` adds what is missing");
    assert_eq!(at_fault(&[]), "route");
    peering(home, 0, "create", &network, &[]);
    assert_eq!(at_fault(&[]), "network");

    let text = |name: &str| outputs[name].as_str().expect("a text");
    close(home, text("security_group_id"), text("ingress_rule_id"));
    assert_eq!(at_fault(&[]), "rule");
    stage.tells(
        2,
        "psql: error: could not translate host name \"h\" to address: unknown",
    );
    assert_eq!(at_fault(&[]), "dns");
    stage.tells(0, "1");
    stage.verify(0, &[]);
}

#[test]
fn what_is_missing_in_kubernetes_is_said_before_a_pod_is_made() {
    let stage = Stage::without_database();
    stage
        .verify(1, &["--secret", "other"])
        .says("there is no secret other");
    stage
        .verify_in("other", 1, &[])
        .says("there is no namespace other");
    stage
        .verify(1, &["--kubectl", "no-such-kubectl"])
        .says("can't be started");
    stage.verify_in("Not Valid", 64, &[]);
    stage.untouched();

    stage.strike("create", "dc1", 1, "forbidden");
    stage.verify(7, &[]).says("lacks the permission");
    stage
        .verify(1, &["--image", "docker.io/library/postgresql:17"])
        .says("--image");
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn a_signal_takes_the_pod_away() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let stage = Stage::without_database();
        stage.change(|state| state["told"] = json!("nothing"));
        let words = ["--sandbox", "peering", "verify"];
        let place = ["--namespace", "keycloak", "--context", "dc1"];
        let run = stage.home.start(&[&words[..], &KEYCLOAK, &place].concat());
        stage.until(|stage| stage.count("create") > 0 && stage.count("pod") > 1);
        run.signal(signal);
        let done = run.end();
        assert_eq!(done.code, code, "{done:?}");
        assert_eq!(stage.pods(), [""; 0]);
    }
}

#[test]
fn a_create_verifies_at_its_end_and_stays_done() {
    let stage = Stage::without_database();
    let home = &stage.home;
    let network = lay_out(home, THERE, ROSA_RANGE);
    let pod = ["--namespace", "keycloak", "--context", "dc1"];
    let with = |more: &[&'static str]| [&["--verify"], &pod[..], more].concat();
    // What the pod will need is looked for before anything is made.
    peering(home, 1, "create", &network, &with(&["--secret", "other"])).says("no secret other");
    peering(home, 64, "create", &network, &pod).says("--namespace is of no use without --verify");
    assert_eq!(network.routes(home), 0);
    peering(home, 0, "create", &network, &with(&["--plan"]));
    assert_eq!(network.routes(home), 0);

    stage.tells(2, SILENCE);
    let done = peering(home, 1, "create", &network, &with(&[]));
    done.prints("peering_id pcx-")
        .prints("login")
        .says("nothing comes back");
    assert_eq!(home.runs()[0]["status"], "succeeded");
    stage.tells(0, "1");
    let done = peering(home, 0, "create", &network, &with(&["-o", "jsonl"]));
    let last: Value =
        serde_json::from_str(done.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["reached"], true);
    assert_eq!(stage.pods(), [""; 0]);
}
