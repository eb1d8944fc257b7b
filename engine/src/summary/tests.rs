//! What a summary says of single histories. That it agrees with the machine over
//! all kinds of histories is among the machine's properties.

use serde_json::{Value, json};

use super::{AttemptOutcome, ManualAction, RunStatus, RunSummary, StepStatus};
use crate::model::event::{
    Actor, End, EventBody, Leftover, OnFailure, Outcome, ParametersChanged, RollbackCause,
    RunCreated, StepChange, SuspendReason, Then, Verb,
};
use crate::model::{Effect, Event, Fault, GRAPH_VERSION, RunId, StepRecord, Timestamp, Wiring};

fn actor() -> Actor {
    Actor {
        host: "host".into(),
        user: "user".into(),
        pid: 1,
        version: "test".into(),
    }
}

/// A history in which something happens every second.
struct History(Vec<Event>);

impl History {
    /// Of a run of steps in a row, the last of which makes its output.
    fn of(steps: &[&str]) -> Self {
        let records = (0_u32..).zip(steps).map(|(place, name)| StepRecord {
            name: (*name).into(),
            kind: format!("make-{name}"),
            effect: Effect::Create,
            data: json!({ "large": [1, 2, 3] }),
            limit: None,
            input: place.checked_sub(1).map_or(Wiring::Nothing, Wiring::Output),
            after: Vec::new(),
        });
        let created = RunCreated {
            on_failure: OnFailure::Rollback,
            by: actor(),
            graph_version: GRAPH_VERSION,
            steps: records.collect(),
            output: steps.last().map(|&name| name.into()),
            ..RunCreated::new("test", "target", json!({ "size": 1 }))
        };
        let mut history = Self(Vec::new());
        history.add(EventBody::RunCreated(created.into()));
        history
    }

    fn add(&mut self, body: EventBody) {
        let seq = u32::try_from(self.0.len()).unwrap();
        self.0.push(Event {
            run: RunId::from_u128(1),
            seq,
            at: Timestamp(i64::from(seq) * 1000),
            body,
        });
    }

    fn start(&mut self, step: &str, verb: Verb, attempt: u32) {
        self.add(EventBody::AttemptStarted {
            step: step.into(),
            attempt,
            verb,
        });
    }

    fn succeed(&mut self, step: &str, verb: Verb, outcome: Outcome) {
        self.start(step, verb, 1);
        self.add(EventBody::AttemptSucceeded {
            step: step.into(),
            attempt: 1,
            verb,
            outcome,
        });
    }

    fn make(&mut self, step: &str) {
        let output = format!("id of {step}").into();
        self.succeed(step, Verb::Run, Outcome::Made { output });
    }

    fn fail(&mut self, step: &str, verb: Verb, then: Then) {
        self.start(step, verb, 1);
        self.add(EventBody::AttemptFailed {
            step: step.into(),
            attempt: 1,
            verb,
            fault: Fault::permanent("no"),
            reached: true,
            in_doubt: true,
            then,
        });
    }

    fn turn_round(&mut self, step: &str) {
        let step = step.into();
        self.add(EventBody::RollbackStarted(RollbackCause::Failed { step }));
    }

    fn suspend(&mut self, step: &str) {
        let step = step.into();
        self.add(EventBody::RunSuspended(SuspendReason::Failed { step }));
    }

    fn resume(&mut self) {
        self.add(EventBody::RunResumed { by: actor() });
    }

    fn summary(&self) -> RunSummary {
        RunSummary::of(&self.0, true).unwrap()
    }
}

fn statuses(summary: &RunSummary) -> Vec<StepStatus> {
    summary.steps.iter().map(|step| step.status).collect()
}

#[test]
fn a_history_without_its_beginning_has_no_summary() {
    let mut history = History::of(&["a"]);
    history.make("a");
    assert_eq!(RunSummary::of(&[], true), None);
    assert_eq!(RunSummary::of(&history.0[1..], true), None);
    assert_eq!(RunSummary::begin(&history.0[1]), None);
}

