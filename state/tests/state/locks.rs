//! Locks: one holder at a time, over handles and processes.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use stepwell_engine::Holder;
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::LockError;

use crate::support::{account, actor, child, child_path, open, place, story, this_program};

const TARGET: &str = "aurora/eu-west-1/keycloak";

#[test]
fn a_lock_excludes_other_handles_and_names_its_holder() {
    let (_dir, path) = place();
    let (one, two) = (open(&path), open(&path));
    let run = RunId::from_u128(1);
    assert_eq!(one.run_holder(run).expect("a look"), None);
    let lock = one.lock_run(run, &actor(), Timestamp(5)).expect("free");
    let holder = Holder {
        pid: 4711,
        host: "bastion".to_owned(),
        user: "ada".to_owned(),
        since: Timestamp(5),
    };
    assert_eq!(two.run_holder(run).expect("a look"), Some(holder.clone()));
    for store in [&one, &two] {
        let error = store
            .lock_run(run, &actor(), Timestamp(6))
            .expect_err("it is held");
        assert_eq!(story(&error), "locked by process 4711 of ada on bastion");
        assert!(error.hint().expect("a hint").contains("4711"));
        let LockError::Held(Some(found)) = error else {
            panic!("the holder is known")
        };
        assert_eq!(found, holder);
    }
    two.lock_run(RunId::from_u128(2), &actor(), Timestamp(6))
        .expect("another run is free");
    drop(lock);
    assert_eq!(two.run_holder(run).expect("a look"), None);
    two.lock_run(run, &actor(), Timestamp(7)).expect("free");
}

#[test]
fn a_lock_that_is_just_being_let_go_is_never_held_by_nobody() {
    let (_dir, path) = place();
    let (one, two) = (open(&path), open(&path));
    let run = RunId::from_u128(1);
    let done = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while done.load(Ordering::Relaxed) == 0 {
                drop(one.lock_run(run, &actor(), Timestamp(5)));
            }
        });
        let tried = (0..20_000).map(|_| two.lock_run(run, &actor(), Timestamp(6)));
        let nameless = tried.filter(|lock| matches!(lock, Err(LockError::Held(None))));
        let nameless = nameless.count();
        done.store(1, Ordering::Relaxed);
        assert_eq!(nameless, 0);
    });
}

#[test]
fn a_target_is_locked_per_account() {
    let (_dir, path) = place();
    let store = open(&path);
    let lock = |account, target: &str| store.lock_target(&account, target, &actor(), Timestamp(1));
    let _held = lock(account(), TARGET).expect("free");
    assert!(matches!(lock(account(), TARGET), Err(LockError::Held(_))));
    // The same account, its keys written in another order.
    let turned = serde_json::from_str(r#"{"id": "000000000001", "kind": "sandbox"}"#);
    let turned = turned.expect("JSON");
    assert!(matches!(lock(turned, TARGET), Err(LockError::Held(_))));
    lock(account(), "aurora/eu-west-1/other").expect("another target");
    lock(json!({"kind": "aws", "id": "2"}), TARGET).expect("another account");
}

#[test]
fn of_many_who_ask_at_once_one_has_it() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    let inside = AtomicU32::new(0);
    let had = AtomicU32::new(0);
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = open(&path);
                start.wait();
                for _ in 0..200 {
                    if let Ok(lock) = store.lock_run(run, &actor(), Timestamp(1)) {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        had.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                }
            });
        }
    });
    assert!(had.load(Ordering::SeqCst) > 0);
}

#[test]
fn looking_does_not_get_in_the_way() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    // A holder that died left its name in the file.
    drop(store.lock_run(run, &actor(), Timestamp(1)).expect("free"));
    let file = path
        .with_file_name("state.db.locks")
        .join(format!("run-{run}"));
    let dead = r#"{"pid":1,"host":"h","user":"u","since":1}"#;
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                open(&path).run_holder(run).expect("a look");
            }
        });
        for _ in 0..300 {
            std::fs::write(&file, dead).expect("written");
            store.lock_run(run, &actor(), Timestamp(1)).expect("free");
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// Tries to take the run's lock.
#[test]
fn child_that_locks() {
    let Some(path) = child_path() else { return };
    let got = open(&path).lock_run(RunId::from_u128(1), &actor(), Timestamp(1));
    println!("\nlock {}", got.is_ok());
}

#[test]
fn a_lock_excludes_other_processes() {
    let (_dir, path) = place();
    let ask = || {
        let output = child(&this_program(), "locks::child_that_locks", &path)
            .output()
            .expect("a child");
        String::from_utf8_lossy(&output.stdout).contains("lock true")
    };
    let lock = open(&path)
        .lock_run(RunId::from_u128(1), &actor(), Timestamp(1))
        .expect("free");
    assert!(!ask());
    drop(lock);
    assert!(ask());
}
