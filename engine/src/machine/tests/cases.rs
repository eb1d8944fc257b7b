//! Single histories: findings, and rules that are easier to read as a story.

use super::sim::{Sim, view};
use super::world::{Spec, StepSpec};
use crate::clock::Timestamp;
use crate::event::{
    End, EventBody, OnFailure, Outcome, ParametersChanged, RollbackCause, RunCreated,
    SuspendReason, Then, Verb,
};
use crate::fault::Fault;
use crate::machine::{Machine, Phase, Status};
use crate::step::Effect;

const NOW: Timestamp = Timestamp(0);

fn create(needs: &[u32]) -> StepSpec {
    StepSpec {
        effect: Effect::Create,
        needs: needs.to_vec(),
        theirs: false,
    }
}

/// Steps in a row.
pub(super) fn chain(length: u32) -> Spec {
    graph((0..length).map(|at| create(&at.checked_sub(1).into_iter().collect::<Vec<_>>())))
}

fn graph(steps: impl IntoIterator<Item = StepSpec>) -> Spec {
    Spec {
        steps: steps.into_iter().collect(),
        reversible: true,
        on_failure: OnFailure::Rollback,
        parallel: 4,
    }
}

fn machine(spec: &Spec) -> Machine {
    Sim::new(spec.clone(), Vec::new()).machine
}

/// Records all that the machine wants, and returns it.
fn advance(machine: &mut Machine) -> Vec<EventBody> {
    let bodies = machine.next_events();
    for body in &bodies {
        machine.record(NOW, body.clone()).unwrap();
    }
    bodies
}

fn fail(machine: &mut Machine, step: &str, verb: Verb, fault: Fault, then: Then) {
    let id = machine.shape().find(step).unwrap();
    let state = machine.step(id);
    let attempt = match verb {
        Verb::Run => state.runs,
        Verb::Undo => state.undos,
    };
    let body = EventBody::AttemptFailed {
        step: step.into(),
        attempt,
        verb,
        in_doubt: fault.uncertain,
        fault,
        then,
    };
    machine.record(NOW, body).unwrap();
}

fn succeed(machine: &mut Machine, step: &str) {
    let id = machine.shape().find(step).unwrap();
    let body = EventBody::AttemptSucceeded {
        step: step.into(),
        attempt: machine.step(id).runs,
        verb: Verb::Run,
        outcome: Outcome::Made {
            output: serde_json::Value::Null,
        },
    };
    machine.record(NOW, body).unwrap();
}

#[test]
fn a_history_with_a_repeated_attempt_replays() {
    // transient failure, then success: mishap 10, otherwise nothing.
    for mishap in 10..15 {
        let mut sim = Sim::new(chain(3), vec![0, 0, 0, 0, mishap]);
        sim.finish();
        assert!(
            sim.journal
                .iter()
                .any(|event| event.body.attempt() == Some(2))
        );
        let replayed = Machine::replay(&sim.journal).unwrap();
        assert_eq!(view(&replayed), view(&sim.machine));
    }
}

#[test]
fn a_fault_that_lands_after_the_turn_decides_nothing() {
    let mut machine = machine(&graph([create(&[]), create(&[])]));
    advance(&mut machine);
    fail(
        &mut machine,
        "s0",
        Verb::Run,
        Fault::permanent("no"),
        Then::GiveUp,
    );
    advance(&mut machine);
    assert!(machine.is_backward());
    // A quota fault of what is to be undone anyway must not stop the rollback.
    fail(
        &mut machine,
        "s1",
        Verb::Run,
        Fault::operator("quota"),
        Then::Suspend,
    );
    assert!(!machine.is_stopping());
    assert_eq!(machine.blame().unwrap().1.message, "no");
    // Both are undone: whether the failed ones had an effect is for *check*.
    assert_eq!(advance(&mut machine).len(), 2);
    assert_eq!(machine.running(), 2);
}

