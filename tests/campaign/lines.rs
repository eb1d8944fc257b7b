//! A `kill -9` right after each line that a process says, which tells of what
//! has just become durable; and once more a few lines into the process that
//! goes on.
//!
//! In CI some of the lines; all of them with `STEPWELL_CAMPAIGN_STRIDE=1`.

use std::thread;

use super::asked_for;
use super::plan::{Blow, Form, Life, Plan, What, When};
use super::stage::CALM;
use super::trial::{End, Record, attempt};
use super::work::{Password, Work};

/// Which lines in CI: one of so many.
const STRIDE: u32 = 18;

/// How many at a time.
const LANES: usize = 4;

/// What a process has to do that dies after a certain line.
#[derive(Debug, Clone, Copy)]
struct Point {
    work: Work,
    /// Whether it is to undo what another has done.
    back: bool,
    /// Whether the state file goes with it.
    lost: bool,
    /// Whether the same is begun again, and the unfinished run given up.
    again: bool,
}

impl Point {
    fn plan(self, kills: &[u32]) -> Plan {
        let life = |blows: Vec<Blow>| Life {
            lost: false,
            faults: Vec::new(),
            back: self.again,
            form: Form::Jsonl,
            blows,
        };
        let mut lives = Vec::new();
        if self.back {
            lives.push(life(Vec::new()));
        }
        lives.extend(kills.iter().map(|&lines| {
            let (when, what) = (When::Line(lines), What::Kill);
            life(vec![Blow { when, what }])
        }));
        if self.lost && !kills.is_empty() {
            lives.iter_mut().skip(1).for_each(|life| life.lost = true);
        }
        if kills.is_empty() {
            lives.push(life(Vec::new()));
        }
        Plan {
            seed: 0,
            work: self.work,
            suspend: false,
            parallel: None,
            speed: CALM,
            lives,
            turns: self.back,
            back: false,
            end: Some(match self.back {
                true => End::AsBefore,
                false => End::Complete,
            }),
        }
    }

    #[track_caller]
    fn attempt(self, kills: &[u32]) -> Record {
        attempt(&self.plan(kills)).unwrap_or_else(|failure| {
            panic!(
                "{self:?}, killed after lines {kills:?}: {}\n{}\nkept: {}",
                failure.why,
                failure.script,
                failure.kept.display()
            )
        })
    }
}

/// Kills at the lines whose turn it is, and counts.
fn killed_after_each_line(name: &str, point: Point) {
    let stride = asked_for("STEPWELL_CAMPAIGN_STRIDE")
        .map_or(STRIDE, |stride| u32::try_from(stride).expect("a stride"));
    let clean = point.attempt(&[]);
    let lines = *clean.lines.last().expect("a process");
    let turns: Vec<u32> = (1..=u32::try_from(lines).expect("few lines"))
        .filter(|line| line % stride == stride / 2)
        .collect();
    let one = |&line: &u32| point.attempt(&[line, 1 + line % 5]);
    // Side by side, because they wait for most of it.
    let records: Vec<Record> = (turns.chunks(LANES))
        .flat_map(|turns| {
            thread::scope(|scope| {
                let lanes: Vec<_> =
                    (turns.iter().map(|line| scope.spawn(move || one(line)))).collect();
                let joined = lanes.into_iter().map(|lane| lane.join());
                joined
                    .map(|record| record.expect("a record"))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let points = records.len() as u64;
    let kills: u64 = records.iter().map(|record| record.dealt.kills).sum();
    let marked: u64 = records.iter().map(|record| record.marked).sum();
    println!(
        "killed {name} after {points} of its {lines} lines, and again in the process that went on: {kills} kill -9 hit a living process, {marked} attempts marked crashed, all ended as they should"
    );
    assert!(points > 0 && kills >= points, "{kills} at {points} points");
}

impl From<Work> for Point {
    fn from(work: Work) -> Self {
        Self {
            work,
            back: false,
            lost: false,
            again: false,
        }
    }
}

fn forward(name: &str, work: Work) {
    killed_after_each_line(name, work.into());
}

fn backward(name: &str, work: Work) {
    let back = true;
    let point = work.into();
    killed_after_each_line(name, Point { back, ..point });
}

/// The state file is lost as well, and the same is begun again.
fn forgotten(name: &str, work: Work) {
    let lost = true;
    let point = work.into();
    let name = format!("{name}, the state file gone with it,");
    killed_after_each_line(&name, Point { lost, ..point });
}

/// The run is not resumed: the same is begun again.
fn repeated(name: &str, work: Work) {
    let again = true;
    let point = work.into();
    let name = format!("{name} that is begun again");
    killed_after_each_line(&name, Point { again, ..point });
}

const CREATE: Work = Work::Create {
    instances: 1,
    zones: false,
    range: true,
    password: false,
};

#[test]
fn a_create_killed_after_any_line() {
    forward("a create", CREATE);
}

#[test]
fn a_rollback_killed_after_any_line() {
    backward("the rollback of a create", CREATE);
}

#[test]
fn a_restore_killed_after_any_line() {
    let work = Work::Restore {
        instances: 1,
        password: Password::Given,
    };
    forward("a restore", work);
}

#[test]
fn a_delete_killed_after_any_line() {
    let work = Work::Delete {
        snapshot: true,
        peered: true,
    };
    forward("a delete", work);
}

#[test]
fn a_peering_killed_after_any_line() {
    forward("a peering", Work::Peer { across: true });
}

#[test]
fn the_rollback_of_a_peering_killed_after_any_line() {
    backward("the rollback of a peering", Work::Peer { across: true });
}

#[test]
fn an_unpeering_killed_after_any_line() {
    forward("an unpeering", Work::Unpeer { all: true });
}

#[test]
fn a_delete_begun_again_after_any_line() {
    let work = Work::Delete {
        snapshot: false,
        peered: true,
    };
    repeated("a delete", work);
}

#[test]
fn a_reap_begun_again_after_any_line() {
    repeated("a reap", Work::Reap);
}

#[test]
fn an_unpeering_begun_again_after_any_line() {
    repeated("an unpeering", Work::Unpeer { all: true });
}

#[test]
fn a_create_forgotten_after_any_line() {
    forgotten("a create", CREATE);
}

#[test]
fn a_delete_forgotten_after_any_line() {
    let work = Work::Delete {
        snapshot: false,
        peered: true,
    };
    forgotten("a delete", work);
}

#[test]
fn a_peering_forgotten_after_any_line() {
    forgotten("a peering", Work::Peer { across: true });
}

#[test]
fn an_unpeering_forgotten_after_any_line() {
    forgotten("an unpeering", Work::Unpeer { all: true });
}
