//! What a volume, a host or another user makes of the files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use stepwell_engine::event::End;
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Access, Danger, OpenError, Remark, RunFilter, Store};

use crate::support::{actor, append, beginning, content, ended, open, place, resumed};

/// Another user, who need not have an account.
const ADA: u32 = 12_345;

fn made() -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = place();
    append(&open(&path), vec![beginning(RunId::from_u128(1))]);
    (dir, path)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("there").mode() & 0o777
}

fn owner(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("there").uid()
}

/// Everything below a folder, itself included.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(all(&path)),
            false => found.push(path),
        }
    }
    found
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("other users' files: skipped, only root can give files away");
    }
    root
}

fn refused_as(path: &Path, access: Access, danger: Danger) {
    match Store::open(path, access) {
        Err(OpenError::Unsafe { danger: found, .. }) if found == danger => {}
        other => panic!("{access:?} of {}: {other:?}", path.display()),
    }
}

/// As Kubernetes leaves a volume that has an `fsGroup`, at each start.
#[test]
fn what_the_group_may_write_is_taken_from_it_with_one_remark() {
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let (dir, path) = made();
        let store = open(&path);
        let run = RunId::from_u128(1);
        drop(store.lock_run(run, &actor(), Timestamp(1)).expect("free"));
        append(&store, vec![resumed(run, 1)]);
        // It died, so its log is left.
        std::mem::forget(store);
        for path in all(dir.path()) {
            let bits = if path.is_dir() { 0o2070 } else { 0o060 };
            let found = fs::metadata(&path).expect("there").mode();
            fs::set_permissions(&path, Permissions::from_mode(found | bits)).expect("a mode");
        }
        let store = Store::open(&path, access).expect("opened");
        assert_eq!(store.remarks(), [Remark::GroupTaken(0o660)]);
        assert_eq!(store.events(run).expect("events").len(), 2);
        assert_eq!(mode(&path), 0o640, "the group may read on");
        assert_eq!(mode(&dir.path().join("state.db-wal")), 0o640);
        // The folder is a volume's own.
        assert_eq!(mode(dir.path()) & 0o070, 0o070);
        if access == Access::ReadWrite {
            let locks = dir.path().join("state.db.locks");
            assert_eq!(mode(&locks), 0o750);
            let _lock = store.lock_run(run, &actor(), Timestamp(1)).expect("free");
            assert_eq!(mode(&locks.join(format!("run-{run}"))), 0o600);
        }
        drop(store);
        assert_eq!(Store::open(&path, access).expect("opened").remarks(), []);
    }
}

#[test]
fn another_users_history_is_read_and_not_written() {
    if !is_root() {
        return;
    }
    for died in [false, true] {
        let (dir, path) = made();
        let run = RunId::from_u128(1);
        let store = open(&path);
        append(&store, vec![resumed(run, 1)]);
        match died {
            true => std::mem::forget(store),
            false => drop(store),
        }
        for path in all(dir.path()) {
            chown(&path, Some(ADA), Some(ADA)).expect("given away");
        }
        refused_as(&path, Access::ReadWrite, Danger::Foreign(ADA));
        let store = Store::open(&path, Access::ReadOnly).expect("opened");
        assert_eq!(store.remarks(), [Remark::Foreign(ADA)]);
        assert_eq!(store.runs(&RunFilter::default()).expect("runs").len(), 1);
        assert_eq!(store.events(run).expect("events").len(), 2);
        assert_eq!(store.run_holder(run).expect("asked"), None);
        drop(store);
        for path in all(dir.path()) {
            assert_eq!(owner(&path), ADA, "{}", path.display());
        }
        // Whoever trusts that user may write, and leaves nothing of his own.
        let store = Store::open(&path, Access::Trusted).expect("opened");
        assert_eq!(store.remarks(), [Remark::Foreign(ADA)]);
        let _lock = store.lock_run(run, &actor(), Timestamp(1)).expect("free");
        append(&store, vec![resumed(run, 2)]);
        assert!(dir.path().join("state.db-wal").exists());
        for path in all(dir.path()) {
            assert_eq!(owner(&path), ADA, "{}", path.display());
        }
    }
}