#[test]
fn a_run_that_is_to_be_suspended_does_not_turn_round() {
    let mut machine = machine(&graph([create(&[]), create(&[])]));
    advance(&mut machine);
    for (step, fault, then) in [
        ("s0", Fault::permanent("no"), Then::GiveUp),
        ("s1", Fault::operator("quota"), Then::Suspend),
    ] {
        fail(&mut machine, step, Verb::Run, fault, then);
    }
    let cause = RollbackCause::Failed { step: "s0".into() };
    let body = EventBody::RollbackStarted(cause);
    assert!(machine.clone().record(NOW, body).is_err());
    assert!(matches!(
        advance(&mut machine)[..],
        [EventBody::RunSuspended(SuspendReason::Operator { .. })]
    ));
}

#[test]
fn a_rollback_waits_for_what_is_under_way() {
    let mut machine = machine(&graph([create(&[]), create(&[0]), create(&[0])]));
    advance(&mut machine);
    succeed(&mut machine, "s0");
    advance(&mut machine);
    fail(
        &mut machine,
        "s1",
        Verb::Run,
        Fault::permanent("no"),
        Then::GiveUp,
    );
    assert!(matches!(
        advance(&mut machine)[..],
        [EventBody::RollbackStarted(_)]
    ));
    // s1 may be undone at once; s0 has to wait for s2, which still runs.
    assert_eq!(advance(&mut machine).len(), 1);
    let s0 = machine.shape().find("s0").unwrap();
    assert_eq!(machine.step(s0).phase, Phase::UndoWaiting);
    succeed(&mut machine, "s2");
    assert_eq!(advance(&mut machine).len(), 1);
    assert_eq!(machine.step(s0).phase, Phase::UndoWaiting);
}

#[test]
fn a_failure_that_was_recorded_turns_the_run_round_on_resume() {
    let mut machine = machine(&graph([create(&[]), create(&[])]));
    advance(&mut machine);
    fail(
        &mut machine,
        "s1",
        Verb::Run,
        Fault::operator("expired"),
        Then::Suspend,
    );
    fail(
        &mut machine,
        "s0",
        Verb::Run,
        Fault::permanent("no"),
        Then::GiveUp,
    );
    let suspended = advance(&mut machine);
    let operator = SuspendReason::Operator { step: "s1".into() };
    assert_eq!(suspended, [EventBody::RunSuspended(operator)]);
    assert_eq!(machine.blame().unwrap().1.message, "expired");
    let by = super::world::actor();
    machine.record(NOW, EventBody::RunResumed { by }).unwrap();
    let cause = RollbackCause::Failed { step: "s0".into() };
    assert_eq!(advance(&mut machine), [EventBody::RollbackStarted(cause)]);
    assert_eq!(machine.blame().unwrap().1.message, "no");
}

#[test]
fn a_stop_when_all_is_done_stops_nothing() {
    let mut machine = machine(&chain(1));
    advance(&mut machine);
    machine.request_stop(SuspendReason::Interrupted);
    succeed(&mut machine, "s0");
    assert_eq!(advance(&mut machine), [EventBody::RunEnded(End::Succeeded)]);
}

#[test]
fn a_stop_leaves_the_rest_for_later() {
    let mut machine = machine(&chain(2));
    advance(&mut machine);
    machine.request_stop(SuspendReason::Interrupted);
    assert!(machine.next_events().is_empty());
    succeed(&mut machine, "s0");
    let suspended = EventBody::RunSuspended(SuspendReason::Interrupted);
    assert_eq!(advance(&mut machine), [suspended]);
    assert!(machine.next_events().is_empty());
}

