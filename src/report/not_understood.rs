//! A run that this program does not understand: why, and what can be done with
//! it all the same.

use stepwell_engine::event::Actor;
use stepwell_engine::{Event, Machine, Unsupported};
use stepwell_workflows::{NoTarget, Target};

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
    match target.parse() {
        Ok(target) => format!("{go_on}; or {}", giving_up(&target)),
        Err(NoTarget(_)) => go_on,
    }
}

/// How a run that nobody can go on with is given up: by a command that takes
/// away what it worked on, because what it made is not known.
pub fn giving_up(target: &Target) -> String {
    let command = match target {
        Target::Schema { .. } => {
            return "give it up and begin anew: `stepwell aurora reset --anew`".to_owned();
        }
        Target::PeeringsOfRosa { region, rosa_vpc } => {
            format!("peering delete --all --rosa-vpc {rosa_vpc} --rosa-region {region}")
        }
        Target::Peering { .. } | Target::PeeringsOfCluster { .. } => "peering delete".to_owned(),
        Target::Cluster { cluster, .. } => {
            format!("aurora delete --final-snapshot {cluster}-last")
        }
    };
    format!("give the run up, and delete all that it worked on: `stepwell {command}`")
}
