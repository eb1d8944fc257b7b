//! Files that somebody else could have put there, or could change.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Access, Danger, LockError, OpenError, Store};

use crate::support::{actor, append, beginning, content, open, place, story};

const BOTH: [Access; 2] = [Access::ReadWrite, Access::ReadOnly];

/// Opening must fail in both ways, at once and without a trace.
#[track_caller]
fn refused(path: &Path, why: impl Fn(&OpenError) -> bool) {
    let folder = path.parent().expect("a folder");
    let before = content(folder);
    for access in BOTH {
        let start = Instant::now();
        let Err(error) = Store::open(path, access) else {
            panic!("{} is opened for {access:?}", path.display());
        };
        assert!(why(&error), "{error:?}");
        assert!(error.hint().is_some(), "{error:?}");
        let text = story(&error);
        assert!(text.contains(&*folder.to_string_lossy()), "{text}");
        assert!(start.elapsed() < Duration::from_secs(4), "it hung");
        assert_eq!(content(folder), before, "something was written");
    }
}

fn unsafe_for(danger: Danger) -> impl Fn(&OpenError) -> bool {
    move |error| matches!(error, OpenError::Unsafe { danger: found, .. } if *found == danger)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn made() -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = place();
    append(&open(&path), vec![beginning(RunId::from_u128(1))]);
    (dir, path)
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let (dir, real) = made();
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("state.db");
    symlink(&real, &link).expect("a link");
    refused(&link, unsafe_for(Danger::Link));
    // One that leads nowhere, where a file would be made.
    let nowhere = folder.path().join("other.db");
    let target = dir.path().join("made-by-a-link.db");
    symlink(&target, &nowhere).expect("a link");
    refused(&nowhere, unsafe_for(Danger::Link));
    assert!(!target.exists());
    // The folder.
    let linked = folder.path().join("folder");
    symlink(dir.path(), &linked).expect("a link");
    refused(&linked.join("state.db"), unsafe_for(Danger::Link));
    refused(&linked.join("new.db"), unsafe_for(Danger::Link));
    // Above that, links are the person's own business.
    fs::create_dir(dir.path().join("below")).expect("a folder");
    append(
        &open(&linked.join("below/state.db")),
        vec![beginning(RunId::from_u128(1))],
    );
    assert!(dir.path().join("below/state.db").is_file());
}

#[test]
fn what_lies_beside_is_looked_at_too() {
    for name in ["state.db-wal", "state.db-shm", "state.db-journal"] {
        let (dir, path) = made();
        let elsewhere = tempfile::tempdir().expect("a folder");
        let target = elsewhere.path().join("precious");
        fs::write(&target, "kept").expect("written");
        symlink(&target, dir.path().join(name)).expect("a link");
        refused(&path, unsafe_for(Danger::Link));
        assert_eq!(
            fs::read_to_string(&target).expect("there"),
            "kept",
            "{name}"
        );
    }
    // The folder of the locks is written to, and only that.
    let (dir, path) = made();
    let locks = dir.path().join("state.db.locks");
    fs::remove_dir_all(&locks).expect("gone");
    let elsewhere = tempfile::tempdir().expect("a folder");
    symlink(elsewhere.path(), &locks).expect("a link");
    let error = Store::open(&path, Access::ReadWrite).expect_err("refused");
    assert!(unsafe_for(Danger::Link)(&error), "{error:?}");
    assert_eq!(content(elsewhere.path()), []);
}

