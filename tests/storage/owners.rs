//! Whose the files are: a volume's group, another user, root with another's
//! environment, and a user without a home.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::deed::Deed;
use super::ground::{Ground, set_mode};
use crate::command::harness::{Done, KEYCLOAK, finish};

/// Another user, who need not have an account.
const ADA: u32 = 12_345;

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("other users' files: skipped, only root can give files away");
    }
    root
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

fn give(folder: &Path, owner: u32) {
    for path in all(folder) {
        chown(path, Some(owner), Some(owner)).expect("given away");
    }
}

#[track_caller]
fn all_belong_to(folder: &Path, owner: u32) {
    for path in all(folder) {
        let found = fs::symlink_metadata(&path).expect("there").uid();
        assert_eq!(found, owner, "{}", path.display());
    }
}

/// A command with this environment and nothing else.
fn bare(environment: &[(&str, &Path)], wrap: &[&str], words: &[&str]) -> Done {
    let mut line: Vec<&str> = wrap.to_vec();
    line.push(env!("CARGO_BIN_EXE_stepwell"));
    line.extend(words);
    let mut command = Command::new(line[0]);
    command
        .args(&line[1..])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .current_dir("/")
        .stdin(Stdio::null());
    finish(command)
}

/// As Kubernetes does with a volume that has an `fsGroup`.
#[test]
fn the_groups_right_to_write_is_taken_away_with_one_warning() {
    let ground = Ground::new();
    Deed::Resume.prepare(&ground);
    for path in all(&ground.folder()) {
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        let bits = if path.is_dir() { 0o2070 } else { 0o060 };
        set_mode(&path, mode | bits);
    }
    let done = ground.expect(0, &["--sandbox-speed", "max", "resume"]);
    assert_eq!(done.stderr.matches("warning:").count(), 1, "{done:#?}");
    done.says("its group could write to it (mode 0660); no longer");
    let mode = fs::metadata(ground.home.state()).expect("there").mode();
    assert_eq!(mode & 0o777, 0o640, "the group may read it");
    let done = ground.expect(0, &Deed::Delete.words());
    assert!(!done.stderr.contains("warning:"), "{done:#?}");
}

#[test]
fn another_users_runs_are_read_and_gone_on_with_where_that_is_said() {
    if !is_root() {
        return;
    }
    let ground = Ground::new();
    Deed::Resume.prepare(&ground);
    give(&ground.folder(), ADA);
    let warning = "it belongs to another user (uid 12345)";
    for words in [
        &["runs", "list"][..],
        &["runs", "show"],
        &["runs", "verify"],
    ] {
        ground.expect(0, words).says("warning: ").says(warning);
    }
    // In JSON, stderr has errors alone.
    let done = ground.expect(0, &["-o", "json", "runs", "list"]);
    assert_eq!(done.stderr, "");
    all_belong_to(&ground.folder(), ADA);
    for words in [Deed::Resume.words(), Deed::Create.words()] {
        let done = ground.expect(1, &words);
        assert_eq!(done.error()["code"], "state_unsafe");
        done.says(warning).says("--trust-state ");
    }
    // The path is said for itself.
    let state = ground.home.state().display().to_string();
    ground
        .expect(64, &["--trust-state", "/elsewhere.db", "runs", "list"])
        .says("is not the state file");
    let words = ["--trust-state", &state, "--sandbox-speed", "max"];
    ground
        .expect(0, &[&words[..], &["resume"]].concat())
        .says(warning);
    all_belong_to(&ground.folder(), ADA);
    assert_eq!(ground.count("db-instance"), 1);
}

/// The command that goes on is one that works as it stands.
#[test]
fn what_is_trusted_is_trusted_by_the_next_command_too() {
    if !is_root() {
        return;
    }
    let ground = Ground::new();
    Deed::Resume.prepare(&ground);
    ground.expect(
        0,
        &[
            "sandbox",
            "fault",
            "add",
            "--error",
            "ExpiredToken",
            "--operation",
            "CreateDBInstance",
        ],
    );
    give(&ground.folder(), ADA);
    let state = ground.home.state().display().to_string();
    let done = ground.expect(
        3,
        &["--trust-state", &state, "--sandbox-speed", "max", "resume"],
    );
    done.says(&format!("--trust-state {state} resume "));
}

