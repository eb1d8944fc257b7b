//! Files that are another's, or that others could use.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use super::deed::Deed;
use super::ground::{Ground, set_mode};
use crate::command::harness::{KEYCLOAK, Running, finish};

/// Every file and folder below, with its mode.
fn modes(folder: &Path) -> Vec<(String, u32, bool)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let data = path.symlink_metadata().expect("a look");
            if data.is_dir() {
                folders.push(path.clone());
            }
            let mode = data.permissions().mode() & 0o7777;
            found.push((path.display().to_string(), mode, data.is_dir()));
        }
    }
    found
}

#[test]
fn what_is_made_is_for_its_owner_alone_whatever_the_umask() {
    let mut looked = 0;
    for umask in ["0000", "0022", "0077", "0277"] {
        let ground = Ground::new();
        fs::remove_dir(ground.folder()).expect("gone");
        let line = format!("umask {umask}; exec \"$@\"");
        let between = ["/bin/sh", "-c", &line, "sh"];
        let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
        let command = ground.command(&between, &[&words[..], &KEYCLOAK].concat());
        let mut run = Running::of(command, &ground.home);
        run.until("started cluster-available");
        let during = modes(&ground.folder());
        run.kill();
        finish(ground.command(&between, &["--sandbox-speed", "max", "resume"]));
        let names = [
            "state.db",
            "state.db-wal",
            "state.db-shm",
            "sandbox.json",
            "sandbox.json.lock",
        ];
        for name in names {
            assert!(
                during.iter().any(|(path, ..)| path.ends_with(name)),
                "{name}"
            );
        }
        assert!(
            during
                .iter()
                .any(|(path, ..)| path.contains("state.db.locks/run-"))
        );
        for (path, mode, folder) in during.into_iter().chain(modes(&ground.folder())) {
            let allowed = if folder { 0o700 } else { 0o600 };
            assert_eq!(
                mode & !allowed,
                0,
                "{path} has mode {mode:04o} under umask {umask}"
            );
            looked += 1;
        }
        let folder = fs::metadata(ground.folder()).expect("there").mode();
        assert_eq!(folder & 0o077, 0);
    }
    println!(
        "modes under umasks 0000, 0022, 0077 and 0277: {looked} files and folders looked at, for others 0"
    );
    assert!(looked > 40);
}

/// A command that must be refused with nothing written.
#[track_caller]
fn refused(ground: &Ground, code: &str, text: &str) {
    let before = modes(&ground.folder());
    for words in [Deed::Create.words(), Deed::Resume.words()] {
        let begun = std::time::Instant::now();
        let done = ground.expect(1, &words);
        assert!(begun.elapsed() < Duration::from_secs(30), "it hung");
        assert_eq!(done.error()["code"], code, "{done:#?}");
        assert!(done.error()["hint"].is_string(), "{done:#?}");
        done.says(text);
    }
    ground
        .expect(1, &["runs", "list"])
        .says(text)
        .says("hint: ");
    assert_eq!(modes(&ground.folder()), before, "something was made");
}

#[test]
fn links_and_strangers_files_are_refused() {
    let mut tried = 0;
    let mut case = |prepare: &dyn Fn(&Ground), code: &str, text: &str| {
        let ground = Ground::new();
        prepare(&ground);
        refused(&ground, code, text);
        tried += 1;
    };
    let link = "is not safe to use: it is a symbolic link";
    case(
        &|ground| {
            fs::write(ground.home.path().join("other.db"), "").expect("a file");
            symlink(ground.home.path().join("other.db"), ground.home.state()).expect("a link");
        },
        "state_unsafe",
        link,
    );
    case(
        &|ground| symlink("/nowhere/state.db", ground.home.state()).expect("a link"),
        "state_unsafe",
        link,
    );
    case(
        &|ground| {
            Deed::Resume.prepare(ground);
            ground.shell("mv ../state ../elsewhere && ln -s elsewhere ../state");
        },
        "state_unsafe",
        link,
    );
    case(
        &|ground| {
            Deed::Resume.prepare(ground);
            ground.shell("ln state.db other-name.db");
        },
        "state_unsafe",
        "it has 2 names",
    );
    case(
        &|ground| {
            Deed::Resume.prepare(ground);
            set_mode(&ground.home.state(), 0o666);
        },
        "state_unsafe",
        "others may write to it (mode 0666)",
    );
    case(
        &|ground| {
            ground.shell("mkfifo -m 600 state.db");
        },
        "state",
        "is not a file",
    );
    case(
        &|ground| fs::create_dir(ground.home.state()).expect("a folder"),
        "state",
        "is not a file",
    );
    println!(
        "links, pipes, folders, second names and strangers' files as state: {tried} tried, refused {tried}, written 0"
    );
    assert!(tried >= 7);
}

/// The account's file is written as a whole, and never through a link.
#[test]
fn the_accounts_file_is_no_strangers_either() {
    for name in ["sandbox.json", "sandbox.json.lock", "sandbox.json.new"] {
        let ground = Ground::new();
        let precious = ground.home.path().join("precious");
        fs::write(&precious, "kept").expect("a file");
        symlink(&precious, ground.folder().join(name)).expect("a link");
        let done = ground.run(&Deed::Create.words());
        assert_eq!(
            fs::read_to_string(&precious).expect("there"),
            "kept",
            "{name}"
        );
        if name.ends_with(".new") {
            // What lies there is from a process that died, and is replaced.
            assert_eq!(done.code, 0, "{done:#?}");
        } else {
            assert_ne!(done.code, 0, "{name}");
            done.says("sandbox.json");
        }
    }
}

/// A folder that its owner has opened to others on purpose stays so.
#[test]
fn a_shared_folder_stays_shared() {
    let ground = Ground::new();
    set_mode(&ground.folder(), 0o1777);
    ground.expect(0, &Deed::Create.words());
    let mode = fs::metadata(ground.folder()).expect("there").mode();
    assert_eq!(mode & 0o7777, 0o1777);
    for (path, mode, folder) in modes(&ground.folder()) {
        assert_eq!(mode & 0o077, 0, "{path} ({folder})");
    }
}