/// What lies beside a file is its owner's, or it is somebody's plant.
#[test]
fn a_strangers_file_beside_the_state_is_refused() {
    if !is_root() {
        return;
    }
    for name in ["state.db-wal", "state.db-shm", "state.db-journal"] {
        let (dir, path) = made();
        let beside = dir.path().join(name);
        fs::write(&beside, "planted").expect("written");
        fs::set_permissions(&beside, Permissions::from_mode(0o600)).expect("a mode");
        chown(&beside, Some(ADA), None).expect("given away");
        for access in [Access::ReadWrite, Access::ReadOnly, Access::Trusted] {
            refused_as(&path, access, Danger::Foreign(ADA));
        }
    }
    let (dir, path) = made();
    let locks = dir.path().join("state.db.locks");
    chown(&locks, Some(ADA), None).expect("given away");
    refused_as(&path, Access::ReadWrite, Danger::Foreign(ADA));
    chown(&locks, Some(0), None).expect("taken back");
    open(&path);
}

#[test]
fn root_makes_nothing_of_its_own_in_another_users_folder() {
    if !is_root() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    chown(home.path(), Some(ADA), Some(ADA)).expect("given away");
    let path = home.path().join(".local/state/stepwell/state.db");
    refused_as(&path, Access::ReadWrite, Danger::Foreign(ADA));
    assert_eq!(content(home.path()), []);
    // Reading makes nothing.
    let empty = Store::open(&path, Access::ReadOnly).expect("opened");
    assert_eq!(empty.runs(&RunFilter::default()).expect("runs"), []);
    assert_eq!(content(home.path()), []);

    let store = Store::open(&path, Access::Trusted).expect("opened");
    let run = RunId::from_u128(1);
    let _lock = store.lock_run(run, &actor(), Timestamp(1)).expect("free");
    append(&store, vec![beginning(run)]);
    let found = all(home.path());
    assert!(found.len() > 8, "{found:?}");
    for path in found {
        assert_eq!(owner(&path), ADA, "{}", path.display());
    }
    drop(store);
    let store = Store::open(&path, Access::Trusted).expect("opened");
    append(&store, vec![ended(run, 1, End::Succeeded)]);
}

/// A file that is mounted alone has its log in another folder there than here.
#[test]
fn a_state_file_that_is_a_mount_point_is_refused() {
    const TEST: &str = "owners::a_state_file_that_is_a_mount_point_is_refused";
    if let Some(path) = crate::support::child_path() {
        for access in [Access::ReadWrite, Access::ReadOnly] {
            refused_as(&path, access, Danger::Mounted);
        }
        let error = Store::open(&path, Access::ReadWrite).expect_err("refused");
        assert!(error.hint().expect("a hint").contains("mount its folder"));
        println!("refused");
        return;
    }
    let (dir, path) = made();
    let mounted = dir.path().join("mounted.db");
    fs::write(&mounted, "").expect("a file");
    fs::set_permissions(&mounted, Permissions::from_mode(0o600)).expect("a mode");
    let line = format!(
        "mount --bind '{}' '{}' || exit 77; exec \"$@\"",
        path.display(),
        mounted.display()
    );
    let test = crate::support::child(&crate::support::this_program(), TEST, &mounted);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["/bin/sh", "-c", &line, "sh"]);
    command.arg(test.get_program()).args(test.get_args());
    for (name, value) in test.get_envs() {
        command.env(name, value.expect("a value"));
    }
    let output = command.output().expect("unshare");
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(77) || said.is_empty() {
        println!("a mounted file: skipped, nothing can be mounted here: {output:?}");
        return;
    }
    assert!(
        output.status.success() && said.contains("refused"),
        "{output:?}"
    );
}
