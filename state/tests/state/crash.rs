//! A process that is killed: what was acknowledged is there.

use std::io::{BufRead as _, BufReader, Write as _};

use stepwell_engine::{Journal as _, RunId, Timestamp};

use crate::support::{
    actor, append, beginning, block, child, child_path, open, place, resumed, started, this_program,
};

const RUN: u128 = 7;

/// Appends without end and says what is durable.
#[test]
fn child_that_appends() {
    let Some(path) = child_path() else { return };
    let store = open(&path);
    let run = RunId::from_u128(RUN);
    let _lock = store
        .lock_run(run, &actor(), Timestamp(1))
        .expect("the lock is free");
    block(async {
        store.append(vec![beginning(run)]).await.expect("appended");
        for seq in (1..).step_by(2) {
            let batch = vec![started(run, seq), resumed(run, seq + 1)];
            store.append(batch).await.expect("appended");
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nack {}", seq + 1).expect("said");
            out.flush().expect("said");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    for patience in [1, 10, 60] {
        let (_dir, path) = place();
        let mut child = child(&this_program(), "crash::child_that_appends", &path)
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut acknowledged = 0;
        let mut take = |line: String| {
            if let Some(seq) = line.strip_prefix("ack ") {
                acknowledged = seq.parse::<u32>().expect("a number");
            }
            acknowledged
        };
        while take(lines.next().expect("more").expect("text")) < patience {}

        let run = RunId::from_u128(RUN);
        let store = open(&path);
        let holder = store.run_holder(run).expect("a look").expect("a holder");
        assert_eq!(holder.pid, actor().pid);
        child.kill().expect("killed");
        child.wait().expect("gone");
        for line in lines {
            take(line.expect("text"));
        }

        // Everything said to be durable is, in whole batches, and the dead
        // process has left no lock.
        let events = store.events(run).expect("events");
        assert!(
            events.len() > acknowledged as usize,
            "{acknowledged} acknowledged"
        );
        assert_eq!(events.len() % 2, 1, "a batch is torn");
        assert_eq!(store.run_holder(run).expect("a look"), None);
        let _lock = store
            .lock_run(run, &actor(), Timestamp(2))
            .expect("the lock is free");
        let next = u32::try_from(events.len()).expect("few");
        append(&store, vec![resumed(run, next)]);
    }
}
