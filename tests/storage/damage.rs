//! A bit of the state file flipped, and then a run that is to be gone on with.

use std::fs;

use super::deed::Deed;
use stepwell_testkit::Chance;

use super::ground::{Ground, cases};

#[test]
fn nothing_is_done_for_a_damaged_history() {
    let ground = Ground::new();
    Deed::Resume.prepare(&ground);
    ground.keep();
    let whole = fs::read(ground.home.state()).expect("a file");
    let id = ground.runs()[0]["id"].as_str().expect("an id").to_owned();
    let (mut refused, mut unseen, mut ended) = (0, 0, 0);
    let mut dice = Chance::new(1);
    let tries = cases(24);
    for _ in 0..tries {
        ground.put_back();
        // Not among the bytes that nobody uses, which are most of a young file.
        let at = loop {
            let at = dice.index(whole.len());
            if whole[at] != 0 {
                break at;
            }
        };
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << dice.index(8);
        fs::write(ground.home.state(), &bytes).expect("written");
        let before = ground.look();
        let verified = ground.run(&["runs", "verify", &id]);
        let resumed = ground.run(&["--sandbox-speed", "max", "-o", "json", "resume", &id]);
        match resumed.code {
            0 => {
                // Whoever goes on had nothing to say against the history.
                ended += 1;
                unseen += usize::from(verified.code == 0);
                let file_alone = verified.stdout.contains("whole");
                assert!(verified.code == 0 || file_alone, "byte {at}: {verified:#?}");
                assert_eq!(ground.count("vpc"), 1);
                assert_eq!(ground.count("db-instance"), 1);
            }
            1 => {
                refused += 1;
                let error = resumed.error();
                assert!(error["error"].is_string(), "{resumed:#?}");
                assert_eq!(ground.look(), before, "byte {at}: something was done");
                assert_ne!(verified.code, 0, "byte {at}: {resumed:#?}");
            }
            _ => panic!("byte {at}: {resumed:#?}"),
        }
    }
    println!(
        "flipped bits before a resume: {tries} tried; refused with nothing done {refused}; gone on with to a whole account {ended}, {unseen} of them with nothing wrong to be seen"
    );
    assert!(refused > tries / 8 && ended > 0);
}

/// A damaged run keeps no other from being listed, shown and gone on with.
#[test]
fn other_runs_go_on() {
    let ground = Ground::new();
    ground.expect(0, &Deed::Create.words());
    ground.expect(0, &Deed::Delete.words());
    Deed::Resume.prepare(&ground);
    let state = rusqlite::Connection::open(ground.home.state()).expect("opened");
    state
        .execute_batch(
            "UPDATE event SET at = at + 1 WHERE run = 1 AND seq = 0;
             UPDATE run SET target = 'aurora/eu-west-1/other', ended_at = ended_at + 1 WHERE number = 2",
        )
        .expect("changed");
    drop(state);
    let list = ground.expect(0, &["runs", "list"]);
    list.says("event 0 is not as it was recorded")
        .says("event 0 says something else")
        .says(" runs verify`");
    let runs = ground.runs();
    assert!(runs[0]["doubt"].is_null());
    assert!(runs[1]["doubt"].is_string() && runs[2]["doubt"].is_string());
    ground.expect(1, &["runs", "verify"]).says("2 of 3");
    Deed::Resume.must_be_told(&ground, &ground.run(&Deed::Resume.words()));
    assert_eq!(ground.count("db-instance"), 1);
    ground.expect(0, &Deed::Delete.words());
}

/// A page of the file that is not whole: `runs verify` says so although every
/// history is.
#[test]
fn damage_beside_the_histories_is_told_by_verify() {
    let ground = Ground::new();
    ground.expect(0, &Deed::Create.words());
    let mut bytes = fs::read(ground.home.state()).expect("a file");
    // How many bytes of the first table's page are fragments: nothing reads it.
    let page = 4096;
    let count = bytes.len() / page;
    let leaf = (1..count).find(|number| bytes[number * page] == 13);
    bytes[leaf.expect("a leaf") * page + 7] ^= 4;
    fs::write(ground.home.state(), &bytes).expect("written");
    let done = ground.expect(1, &["-o", "json", "runs", "verify"]);
    assert_eq!(done.json()["whole"], false);
    assert!(!done.json()["damage"].as_array().expect("a list").is_empty());
    assert_eq!(done.error()["code"], "state_corrupt");
    done.says(".recover");
}