#[test]
fn an_attempt_that_failed_is_followed_by_another() {
    let mut history = History::of(&["a", "b"]);
    let at = Timestamp(9);
    history.fail("a", Verb::Run, Then::Retry { at });
    assert_eq!(
        statuses(&history.summary()),
        [StepStatus::Retrying, StepStatus::Pending]
    );
    history.start("a", Verb::Run, 2);
    assert_eq!(history.summary().steps[0].status, StepStatus::Running);
    let output = Value::Null;
    history.add(EventBody::AttemptSucceeded {
        step: "a".into(),
        attempt: 2,
        verb: Verb::Run,
        outcome: Outcome::Ours { output },
    });
    let summary = history.summary();
    assert_eq!(summary.output(), None);
    let a = &summary.steps[0];
    assert_eq!(a.status, StepStatus::Done);
    assert_eq!(a.output, Some(Value::Null));
    let [failed, ours] = &a.attempts[..] else {
        panic!("{:?}", a.attempts)
    };
    assert_eq!(failed.fault, Some(Fault::permanent("no")));
    assert_eq!(failed.next, Some(Then::Retry { at }));
    assert!(failed.in_doubt && !ours.in_doubt);
    assert_eq!((ours.outcome, ours.seq), (AttemptOutcome::Ours, 3));
    assert_eq!(ours.ended_at, Some(Timestamp(4000)));
}

#[test]
fn what_turned_a_run_round_stays_its_fault() {
    let mut history = History::of(&["a", "b", "c", "d"]);
    history.make("a");
    let output = Value::Null;
    history.succeed("b", Verb::Run, Outcome::Theirs { output });
    history.make("c");
    history.fail("d", Verb::Run, Then::GiveUp);
    history.turn_round("d");
    history.succeed("d", Verb::Undo, Outcome::NothingToUndo);
    let owner = Some("another".to_owned());
    history.succeed("c", Verb::Undo, Outcome::Kept { owner });
    history.succeed("a", Verb::Undo, Outcome::Undone);
    history.add(EventBody::RunEnded(End::RolledBack { waived: Vec::new() }));
    let summary = history.summary();
    assert_eq!(summary.state, RunStatus::RolledBack);
    assert_eq!(summary.ended_at, Some(summary.updated_at));
    // Without a trace, so what it says is why the rollback began.
    let expected = [
        StepStatus::Undone,
        StepStatus::Adopted,
        StepStatus::Kept,
        StepStatus::Failed,
    ];
    assert_eq!(statuses(&summary), expected);
    assert_eq!(&*summary.fault.as_ref().unwrap().step, "d");
    let undos = summary.undos();
    let order: Vec<&str> = undos.iter().map(|(step, _)| &*step.name).collect();
    assert_eq!(order, ["d", "c", "a"]);
    assert_eq!(undos[1].1.owner.as_deref(), Some("another"));
}

#[test]
fn the_output_is_that_of_a_step_until_the_run_turns_round() {
    let mut history = History::of(&["a"]);
    history.make("a");
    history.add(EventBody::RunEnded(End::Succeeded));
    assert_eq!(history.summary().output(), Some(&"id of a".into()));
    history.resume();
    history.add(EventBody::RollbackStarted(RollbackCause::Requested {
        by: actor(),
    }));
    let options = json!({ "keep": true });
    history.add(EventBody::RollbackOptionsGiven {
        by: actor(),
        options: options.clone(),
    });
    let summary = history.summary();
    assert_eq!((summary.output(), summary.ended_at), (None, None));
    assert_eq!(summary.rollback.unwrap().options, Some(options));
}

