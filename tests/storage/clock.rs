//! A clock on the wall that steps, backwards and far forwards.

use serde_json::Value;
use stepwell_engine::{Event, Journal as _, Timestamp};
use stepwell_state::{Access, Store};

use super::deed::Deed;
use super::ground::Ground;

/// Puts other times on the events of the latest run, as if the clock had
/// stepped between them.
fn retime(ground: &Ground, time: impl Fn(usize, i64) -> i64) -> usize {
    let path = ground.home.state();
    let store = Store::open(&path, Access::ReadOnly).expect("opened");
    let run = store.find("latest").expect("a run").id;
    let mut events: Vec<Event> = store.events(run).expect("events");
    drop(store);
    ground.shell("rm -rf state.db*");
    for (number, event) in events.iter_mut().enumerate() {
        event.at = Timestamp(time(number, event.at.0));
    }
    let count = events.len();
    let store = Store::open(&path, Access::ReadWrite).expect("opened");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(store.append(events)).expect("appended");
    count
}

/// No duration below nothing, and the order of what was recorded.
fn is_sensible(ground: &Ground, events: usize) {
    ground.expect(0, &["runs", "verify"]);
    let list = ground.expect(0, &["runs", "list"]);
    let show = ground.expect(0, &["runs", "show"]);
    for text in [&list.stdout, &show.stdout] {
        assert!(!text.contains("-0.") && !text.contains(" -1"), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
    ground.expect(0, &["-o", "json", "runs", "show"]).json();
    let told = ground.expect(0, &["-o", "jsonl", "runs", "events"]).lines();
    let order: Vec<u64> = told
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert!(
        order.windows(2).all(|two| two[1] == two[0] + 1),
        "{order:?}"
    );
    assert_eq!(order.len(), events);
    ground.expect(0, &["runs", "events"]);
}

#[test]
fn times_that_step_within_a_history_change_nothing_but_the_times() {
    let mut tried = 0;
    let steps: [fn(usize, i64) -> i64; 5] = [
        |number, at| at - 3_600_000 * number as i64,
        |number, at| {
            if number % 2 == 0 {
                at
            } else {
                at - 1_700_000_000_000
            }
        },
        |number, at| {
            if number < 5 {
                at + 4_000_000_000_000
            } else {
                at
            }
        },
        |_, _| 0,
        |number, at| if number == 3 { i64::MAX } else { at },
    ];
    for step in steps {
        // A run that was suspended is gone on with at today's time.
        let ground = Ground::new();
        Deed::Resume.prepare(&ground);
        let events = retime(&ground, step);
        is_sensible(&ground, events);
        ground.expect(0, &Deed::Resume.words());
        assert_eq!(ground.count("db-instance"), 1);
        let document = ground.expect(0, &["-o", "json", "runs", "show"]).json();
        assert_eq!(document["status"], "succeeded");
        let told = ground.expect(0, &["-o", "jsonl", "runs", "events"]).lines();
        is_sensible(&ground, told.len());
        ground.expect(0, &Deed::Delete.words());
        assert!(ground.look().is_empty());
        tried += events;
    }
    println!(
        "clock steps in recorded runs: 5 patterns over {tried} events; each shown, verified, resumed and deleted"
    );
    assert!(tried > 50);
}

/// The simulated account's clock was saved at another time of day.
#[test]
fn the_accounts_clock_was_saved_in_another_age() {
    let mut tried = 0;
    for wall in [
        0_u64,
        1,
        1_000_000_000_000,
        9_000_000_000_000,
        250_000_000_000_000,
        // Of no age: refused, and nothing is done.
        u64::MAX,
    ] {
        let ground = Ground::new();
        Deed::Resume.prepare(&ground);
        let path = ground.folder().join("sandbox.json");
        let text = std::fs::read_to_string(&path).expect("the account");
        let mut account: Value = serde_json::from_str(&text).expect("JSON");
        account["clock"]["wall"] = wall.into();
        std::fs::write(&path, account.to_string()).expect("written");
        let done = ground.run(&Deed::Resume.words());
        if wall == u64::MAX {
            assert_eq!(done.code, 1, "{wall}: {done:#?}");
            assert!(done.stderr.contains("beyond the year 9999"), "{done:#?}");
            continue;
        }
        assert_eq!(done.code, 0, "{wall}: {done:#?}");
        ground.expect(0, &["sandbox", "status"]);
        ground.expect(0, &Deed::Delete.words());
        assert!(ground.look().is_empty());
        tried += 1;
    }
    println!(
        "clock of the account stepped between processes: {tried} tried, resumed and deleted {tried}"
    );
}
