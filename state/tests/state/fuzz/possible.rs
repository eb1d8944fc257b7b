//! Whether a machine could have written a history: told by asking one, event
//! by event, what it would write.

use stepwell_engine::event::{End, EventBody, Leftover, RollbackCause, SuspendReason};
use stepwell_engine::machine::Phase;
use stepwell_engine::{Event, Machine, StepId, Timestamp};

/// Why no machine wrote a history that can be replayed, if none did.
pub(super) fn impossible(events: &[Event]) -> Option<String> {
    let mut machine = Machine::replay(&events[..1]).ok()?;
    for event in &events[1..] {
        if !would(&machine, &event.body) {
            return Some(format!("event {}: {:?}", event.seq, event.body));
        }
        machine.apply(event).ok()?;
    }
    None
}

fn decided(machine: &mut Machine) -> Vec<EventBody> {
    let events = machine.decide(Timestamp(0), &|_, _| Vec::new());
    let events = events.expect("a decision");
    events.into_iter().map(|event| event.body).collect()
}

/// Whether an attempt at the step finds room beside those under way.
fn has_room(machine: &Machine, id: StepId) -> bool {
    let (shape, created) = (machine.shape(), machine.created());
    let record = shape.record(id);
    if record.effect.is_passive() {
        return true;
    }
    let acting: Vec<_> = shape
        .ids()
        .filter(|&id| matches!(machine.step(id).phase, Phase::Running | Phase::Undoing))
        .map(|id| shape.record(id))
        .filter(|record| !record.effect.is_passive())
        .collect();
    let limit = record
        .limit
        .as_ref()
        .and_then(|name| created.limits.get(name));
    let same = acting.iter().filter(|other| other.limit == record.limit);
    acting.len() < created.parallel.max(1) as usize
        && limit.is_none_or(|&limit| same.count() < limit.max(1) as usize)
}

/// Whether the machine would write this next, or may be told of it.
fn would(machine: &Machine, body: &EventBody) -> bool {
    let next = |machine: &Machine| decided(&mut machine.clone());
    match body {
        EventBody::AttemptStarted { .. } => {
            // Pauses end in any order, and the order of starts follows from
            // it. So each is taken for the only one that is ready.
            let mut woken = machine.clone();
            for id in machine.shape().ids() {
                woken.retry_due(id);
            }
            let starts = |events: Vec<EventBody>| {
                let start = |body: &EventBody| matches!(body, EventBody::AttemptStarted { .. });
                events.iter().any(start)
            };
            let id = machine.shape().find(body.step().expect("a step"));
            let ready = id
                .is_some_and(|id| matches!(woken.step(id).phase, Phase::Ready | Phase::UndoReady));
            ready && id.is_some_and(|id| has_room(machine, id)) && starts(decided(&mut woken))
        }
        EventBody::RunSuspended(
            reason @ (SuspendReason::Interrupted | SuspendReason::Deadline { .. }),
        ) => {
            let mut told = machine.clone();
            told.request_stop(reason.clone());
            decided(&mut told) == [body.clone()]
        }
        EventBody::RunEnded(End::Stuck { leftovers }) => match &next(machine)[..] {
            // Their ids are known to the steps alone; all need not be told.
            [EventBody::RunEnded(End::Stuck { leftovers: left })] => {
                let known = |one: &Leftover| left.iter().any(|left| left.step == one.step);
                leftovers.iter().all(known)
            }
            _ => false,
        },
        EventBody::RollbackStarted(RollbackCause::Failed { .. })
        | EventBody::RunSuspended(_)
        | EventBody::RunEnded(End::Succeeded | End::RolledBack { .. }) => {
            next(machine) == [body.clone()]
        }
        EventBody::AttemptFailed { step, in_doubt, .. } => {
            let id = machine.shape().find(step);
            let passive = id.is_some_and(|id| machine.shape().record(id).effect.is_passive());
            !(passive && *in_doubt)
        }
        // What happens, or what a person wants: the machine takes it if it can be.
        EventBody::RunCreated(_)
        | EventBody::RunResumed { .. }
        | EventBody::RollbackStarted(RollbackCause::Requested { .. })
        | EventBody::RollbackOptionsGiven { .. }
        | EventBody::ParametersChanged(_)
        | EventBody::StepWaived { .. }
        | EventBody::StepDone { .. }
        | EventBody::StepRetried { .. }
        | EventBody::AttemptSucceeded { .. }
        | EventBody::AttemptInterrupted { .. }
        | EventBody::RunEnded(End::Abandoned { .. }) => true,
    }
}