#[test]
fn what_was_under_way_without_a_process_has_crashed() {
    let mut history = History::of(&["a", "b"]);
    history.start("a", Verb::Run, 1);
    assert_eq!(history.summary().state, RunStatus::Running);
    let dead = RunSummary::of(&history.0, false).unwrap();
    assert_eq!(dead.state, RunStatus::Interrupted);
    assert_eq!(dead.steps[0].status, StepStatus::Interrupted);
    assert_eq!(dead.steps[0].attempts[0].outcome, AttemptOutcome::Crashed);
    assert_eq!(dead.steps[0].attempts[0].ended_at, None);
    // The next process says so too.
    history.resume();
    let summary = history.summary();
    assert_eq!(summary.state, RunStatus::Running);
    assert_eq!(statuses(&summary), statuses(&dead));
    assert_eq!(summary.resumptions.len(), 1);
    // One that stopped in good order stays so, whoever holds it.
    history.add(EventBody::RunSuspended(SuspendReason::Interrupted));
    assert_eq!(RunSummary::of(&history.0, false), Some(history.summary()));
}

#[test]
fn a_person_sets_right_what_stopped_the_run() {
    let mut history = History::of(&["a", "b"]);
    history.fail("a", Verb::Run, Then::GiveUp);
    history.suspend("a");
    let stopped = history.summary();
    assert_eq!(stopped.state, RunStatus::Suspended);
    assert!(stopped.state.is_resumable());
    assert_eq!(&*stopped.fault.unwrap().step, "a");
    let mut retried = History(history.0.clone());
    retried.add(EventBody::StepRetried {
        step: "a".into(),
        by: actor(),
        reason: "repaired".to_owned(),
    });
    let retried = retried.summary();
    assert_eq!(retried.fault, None);
    assert_eq!(retried.steps[0].retries[0].reason, "repaired");
    let output = Value::from("by hand");
    history.add(EventBody::StepDone {
        step: "a".into(),
        by: actor(),
        reason: "in a hurry".to_owned(),
        checked: true,
        outcome: Outcome::Theirs {
            output: output.clone(),
        },
    });
    let done = history.summary();
    assert_eq!(done.fault, None);
    let a = &done.steps[0];
    assert_eq!((a.status, &a.output), (StepStatus::Adopted, &Some(output)));
    let manual = a.manual.as_ref().unwrap();
    assert!(manual.checked && !manual.ours);
}

#[test]
fn a_stuck_rollback_goes_on_and_ends_but_for_what_was_waived() {
    let mut history = History::of(&["a", "b"]);
    history.make("a");
    history.fail("b", Verb::Run, Then::GiveUp);
    history.turn_round("b");
    history.succeed("b", Verb::Undo, Outcome::Undone);
    history.fail("a", Verb::Undo, Then::GiveUp);
    let leftovers = vec![Leftover {
        step: "a".into(),
        ids: vec!["id of a".to_owned()],
        why: "no".to_owned(),
    }];
    history.add(EventBody::RunEnded(End::Stuck {
        leftovers: leftovers.clone(),
    }));
    let stuck = history.summary();
    assert_eq!(
        (stuck.state, stuck.leftovers),
        (RunStatus::Stuck, leftovers)
    );
    assert_eq!(stuck.steps[0].status, StepStatus::UndoFailed);
    history.resume();
    history.add(EventBody::StepWaived {
        step: "a".into(),
        by: actor(),
        reason: "it may stay".to_owned(),
    });
    let waived = vec!["a".into()];
    history.add(EventBody::RunEnded(End::RolledBack { waived }));
    let summary = history.summary();
    assert_eq!(summary.state, RunStatus::RolledBack);
    assert_eq!(statuses(&summary), [StepStatus::Waived, StepStatus::Undone]);
    assert!(summary.leftovers.is_empty());
    let waived: Vec<(&str, &str)> = summary
        .waived()
        .map(|(step, why)| (&*step.name, &*why.reason))
        .collect();
    assert_eq!(waived, [("a", "it may stay")]);
}

#[test]
fn a_run_is_given_up_by_somebody_for_a_reason() {
    let mut history = History::of(&["a"]);
    history.suspend("a");
    let reason = "another takes over".to_owned();
    history.add(EventBody::RunEnded(End::Abandoned {
        by: actor(),
        reason: reason.clone(),
    }));
    let summary = history.summary();
    assert_eq!(summary.state, RunStatus::Abandoned);
    let (by, at) = (actor(), Timestamp(2000));
    assert_eq!(summary.abandoned, Some(ManualAction { by, at, reason }));
}

