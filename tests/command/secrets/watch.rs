//! Commands that are watched: what they print, and with which words and
//! variables their children are started.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::needles::Needle;
use crate::command::harness::{Done, Home};

/// Where a secret may be, and why.
pub(super) struct Allowed {
    /// Whose.
    pub(super) secret: &'static str,
    /// In which kind of place.
    pub(super) place: &'static str,
    /// Why that is as it should be.
    pub(super) why: &'static str,
}

/// All of them.
pub(super) const ALLOWED: &[Allowed] = &[
    Allowed {
        secret: "AWS_SECRET_ACCESS_KEY",
        place: "the environment of a child",
        why: "kubectl's credential plug-in and rosa sign in to AWS with it; it is the person's own",
    },
    Allowed {
        secret: "AWS_SESSION_TOKEN",
        place: "the environment of a child",
        why: "likewise",
    },
    Allowed {
        secret: "--password-file",
        place: "the password file",
        why: "the person wrote it there",
    },
    Allowed {
        secret: "kept by RDS",
        place: "what keycloak env --format secret prints",
        why: "it is asked for, to be given to kubectl apply",
    },
    Allowed {
        secret: "AURORA_PASSWORD",
        place: "what keycloak env --format secret prints",
        why: "likewise",
    },
];

/// A watcher over the commands of a home.
pub(super) struct Watch {
    needles: RefCell<Vec<Needle>>,
    /// Outside of the home, which is searched.
    folder: TempDir,
    commands: Cell<usize>,
    searched: Cell<usize>,
    bytes: Cell<usize>,
    children: Cell<usize>,
}

impl Watch {
    pub(super) fn new(needles: Vec<Needle>) -> Self {
        Self {
            needles: RefCell::new(needles),
            folder: TempDir::new().expect("a folder"),
            commands: Cell::new(0),
            searched: Cell::new(0),
            bytes: Cell::new(0),
            children: Cell::new(0),
        }
    }

    /// One more secret, which has come to be known.
    pub(super) fn add(&self, needle: Needle) {
        self.needles.borrow_mut().push(needle);
    }

