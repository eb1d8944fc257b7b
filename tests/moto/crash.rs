//! Death at random moments, and what a resume makes of it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, SystemTime};

use super::stage::Stage;
use stepwell_testkit::Chance;

/// How often a run is killed before it may end.
pub(super) const KILLS: usize = 4;

/// Dice whose seed is printed, so that a failure says at least where the deaths
/// were meant to be.
pub(super) fn cast() -> Chance {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
    let seed = u64::from(since.subsec_nanos()) ^ since.as_secs();
    println!("seed {seed}");
    Chance::new(seed)
}

/// Ends a command when it goes.
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lets a command say some lines, which tell of durable events, and kills it a
/// moment later.
pub(super) fn kill(mut command: Command, dice: &mut Chance, most: u64) {
    let lines = 1 + dice.below(most);
    let moment = Duration::from_millis(dice.below(60));
    println!("killed after {lines} lines and {moment:?}");
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stderr = child.stderr.take().expect("stderr");
    let mortal = Mortal(child);
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    for _ in 0..lines {
        // A wait is as good a moment as any; and it may have ended before.
        match receiver.recv_timeout(Duration::from_secs(3)) {
            Ok(line) => println!("  {line}"),
            Err(_) => break,
        }
    }
    thread::sleep(moment);
    drop(mortal);
}

#[test]
fn a_create_and_a_delete_survive_any_number_of_kills() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    let mut dice = cast();

    // A process may die before there is a run: then it is begun again.
    for _ in 0..KILLS {
        let command = match stage.latest() {
            None => stage.create_command(),
            Some(run) if run["status"] == "succeeded" => break,
            Some(_) => stage.home.command(&["resume", "latest"]),
        };
        kill(command, &mut dice, 24);
    }
    match stage.latest() {
        None => drop(stage.create(0, &[])),
        Some(run) if run["status"] == "succeeded" => {}
        Some(_) => drop(stage.home.expect(0, &["resume", "latest"])),
    }
    stage.must_be_whole();

    let is_delete = |run: &serde_json::Value| run["workflow"] == "aurora delete";
    for _ in 0..KILLS {
        let command = match stage.latest().filter(is_delete) {
            None => stage.home.command(&Stage::deletion()),
            Some(run) if run["status"] == "succeeded" => break,
            Some(_) => stage.home.command(&["resume", "latest"]),
        };
        kill(command, &mut dice, 24);
    }
    match stage.latest().filter(is_delete) {
        None => drop(stage.delete()),
        Some(run) if run["status"] == "succeeded" => {}
        Some(_) => drop(stage.home.expect(0, &["resume", "latest"])),
    }
    stage.account.snapshot().must_be(&before);
}

#[test]
fn a_rollback_survives_any_number_of_kills() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    let mut dice = cast();
    stage.create(0, &[]);
    let run = stage.home.newest();
    kill(
        stage.home.command(&["rollback", &run, "--yes"]),
        &mut dice,
        12,
    );
    for _ in 1..KILLS {
        if stage.latest().expect("a run")["status"] == "rolled_back" {
            break;
        }
        kill(stage.home.command(&["resume", "latest"]), &mut dice, 12);
    }
    match stage.latest().expect("a run")["status"].as_str() {
        Some("rolled_back") => {}
        // The kill came before it was recorded that a rollback is asked for.
        Some("succeeded") => drop(stage.home.expect(0, &["rollback", &run, "--yes"])),
        _ => drop(stage.home.expect(0, &["resume", "latest"])),
    }
    stage.account.snapshot().must_be(&before);
}
