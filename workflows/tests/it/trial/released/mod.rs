//! What released versions left unfinished: a history of every workflow in every
//! situation in which it may stand still, with what it worked on as that was
//! then. Each is taken to its end, and undone, by this version.
//!
//! A run is carried on from its history alone and compared with what is beside
//! it, so it does not matter whether this version would still begin such a run.
//! What a fixture holds, and when it is written, is in `docs/compatibility.md`.

mod grounds;
mod stages;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Event, Journal, Machine, Report, RunId};
use stepwell_workflows::SurveyError;

use super::tally::Wrong;
use super::{Act, Case, Goal, Stage as _, Trial, Watch, leftovers, tidy};
use grounds::{Accounts, Grounds};

/// The fixtures, in a folder for each version.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// The runs of one workflow that a version left unfinished.
#[derive(Serialize, Deserialize)]
struct Fixture {
    /// What is there after a run that succeeded.
    after: Box<RawValue>,
    /// What is there after a run that was undone; none where it can't be.
    undone: Option<Box<RawValue>>,
    /// The runs, by the situation in which they are.
    situations: BTreeMap<String, Unfinished>,
}

/// A run that stands still.
#[derive(Serialize, Deserialize)]
struct Unfinished {
    /// What is there at that moment.
    ground: Box<RawValue>,
    /// The run's history.
    events: Vec<Event>,
}

/// A run that another version began, as a trial.
struct Held<'a, G> {
    grounds: &'a G,
    unfinished: &'a Unfinished,
}

impl<G: Grounds> Trial for Held<'_, G> {
    type Stage = G::Stage;

    async fn stage(&self) -> G::Stage {
        let Unfinished { ground, events } = self.unfinished;
        let last = events.last().expect("events").at;
        self.grounds.put_back(ground, last).await
    }

    async fn begin(
        &self,
        _: &G::Stage,
        _: Arc<dyn Journal>,
        _: RunId,
    ) -> Result<Report, SurveyError> {
        panic!("another version has begun it")
    }
}