    /// Puts recorders of `kubectl` and `rosa` before those that a home has.
    pub(super) fn record(&self, home: &mut Home, path: &str, programs: &[&str]) {
        let bin = self.folder.path().join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        fs::create_dir_all(self.calls()).expect("a folder");
        for program in programs {
            let script = format!(
                "#!/bin/sh\nfile=$(mktemp '{}/{program}.XXXXXX')\n\
                 printf '%s\\n' \"$0\" \"$@\" > \"$file.words\"\n\
                 cat /proc/self/environ > \"$file.environ\"\n\
                 readlink /proc/$$/fd/0 > \"$file.stdin\"\n\
                 PATH='{path}' exec {program} \"$@\"\n",
                self.calls().display()
            );
            let file = bin.join(program);
            fs::write(&file, script).expect("a script");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        home.set("PATH", &format!("{}:{path}", bin.display()));
    }

    fn calls(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// How many calls of a program were recorded.
    pub(super) fn calls_of(&self, program: &str) -> usize {
        let entries = fs::read_dir(self.calls()).expect("a folder");
        entries
            .filter(|entry| {
                let name = entry.as_ref().expect("an entry").file_name();
                let name = name.to_string_lossy().into_owned();
                name.starts_with(program) && name.ends_with(".words")
            })
            .count()
    }

    /// Runs a command and searches all that it shows.
    #[track_caller]
    pub(super) fn run(&self, home: &Home, code: i32, words: &[&str]) -> Done {
        self.run_allowing(home, code, words, "")
    }

    /// The same where secrets may be in one kind of place.
    #[track_caller]
    pub(super) fn run_allowing(
        &self,
        home: &Home,
        code: i32,
        words: &[&str],
        place: &'static str,
    ) -> Done {
        let done = self.watched(home.command(words), None);
        assert_eq!(done.code, code, "stepwell {words:?}: {done:#?}");
        self.look(
            &format!("stdout of {words:?}"),
            done.stdout.as_bytes(),
            place,
        );
        self.look(&format!("stderr of {words:?}"), done.stderr.as_bytes(), "");
        done
    }

    /// Kills a command as soon as stderr says `moment`.
    #[track_caller]
    pub(super) fn kill(&self, home: &Home, words: &[&str], moment: &str) {
        let done = self.watched(home.command(words), Some(moment));
        assert_eq!(done.code, 137, "stepwell {words:?}: {done:#?}");
        self.look(&format!("stdout of {words:?}"), done.stdout.as_bytes(), "");
        self.look(&format!("stderr of {words:?}"), done.stderr.as_bytes(), "");
    }

    fn watched(&self, mut command: Command, moment: Option<&str>) -> Done {
        let (out, err) = (
            self.folder.path().join("out"),
            self.folder.path().join("err"),
        );
        let mut child = command
            .stdout(File::create(&out).expect("a file"))
            .stderr(File::create(&err).expect("a file"))
            .spawn()
            .expect("the command starts");
        let text =
            |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("read")).into_owned();
        let begun = Instant::now();
        let status = loop {
            self.poll(child.id(), None);
            if moment.is_some_and(|moment| text(&err).contains(moment)) {
                child.kill().expect("killed");
            }
            if let Some(status) = child.try_wait().expect("the child") {
                break status;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "it takes too long"
            );
            std::thread::sleep(Duration::from_millis(2));
        };
        self.commands.set(self.commands.get() + 1);
        Done {
            code: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
            stdout: text(&out),
            stderr: text(&err),
        }
    }

    /// The words of a process and of all its children, as everybody on the
    /// machine can see them, and the environment of the children.
    fn poll(&self, pid: u32, parent: Option<&Path>) {
        let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        self.look("the words of a process", &read("cmdline"), "");
        // For a moment, a child is still a copy of its parent.
        if parent.is_some_and(|parent| *parent != program) {
            let place = "the environment of a child";
            self.children.set(self.children.get() + 1);
            self.look(place, &read("environ"), place);
        }
        let children = read(&format!("task/{pid}/children"));
        for child in String::from_utf8_lossy(&children).split_whitespace() {
            if let Ok(child) = child.parse() {
                self.poll(child, Some(&program));
            }
        }
    }

    /// Searches every file of a home, and every call of a child.
    #[track_caller]
    pub(super) fn search(&self, home: &Home) {
        let mut folders = vec![home.path().to_owned(), self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let kind = path.symlink_metadata().expect("a look").file_type();
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    let name = path.display().to_string();
                    let place = match () {
                        () if name.ends_with(".environ") => "the environment of a child",
                        () if name.ends_with("/password") => "the password file",
                        // What was printed last was searched when it was.
                        () if name.ends_with("/out") => continue,
                        () => "",
                    };
                    self.look(&name, &fs::read(&path).expect("a file"), place);
                }
            }
        }
    }

    /// Searches some bytes.
    #[track_caller]
    pub(super) fn look(&self, name: &str, bytes: &[u8], place: &'static str) {
        self.searched.set(self.searched.get() + 1);
        self.bytes.set(self.bytes.get() + bytes.len());
        for needle in &*self.needles.borrow() {
            let allowed = ALLOWED
                .iter()
                .find(|one| one.secret == needle.name && one.place == place);
            if let Some(allowed) = allowed {
                assert!(!allowed.why.is_empty());
                continue;
            }
            if let Some(form) = needle.found_in(bytes) {
                panic!("the secret {} is in {name}, as {form:?}", needle.name);
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let needles = self.needles.borrow();
        format!(
            "{} commands, {} secrets in {} forms, {} outputs, files and command lines with {} KiB searched, {} looks at children; found where not allowed 0",
            self.commands.get(),
            needles.len(),
            needles.iter().map(Needle::forms).sum::<usize>(),
            self.searched.get(),
            self.bytes.get() >> 10,
            self.children.get(),
        )
    }

    pub(super) fn commands(&self) -> usize {
        self.commands.get()
    }
}
