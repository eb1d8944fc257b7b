//! Files that are taken away under a run.

use super::deed::{Deed, Tally, Told};
use super::ground::Ground;
use crate::command::harness::{Done, KEYCLOAK, Running};

/// A create during which a line of shell is run in the state folder.
fn during(ground: &Ground, line: &str) -> Done {
    at_speed(ground, "60", line)
}

fn at_speed(ground: &Ground, speed: &str, line: &str) -> Done {
    let words = [
        "--sandbox",
        "--sandbox-speed",
        speed,
        "aurora",
        "create",
        "-o",
        "json",
    ];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut run = Running::of(command, &ground.home);
    run.until("started cluster-available");
    ground.shell(line);
    run.end()
}

/// What can be put back is put back, and the run is gone on with.
#[test]
fn what_was_moved_away_can_be_put_back() {
    let mut tally = Tally::default();
    for (away, back) in [
        ("mv state.db ../aside", "mv ../aside state.db"),
        ("rm state.db-wal", ""),
        ("rm state.db-shm", ""),
        // Another's in its place, which is not touched.
        (
            "mv state.db ../aside; cp ../aside state.db; chmod 600 state.db",
            "mv ../aside state.db",
        ),
    ] {
        let ground = Ground::new();
        let before = ground.look();
        let done = during(&ground, away);
        let told = Deed::Create.must_be_told(&ground, &done);
        assert_eq!(told, Told::Failed, "{away}: {done:#?}");
        done.says("was removed or replaced while it was in use")
            .says("put it back")
            .says("resume");
        ground.shell(back);
        tally.add(told, ground.must_be_recorded(&before));
        assert_eq!(ground.runs()[0]["status"], "interrupted", "{away}");
        Deed::Create.must_end(&ground);
    }
    println!(
        "state file, log and index moved away during a run: {}",
        tally.text()
    );
    assert_eq!(tally.failed, 4);
}

/// Without the locks two processes may go on with one run: the journal has the
/// first one stop at what it records next.
#[test]
fn locks_that_are_removed_leave_the_journal_to_tell_two_processes_apart() {
    let ground = Ground::new();
    let before = ground.look();
    let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut first = Running::of(command, &ground.home);
    first.until("started cluster-available");
    ground.shell("rm -r state.db.locks");
    let resume = ["--sandbox", "--sandbox-speed", "60", "resume"];
    let second = Running::of(ground.command(&[], &resume), &ground.home);
    let mut ended = [first.end(), second.end()];
    ended.sort_by_key(|done| done.code);
    let [done, told] = ended;
    assert_eq!((done.code, told.code), (0, 1), "{done:#?}, {told:#?}");
    told.says("another process is writing this run")
        .says("runs show");
    let compared = ground.must_be_recorded(&before);
    ground.expect(0, &["runs", "verify"]);
    for kind in ["vpc", "db-cluster", "db-instance"] {
        assert_eq!(ground.count(kind), 1, "{kind}");
    }
    println!(
        "locks removed during a run, and a second process beside it: 1 tried, {compared} resources compared with the journal, duplicates 0"
    );
}

/// What is lost is said, and what was made is found by its name and tags.
#[test]
fn a_lost_state_file_is_not_lost_infrastructure() {
    let mut tried = 0;
    for line in ["rm state.db state.db-wal state.db-shm", "rm -r state.db*"] {
        for again in [Deed::Create, Deed::Delete] {
            let ground = Ground::new();
            let done = during(&ground, line);
            assert_eq!(done.code, 1, "{done:#?}");
            done.says("was removed or replaced while it was in use")
                .says("if it is lost, so is the history")
                .says("found by its name and tags");
            assert!(!ground.home.state().exists(), "a new file in its place");
            assert_eq!(ground.runs().len(), 0);
            assert_eq!(ground.count("vpc"), 1);
            // The sign of life of the run that was stopped may still be there.
            ground.expect(0, &[&again.words()[..], &["--take-over"]].concat());
            let left = ground.look();
            match again {
                Deed::Create => assert_eq!(ground.count("vpc"), 1),
                _ => assert!(left.is_empty(), "{left:#?}"),
            }
            tried += 1;
        }
    }
    println!(
        "state file lost during a run: {tried} tried, said so {tried}, completed or deleted by tags {tried}"
    );
}

/// The folder with all that is in it, the account's file included.
#[test]
fn a_folder_that_is_moved_away_or_removed() {
    let ground = Ground::new();
    let before = ground.look();
    let done = during(&ground, "mv ../state ../aside");
    assert!(matches!(done.code, 1 | 3), "{done:#?}");
    done.says("removed or replaced");
    ground.shell_at_home("rm -rf state; mv aside state");
    let compared = ground.must_be_recorded(&before);
    assert!(compared > 0);
    Deed::Create.must_end(&ground);

    let ground = Ground::new();
    let done = during(
        &ground,
        // The process may put something there meanwhile.
        "until rm -r ../state 2>/dev/null; do :; done",
    );
    assert!(matches!(done.code, 1 | 3), "{done:#?}");
    done.says("removed or replaced");
    assert!(!ground.home.state().exists());
    assert_eq!(ground.look().len(), 0);
    println!(
        "folder moved away or removed during a run: 2 tried, {compared} resources compared with the journal, unrecorded 0"
    );
}

/// The simulated account is gone: what it held is, too, and the run ends in
/// whatever way an account that was emptied by others makes it end, with all of
/// it recorded.
#[test]
fn the_accounts_file_removed_or_moved_away() {
    let mut tried = 0;
    for (line, mend) in [
        ("rm sandbox.json", ""),
        ("mv sandbox.json ../aside", "mv ../aside sandbox.json"),
        // A call under way may write the file between the two, so again.
        (
            "until rm -f sandbox.json && mkdir sandbox.json 2>/dev/null; do :; done",
            "rmdir sandbox.json",
        ),
        ("echo nonsense > sandbox.json", "rm sandbox.json"),
    ] {
        let ground = Ground::new();
        // What can't be reached is asked for many times, for half an hour.
        let done = at_speed(&ground, "600", line);
        // Taken away between the beginning and the end of a call, it is written
        // anew by the call, and nothing is lost.
        assert!(matches!(done.code, 0 | 3..=5), "{line}: {done:#?}");
        ground.shell(mend);
        ground.expect(0, &["runs", "verify"]);
        let document = ground.expect(0, &["-o", "json", "runs", "show"]).json();
        let told = document["fault"]["message"].is_string() || document["suspended"].is_object();
        assert!(told || done.code == 0, "{document:#}");
        ground.expect(
            0,
            &[
                &["--sandbox", "--sandbox-speed", "max", "--yes"][..],
                &["aurora", "delete", "--skip-final-snapshot", "--take-over"],
                &KEYCLOAK,
            ]
            .concat(),
        );
        assert!(ground.look().is_empty());
        tried += 1;
    }
    println!(
        "the account's file removed, moved away or exchanged during a run: {tried} tried, each recorded with what came of it"
    );
}
