//! The write-ahead log of a process that died, and what may happen to it.

use std::fs;
use std::path::{Path, PathBuf};

use stepwell_engine::{Event, Journal as _, RunId};
use stepwell_state::{Access, RunFilter, RunStatus, Store, Verdict};
use tempfile::TempDir;

use crate::schema::history;
use stepwell_testkit::Chance;

use crate::support::{append, block, cases, open, place, resumed};

/// A state file as a process leaves it that was killed after it had recorded
/// these events, one by one.
struct Remains {
    database: Vec<u8>,
    log: Vec<u8>,
    index: Vec<u8>,
    events: Vec<Event>,
}

impl Remains {
    fn of(run: Option<RunId>) -> Self {
        let (_dir, path) = place();
        let store = open(&path);
        let mut events = history();
        // Still at work.
        events.truncate(25);
        for event in &mut events {
            event.run = run.unwrap_or(event.run);
            append(&store, vec![event.clone()]);
        }
        let read = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            fs::read(name).expect("a file")
        };
        Self {
            database: read(""),
            log: read("-wal"),
            index: read("-shm"),
            events,
        }
    }

    /// The same on the disk, with this log.
    fn lay(&self, log: Option<&[u8]>, index: Option<&[u8]>) -> (TempDir, PathBuf) {
        let (dir, path) = place();
        write(&path, &self.database);
        for (name, bytes) in [("state.db-wal", log), ("state.db-shm", index)] {
            if let Some(bytes) = bytes {
                write(&dir.path().join(name), bytes);
            }
        }
        (dir, path)
    }

    /// How many of the events are left, which must be the first ones, in a
    /// whole chain that can be gone on with. Nothing, if it is refused.
    #[track_caller]
    fn left(&self, path: &Path) -> Option<usize> {
        let store = Store::open(path, Access::ReadWrite).ok()?;
        let run = self.events[0].run;
        let found = store.events(run).expect("events");
        assert_eq!(found[..], self.events[..found.len()], "another story");
        let next = u32::try_from(found.len()).expect("few");
        if next > 0 {
            let verdict = store.verify(run).expect("verified");
            assert!(
                matches!(verdict, Some(Verdict::Whole { events, .. }) if events == next),
                "{verdict:?} of {next}"
            );
            append(&store, vec![resumed(run, next)]);
            assert_eq!(store.damage().expect("read"), [""; 0]);
        }
        Some(found.len())
    }
}

fn write(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, bytes).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// An event that is missing is one that was never told as recorded, or one that
/// is lost with its frame: then the step is in doubt, which `check` settles.
#[test]
fn a_log_cut_anywhere_leaves_a_whole_beginning() {
    let remains = Remains::of(None);
    let all = remains.events.len();
    let whole = remains.log.len();
    let frame = 24 + 4096;
    let mut lengths: Vec<usize> = (0..whole).step_by(1013).collect();
    for start in (32..=whole).step_by(frame) {
        lengths.extend([start.saturating_sub(1), start, start + 1, start + 24]);
    }
    lengths.extend([0, 1, 31, 32, 33, whole - 1, whole]);
    lengths.retain(|length| *length <= whole);
    lengths.sort_unstable();
    lengths.dedup();
    let (mut before, mut complete) = (0, 0);
    for &length in &lengths {
        let (_dir, path) = remains.lay(Some(&remains.log[..length]), None);
        let left = remains.left(&path).expect("it opens");
        assert!(left >= before, "{length}: a longer log holds less");
        before = left;
        complete += usize::from(left == all);
    }
    println!(
        "truncated logs: {} lengths from 0 to {whole} bytes, of {all} events 0 to {before} left, always a whole beginning",
        lengths.len()
    );
    assert!(lengths.len() > 100 && complete > 0 && before == all);
}

