//! A person at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::harness::{Home, KEYCLOAK};

/// A terminal with what a person would see on it.
pub(crate) struct Pty {
    keyboard: File,
    slave: Option<File>,
    seen: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Pty {
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name.to_str().expect("a name"))
            .expect("a terminal");
        let size = Winsize {
            ws_row: 24,
            ws_col: 60,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).expect("a size");
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().expect("a terminal");
        let seen = Arc::new(Mutex::new(String::new()));
        let writer = seen.clone();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end is an error here.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                writer.lock().expect("the screen").push_str(&text);
            }
        });
        Self {
            keyboard,
            slave: Some(slave),
            seen,
            reader: Some(reader),
        }
    }

    pub(crate) fn stdio(&self) -> Stdio {
        let slave = self.slave.as_ref().expect("one command to a terminal");
        slave.try_clone().expect("a terminal").into()
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.lock().expect("the screen").clone()
    }

    #[track_caller]
    pub(crate) fn until(&self, text: &str) {
        let start = Instant::now();
        while !self.seen().contains(text) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{text:?} is not in {:?}",
                self.seen()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard
            .write_all(text.as_bytes())
            .expect("the keyboard");
    }

    /// Runs a command that is answered once; gives its exit code.
    fn run(&mut self, home: &Home, words: &[&str], answer: &str) -> i32 {
        let mut command = home.command(words);
        command
            .env("TERM", "xterm")
            .stdin(self.stdio())
            .stdout(Stdio::null())
            .stderr(self.stdio());
        let mut child = command.spawn().expect("the command starts");
        if !answer.is_empty() {
            self.until("to confirm: ");
            self.types(answer);
        }
        let status = child.wait().expect("the command ends");
        // Once nobody has the terminal open, the reader comes to its end: only
        // then has everything been seen.
        drop(command);
        self.slave = None;
        let reader = self.reader.take().expect("one command to a terminal");
        reader.join().expect("the screen");
        status.code().expect("a code")
    }
}

#[test]
fn a_person_is_asked_before_data_is_destroyed() {
    let home = Home::new();
    home.create(0, &[]);
    let words = [
        "--sandbox",
        "--sandbox-speed",
        "max",
        "aurora",
        "delete",
        "--skip-final-snapshot",
    ];
    let words = [&words, &KEYCLOAK[..]].concat();
    let mut pty = Pty::open();
    assert_eq!(pty.run(&home, &words, "no\n"), 8);
    assert!(pty.seen().contains("was not confirmed"), "{}", pty.seen());
    assert_eq!(home.count("db-cluster"), 1);
    let mut pty = Pty::open();
    assert_eq!(pty.run(&home, &words, "keycloak\n"), 0);
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_live_block_shows_what_is_under_way() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--error",
        "InvalidParameterCombination",
    ]);
    let words = ["--sandbox", "--sandbox-speed", "300", "aurora", "create"];
    let words = [&words, &KEYCLOAK[..]].concat();
    let mut pty = Pty::open();
    assert_eq!(pty.run(&home, &words, ""), 4);
    let seen = pty.seen();
    assert!(seen.contains("\x1b[?2026h"), "drawn in one go");
    assert!(seen.contains("steps done"), "{seen}");
    assert!(seen.contains("  cluster-available "), "{seen}");
    assert!(!seen.contains("\x1b[2J"), "the screen is never blanked");
    // The fault stands in a line of its own, above the block.
    assert!(seen.contains("CreateDBInstance failed"), "{seen}");
    let last = seen.rsplit("\x1b[?2026l").next().expect("an end");
    assert!(
        last.contains("rolled back"),
        "the summary stands below: {last:?}"
    );
    assert!(
        !last.contains("steps done"),
        "nothing of the block is left: {last:?}"
    );
}

#[test]
fn plain_lines_in_ci() {
    let mut home = Home::new();
    home.set("CI", "true");
    home.set("NO_COLOR", "1");
    let words = ["--sandbox", "--sandbox-speed", "6000", "aurora", "create"];
    let words = [&words, &KEYCLOAK[..]].concat();
    let mut pty = Pty::open();
    assert_eq!(pty.run(&home, &words, ""), 0);
    assert!(!pty.seen().contains('\x1b'), "{}", pty.seen());
    assert!(pty.seen().contains("started vpc"));
}
