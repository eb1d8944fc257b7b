//! A bit of the file flipped anywhere: noticed, or of no consequence.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stepwell_engine::{Event, Journal as _, RunId};
use stepwell_state::{Access, RunFilter, RunRow, Store, StoreError, Verdict};

use crate::schema::history;
use stepwell_testkit::Chance;

use crate::support::{append, block, cases, open, place, resumed};

/// What there is, and what is told of it.
#[derive(Debug, Clone, PartialEq)]
struct Truth {
    rows: Vec<RunRow>,
    events: BTreeMap<RunId, Vec<Event>>,
}

/// Runs that have ended, were suspended, or were cut off by a death.
fn record(path: &Path) {
    let store = open(path);
    for (number, length) in [32, 32, 17, 25, 32, 9, 32, 22].into_iter().enumerate() {
        let mut events = history();
        events.truncate(length);
        // Ids with a number in their middle, as of real runs.
        let run = RunId::from_u128((0x0189_0a5d_ac96_7000 + number as u128) << 64 | 0x8000 << 48);
        for event in &mut events {
            event.run = run;
        }
        append(&store, events);
    }
}

fn look(store: &Store) -> Result<Truth, StoreError> {
    let rows = store.runs(&RunFilter::default())?;
    let mut events = BTreeMap::new();
    for row in &rows {
        events.insert(row.id, store.events(row.id)?);
    }
    Ok(Truth { rows, events })
}

/// Who noticed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Noticed {
    AtOpening,
    ByTheChain,
    ByTheList,
    AtReading,
    ByTheCheckOfTheFile,
    ByNobody,
}

/// Who notices first, in the order in which a person would come across it.
fn noticed(path: &Path, truth: &Truth) -> (Noticed, Vec<RunId>) {
    let Ok(store) = Store::open(path, Access::ReadOnly) else {
        return (Noticed::AtOpening, Vec::new());
    };
    let Ok(rows) = store.runs(&RunFilter::default()) else {
        return (Noticed::AtReading, Vec::new());
    };
    let mut by = Vec::new();
    let mut whole = Vec::new();
    for row in &rows {
        let is_true = truth.rows.contains(row);
        match store.doubt(row) {
            Ok(None) => {}
            Ok(Some(_)) => by.push(Noticed::ByTheList),
            Err(_) => by.push(Noticed::AtReading),
        }
        match (store.verify(row.id), store.events(row.id)) {
            (Ok(Some(Verdict::Whole { .. })), Ok(events)) => {
                if is_true && truth.events.get(&row.id) == Some(&events) {
                    whole.push(row.id);
                }
            }
            (Ok(_), _) => by.push(Noticed::ByTheChain),
            (Err(_), _) => by.push(Noticed::AtReading),
        }
    }
    if !store.unreadable().is_ok_and(|runs| runs.is_empty()) {
        by.push(Noticed::ByTheList);
    }
    if !store.damage().is_ok_and(|damage| damage.is_empty()) {
        by.push(Noticed::ByTheCheckOfTheFile);
    }
    let first = by.into_iter().min().unwrap_or(Noticed::ByNobody);
    (first, whole)
}

#[test]
fn a_flipped_bit_is_noticed_or_of_no_consequence() {
    let (_dir, path) = place();
    record(&path);
    let truth = look(&open(&path)).expect("a story");
    let bytes = fs::read(&path).expect("read");
    let tries = cases("STATE_TEST_FLIPS", 1000);
    let mut dice = Chance::new(1);
    let mut counts: BTreeMap<Noticed, usize> = BTreeMap::new();
    let (mut went_on, mut held_up) = (0, 0);
    for _ in 0..tries {
        let (_dir, path) = place();
        let (at, bit) = (dice.index(bytes.len()), dice.index(8));
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        fs::write(&path, &changed).expect("written");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("a mode");
        let (who, whole) = noticed(&path, &truth);
        *counts.entry(who).or_default() += 1;
        if who == Noticed::ByNobody {
            let told = Store::open(&path, Access::ReadOnly).map(|store| look(&store));
            let told = told.expect("opened").expect("a story");
            assert_eq!(
                told, truth,
                "byte {at}, bit {bit}: a wrong story is told as true"
            );
        }
        // A run whose own history is whole goes on, whatever became of others.
        let Some(&other) = whole.first() else {
            continue;
        };
        let next = u32::try_from(truth.events[&other].len()).expect("few");
        let Ok(store) = Store::open(&path, Access::ReadWrite) else {
            held_up += 1;
            continue;
        };
        match block(store.append(vec![resumed(other, next)])) {
            Ok(()) => {
                went_on += 1;
                let told = store.events(other);
                assert!(
                    told.is_ok_and(|events| events[..next as usize] == truth.events[&other][..]),
                    "byte {at}, bit {bit}: what was appended changed the rest"
                );
            }
            Err(_) => held_up += 1,
        }
    }
    let of = |who| counts.get(&who).copied().unwrap_or_default();
    println!(
        "flipped bits in the state file: {tries} tried; noticed at opening {}, at reading {}, by the chain {}, by the list {}, by `runs verify` of the file alone {}; of no consequence {}; wrong stories told as true 0; another run of the file went on {went_on}, refused with an error {held_up}",
        of(Noticed::AtOpening),
        of(Noticed::AtReading),
        of(Noticed::ByTheChain),
        of(Noticed::ByTheList),
        of(Noticed::ByTheCheckOfTheFile),
        of(Noticed::ByNobody),
    );
    assert!(tries > 0 && of(Noticed::ByNobody) < tries);
    assert!(
        of(Noticed::ByTheChain) > tries / 10 && went_on > tries / 4,
        "{counts:?}"
    );
}
