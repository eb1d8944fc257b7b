//! What a killed process leaves: its log cut at many lengths, removed, or
//! exchanged. Nothing is made twice, and nothing is left over.

use std::fs;

use super::ground::{Ground, cases, set_mode, spread};
use crate::command::harness::{KEYCLOAK, Running};

/// A create that was killed while the database was being made, with a log.
fn killed() -> Ground {
    let ground = Ground::new();
    let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut run = Running::of(command, &ground.home);
    run.until("started cluster-available");
    run.kill();
    assert!(ground.folder().join("state.db-wal").exists());
    ground.keep();
    ground
}

/// Goes on with what is left of the history, or begins anew where nothing is.
#[track_caller]
fn go_on(ground: &Ground) -> bool {
    let known = !ground.runs().is_empty();
    if known {
        ground.expect(0, &["runs", "verify"]);
        ground.expect(0, &["--sandbox-speed", "max", "resume", "latest"]);
    } else {
        let words = ["--sandbox", "--sandbox-speed", "max", "aurora", "create"];
        // The dead run has left a sign of life on AWS.
        let words = [&words[..], &KEYCLOAK, &["--take-over"]].concat();
        ground.expect(0, &words);
    }
    for (kind, count) in [
        ("vpc", 1),
        ("subnet", 3),
        ("security-group", 1),
        ("db-cluster", 1),
    ] {
        assert_eq!(ground.count(kind), count, "{kind}");
    }
    assert_eq!(ground.count("db-instance"), 1);
    ground.expect(0, &["runs", "verify"]);
    known
}

#[test]
fn a_log_cut_at_many_lengths() {
    let ground = killed();
    let log = fs::read(ground.folder().join("state.db-wal")).expect("a log");
    let lengths = spread(cases(8), 0, log.len() - 1);
    let (mut known, mut anew) = (0, 0);
    for &length in &lengths {
        ground.put_back();
        let path = ground.folder().join("state.db-wal");
        let file = fs::File::options().write(true).open(path).expect("a log");
        file.set_len(length as u64).expect("cut");
        if go_on(&ground) {
            known += 1;
        } else {
            anew += 1;
        }
    }
    println!(
        "truncated logs of a killed run: {} lengths up to {} bytes; resumed {known}, begun anew {anew} where no event was left; duplicates 0, leftovers 0",
        lengths.len(),
        log.len()
    );
    assert!(known > 1 && anew > 0);
}

#[test]
fn a_log_or_its_index_removed_or_exchanged() {
    let ground = killed();
    let other = killed();
    let theirs = fs::read(other.folder().join("state.db-wal")).expect("a log");
    let beside = |name: &str| ground.folder().join(name);
    let mut tried = 0;
    for what in [
        "index removed",
        "index of another",
        "index of zeros",
        "log removed",
    ] {
        ground.put_back();
        match what {
            "index removed" => fs::remove_file(beside("state.db-shm")).expect("removed"),
            "index of another" => {
                let index = fs::read(other.folder().join("state.db-shm")).expect("an index");
                fs::write(beside("state.db-shm"), index).expect("exchanged");
            }
            "index of zeros" => fs::write(beside("state.db-shm"), [0; 32768]).expect("zeros"),
            _ => fs::remove_file(beside("state.db-wal")).expect("removed"),
        }
        let known = go_on(&ground);
        assert_eq!(known, what != "log removed", "{what}");
        tried += 1;
    }
    // The log of another state file: its run is told, which belongs to another
    // account, and nothing of it is done to this one.
    ground.put_back();
    let before = ground.look();
    fs::write(beside("state.db-wal"), theirs).expect("exchanged");
    set_mode(&beside("state.db-wal"), 0o600);
    let listed = ground.run(&["runs", "list", "-o", "json"]);
    if listed.code == 0 {
        for run in listed.json()["runs"].as_array().expect("runs") {
            let path = run["account"]["path"].as_str().unwrap_or_default();
            let ours = path.starts_with(&*ground.folder().to_string_lossy());
            assert!(!ours || run["doubt"].is_null(), "{listed:#?}");
        }
    }
    assert_eq!(ground.look(), before);
    tried += 1;
    println!(
        "logs and indexes of a killed run, removed or exchanged: {tried} tried, duplicates 0, leftovers 0"
    );
}
