//! Two processes at once.

use rustix::process::Signal;

use super::harness::{Home, KEYCLOAK};

#[test]
fn a_second_process_is_told_who_is_at_work() {
    let home = Home::new();
    // Slow enough to be at work until the end of the test.
    let words = ["--sandbox", "--sandbox-speed", "6", "aurora", "create"];
    let mut first = home.start(&[&words, &KEYCLOAK[..]].concat());
    first.until("started vpc");
    let pid = format!("process {}", first.pid());

    home.create(6, &[]).says(&pid).says("since");
    let json = home.create(6, &["-o", "json"]);
    let error = json.error();
    assert_eq!(error["code"], "locked");
    assert_eq!(error["exit_code"], 6);
    assert!(
        error["error"]
            .as_str()
            .is_some_and(|text| text.contains(&pid))
    );
    home.delete(6, &[]).says(&pid);
    home.expect(6, &["resume"]).says(&pid);
    home.expect(6, &["rollback", "--yes"]).says(&pid);

    // Looking is always possible, and sees it alive.
    assert_eq!(home.runs()[0]["status"], "running");
    assert_eq!(home.show("latest")["status"], "running");
    // Another target is not in the way.
    home.max(
        0,
        &[
            "aurora",
            "create",
            "--cluster",
            "other",
            "--region",
            "eu-west-1",
        ],
    );

    first.signal(Signal::KILL);
    first.end();
    assert_eq!(
        home.runs()[1]["status"],
        "interrupted",
        "a dead process leaves no lock"
    );
    let id = home.runs()[1]["id"].as_str().expect("an id").to_owned();
    home.expect(0, &["--sandbox-speed", "max", "resume", &id[..13]]);
}