#[test]
fn root_leaves_nothing_of_its_own_in_another_users_home() {
    if !is_root() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let own = tempfile::tempdir().expect("a folder");
    give(home.path(), ADA);
    // Named there, it is refused, or made for its owner.
    let state = home.path().join("state/state.db");
    let text = state.display().to_string();
    let create = ["--sandbox", "--sandbox-speed", "max", "aurora", "create"];
    let create = [&["--state", &text][..], &create, &KEYCLOAK].concat();
    let environment = [("HOME", own.path())];
    let done = bare(&environment, &[], &create);
    assert_eq!(done.code, 1, "{done:#?}");
    done.says("belongs to another user (uid 12345)")
        .says("--trust-state");
    assert!(!state.exists());
    let trusted = [&["--trust-state", &text][..], &create].concat();
    let done = bare(&environment, &[], &trusted);
    assert_eq!(done.code, 0, "{done:#?}");
    assert!(state.exists());
    all_belong_to(home.path(), ADA);

    // As the default place, by HOME and by XDG_STATE_HOME, it is passed over.
    let before = all(home.path());
    let xdg = home.path().join("xdg");
    for environment in [
        vec![("HOME", home.path())],
        vec![("HOME", home.path()), ("XDG_STATE_HOME", &*xdg)],
    ] {
        let done = bare(&environment, &[], &["runs", "list"]);
        assert_eq!(done.code, 0, "{done:#?}");
        done.says("belongs to another user (uid 12345), so the state is in root's own home");
    }
    assert_eq!(all(home.path()), before);
}

#[test]
fn a_place_for_the_state_is_asked_for_only_where_it_is_needed() {
    // The user database names a home where the environment does not.
    for words in [&["completions", "bash"][..], &["man"], &["runs", "list"]] {
        let done = bare(&[], &[], words);
        assert_eq!(done.code, 0, "{words:?}: {done:#?}");
    }
    if !is_root() {
        return;
    }
    // A user whom it does not know, as OpenShift has them.
    let program = tempfile::tempdir().expect("a folder");
    set_mode(program.path(), 0o755);
    let copy = program.path().join("stepwell");
    fs::copy(env!("CARGO_BIN_EXE_stepwell"), &copy).expect("copied");
    set_mode(&copy, 0o755);
    let line = format!("shift; exec '{}' \"$@\"", copy.display());
    let uid = "54321";
    let wrap = [
        "setpriv",
        "--reuid",
        uid,
        "--regid",
        "0",
        "--clear-groups",
        "/bin/sh",
        "-c",
        &line,
        "sh",
    ];
    if bare(&[], &wrap, &["--version"]).code != 0 {
        println!("a user without an entry: skipped, there is no setpriv");
        return;
    }
    let root = Path::new("/");
    for environment in [vec![], vec![("HOME", root)], vec![("HOME", Path::new(""))]] {
        for words in [
            &["completions", "bash"][..],
            &["man"],
            &["--help"],
            &["runs", "list", "--state", "/nowhere/state.db"],
        ] {
            let done = bare(&environment, &wrap, words);
            assert_eq!(done.code, 0, "{words:?}: {done:#?}");
        }
        for words in [&["runs", "list"][..], &["--sandbox", "sandbox", "status"]] {
            let done = bare(&environment, &wrap, words);
            assert_eq!(done.code, 1, "{words:?}: {done:#?}");
            done.says("there is no place for the state file")
                .says("--state or STEPWELL_STATE");
        }
    }
}

/// A file that is mounted alone has its log elsewhere.
#[test]
fn a_state_file_that_is_mounted_alone_is_refused() {
    let Some((ground, _disk)) = super::disk::Disk::over(super::disk::Kind::Tmpfs, 3000) else {
        return;
    };
    Deed::Resume.prepare(&ground);
    ground.shell("touch mounted.db; chmod 600 mounted.db; mount --bind state.db mounted.db");
    let mounted = ground.folder().join("mounted.db").display().to_string();
    for words in [&["runs", "list"][..], &["resume"]] {
        let done = ground.expect(1, &[&["--state", &mounted][..], words].concat());
        done.says("it is mounted alone").says("mount its folder");
    }
    ground.shell("umount mounted.db");
}
