//! No space: on a disk of its own, by a limit of the process, and at many
//! levels, so that it comes at every stage.

use super::deed::{Deed, Tally};
use super::disk::{self, Disk, Kind};
use super::ground::{Ground, cases, spread};
use crate::command::harness::finish;

/// The disk holds the account, too; whichever finds it full first.
fn on_a_disk(kind: Kind, levels: usize) -> Option<Tally> {
    let (ground, _disk) = Disk::over(kind, 3000)?;
    let mut tally = Tally::default();
    for deed in Deed::ALL {
        ground.shell("find . -mindepth 1 -delete");
        deed.prepare(&ground);
        ground.keep();
        for free in spread(levels, 0, 300) {
            ground.put_back();
            let before = ground.look();
            disk::fill(&ground, free);
            let done = ground.run(&deed.words());
            let told = deed.must_be_told(&ground, &done);
            // A full disk can be looked at.
            ground.expect(0, &["runs", "list"]);
            disk::relieve(&ground);
            tally.add(told, ground.must_be_recorded(&before));
            deed.must_end(&ground);
        }
    }
    Some(tally)
}

#[test]
fn a_full_disk_in_memory() {
    let Some(tally) = on_a_disk(Kind::Tmpfs, cases(5)) else {
        return;
    };
    println!("full disk (tmpfs, account on it): {}", tally.text());
    assert!(tally.failed > 4 && tally.done > 0, "{tally:?}");
}

#[test]
fn a_full_disk_on_a_loop_device() {
    let Some(tally) = on_a_disk(Kind::Ext4, cases(2)) else {
        return;
    };
    println!("full disk (ext4 on loop, account on it): {}", tally.text());
    assert!(tally.failed > 0, "{tally:?}");
}

/// A limit on the size of files, which the log of the state reaches long before
/// the account does. Needs no privileges, so it runs everywhere.
#[test]
fn a_limit_on_the_size_of_files() {
    let ground = Ground::new();
    let mut tally = Tally::default();
    for deed in Deed::ALL {
        ground.shell("find . -mindepth 1 -delete");
        deed.prepare(&ground);
        ground.keep();
        for kib in spread(cases(6), 20, 160) {
            ground.put_back();
            let before = ground.look();
            let line = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
            let limited = ["/bin/sh", "-c", &line, "sh"];
            let done = finish(ground.command(&limited, &deed.words()));
            let told = deed.must_be_told(&ground, &done);
            tally.add(told, ground.must_be_recorded(&before));
            deed.must_end(&ground);
        }
    }
    println!(
        "limit on the size of files (account not hit): {}",
        tally.text()
    );
    assert!(tally.failed > 8 && tally.done > 0, "{tally:?}");
}
