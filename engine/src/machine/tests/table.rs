//! The transition table in docs/machine.md, made from what the machine does in
//! thousands of simulated runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::sim::Sim;
use super::world::specs;
use crate::event::{End, Event, EventBody, Outcome, SuspendReason, Then};
use crate::machine::{Machine, Status};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/machine.md");
const MARKS: [&str; 2] = ["<!-- from here on generated -->\n", "<!-- up to here -->\n"];

type Rows = BTreeSet<(String, String, String)>;

fn status(machine: &Machine) -> String {
    let way = match machine.is_rolling_back() {
        true => "back",
        false => "forward",
    };
    match machine.status() {
        Status::Running => format!("running, {way}"),
        Status::Suspended(_) => format!("suspended, {way}"),
        Status::Ended(End::Succeeded) => "succeeded".to_owned(),
        Status::Ended(End::RolledBack { .. }) => "rolled back".to_owned(),
        Status::Ended(End::Stuck { .. }) => "stuck".to_owned(),
        Status::Ended(End::Abandoned { .. }) => "abandoned".to_owned(),
    }
}

/// An event as the table has it.
fn label(body: &EventBody) -> String {
    let kind = body.kind().replace('_', " ");
    match body {
        EventBody::AttemptStarted { verb, .. } => format!("{kind} ({verb})"),
        EventBody::AttemptSucceeded { outcome, .. } | EventBody::StepDone { outcome, .. } => {
            let how = match outcome {
                Outcome::Made { .. } => "made",
                Outcome::Ours { .. } => "ours",
                Outcome::Theirs { .. } => "theirs",
                Outcome::Undone => "undone",
                Outcome::NothingToUndo => "nothing to undo",
                Outcome::Kept { .. } => "kept",
            };
            format!("{kind} ({how})")
        }
        EventBody::AttemptFailed { then, .. } => match then {
            Then::Retry { .. } => format!("{kind} (retry)"),
            Then::GiveUp => format!("{kind} (give up)"),
            Then::Suspend => format!("{kind} (suspend)"),
        },
        EventBody::RunSuspended(reason) => match reason {
            SuspendReason::Failed { .. } => format!("{kind} (a step failed)"),
            _ => format!("{kind} (asked for, or an operator's fault)"),
        },
        _ => kind,
    }
}

fn observe(events: &[Event], steps: &mut Rows, runs: &mut Rows) {
    let mut machine = Machine::replay(&events[..1]).unwrap();
    for event in &events[1..] {
        let before = machine.clone();
        machine.apply(event).unwrap();
        let own = event.body.step();
        if own.is_none() {
            let row = (status(&before), label(&event.body), status(&machine));
            runs.insert(row);
        }
        for id in machine.shape().ids() {
            let (then, now) = (before.step(id).phase, machine.step(id).phase);
            let is_own = own == Some(machine.shape().name(id));
            if !is_own && then.to_string() == now.to_string() {
                continue;
            }
            let label = match own {
                Some(_) if !is_own && machine.is_rolling_back() => "a child is resolved".to_owned(),
                Some(_) if !is_own => "the last parent is done".to_owned(),
                _ => label(&event.body),
            };
            steps.insert((then.to_string(), label, now.to_string()));
        }
    }
}

fn table(head: [&str; 3], rows: &Rows) -> String {
    let mut text = format!("| {} |\n|---|---|---|\n", head.join(" | "));
    for (before, event, after) in rows {
        let _ = writeln!(text, "| {before} | {event} | {after} |");
    }
    text
}

/// Set `STEPWELL_UPDATE_SNAPSHOTS` to write the table again.
#[test]
fn the_table_in_the_docs_is_what_the_machine_does() {
    let (mut steps, mut runs) = (Rows::new(), Rows::new());
    let mut runner = TestRunner::deterministic();
    let strategy = (specs(10), prop::collection::vec(any::<u8>(), 0..120));
    for _ in 0..6000 {
        let (spec, script) = strategy.new_tree(&mut runner).unwrap().current();
        let mut sim = Sim::new(spec, script);
        if sim.finish() == End::Succeeded && sim.spec.reversible && sim.try_rollback() {
            sim.finish();
        }
        observe(&sim.journal, &mut steps, &mut runs);
    }
    let made = format!(
        "\n## A step\n\n{}\n## A run\n\n{}\n",
        table(["Phase", "Event", "Phase after it"], &steps),
        table(
            ["Where it stands", "Event", "Where it stands after it"],
            &runs
        ),
    );
    let file = std::fs::read_to_string(FILE).unwrap();
    let (before, rest) = file.split_once(MARKS[0]).expect("the first mark");
    let (there, after) = rest.split_once(MARKS[1]).expect("the second mark");
    if std::env::var_os("STEPWELL_UPDATE_SNAPSHOTS").is_some() {
        let text = format!("{before}{}{made}{}{after}", MARKS[0], MARKS[1]);
        std::fs::write(FILE, text).unwrap();
        return;
    }
    assert_eq!(there, made, "docs/machine.md is not up to date");
}