#[test]
fn pending_faults_are_no_failures() {
    let mut machine = machine(&chain(1));
    let retry = Then::Retry { at: NOW };
    let s0 = machine.shape().find("s0").unwrap();
    for (fault, failures) in [
        (Fault::transient("throttled"), 1),
        (Fault::pending("not yet"), 1),
        (Fault::pending("not yet"), 1),
        (Fault::transient("throttled"), 2),
    ] {
        advance(&mut machine);
        fail(&mut machine, "s0", Verb::Run, fault, retry);
        assert_eq!(machine.step(s0).failures, failures);
        machine.retry_due(s0);
    }
}

#[test]
fn a_run_is_stuck_only_when_nothing_else_can_be_undone() {
    let mut machine = machine(&graph([create(&[]), create(&[]), create(&[0, 1])]));
    advance(&mut machine);
    succeed(&mut machine, "s0");
    fail(
        &mut machine,
        "s1",
        Verb::Run,
        Fault::permanent("no"),
        Then::GiveUp,
    );
    advance(&mut machine);
    assert_eq!(advance(&mut machine).len(), 2);
    fail(
        &mut machine,
        "s0",
        Verb::Undo,
        Fault::permanent("in use"),
        Then::GiveUp,
    );
    let stuck = || {
        EventBody::RunEnded(End::Stuck {
            leftovers: Vec::new(),
        })
    };
    assert!(machine.record(NOW, stuck()).is_err(), "s1 is being undone");
    fail(
        &mut machine,
        "s1",
        Verb::Undo,
        Fault::transient("lost"),
        Then::Retry { at: NOW },
    );
    assert!(machine.record(NOW, stuck()).is_err(), "s1 is tried again");
    let s1 = machine.shape().find("s1").unwrap();
    machine.retry_due(s1);
    assert!(machine.record(NOW, stuck()).is_err(), "s1 can be undone");
    advance(&mut machine);
    fail(
        &mut machine,
        "s1",
        Verb::Undo,
        Fault::permanent("in use"),
        Then::GiveUp,
    );
    let ended = advance(&mut machine);
    let [EventBody::RunEnded(End::Stuck { leftovers })] = &ended[..] else {
        panic!("{ended:?}");
    };
    let left: Vec<_> = leftovers.iter().map(|left| &*left.step).collect();
    assert_eq!(left, ["s0", "s1"]);
    assert_eq!(leftovers[0].why, "in use");
    assert!(matches!(machine.status(), Status::Ended(End::Stuck { .. })));
}

#[test]
fn an_empty_graph_succeeds() {
    assert_eq!(Sim::new(graph([]), Vec::new()).finish(), End::Succeeded);
}

/// The change of a run's parameters after which its steps are these.
fn changed(machine: &Machine, change: impl FnOnce(&mut RunCreated)) -> EventBody {
    let mut created = machine.created().clone();
    change(&mut created);
    EventBody::ParametersChanged(Box::new(ParametersChanged {
        by: super::world::actor(),
        reason: "none are left".to_owned(),
        parameters: "other".into(),
        fingerprint: "1".to_owned(),
        steps: created.steps,
    }))
}

/// A run of `s0` (done), `s1` (refused, suspended) and `s2` (not begun), taken up.
fn taken_up() -> Machine {
    let mut machine = machine(&chain(3));
    advance(&mut machine);
    succeed(&mut machine, "s0");
    advance(&mut machine);
    fail(
        &mut machine,
        "s1",
        Verb::Run,
        Fault::operator("quota"),
        Then::Suspend,
    );
    advance(&mut machine);
    let by = super::world::actor();
    machine.record(NOW, EventBody::RunResumed { by }).unwrap();
    machine
}

