//! What random damage brought to light.

use rusqlite::Connection;
use stepwell_engine::event::End;
use stepwell_engine::{Journal as _, RunId};
use stepwell_state::{RunFilter, Verdict};

use crate::support::{
    append, beginning, block, ended, open, place, prune, resumed, started, story,
};

/// Two runs, of which the first is damaged, and the file.
fn damaged(sql: &str) -> (tempfile::TempDir, stepwell_state::Store, [RunId; 2]) {
    let (dir, path) = place();
    let runs = [RunId::from_u128(1), RunId::from_u128(2)];
    for run in runs {
        append(&open(&path), vec![beginning(run), started(run, 1)]);
    }
    let file = Connection::open(&path).expect("opened");
    file.execute_batch(sql).expect("damaged");
    (dir, open(&path), runs)
}

#[test]
fn a_number_that_no_event_has_spoils_its_run_alone() {
    for number in ["4294967295", "4294967296", "-1", "9223372036854775807"] {
        let sql = format!("UPDATE event SET seq = {number} WHERE run = 1 AND seq = 1");
        let (_dir, store, [bad, good]) = damaged(&sql);
        let listed = store.runs(&RunFilter::default()).expect("a list");
        assert!(listed.iter().any(|row| row.id == good), "{number}");
        let told = store.unreadable().expect("a list");
        assert_eq!(listed.len() + told.len(), 2, "{number}: {told:?}");
        let verdict = store.verify(bad).expect("verified");
        assert!(
            matches!(verdict, Some(Verdict::Broken { .. })),
            "{number}: {verdict:?}"
        );
        // Nothing is added to it, and something to the other.
        for seq in [2, u32::MAX] {
            let refused = block(store.append(vec![resumed(bad, seq)]));
            assert!(refused.is_err() || number == "-1", "{number}");
        }
        append(&store, vec![resumed(good, 2)]);
        if number != "4294967295" {
            let error = story(&store.events(bad).expect_err("unreadable"));
            let named = format!("event {number} of run {bad}");
            assert!(error.contains(&named), "{error}");
        }
    }
}

#[test]
fn a_text_that_is_no_utf8_is_told_with_its_place() {
    let (_dir, store, [bad, _]) =
        damaged("UPDATE event SET body = CAST(x'7bff7d' AS TEXT) WHERE run = 1 AND seq = 1");
    let error = story(&store.events(bad).expect_err("unreadable"));
    assert!(error.contains(&format!("event 1 of run {bad}")), "{error}");
}

#[test]
fn a_run_without_a_name_and_without_events_is_told_beside_the_others() {
    for id in ["'not an id'", "CAST(x'ff' AS TEXT)"] {
        let (_dir, store, [_, good]) = damaged(&format!(
            "DELETE FROM event WHERE run = 1; UPDATE run SET id = {id} WHERE number = 1"
        ));
        let told = store.listing(&RunFilter::default()).expect("a list");
        let listed: Vec<RunId> = told.runs.iter().map(|row| row.id).collect();
        assert_eq!(listed, [good], "{id}");
        assert_eq!(told.unreadable.len(), 1, "{id}: {told:?}");
    }
}

#[test]
fn a_run_without_a_name_keeps_no_other_from_being_pruned() {
    for id in ["'not an id'", "CAST(x'ff' AS TEXT)"] {
        let (_dir, path) = place();
        for run in [1, 2] {
            let run = RunId::from_u128(run);
            let end = ended(run, 1, End::RolledBack { waived: Vec::new() });
            append(&open(&path), vec![beginning(run), end]);
        }
        let file = Connection::open(&path).expect("opened");
        file.execute_batch(&format!("UPDATE run SET id = {id} WHERE number = 1"))
            .expect("damaged");
        assert_eq!(prune(&open(&path), i64::MAX), 1, "{id}");
    }
}
