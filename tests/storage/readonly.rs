//! A file system that can only be read, from the beginning or all of a sudden,
//! and a folder without permission.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use super::deed::{Deed, Tally, Told};
use super::disk::{Disk, Kind};
use super::ground::{Ground, set_mode};
use crate::command::harness::{KEYCLOAK, Running, finish};

#[test]
fn a_read_only_file_system() {
    let Some((ground, _disk)) = Disk::over(Kind::Tmpfs, 3000) else {
        return;
    };
    let mut tally = Tally::default();
    for deed in Deed::ALL {
        ground.shell("find . -mindepth 1 -delete");
        deed.prepare(&ground);
        let before = ground.look();
        let runs = ground.runs();
        ground.shell("mount -o remount,ro .");
        let done = ground.run(&deed.words());
        let told = deed.must_be_told(&ground, &done);
        assert_eq!(told, Told::Failed);
        assert_eq!(done.error()["code"], "state_read_only", "{done:#?}");
        // What was recorded is read all the same.
        assert_eq!(ground.runs(), runs);
        ground.expect(0, &["runs", "verify"]);
        ground.shell("mount -o remount,rw .");
        assert_eq!(ground.look(), before);
        tally.add(told, ground.must_be_recorded(&before));
        deed.must_end(&ground);
    }
    println!("read-only file system: {}", tally.text());
    assert_eq!(tally.failed, 4);
}

/// As the kernel does with a file system on which it has met an error.
#[test]
fn a_file_system_that_becomes_read_only_during_a_run() {
    let Some((ground, _disk)) = Disk::over(Kind::Ext4, 3000) else {
        return;
    };
    let mut tally = Tally::default();
    for moment in [
        "started vpc",
        "started subnet-group",
        "started instance-1-available",
    ] {
        let before = ground.look();
        let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
        let command = ground.command(&[], &[&words[..], &KEYCLOAK, &["-o", "json"]].concat());
        let mut run = Running::of(command, &ground.home);
        run.until(moment);
        ground.shell("mount -o remount,abort .");
        let told = Deed::Create.must_be_told(&ground, &run.end());
        assert_ne!(told, Told::Done);
        // Mended by whoever mends disks.
        ground
            .shell("cd ..; umount state; e2fsck -fy image >&2 || true; mount -o loop image state");
        tally.add(told, ground.must_be_recorded(&before));
        Deed::Create.must_end(&ground);
        ground.shell("find . -mindepth 1 -delete");
    }
    println!("file system read-only all of a sudden: {}", tally.text());
    assert_eq!(tally.tried, 3);
}

/// For somebody without powers: the folder, or the file, may not be written.
#[test]
fn no_permission_to_write() {
    let mut tally = Tally::default();
    let ground = if rustix::process::geteuid().is_root() {
        let Some(ground) = powerless() else {
            println!("no permission to write: skipped, there is no setpriv");
            return;
        };
        ground
    } else {
        Ground::new()
    };
    for (folder, file) in [(0o500, 0o600), (0o700, 0o400), (0o500, 0o400)] {
        for deed in Deed::ALL {
            reset(&ground);
            deed.prepare(&ground);
            let before = ground.look();
            let state = ground.home.state();
            if state.exists() {
                set_mode(&state, file);
            } else if folder & 0o200 != 0 {
                continue;
            }
            set_mode(&ground.folder(), folder);
            let done = ground.run(&deed.words());
            let told = deed.must_be_told(&ground, &done);
            assert_eq!(told, Told::Failed, "{deed:?}");
            let codes = ["state_read_only", "journal"];
            assert!(
                codes.iter().any(|code| done.error()["code"] == *code),
                "{done:#?}"
            );
            ground.expect(0, &["runs", "list"]);
            set_mode(&ground.folder(), 0o700);
            if state.exists() {
                set_mode(&state, 0o600);
            }
            tally.add(told, ground.must_be_recorded(&before));
            deed.must_end(&ground);
        }
    }
    println!("no permission to write: {}", tally.text());
    assert!(tally.failed > 8);
}

fn reset(ground: &Ground) {
    fs::remove_dir_all(ground.folder()).expect("gone");
    fs::create_dir(ground.folder()).expect("a folder");
    set_mode(&ground.folder(), 0o700);
    if rustix::process::geteuid().is_root() {
        give_away(&ground.folder());
    }
}

/// Somebody without powers.
const NOBODY: u32 = 65534;

fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("given away");
}

/// A ground whose commands root runs as somebody without powers.
fn powerless() -> Option<Ground> {
    let mut ground = Ground::new();
    let home = ground.home.path().to_owned();
    set_mode(&home, 0o755);
    // Where the program itself lies, others may have no way to.
    let program = home.join("stepwell");
    fs::copy(env!("CARGO_BIN_EXE_stepwell"), &program).expect("copied");
    set_mode(&program, 0o755);
    give_away(&ground.folder());
    let user = NOBODY.to_string();
    // The copy stands in for the program, which is the first of the words.
    let line = format!("shift; exec '{}' \"$@\"", program.display());
    let words = [
        "setpriv",
        "--reuid",
        &user,
        "--regid",
        &user,
        "--clear-groups",
        "/bin/sh",
        "-c",
        &line,
        "sh",
    ];
    ground = ground.wrapped(words.map(Into::into).to_vec());
    let works = finish(ground.command(&[], &["--version"]));
    (works.code == 0).then_some(ground)
}