#[test]
fn only_what_was_not_made_is_changed() {
    let mut machine = taken_up();
    let other = |at: usize| move |created: &mut RunCreated| created.steps[at].digest = "x".into();
    type Change = Box<dyn FnOnce(&mut RunCreated)>;
    let refused: [(Change, &str); 7] = [
        (Box::new(other(0)), "step \"s0\" is done"),
        (
            Box::new(|created| created.steps[2].needs = vec![0]),
            "step \"s2\" would need other steps",
        ),
        (
            Box::new(|created| created.steps[2].effect = Effect::Delete),
            "step \"s2\" would be another",
        ),
        (
            Box::new(|created| created.steps[2].kind = "other".into()),
            "step \"s2\" would be another",
        ),
        (
            Box::new(|created| created.steps[2].name = "s3".into()),
            "step \"s3\" stands where \"s2\" is",
        ),
        (
            Box::new(|created| drop(created.steps.pop())),
            "the graph has 3 steps, not 2",
        ),
        (
            Box::new(|created| created.steps.push(created.steps[2].clone())),
            "the graph has 3 steps, not 4",
        ),
    ];
    let before = view(&machine);
    for (change, why) in refused {
        let error = machine
            .record(NOW, changed(&machine.clone(), change))
            .unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
        assert_eq!(view(&machine), before);
    }
    for at in [1, 2] {
        let body = changed(&machine, other(at));
        machine.record(NOW, body).unwrap();
        assert_eq!(machine.created().parameters, "other");
        assert_eq!(machine.created().steps[at].digest, "x");
        let id = machine.shape().find(&format!("s{at}")).unwrap();
        assert_eq!(machine.shape().record(id).digest, "x");
    }
    // While something is under way, nothing is.
    advance(&mut machine);
    let body = changed(&machine, other(2));
    assert!(machine.record(NOW, body).is_err());
}

#[test]
fn what_is_in_doubt_or_goes_back_is_not_changed() {
    let digest = |created: &mut RunCreated| created.steps[1].digest = "x".into();
    let mut doubtful = machine(&chain(2));
    advance(&mut doubtful);
    succeed(&mut doubtful, "s0");
    advance(&mut doubtful);
    let mut turned = doubtful.clone();
    fail(
        &mut doubtful,
        "s1",
        Verb::Run,
        Fault::operator("lost").uncertain(),
        Then::Suspend,
    );
    fail(
        &mut turned,
        "s1",
        Verb::Run,
        Fault::permanent("no"),
        Then::GiveUp,
    );
    let resumed = || EventBody::RunResumed {
        by: super::world::actor(),
    };
    advance(&mut doubtful);
    for (machine, why) in [
        (&mut doubtful, "in doubt: it may have made something"),
        (&mut turned, "the run is about to be rolled back"),
    ] {
        machine.record(NOW, resumed()).unwrap();
        let error = machine
            .record(NOW, changed(&machine.clone(), digest))
            .unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
    }
    assert!(turned.goes_back());
    advance(&mut turned);
    let error = turned
        .record(NOW, changed(&turned.clone(), digest))
        .unwrap_err();
    assert!(error.to_string().ends_with("being rolled back"), "{error}");
}

#[test]
fn a_history_that_does_not_say_what_a_step_does_is_not_changed() {
    let mut spec = chain(1).created();
    spec.steps[0].digest.clear();
    let run = crate::id::RunId::from_u128(1);
    let (mut machine, _) = Machine::create(run, NOW, spec).unwrap();
    let body = changed(&machine, |created| created.steps[0].digest = "x".into());
    let error = machine.record(NOW, body).unwrap_err();
    assert!(error.to_string().ends_with("is not recorded"), "{error}");
}

#[test]
fn how_to_undo_is_said_in_a_rollback_alone() {
    let mut machine = taken_up();
    let given = || EventBody::RollbackOptionsGiven {
        by: super::world::actor(),
        options: "keep".into(),
    };
    assert!(machine.record(NOW, given()).is_err());
    let cause = RollbackCause::Requested {
        by: super::world::actor(),
    };
    let turned = EventBody::RollbackStarted(cause);
    machine.record(NOW, turned).unwrap();
    machine.record(NOW, given()).unwrap();
    assert_eq!(*machine.rollback_options(), "keep");
    advance(&mut machine);
    assert!(
        machine.record(NOW, given()).is_err(),
        "an undo is under way"
    );
}
