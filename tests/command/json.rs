//! The JSON contract.

use serde_json::Value;

use super::harness::{Home, KEYCLOAK};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().expect("a time");
    assert!(
        text.len() == 24 && text.ends_with('Z') && text.contains('T'),
        "{text}"
    );
}

#[test]
fn a_workflow_prints_one_document() {
    let home = Home::new();
    let json = home.create(0, &["--instances", "2", "-o", "json"]).json();
    assert_eq!(
        keys(&json),
        [
            "fault",
            "hint",
            "leftovers",
            "outputs",
            "resume",
            "rollback",
            "run",
            "schema",
            "status",
            "target",
            "waive",
            "waived",
            "workflow"
        ]
    );
    assert_eq!(json["schema"], 1);
    assert_eq!(json["status"], "succeeded");
    assert_eq!(json["workflow"], "aurora create");
    let outputs = &json["outputs"];
    assert!(
        outputs["endpoint"]
            .as_str()
            .is_some_and(|host| host.contains("keycloak"))
    );
    assert!(
        outputs["vpc_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("vpc-"))
    );
    assert!(
        outputs["cidr"]
            .as_str()
            .is_some_and(|range| range.ends_with("/24"))
    );
    assert_eq!(outputs["instances"].as_array().map(Vec::len), Some(2));

    let endpoint = home.max(
        0,
        &[&["aurora", "endpoint", "-o", "json"], &KEYCLOAK[..]].concat(),
    );
    let endpoint = endpoint.json();
    assert_eq!(endpoint["endpoint"], outputs["endpoint"]);
    assert_eq!(endpoint["serving"], true);
    let list = home
        .max(0, &["aurora", "list", "--all-regions", "-o", "json"])
        .json();
    assert_eq!(list["clusters"][0]["cluster"], "keycloak");
    assert_eq!(list["skipped"].as_array().map(Vec::len), Some(0));

    let error = home.create(1, &["-o", "json"]);
    assert_eq!(error.stdout, "");
    assert_eq!(error.stderr.lines().count(), 1, "{error:?}");
    let error = error.error();
    assert_eq!(error["schema"], 1);
    assert_eq!(error["code"], "exists");
    assert_eq!(error["exit_code"], 1);
    assert!(error["hint"].is_string());
    assert!(
        error["error"]
            .as_str()
            .is_some_and(|text| text.contains("exists"))
    );
    assert!(error["request_id"].is_null());
}

#[test]
fn the_history_as_documents() {
    let home = Home::new();
    home.create(0, &[]);
    let runs = home.runs();
    for key in [
        "id",
        "workflow",
        "target",
        "status",
        "started_at",
        "ended_at",
    ] {
        assert!(!runs[0][key].is_null(), "{key}");
    }
    is_time(&runs[0]["started_at"]);
    is_time(&runs[0]["ended_at"]);

    let run = home.show("latest");
    assert_eq!(run["id"], runs[0]["id"]);
    assert_eq!(run["account"]["kind"], "sandbox");
    assert_eq!(run["account"]["id"].as_str().map(str::len), Some(12));
    for step in run["steps"].as_array().expect("steps") {
        assert_eq!(
            keys(step),
            [
                "attempts", "by_hand", "name", "output", "retried", "status", "type", "undo"
            ]
        );
        assert_eq!(step["status"], "done");
        for attempt in step["attempts"].as_array().expect("attempts") {
            assert_eq!(
                keys(attempt),
                [
                    "ended_at",
                    "fault",
                    "in_doubt",
                    "number",
                    "outcome",
                    "started_at",
                    "verb"
                ]
            );
            is_time(&attempt["started_at"]);
            is_time(&attempt["ended_at"]);
        }
    }
    let id = runs[0]["id"].as_str().expect("an id");
    let by_prefix = home.show(&id[..13]);
    assert_eq!(by_prefix["id"], runs[0]["id"]);

    let events = home.expect(0, &["runs", "events", "-o", "json"]).json();
    let lines = home.expect(0, &["runs", "events", "-o", "jsonl"]).lines();
    assert_eq!(events["events"].as_array(), Some(&lines));
    assert_eq!(lines[0]["kind"], "run_created");
    assert_eq!(lines.last().expect("a line")["kind"], "run_ended");
    let text = home.expect(0, &["runs", "events"]).stdout;
    assert_eq!(text.lines().count(), lines.len());
}

/// A run that waits for somebody has not ended, whichever way one asks.
#[test]
fn list_and_show_agree_on_a_suspended_run() {
    let home = Home::new();
    home.fault(&["--operation", "CreateVpc", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    let (listed, shown) = (&home.runs()[0], home.show("latest"));
    for (key, value) in listed.as_object().expect("an object") {
        assert_eq!(*value, shown[key], "{key}");
    }
    assert!(shown["ended_at"].is_null());
    is_time(&shown["updated_at"]);
    home.expect(0, &["runs", "show"]).prints("  stopped   ");
}

#[test]
fn a_plan_has_every_field_in_every_step() {
    let home = Home::new();
    let plan = home.create(0, &["--plan", "-o", "json"]).json();
    for step in plan["plan"].as_array().expect("steps") {
        assert_eq!(keys(step), ["change", "ids", "name", "type", "until"]);
    }
}

#[test]
fn events_come_as_lines_and_then_the_document() {
    let home = Home::new();
    home.fault(&["--operation", "CreateVpc", "--throttle", "--times", "1"]);
    let lines = home.create(0, &["-o", "jsonl"]).lines();
    let (document, events) = lines.split_last().expect("lines");
    assert_eq!(document["schema"], 1);
    assert_eq!(document["status"], "succeeded");
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], place);
        assert_eq!(event["run"], document["run"]);
        is_time(&event["at"]);
    }
    let failed = events
        .iter()
        .find(|event| event["kind"] == "attempt_failed")
        .expect("a fault");
    is_time(&failed["data"]["at"]);
    assert_eq!(failed["data"]["fault"]["class"], "transient");
    let journal = home.expect(0, &["runs", "events", "-o", "jsonl"]).lines();
    assert_eq!(journal, events);
}

#[test]
fn the_sandbox_as_documents() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "createvpc",
        "--error",
        "VpcLimitExceeded",
        "--match",
        "region=eu-west-1",
    ]);
    let list = home
        .expect(0, &["sandbox", "fault", "list", "-o", "json"])
        .json();
    assert_eq!(list["faults"][0]["operation"], "CreateVpc");
    let status = home.expect(0, &["sandbox", "status", "-o", "json"]).json();
    assert_eq!(status["faults"], 1);
    assert_eq!(status["schema"], 1);
    assert_eq!(
        status["regions"].as_object().map(|regions| regions.len()),
        Some(0)
    );
    let reset = home.expect(0, &["sandbox", "reset", "-o", "json"]).json();
    assert_eq!(reset["done"], "reset");
    home.expect(0, &["sandbox", "fault", "list"])
        .says("no faults");
}
