//! What a rollback can't undo while a step that it passes over is left.

use stepwell_engine::event::{EventBody, RollbackCause};
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{Machine, StepId, StepName, Timestamp};

use super::rollback::holds;

/// Steps that are held by what is passed over.
pub struct Held {
    /// The steps, children before parents.
    pub steps: Vec<StepName>,
    /// Whether they may be passed over together with it: nothing else that depends
    /// on them is left to undo.
    pub together: bool,
}

/// What is held where a rollback of the run passes over these steps, children
/// before parents; none where nothing is, or they can't be passed over as things
/// are. AWS would say so only at the end of all retries.
pub fn held_by(mut machine: Machine, waived: &[StepName]) -> Option<Held> {
    turn(&mut machine).ok()?;
    pass_over(&mut machine, waived).ok()?;
    let steps = holding(&machine, waived);
    if steps.is_empty() {
        return None;
    }
    let together = pass_over(&mut machine, &steps).is_ok();
    Some(Held { steps, together })
}

/// What is still to be undone and can't be while the waived steps are left.
fn holding(machine: &Machine, waived: &[StepName]) -> Vec<StepName> {
    let shape = machine.shape();
    let kind = |id: StepId| shape.record(id).kind.as_str();
    let mut kept: Vec<&str> = (waived.iter())
        .filter_map(|name| shape.find(name))
        .map(kind)
        .collect();
    let mut held = Vec::new();
    // Children come after parents, so in reverse each sees all that holds it.
    for id in shape.ids().rev() {
        if machine.has_to_undo(id) && kept.iter().any(|kept| holds(kept, kind(id))) {
            kept.push(kind(id));
            held.push(shape.name(id).clone());
        }
    }
    held
}

/// Turns the run round in a machine that is thrown away.
fn turn(machine: &mut Machine) -> Result<(), HistoryError> {
    let by = machine.created().by.clone();
    let resumed = EventBody::RunResumed { by: by.clone() };
    machine.record(Timestamp::default(), resumed)?;
    if !machine.is_rolling_back() {
        let cause = RollbackCause::Requested { by };
        machine.record(Timestamp::default(), EventBody::RollbackStarted(cause))?;
    }
    Ok(())
}

/// Passes over the steps in a machine that is thrown away.
fn pass_over(machine: &mut Machine, steps: &[StepName]) -> Result<(), HistoryError> {
    for step in steps {
        let waived = EventBody::StepWaived {
            step: step.clone(),
            by: machine.created().by.clone(),
            reason: String::new(),
        };
        machine.record(Timestamp::default(), waived)?;
    }
    Ok(())
}