#[test]
fn it_serialises_as_a_whole_and_is_folded_on_from_there() {
    let mut history = History::of(&["a", "b"]);
    // A null output is one, too.
    let output = Value::Null;
    history.succeed("a", Verb::Run, Outcome::Made { output });
    history.add(EventBody::ParametersChanged(Box::new(ParametersChanged {
        by: actor(),
        reason: "larger".to_owned(),
        parameters: json!({ "size": 2 }),
        changes: vec![StepChange {
            step: "b".into(),
            data: Value::Null,
        }],
    })));
    history.start("b", Verb::Run, 1);
    let text = serde_json::to_value(history.summary()).unwrap();
    let by = json!({ "host": "host", "user": "user", "pid": 1, "version": "test" });
    let attempt = |seq: u32, ended_at: Option<u32>, outcome: &str| {
        json!({
            "number": 1, "verb": "run", "seq": seq, "started_at": seq * 1000,
            "ended_at": ended_at, "outcome": outcome, "fault": null,
            "in_doubt": false, "next": null, "owner": null,
        })
    };
    let expected = json!({
        "run": "00000000-0000-0000-0000-000000000001",
        "workflow": "test", "target": "target", "account": null,
        "parameters": { "size": 2 }, "reversible": true, "by": by,
        "state": "running", "started_at": 0, "updated_at": 4000, "ended_at": null,
        "resumptions": [],
        "changes": [{ "by": by, "at": 3000, "reason": "larger" }],
        "rollback": null, "fault": null, "suspended": null, "leftovers": [],
        "abandoned": null, "output_step": "b",
        "steps": [
            {
                "name": "a", "type": "make-a", "effect": "create", "parents": [],
                "status": "done", "attempts": [attempt(1, Some(2000), "made")],
                "output": null, "waived": null, "manual": null, "retries": [],
            },
            {
                "name": "b", "type": "make-b", "effect": "create", "parents": ["a"],
                "status": "running", "attempts": [attempt(4, None, "running")],
                "waived": null, "manual": null, "retries": [],
            },
        ],
    });
    assert_eq!(text, expected);

    let mut read: RunSummary = serde_json::from_value(text).unwrap();
    history.resume();
    read.apply(history.0.last().unwrap());
    assert_eq!(read, history.summary());
    assert_eq!(read.steps[1].status, StepStatus::Interrupted);
}

#[test]
fn every_state_is_named_as_it_serialises() {
    for state in [
        RunStatus::Running,
        RunStatus::Suspended,
        RunStatus::Interrupted,
        RunStatus::Succeeded,
        RunStatus::RolledBack,
        RunStatus::Stuck,
        RunStatus::Abandoned,
    ] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    assert_eq!(format!("{:<12}|", RunStatus::RolledBack), "rolled back |");
}

/// Were any event not folded in constant time, this would not come to an end in
/// bearable time.
#[test]
fn a_long_history_of_many_steps_is_folded_live() {
    const STEPS: usize = 100_000;
    let names: Vec<String> = (0..STEPS).map(|at| format!("s{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut history = History::of(&names);
    for name in &names {
        history.start(name, Verb::Run, 1);
        history.add(EventBody::RunSuspended(SuspendReason::Interrupted));
        history.resume();
        let at = Timestamp(0);
        history.fail(names[0], Verb::Run, Then::Retry { at });
    }
    let mut summary = RunSummary::begin(&history.0[0]).unwrap();
    for event in &history.0[1..] {
        summary.apply(event);
    }
    assert_eq!(summary.resumptions.len(), STEPS);
    assert_eq!(summary.steps[0].attempts.len(), STEPS + 1);
    let crashed = |step: &&super::StepSummary| step.status == StepStatus::Interrupted;
    assert_eq!(summary.steps.iter().filter(crashed).count(), STEPS - 1);
}
