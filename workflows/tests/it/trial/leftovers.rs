//! What a rollback that is stuck says it left, against what it did leave.

use std::collections::BTreeSet;

use stepwell_engine::Report;
use stepwell_engine::event::{End, Leftover};
use stepwell_engine::machine::Status;

use super::{Case, Stage, Trial};
use crate::support::World;

/// What the account made by itself for something else that is listed.
const COMES_ALONG: [&str; 2] = ["network-interface", "secret"];

/// The ids of what is there.
pub(crate) fn ids(world: &World) -> BTreeSet<String> {
    (world.resources().into_iter())
        .filter(|resource| !COMES_ALONG.contains(&resource.kind.as_str()))
        .map(|resource| resource.id)
        .collect()
}

/// What a report says is left.
pub(crate) fn listed(report: &Report) -> Option<&[Leftover]> {
    match &report.status {
        Status::Ended(End::Stuck { leftovers }) => Some(leftovers),
        _ => None,
    }
}

/// The step that made something, by its tag.
fn step_of(world: &World, id: &str) -> Option<String> {
    let resources = world.resources();
    // A peering is there on both sides, and tagged on one.
    let mut found = resources.iter().filter(|resource| resource.id == id);
    found.find_map(|resource| resource.tags.get("stepwell:step").cloned())
}

/// Whether something is on its way out: nobody has to take that away.
fn is_going(world: &World, id: &str) -> bool {
    let resources = world.resources();
    let mut found = resources.iter().filter(|resource| resource.id == id);
    found.any(|resource| resource.state == "deleting")
}

/// Whether everything that is left is listed by its id, and whether what is
/// listed is there. What could not be looked at may be gone after all.
pub(crate) async fn are_true<T: Trial>(
    case: &Case<'_, T>,
    leftovers: &[Leftover],
    blind: bool,
) -> Result<(), String> {
    let world = case.stage.world();
    let now = ids(world);
    for left in now.difference(&case.ids) {
        if is_going(world, left) {
            continue;
        }
        // What is not known by its id, because AWS can't be asked, is known by
        // the step that may have made it.
        let by_step = |leftover: &Leftover| {
            let step = step_of(world, left);
            blind && leftover.ids.is_empty() && step.as_deref() == Some(&*leftover.step)
        };
        if !(leftovers.iter()).any(|one| one.ids.contains(left) || by_step(one)) {
            return Err(format!("{left} is left and not listed in {leftovers:?}"));
        }
    }
    if blind {
        return Ok(());
    }
    let mut parts = String::new();
    for region in ["eu-west-1", "us-east-1"] {
        for what in ["DescribeRouteTables", "DescribeSecurityGroupRules"] {
            parts += &world
                .call_in(region, "ec2", &format!("Action={what}"))
                .await;
        }
    }
    for leftover in leftovers {
        let there = |id: &String| now.contains(id) || parts.contains(id.as_str());
        if !leftover.ids.is_empty() && !leftover.ids.iter().any(there) {
            return Err(format!("{leftover:?} is listed and not there"));
        }
    }
    Ok(())
}
