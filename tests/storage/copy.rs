//! Copies of a state, as docs/commands.md has them.

use std::fs;
use std::path::Path;

use super::ground::Ground;
use crate::command::harness::{KEYCLOAK, Running};

/// The two commands of the page, without their remarks.
fn commands() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, after) = page.split_once("**To copy it**").expect("the paragraph");
    let (_, block) = after.split_once("```sh\n").expect("a block");
    let (block, _) = block.split_once("```").expect("an end");
    block
        .lines()
        .map(|line| {
            line.split_once('#')
                .map_or(line, |(command, _)| command)
                .trim()
                .to_owned()
        })
        .collect()
}

#[test]
fn a_copy_after_a_crash_has_the_whole_history() {
    let ground = Ground::new();
    let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut run = Running::of(command, &ground.home);
    run.until("started subnet-group");
    run.kill();
    assert!(ground.folder().join("state.db-wal").exists());
    let events = |state: &Path| {
        let state = state.display().to_string();
        let done = ground.run(&["--state", &state, "-o", "jsonl", "runs", "events", "latest"]);
        done.stdout.lines().count()
    };
    let all = events(&ground.home.state());
    assert!(all > 5);
    let state = ground.home.state().display().to_string();
    let [backup, folder] = commands().try_into().expect("two commands");
    // The file alone, before anybody has taken in the log.
    ground.shell_at_home("cp -p state/state.db alone.db");
    assert!(events(&ground.home.path().join("alone.db")) < all);

    ground.shell_at_home(&format!("export STEPWELL_STATE='{state}'; {folder}"));
    let copy = ground.home.path().join("copy/state.db");
    assert_eq!(events(&copy), all);
    let copy = copy.display().to_string();
    ground.expect(0, &["--state", &copy, "runs", "verify"]);
    if !Path::new("/usr/bin/sqlite3").exists() {
        println!("a copy by the sqlite3 shell: skipped, there is none");
        return;
    }
    ground.shell_at_home(&format!("export STEPWELL_STATE='{state}'; {backup}"));
    assert_eq!(events(&ground.home.path().join("copy.db")), all);
}
