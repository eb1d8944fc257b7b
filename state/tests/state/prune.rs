//! Forgetting what ended.

use std::fs;

use stepwell_engine::event::{End, SuspendReason};
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Access, RunRow, Store, Verdict};

use crate::support::{actor, append, beginning, ended, open, place, resumed, suspended};

fn ids(rows: &[RunRow]) -> Vec<u128> {
    rows.iter()
        .map(|row| row.id.to_string())
        .map(number)
        .collect()
}

fn number(id: String) -> u128 {
    u128::from_str_radix(&id.replace('-', ""), 16).expect("a number")
}

/// Twenty runs, of which every fourth is unfinished.
fn many(store: &Store) {
    for count in 1..=20 {
        let run = RunId::from_u128(count);
        let end = match count % 4 {
            0 => suspended(run, 1, SuspendReason::Interrupted),
            1 => ended(run, 1, End::RolledBack { waived: Vec::new() }),
            _ => ended(run, 1, End::Succeeded),
        };
        let more = (2..40).map(|seq| resumed(run, seq));
        append(store, vec![beginning(run), end]);
        if count % 4 == 0 {
            append(store, more.collect());
        }
        drop(store.lock_run(run, &actor(), Timestamp(1)).expect("free"));
        let target = format!("aurora/{count}");
        let account = serde_json::Value::Null;
        drop(
            store
                .lock_target(&account, &target, &actor(), Timestamp(1))
                .expect("free"),
        );
    }
}

#[test]
fn the_newest_that_ended_are_kept_and_so_is_all_that_did_not() {
    let (_dir, path) = place();
    let store = open(&path);
    many(&store);
    let left = |keep, before| ids(&store.prunable(keep, before).expect("a list"));
    assert_eq!(left(12, None), [3, 2, 1]);
    assert_eq!(left(0, None).len(), 15);
    assert_eq!(left(15, None), [0_u128; 0]);
    assert_eq!(left(u32::MAX, None), [0_u128; 0]);
    // All ended at the same time.
    assert_eq!(left(12, Some(Timestamp(1_000_001))), [0_u128; 0]);
    assert_eq!(left(12, Some(Timestamp(1_000_002))), [3, 2, 1]);
}

#[test]
fn the_file_becomes_smaller_and_every_other_chain_stays_whole() {
    for shared in [None, Some("NFS")] {
        let (dir, path) = place();
        let store = Store::open_on(&path, Access::ReadWrite, shared).expect("opened");
        many(&store);
        // A large one that goes.
        let large = RunId::from_u128(30);
        append(&store, vec![beginning(large)]);
        append(&store, (1..2000).map(|seq| resumed(large, seq)).collect());
        append(&store, vec![ended(large, 2000, End::Succeeded)]);
        assert_eq!(store.removed().expect("read"), 0);
        let at_work = RunId::from_u128(8);
        let _lock = store
            .lock_run(at_work, &actor(), Timestamp(1))
            .expect("free");
        drop(store);

        let store = Store::open_on(&path, Access::ReadWrite, shared).expect("opened");
        let before = store.size();
        let old: Vec<RunId> = (store.prunable(0, None).expect("a list").iter())
            .map(|row| row.id)
            .collect();
        assert_eq!(store.prune(&old).expect("pruned"), 16);
        store.shrink().expect("made smaller");
        assert!(store.size() < before / 2, "{before} {}", store.size());
        assert_eq!(store.removed().expect("read"), 16);
        let verdicts: Vec<Verdict> = (1..=30)
            .filter_map(|run| store.verify(RunId::from_u128(run)).expect("read"))
            .collect();
        assert_eq!(verdicts.len(), 5);
        let whole = |found: &Verdict| matches!(found, Verdict::Whole { events: 40, .. });
        assert!(verdicts.iter().all(whole), "{verdicts:?}");
        assert_eq!(store.damage().expect("read"), [""; 0]);
        // What is left of the locks is that of runs that are there.
        let mut locks: Vec<String> = fs::read_dir(dir.path().join("state.db.locks"))
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        locks.sort();
        assert_eq!(locks.len(), 6, "{locks:?}");
        // It goes on.
        append(&store, vec![resumed(at_work, 40)]);
        append(&store, vec![beginning(RunId::from_u128(99))]);
    }
}

/// A process that is at work meanwhile loses nothing by it.
#[test]
fn a_run_goes_on_while_others_are_forgotten() {
    let (_dir, path) = place();
    let (one, other) = (open(&path), open(&path));
    let run = RunId::from_u128(100);
    append(&one, vec![beginning(run), resumed(run, 1)]);
    many(&other);
    let old: Vec<RunId> = (other.prunable(0, None).expect("a list").iter())
        .map(|row| row.id)
        .collect();
    assert_eq!(other.prune(&old).expect("pruned"), 15);
    other.shrink().expect("made smaller");
    append(&one, vec![resumed(run, 2)]);
    assert_eq!(other.events(run).expect("events").len(), 3);
    let verdict = one.verify(run).expect("read");
    assert!(matches!(verdict, Some(Verdict::Whole { events: 3, .. })));
}
