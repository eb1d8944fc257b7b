//! The steps that a rollback is to pass over.

use stepwell_engine::event::RunCreated;
use stepwell_engine::{StepName, Waiver};
use stepwell_workflows::aurora::held_by;

use crate::Context;
use crate::problem::Problem;
use crate::report::{outcome, shell};
use crate::session::takeup::Taken;

/// The steps that are to be passed over, children before parents, as they have
/// to be settled; each must be one of the run's.
pub(super) fn waivers(
    created: &RunCreated,
    steps: &[String],
    reason: &str,
) -> Result<Vec<Waiver>, Problem> {
    let places = (steps.iter())
        .map(|name| {
            let place = created.steps.iter().position(|step| *step.name == **name);
            place.ok_or_else(|| {
                let names: Vec<&str> = created.steps.iter().map(|step| &*step.name).collect();
                Problem::usage(format!(
                    "--waive {name:?} is no step of the run; allowed: {}",
                    names.join(", ")
                ))
            })
        })
        .collect::<Result<Vec<_>, _>>();
    let mut places = places?;
    places.sort_unstable();
    places.dedup();
    Ok((places.into_iter().rev())
        .map(|place| Waiver {
            step: created.steps[place].name.clone(),
            reason: reason.to_owned(),
        })
        .collect())
}

/// Says at once what can't go while a step that is passed over is left. Where it
/// may be passed over too, the command for both is named and nothing is done.
pub(super) fn refuse_half(
    context: &Context,
    taken: &Taken,
    waivers: &[Waiver],
) -> Result<(), Problem> {
    let steps: Vec<StepName> = waivers.iter().map(|waiver| waiver.step.clone()).collect();
    let machine = &taken.recorded().machine;
    let Some(held) = held_by(machine.clone(), &steps) else {
        return Ok(());
    };
    let (kept, left) = (steps.join(", "), held.steps.join(", "));
    let what = format!("{left} can't be undone while {kept} is left");
    if !held.together {
        let later = "pass over it too, once the rest is undone";
        context.printer.warn(format!("{what}: {later}"));
        return Ok(());
    }
    let flags: String = (steps.iter().chain(&held.steps))
        .map(|step| format!(" --waive {step}"))
        .collect();
    let reason = waivers.first().map_or("", |waiver| &*waiver.reason);
    Err(Problem::refused(what).code("not_waivable").hint(format!(
        "pass over all of it: {}{flags} --reason {}; nothing was changed",
        (context.settings).command_for("rollback", &outcome::short(machine.run())),
        shell::quote(reason)
    )))
}