#[test]
fn a_lock_file_that_is_a_link_is_not_written_through() {
    let (dir, path) = made();
    let run = RunId::from_u128(1);
    let store = open(&path);
    let target = dir.path().join("precious");
    fs::write(&target, "kept").expect("written");
    let lock = dir.path().join("state.db.locks").join(format!("run-{run}"));
    let _ = fs::remove_file(&lock);
    symlink(&target, &lock).expect("a link");
    let error = store
        .lock_run(run, &actor(), Timestamp(1))
        .expect_err("refused");
    assert!(matches!(error, LockError::Io { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&target).expect("there"), "kept");
}

#[test]
fn a_file_with_two_names_is_refused() {
    let (dir, path) = made();
    let other = dir.path().join("backup.db");
    fs::hard_link(&path, &other).expect("a name");
    refused(&path, unsafe_for(Danger::Names(2)));
    refused(&other, unsafe_for(Danger::Names(2)));
    fs::remove_file(&other).expect("gone");
    open(&path);
}

#[test]
fn a_file_that_others_may_write_is_refused_and_one_they_may_read_is_not() {
    let (_dir, path) = made();
    for bad in [0o666, 0o602] {
        mode(&path, bad);
        refused(&path, unsafe_for(Danger::Writable(bad)));
    }
    // Whoever lets others read it does so on purpose; it stays so.
    for good in [0o644, 0o640, 0o600] {
        mode(&path, good);
        assert_eq!(open(&path).remarks(), []);
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, good);
    }
}

/// A folder may be shared on purpose (a volume of a pod has mode 0777).
#[test]
fn a_folder_that_others_may_write_is_left_as_it_is() {
    let (dir, path) = place();
    mode(dir.path(), 0o777);
    append(&open(&path), vec![beginning(RunId::from_u128(1))]);
    assert_eq!(
        fs::metadata(dir.path()).expect("there").mode() & 0o777,
        0o777
    );
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
}

fn pipe(path: &Path) {
    let made = Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(path)
        .status();
    assert!(made.expect("mkfifo").success());
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let (dir, _) = place();
    let is_no_file = |error: &OpenError| matches!(error, OpenError::NotAFile { .. });
    let fifo = dir.path().join("fifo.db");
    pipe(&fifo);
    refused(&fifo, is_no_file);
    let folder = dir.path().join("folder.db");
    fs::create_dir(&folder).expect("a folder");
    refused(&folder, is_no_file);
    let socket = dir.path().join("socket.db");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    refused(&socket, is_no_file);
    for device in ["/dev/null", "/dev/zero", "/dev/tty"] {
        let error = Store::open(Path::new(device), Access::ReadWrite).expect_err("refused");
        assert!(is_no_file(&error), "{error:?}");
    }
    // As a lock file, and beside the database.
    let (dir, path) = made();
    let run = RunId::from_u128(1);
    let store = open(&path);
    let lock = dir.path().join("state.db.locks").join(format!("run-{run}"));
    let _ = fs::remove_file(&lock);
    pipe(&lock);
    let _ = store.run_holder(run);
    let _ = store.lock_run(run, &actor(), Timestamp(1));
    drop(store);
    let log = dir.path().join("state.db-wal");
    pipe(&log);
    refused(&path, is_no_file);
}

/// Swapped for a link again and again while it is opened: it is either the real
/// one or refused, and what the link leads to is never touched.
#[test]
fn a_race_with_whoever_swaps_the_file_is_not_lost() {
    let (dir, path) = made();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let precious = elsewhere.path().join("precious");
    File::create(&precious).expect("a file");
    let (aside, link) = (dir.path().join("aside"), dir.path().join("link"));
    let over = std::sync::atomic::AtomicBool::new(false);
    let (mut opened, mut turned_away) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = fs::rename(&path, &aside);
                symlink(&precious, &link).expect("a link");
                let _ = fs::rename(&link, &path);
                std::thread::yield_now();
                let _ = fs::rename(&aside, &path);
            }
        });
        for _ in 0..300 {
            match Store::open(&path, Access::ReadOnly) {
                Ok(_) => opened += 1,
                Err(_) => turned_away += 1,
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    println!("races with a swapped link: {opened} opened, {turned_away} refused, followed 0");
    assert!(opened + turned_away == 300 && turned_away > 0);
    assert_eq!(fs::metadata(&precious).expect("there").len(), 0);
    assert_eq!(content(elsewhere.path()).len(), 1);
}
