//! A run that this program does not understand: why, and what can be done with
//! it all the same.

use stepwell_engine::event::Actor;
use stepwell_engine::{Event, Machine, Unsupported};

/// Why this program can't carry a run on, if it can't. Nothing is said of a
/// history that can't be replayed.
pub fn why(events: &[Event]) -> Option<Unsupported> {
    let machine = Machine::replay(events).ok()?;
    stepwell_workflows::registry().understands(&machine).err()
}

/// What is not understood, each for itself.
pub fn causes(why: &Unsupported) -> Vec<String> {
    match why {
        Unsupported::Version { found: 0 } => vec![
            "it was recorded before version 0.1.0, in a form that does not hold the steps' data"
                .to_owned(),
        ],
        Unsupported::Version { .. } => vec![why.to_string()],
        Unsupported::Steps(steps) => steps.iter().map(ToString::to_string).collect(),
    }
}

/// What can be done with the run, with commands in it that are yet to be placed.
pub fn way_out(by: &Actor, target: &str) -> String {
    let go_on = format!("go on with the version that started it: {}", by.version);
    match giving_up(target) {
        Some(give_up) => format!("{go_on}; or {give_up}"),
        None => go_on,
    }
}

/// How a run that nobody can go on with is given up: by a command that takes
/// away what it worked on, because what it made is not known.
pub fn giving_up(target: &str) -> Option<String> {
    let parts: Vec<&str> = target.split('/').collect();
    let command = match parts[..] {
        ["reset", _, _] => {
            return Some("give it up and begin anew: `stepwell aurora reset --anew`".to_owned());
        }
        ["peering", region, "*", vpc] => {
            format!("peering delete --all --rosa-vpc {vpc} --rosa-region {region}")
        }
        ["peering", _, _, _] => "peering delete".to_owned(),
        [_, _, cluster, ..] => format!("aurora delete --final-snapshot {cluster}-last"),
        _ => return None,
    };
    Some(format!(
        "give the run up, and delete all that it worked on: `stepwell {command}`"
    ))
}
