//! How the fixtures of a version are written: a run of each trial is brought into
//! each situation, and what it leaves is put into a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::value::RawValue;
use stepwell_engine::event::{End, RunCreated, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal as _, Report};

use super::grounds::Grounds;
use super::{FOLDER, Fixture, Unfinished};
use crate::support::{ended_well, rolled_back};
use crate::trial::faults::{At, Fault, Lasting, Trouble};
use crate::trial::watch::{Counts, When};
use crate::trial::{Act, Case, Fate, Point, Trial};

/// Writes the fixture of a workflow, and says which kinds of steps it has.
pub(super) async fn write<T: Trial, G: Grounds<Stage = T::Stage>>(
    name: &str,
    trial: &T,
    grounds: &G,
) -> BTreeSet<String> {
    let writing = Writing { trial, grounds };
    let (after, forward, created) = writing.succeeded().await;
    let mut situations = BTreeMap::new();
    let dead = |at| Fate {
        death: Some(at),
        ..Fate::default()
    };
    // Past what takes over: until that is done, the rest is another run's.
    let later = forward.effects * 3 / 4 + 1;
    for (situation, point) in [
        ("early", Point::Append(forward.appends / 6 + 1, When::After)),
        ("middle", Point::Append(forward.appends / 2, When::After)),
        ("in_doubt", Point::Call(later, When::After)),
    ] {
        let case = Case::new(trial, None).await;
        assert!(case.live(Act::Begin, dead(point)).await.is_none());
        situations.insert(situation.to_owned(), writing.left(&case).await);
    }
    let expired = Trouble::new(Fault::Expired, Lasting::ForEver, At::Effect(later));
    let case = Case::new(trial, None).await;
    let report = lives(&case, Act::Begin, troubled(expired)).await;
    let is_suspended = matches!(
        report.status,
        Status::Suspended(SuspendReason::Operator { .. })
    );
    assert!(is_suspended, "{report:?}");
    situations.insert("suspended".to_owned(), writing.left(&case).await);
    let mut undone = None;
    if created.reversible {
        let (text, back) = writing.undone().await;
        undone = Some(text);
        let turned = writing.turned(forward).await;
        situations.insert("in_rollback".to_owned(), turned);
        situations.insert("stuck".to_owned(), writing.stuck(back).await);
    }
    let text = text(&Fixture {
        after,
        undone,
        situations,
    });
    let folder = Path::new(FOLDER).join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name).with_extension("json"), text).expect("written");
    let kinds = created.steps.iter().map(|step| step.kind.clone());
    kinds.collect()
}

struct Writing<'a, T, G> {
    trial: &'a T,
    grounds: &'a G,
}

impl<T: Trial, G: Grounds<Stage = T::Stage>> Writing<'_, T, G> {
    /// What is there after a run to which nothing happens, what that takes, and
    /// from what it starts.
    async fn succeeded(&self) -> (Box<RawValue>, Counts, RunCreated) {
        let case = Case::new(self.trial, None).await;
        let report = lives(&case, Act::Begin, Fate::default()).await;
        assert!(ended_well(&report), "{report:?}");
        let events = case.watch.load(case.run).await.expect("a history");
        let created = RunCreated::told(&events).expect("a beginning");
        (
            self.grounds.saved(&case.stage),
            case.watch.counts(),
            created,
        )
    }

    /// What is there after such a run was undone, and what that takes.
    async fn undone(&self) -> (Box<RawValue>, Counts) {
        let case = Case::new(self.trial, None).await;
        lives(&case, Act::Begin, Fate::default()).await;
        let report = lives(&case, Act::Rollback, Fate::default()).await;
        assert!(rolled_back(&report), "{report:?}");
        (self.grounds.saved(&case.stage), case.watch.counts())
    }

    /// A run whose last effect was refused, dead in the middle of its rollback.
    async fn turned(&self, forward: Counts) -> Unfinished {
        let fate = |death| Fate {
            death,
            only_backward: true,
            trouble: Some(Trouble::lasting_refusal(forward.effects)),
        };
        let case = Case::new(self.trial, None).await;
        let report = lives(&case, Act::Begin, fate(None)).await;
        assert!(rolled_back(&report), "{report:?}");
        let half = case.watch.counts().appends / 2;
        let case = Case::new(self.trial, None).await;
        let fate = fate(Some(Point::Append(half, When::After)));
        assert!(case.live(Act::Begin, fate).await.is_none());
        self.left(&case).await
    }

    /// A run that succeeded, and whose rollback met what it could not undo.
    async fn stuck(&self, back: Counts) -> Unfinished {
        let case = Case::new(self.trial, None).await;
        lives(&case, Act::Begin, Fate::default()).await;
        let at = At::Effect(back.effects / 2 + 1);
        let refused = Trouble::new(Fault::Refused, Lasting::ForEver, at);
        let report = lives(&case, Act::Rollback, troubled(refused)).await;
        let is_stuck = matches!(report.status, Status::Ended(End::Stuck { .. }));
        assert!(is_stuck, "{report:?}");
        self.left(&case).await
    }

    /// What a run leaves as it stands.
    async fn left(&self, case: &Case<'_, T>) -> Unfinished {
        let events = case.watch.load(case.run).await.expect("a history");
        Unfinished {
            ground: self.grounds.saved(&case.stage),
            events: self.grounds.anywhere(&case.stage, &events),
        }
    }
}

fn troubled(trouble: Trouble) -> Fate {
    Fate {
        trouble: Some(trouble),
        ..Fate::default()
    }
}

/// The life of a process that does not die.
async fn lives<T: Trial>(case: &Case<'_, T>, act: Act, fate: Fate) -> Report {
    let report = case.live(act, fate).await;
    report.expect("nobody dies").expect("survey")
}

/// A fixture with a line for what is there, and one for each event.
fn text(fixture: &Fixture) -> String {
    let (after, undone) = (&fixture.after, &fixture.undone);
    let undone = undone.as_ref().map_or("null", |text| text.get());
    let mut text = format!("{{\"after\":{after},\n\"undone\":{undone},\n\"situations\":{{");
    let mut between = "\n";
    for (situation, Unfinished { ground, events }) in &fixture.situations {
        let events: Vec<String> = (events.iter())
            .map(|event| serde_json::to_string(event).expect("JSON"))
            .collect();
        let events = events.join(",\n");
        let _ = write!(
            text,
            "{between}{situation:?}:{{\"ground\":{ground},\n\"events\":[\n{events}]}}"
        );
        between = ",\n";
    }
    text + "}}\n"
}
