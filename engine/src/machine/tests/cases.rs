//! Single histories: findings, and rules that are easier to read as a story.

use super::sim::{Sim, view};
use super::world::{Spec, StepSpec};
use crate::event::{
    End, EventBody, OnFailure, Outcome, ParametersChanged, RollbackCause, StepChange,
    SuspendReason, Then, Verb,
};
use crate::machine::{Machine, Phase, Status};
use crate::model::Effect;
use crate::model::Fault;
use crate::model::Timestamp;

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
        third: 4,
    }
}

fn machine(spec: &Spec) -> Machine {
    Sim::new(spec.clone(), Vec::new()).machine
}

/// Records all that the machine wants, and returns it.
fn advance(machine: &mut Machine) -> Vec<EventBody> {
    let events = machine.decide(NOW, &|_, _| Vec::new()).unwrap();
    events.into_iter().map(|event| event.body).collect()
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
        reached: true,
        in_doubt: fault.effect.may_have_happened(),
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
    assert!(machine.is_rolling_back());
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
    assert_eq!(machine.step(s0).phase, Phase::UndoWaiting(2));
    succeed(&mut machine, "s2");
    assert_eq!(advance(&mut machine).len(), 1);
    assert_eq!(machine.step(s0).phase, Phase::UndoWaiting(2));
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
    assert!(advance(&mut machine).is_empty());
    succeed(&mut machine, "s0");
    let suspended = EventBody::RunSuspended(SuspendReason::Interrupted);
    assert_eq!(advance(&mut machine), [suspended]);
    assert!(advance(&mut machine).is_empty());
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

/// Other data for a step.
fn changed(step: &str, data: &str) -> EventBody {
    EventBody::ParametersChanged(Box::new(ParametersChanged {
        by: super::world::actor(),
        reason: "none are left".to_owned(),
        parameters: "other".into(),
        changes: vec![StepChange {
            step: step.into(),
            data: data.into(),
        }],
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
        Fault::operator("quota").without_effect(),
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
    let before = view(&machine);
    for (step, why) in [
        ("s0", "step \"s0\" is done"),
        ("s9", "the graph has no step \"s9\""),
    ] {
        let error = machine.record(NOW, changed(step, "x")).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
        assert_eq!(view(&machine), before);
    }
    // What stays as it is may be named.
    machine.record(NOW, changed("s0", "first")).unwrap();
    for step in ["s1", "s2"] {
        machine.record(NOW, changed(step, "x")).unwrap();
        assert_eq!(machine.created().parameters, "other");
        let id = machine.shape().find(step).unwrap();
        assert_eq!(machine.shape().record(id).data, "x");
        assert_eq!(machine.created().steps[id.index()].data, "x");
    }
    // While something is under way, nothing is.
    advance(&mut machine);
    assert!(machine.record(NOW, changed("s2", "y")).is_err());
}

#[test]
fn what_is_in_doubt_or_goes_back_is_not_changed() {
    let mut doubtful = machine(&chain(2));
    advance(&mut doubtful);
    succeed(&mut doubtful, "s0");
    advance(&mut doubtful);
    let mut turned = doubtful.clone();
    fail(
        &mut doubtful,
        "s1",
        Verb::Run,
        Fault::operator("lost"),
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
        let error = machine.record(NOW, changed("s1", "x")).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
    }
    assert!(turned.will_roll_back());
    advance(&mut turned);
    let error = turned.record(NOW, changed("s1", "x")).unwrap_err();
    assert!(error.to_string().ends_with("being rolled back"), "{error}");
}

#[test]
fn a_history_that_does_not_say_what_a_step_does_is_not_changed() {
    let mut spec = chain(1).created();
    spec.graph_version = 0;
    let run = crate::model::RunId::from_u128(1);
    let (mut machine, _) = Machine::create(run, NOW, spec).unwrap();
    let error = machine.record(NOW, changed("s0", "x")).unwrap_err();
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

fn delete(needs: &[u32]) -> StepSpec {
    StepSpec {
        effect: Effect::Delete,
        ..create(needs)
    }
}

fn wait(needs: &[u32]) -> StepSpec {
    StepSpec {
        effect: Effect::Wait,
        ..create(needs)
    }
}

fn requested() -> EventBody {
    EventBody::RollbackStarted(RollbackCause::Requested {
        by: super::world::actor(),
    })
}

/// What was deleted no rollback brings back, so none begins: neither one that a
/// person asks for, nor one for the sake of a failure.
#[test]
fn a_deletion_that_was_begun_is_a_point_of_no_return() {
    let spec = graph([create(&[]), delete(&[0]), create(&[1])]);
    let mut deleted = machine(&spec);
    advance(&mut deleted);
    succeed(&mut deleted, "s0");
    assert!(deleted.clone().record(NOW, requested()).is_ok());
    advance(&mut deleted);
    // An attempt that its own check refused has deleted nothing.
    let refused = EventBody::AttemptFailed {
        step: "s1".into(),
        attempt: 1,
        verb: Verb::Run,
        fault: Fault::permanent("held"),
        reached: false,
        in_doubt: false,
        then: Then::GiveUp,
    };
    let mut held = deleted.clone();
    held.record(NOW, refused).unwrap();
    let cause = RollbackCause::Failed { step: "s1".into() };
    assert_eq!(advance(&mut held), [EventBody::RollbackStarted(cause)]);

    // One whose answer was lost may have.
    let mut doubtful = deleted.clone();
    let lost = Fault::permanent("lost");
    fail(&mut doubtful, "s1", Verb::Run, lost, Then::GiveUp);
    succeed(&mut deleted, "s1");
    advance(&mut deleted);
    let refused = Fault::permanent("no").without_effect();
    fail(&mut deleted, "s2", Verb::Run, refused, Then::GiveUp);
    for (machine, failed) in [(&mut doubtful, "s1"), (&mut deleted, "s2")] {
        let error = machine.record(NOW, requested()).unwrap_err();
        assert!(error.to_string().contains("bring back"), "{error}");
        let step = failed.into();
        let suspended = EventBody::RunSuspended(SuspendReason::Failed { step });
        assert_eq!(advance(machine), [suspended]);
        let by = super::world::actor();
        machine.record(NOW, EventBody::RunResumed { by }).unwrap();
        assert!(!machine.will_roll_back());
        assert!(machine.record(NOW, requested()).is_err());
        // It goes on.
        assert_eq!(advance(machine).len(), 1);
    }
}

/// What a step's own check refused has made nothing, so a rollback passes it by.
#[test]
fn a_step_that_never_began_its_effect_is_not_undone() {
    let mut machine = machine(&graph([create(&[])]));
    advance(&mut machine);
    let refused = EventBody::AttemptFailed {
        step: "s0".into(),
        attempt: 1,
        verb: Verb::Run,
        fault: Fault::permanent("the name is taken"),
        reached: false,
        in_doubt: false,
        then: Then::GiveUp,
    };
    machine.record(NOW, refused).unwrap();
    advance(&mut machine);
    let end = End::RolledBack { waived: Vec::new() };
    assert_eq!(advance(&mut machine), [EventBody::RunEnded(end)]);
}

/// What was passed over is told in the end, and no end that keeps it back stands.
#[test]
fn an_end_tells_what_was_passed_over() {
    let mut machine = machine(&graph([create(&[]), create(&[])]));
    advance(&mut machine);
    succeed(&mut machine, "s0");
    let refused = Fault::permanent("no").without_effect();
    fail(&mut machine, "s1", Verb::Run, refused, Then::GiveUp);
    advance(&mut machine);
    advance(&mut machine);
    let in_use = || Fault::permanent("in use");
    fail(&mut machine, "s0", Verb::Undo, in_use(), Then::GiveUp);
    fail(&mut machine, "s1", Verb::Undo, in_use(), Then::GiveUp);
    advance(&mut machine);
    let by = super::world::actor();
    machine.record(NOW, EventBody::RunResumed { by }).unwrap();
    for step in ["s1", "s0"] {
        let waived = EventBody::StepWaived {
            step: step.into(),
            by: super::world::actor(),
            reason: "kept".to_owned(),
        };
        machine.record(NOW, waived).unwrap();
    }
    let silent = EventBody::RunEnded(End::RolledBack { waived: Vec::new() });
    assert!(machine.clone().record(NOW, silent).is_err());
    let waived = vec!["s0".into(), "s1".into()];
    let end = EventBody::RunEnded(End::RolledBack { waived });
    assert_eq!(advance(&mut machine), [end]);
}

#[test]
fn waits_take_no_room_and_limits_hold() {
    let names = |bodies: &[EventBody]| -> Vec<String> {
        let steps = bodies.iter().filter_map(EventBody::step);
        steps.map(ToString::to_string).collect()
    };
    // Every third step counts towards a limit of one.
    let mut spec = graph((0..9).map(|at| match at % 2 {
        0 => create(&[]),
        _ => wait(&[]),
    }));
    (spec.parallel, spec.third) = (3, 1);
    let mut machine = machine(&spec);
    let begun = names(&advance(&mut machine));
    // All waits, and three of the others: of s0 and s6 one.
    assert_eq!(begun, ["s0", "s1", "s2", "s3", "s4", "s5", "s7"]);
    succeed(&mut machine, "s2");
    assert_eq!(names(&advance(&mut machine)), ["s8"]);
    succeed(&mut machine, "s4");
    assert!(advance(&mut machine).is_empty(), "s6 has to wait for s0");
    succeed(&mut machine, "s0");
    assert_eq!(names(&advance(&mut machine)), ["s6"]);
}

#[test]
fn steps_of_equal_rank_start_in_the_order_in_which_they_were_added() {
    let mut spec = graph(std::iter::once(create(&[])).chain((1..7).map(|_| create(&[0]))));
    (spec.parallel, spec.third) = (100, 100);
    let mut machine = machine(&spec);
    advance(&mut machine);
    succeed(&mut machine, "s0");
    let order: Vec<EventBody> = advance(&mut machine);
    let order: Vec<_> = order.iter().filter_map(EventBody::step).collect();
    assert_eq!(order.len(), 6);
    assert!(order.is_sorted(), "{order:?}");
}

/// How long a step has been tried goes on over a crash, and begins anew when a
/// person takes up what was suspended.
#[test]
fn patience_goes_on_over_a_crash() {
    let mut machine = machine(&graph([wait(&[])]));
    let id = machine.shape().find("s0").unwrap();
    let resumed = || EventBody::RunResumed {
        by: super::world::actor(),
    };
    let start = |machine: &mut Machine, at| {
        machine.decide(Timestamp(at), &|_, _| Vec::new()).unwrap();
        machine.step(id).since
    };
    assert_eq!(start(&mut machine, 10), Some(Timestamp(10)));
    machine.record(Timestamp(20), resumed()).unwrap();
    assert_eq!(start(&mut machine, 30), Some(Timestamp(10)));
    machine.request_stop(SuspendReason::Interrupted);
    let dropped = EventBody::AttemptInterrupted {
        step: "s0".into(),
        attempt: 2,
        verb: Verb::Run,
        reached: true,
    };
    machine.record(Timestamp(40), dropped).unwrap();
    advance(&mut machine);
    machine.record(Timestamp(50), resumed()).unwrap();
    assert_eq!(start(&mut machine, 60), Some(Timestamp(60)));
}