#[test]
fn a_log_with_a_flipped_bit_ends_before_it() {
    let remains = Remains::of(None);
    let mut dice = Chance::new(7);
    let tries = cases("STATE_TEST_FLIPS", 200);
    let mut shorter = 0;
    for _ in 0..tries {
        let mut log = remains.log.clone();
        let at = dice.index(log.len());
        log[at] ^= 1 << dice.index(8);
        let (_dir, path) = remains.lay(Some(&log), None);
        let left = remains.left(&path).expect("it opens");
        shorter += usize::from(left < remains.events.len());
    }
    println!("flipped bits in the log: {tries} tried, {shorter} left a shorter history, wrong 0");
    assert!(shorter > tries / 4);
}

#[test]
fn without_its_log_a_file_is_what_it_was_before() {
    let remains = Remains::of(None);
    let (_dir, path) = remains.lay(None, None);
    // Nothing had been brought into the file: the run is not known.
    assert_eq!(remains.left(&path), Some(0));
}

#[test]
fn the_logs_index_is_made_anew_whatever_is_there() {
    let remains = Remains::of(None);
    let other = Remains::of(Some(RunId::from_u128(9)));
    let mut dice = Chance::new(3);
    let mut tried = 0;
    let mut indexes = vec![
        Vec::new(),
        remains.index.clone(),
        remains.index[..100].to_vec(),
        vec![0xff; remains.index.len()],
        other.index,
    ];
    for _ in 0..30 {
        let mut index = remains.index.clone();
        let at = dice.index(index.len());
        index[at] ^= 1 << dice.index(8);
        indexes.push(index);
    }
    for index in &indexes {
        let (_dir, path) = remains.lay(Some(&remains.log), Some(index));
        assert_eq!(remains.left(&path), Some(remains.events.len()));
        tried += 1;
    }
    println!(
        "indexes of the log, removed, cut, flipped or another's: {tried} tried, events lost 0"
    );
    assert!(tried > 30);
}

/// The log of another state file holds whole pages of that one. What is told
/// afterwards was recorded in one of the two, or is known to be damaged.
#[test]
fn the_log_of_another_file_makes_no_new_story() {
    let remains = Remains::of(None);
    let other = Remains::of(Some(RunId::from_u128(9)));
    let frame = 24 + 4096;
    let (mut tried, mut theirs, mut noticed) = (0, 0, 0);
    // A file of ours whose content is in the database, and the beginnings of
    // the other's log.
    let (_dir, closed) = place();
    append(&open(&closed), remains.events.clone());
    let closed = fs::read(&closed).expect("read");
    let mixed = Remains {
        database: closed,
        log: Vec::new(),
        index: Vec::new(),
        events: remains.events.clone(),
    };
    for end in (32..=other.log.len()).step_by(frame) {
        let (_dir, path) = mixed.lay(Some(&other.log[..end]), None);
        tried += 1;
        let Ok(store) = Store::open(&path, Access::ReadOnly) else {
            noticed += 1;
            continue;
        };
        let Ok(rows) = store.runs(&RunFilter::default()) else {
            noticed += 1;
            continue;
        };
        let damaged = !store.damage().is_ok_and(|damage| damage.is_empty());
        noticed += usize::from(damaged);
        for row in rows {
            let truth = if row.id == other.events[0].run {
                theirs += 1;
                &other.events
            } else {
                assert_eq!(row.id, remains.events[0].run);
                &remains.events
            };
            let whole = store.verify(row.id);
            if let (Ok(Some(Verdict::Whole { .. })), Ok(events)) = (whole, store.events(row.id))
                && !damaged
            {
                assert_eq!(events[..], truth[..events.len()]);
                assert_ne!(row.status, RunStatus::Succeeded);
            }
        }
    }
    println!(
        "logs of another file: {tried} lengths tried, {noticed} noticed, {theirs} showed the other's own run, mixtures told as whole 0"
    );
    assert!(tried > 10 && theirs > 0);
}

/// A foreign writer that leaves in the middle of a transaction leaves nothing.
#[test]
fn a_writer_that_dies_within_a_transaction_leaves_nothing() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    append(&store, vec![crate::support::beginning(run)]);
    let shell = rusqlite::Connection::open(&path).expect("opened");
    shell
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM event")
        .expect("within a transaction");
    drop(shell);
    block(store.append(vec![resumed(run, 1)])).expect("appended");
    assert_eq!(store.events(run).expect("events").len(), 2);
}