impl<G: Grounds> Held<'_, G> {
    /// The run as it was left, before the eyes of a witness.
    async fn case(&self, undone: &Value) -> Case<'_, Self> {
        let stage = self.stage().await;
        let watch = Watch::new(stage.census(), None, stage.world().speed);
        let events = self.grounds.here(&stage, &self.unfinished.events);
        let run = events[0].run;
        watch.append(events).await.expect("a history");
        stage.set_hook(Some(watch.clone()));
        Case {
            trial: self,
            run,
            before: undone.clone(),
            ids: leftovers::ids(stage.world()),
            stage,
            watch,
        }
    }

    /// Takes the run to its end by one command after the other.
    async fn carry(&self, undone: &Value, acts: &[(Act, Goal<'_>)]) -> Result<(), Wrong> {
        let case = self.case(undone).await;
        for (act, goal) in acts {
            let report = case.finish(*act).await?;
            case.ended(&report, *goal)?;
        }
        let complaints = case.watch.complaints();
        let told: Vec<&str> = complaints.all().map(String::as_str).collect();
        match told[..] {
            [] => Ok(()),
            _ => Err(told.join(", ").into()),
        }
    }
}

/// Takes every unfinished run of a workflow to its end, and undoes each that can
/// be undone: as it stands, and once it has succeeded.
async fn carried_on(name: &str, grounds: &impl Grounds) {
    let mut found = 0;
    for version in fs::read_dir(FOLDER).expect("the fixtures") {
        let path = version.expect("a folder").path();
        let Ok(text) = fs::read_to_string(path.join(name).with_extension("json")) else {
            continue;
        };
        let fixture: Fixture = serde_json::from_str(&text).expect("a fixture");
        let after = tidy(grounds.inventory(&fixture.after).await);
        let undone = match &fixture.undone {
            Some(text) => grounds.inventory(text).await,
            None => Value::Null,
        };
        for (situation, unfinished) in &fixture.situations {
            let context = format!("{}, {name}, {situation}", path.display());
            let held = Held {
                grounds,
                unfinished,
            };
            taken_up(&held, &undone, &after, &context).await;
            found += 1;
        }
    }
    assert!(found >= 4, "{found} unfinished runs of {name}");
}

async fn taken_up<G: Grounds>(held: &Held<'_, G>, undone: &Value, after: &Value, context: &str) {
    let machine = Machine::replay(&held.unfinished.events).expect("a history");
    let over = matches!(
        machine.status(),
        Status::Ended(End::Succeeded | End::RolledBack { .. } | End::Abandoned { .. })
    );
    assert!(!over, "{context} is over");
    let undo = (Act::Rollback, Goal::Vanish);
    let ahead = (Act::GoOn, Goal::Succeed(after));
    let ways: &[&[(Act, Goal<'_>)]] = match (machine.will_roll_back(), machine.created().reversible)
    {
        (true, _) => &[&[(Act::GoOn, Goal::Vanish)], &[undo]],
        (false, true) => &[&[ahead, undo], &[undo]],
        (false, false) => &[&[ahead]],
    };
    for acts in ways {
        if let Err(wrong) = held.carry(undone, acts).await {
            let asked: Vec<Act> = acts.iter().map(|(act, _)| *act).collect();
            panic!("{context}, {asked:?}: {wrong:?}");
        }
    }
}

/// The kinds of steps that no fixture has: of resets that were given up.
const WITHOUT: [&str; 1] = ["remove-pod"];

/// Every workflow that is held, by the names of its fixtures.
macro_rules! held {
    ($($module:ident $trial:expr, $grounds:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $module() {
                carried_on(stringify!($module), &$grounds).await;
            }
        )*

        /// Writes the fixtures of the present version. To be run by hand, once,
        /// when a version is released; a released fixture never changes.
        #[tokio::test(start_paused = true)]
        #[ignore = "writes the fixtures"]
        async fn write_fixtures() {
            let mut kinds = stepwell_workflows::registry().kinds();
            $(
                let held = writing::write(stringify!($module), &$trial, &$grounds).await;
                kinds.retain(|kind| !held.contains(*kind));
            )*
            assert_eq!(kinds, WITHOUT, "kinds of steps that no fixture has");
        }

        const NAMES: &[&str] = &[$(stringify!($module)),*];
    };
}

held! {
    create crate::campaign::AuroraCreate, Accounts;
    create_protected stages::Protected, Accounts;
    take_over stages::TakingOver, Accounts;
    restore crate::restore::campaign::Restore, Accounts;
    delete crate::campaign::AuroraDelete, Accounts;
    delete_with_parts stages::WithParts, Accounts;
    delete_with_peerings crate::peering::with_aurora::WithPeerings, Accounts;
    scale_up crate::scale::campaign::Grow, Accounts;
    scale_down crate::scale::campaign::Shrink, Accounts;
    peer_near crate::peering::campaign::NEAR, Accounts;
    peer_far crate::peering::campaign::FAR, Accounts;
    peer_over_a_stale_route crate::peering::campaign::STALE, Accounts;
    unpeer_one crate::peering::campaign::ONE_FAR, Accounts;
    unpeer_all crate::peering::campaign::ALL, Accounts;
    // The last, because it works in real time.
    reset crate::reset::campaign::Reset::default(), crate::reset::campaign::Reset::default();
}

/// A fixture without a test would hold nothing.
#[test]
fn every_fixture_has_a_test() {
    for version in fs::read_dir(FOLDER).expect("the fixtures") {
        let folder = version.expect("a folder").path();
        for file in fs::read_dir(&folder).expect("a folder") {
            let path = file.expect("a file").path();
            let name = Path::file_stem(&path).and_then(|name| name.to_str());
            let known = name.is_some_and(|name| NAMES.contains(&name));
            assert!(known, "{} is read by no test", path.display());
        }
    }
}
