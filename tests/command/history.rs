//! Histories that something else wrote to.

use rusqlite::Connection;

use super::harness::Home;

/// Changes the state file behind the command's back.
#[track_caller]
fn change(home: &Home, sql: &str) {
    let file = Connection::open(home.state()).expect("the state file");
    file.execute_batch(sql).expect("changed");
}

#[test]
fn a_history_is_whole_until_it_is_edited() {
    let home = Home::new();
    home.expect(0, &["runs", "verify"]).says("no runs");
    home.create(0, &[]);
    home.delete(0, &[]);
    home.expect(0, &["runs", "verify"]).prints("whole");
    let json = home.expect(0, &["runs", "verify", "-o", "json"]).json();
    assert_eq!(json["whole"], true);
    let runs = json["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 2);
    let head = runs[0]["head"].as_str().expect("a link");
    assert_eq!(head.len(), 64);
    // The story ends with the same link, so that it may be kept elsewhere.
    assert_eq!(home.show("latest")["history"]["head"], head);
    home.expect(0, &["runs", "show"]).prints(head);

    change(
        &home,
        "UPDATE event SET body = replace(body, 'made', 'ours')
         WHERE run = 2 AND body LIKE '%\"made\"%'",
    );
    let done = home.expect(1, &["runs", "verify", "-o", "json"]);
    assert_eq!(done.error()["code"], "history_broken");
    let json = done.json();
    assert_eq!(json["whole"], false);
    let verdicts: Vec<&str> = (json["runs"].as_array().expect("runs").iter())
        .map(|run| run["verdict"].as_str().expect("a word"))
        .collect();
    assert_eq!(verdicts, ["broken", "whole"]);
    let at = json["runs"][0]["broken_at"].as_u64().expect("a place");
    home.expect(1, &["runs", "verify", "latest"])
        .prints(&format!("event {at}: it is not as it was recorded"));
    home.expect(0, &["runs", "show"])
        .prints(&format!("event {at}"));
    let earlier = runs[1]["id"].as_str().expect("an id");
    home.expect(0, &["runs", "verify", earlier]).prints("whole");
}

#[test]
fn a_history_that_was_cut_is_not_gone_on_with() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let left = home.count("");
    change(&home, "DELETE FROM event WHERE seq = 7");
    for command in ["resume", "rollback"] {
        let done = home.expect(1, &[command, "--sandbox-speed", "max", "-o", "json"]);
        let error = done.error();
        assert_eq!(error["code"], "history_broken");
        // The command that gives it up stands there as it has to be typed.
        let hint = error["hint"].as_str().expect("a hint");
        let give_up = "`stepwell --sandbox aurora delete --cluster keycloak --region eu-west-1 --final-snapshot keycloak-last`";
        assert!(hint.contains(give_up), "{hint}");
    }
    assert_eq!(home.count(""), left);
    home.expect(1, &["runs", "verify"])
        .prints("event 7: it is missing");
    // What the run made is found without its history.
    home.delete(0, &[]);
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_run_that_cannot_be_read_does_not_stop_the_others() {
    let home = Home::new();
    home.create(0, &[]);
    home.delete(0, &[]);
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    change(
        &home,
        "UPDATE run SET status = 'sleeping' WHERE number = 1;
         DELETE FROM event WHERE run = 2",
    );
    let list = home.expect(0, &["runs", "list"]);
    list.prints("suspended").says("can't be read");
    assert_eq!(list.stdout.lines().count(), 2, "{list:?}");
    let json = home.expect(0, &["runs", "list", "-o", "json"]).json();
    assert_eq!(json["runs"].as_array().expect("runs").len(), 1);
    assert_eq!(json["unreadable"].as_array().expect("runs").len(), 2);
    home.expect(1, &["runs", "verify"])
        .says("2 of 3 histories are not as they were recorded");
    home.resume(0);
    home.delete(0, &[]);
    assert_eq!(home.count(""), 0);
}
