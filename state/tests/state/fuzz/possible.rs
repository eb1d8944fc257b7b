//! Whether a machine could have written a history: told by asking one, event
//! by event, what it would write.

use stepwell_engine::event::{End, EventBody, Leftover, RollbackCause, SuspendReason};
use stepwell_engine::machine::Phase;
use stepwell_engine::{Event, Machine};

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

/// Whether the machine would write this next, or may be told of it.
fn would(machine: &Machine, body: &EventBody) -> bool {
    let next = |machine: &Machine| machine.clone().next_events();
    match body {
        EventBody::AttemptStarted { .. } => {
            // Pauses end in any order, and the order of starts follows from
            // it. So each is taken for the only one that is ready.
            let created = machine.created();
            let free = machine.running() < created.parallel.max(1) as usize;
            let mut woken = machine.clone();
            for id in machine.shape().ids() {
                woken.retry_due(id);
            }
            let starts = |events: Vec<EventBody>| {
                let start = |body: &EventBody| matches!(body, EventBody::AttemptStarted { .. });
                events.iter().any(start)
            };
            let ready = machine
                .shape()
                .find(body.step().expect("a step"))
                .is_some_and(|id| matches!(woken.step(id).phase, Phase::Ready | Phase::UndoReady));
            free && ready && starts(woken.next_events())
        }
        EventBody::RunSuspended(
            reason @ (SuspendReason::Interrupted | SuspendReason::Deadline { .. }),
        ) => {
            let mut told = machine.clone();
            told.request_stop(reason.clone());
            told.next_events() == [body.clone()]
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
        | EventBody::RunEnded(End::Succeeded | End::RolledBack) => next(machine) == [body.clone()],
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
