//! Death at every point, and a second death at every point of what follows.

use stepwell_engine::machine::Status;

use super::faults::Trouble;
use super::tally::{Tally, some};
use super::{Act, Case, Clean, Fate, Goal, Point, Trial, Wrong, clean};
use crate::support::ended_well;

/// How much is tried unless everything is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Points of death.
    pub(crate) points: usize,
    /// Pairs of them.
    pub(crate) pairs: usize,
    /// Faults.
    pub(crate) faults: usize,
}

/// What the processes are at when they die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    /// The way forward.
    Forward,
    /// A rollback, because the last effect was refused for good.
    Failed,
    /// The rollback of a finished run, because a person asked for it.
    Asked,
}

impl Story {
    fn what(self) -> &'static str {
        match self {
            Self::Forward => "deaths",
            Self::Failed => "deaths in a rollback after a failure",
            Self::Asked => "deaths in a rollback that was asked for",
        }
    }

    /// What the first process does that may die, and those after it.
    fn acts(self) -> (Act, Act) {
        match self {
            Self::Forward | Self::Failed => (Act::Begin, Act::GoOn),
            Self::Asked => (Act::Rollback, Act::Rollback),
        }
    }

    fn goal(self, clean: &Clean) -> Goal<'_> {
        match self {
            Self::Forward => Goal::Succeed(&clean.seen),
            Self::Failed | Self::Asked => Goal::Vanish,
        }
    }

    /// How the first process fares.
    fn fate(self, clean: &Clean, death: Option<Point>) -> Fate {
        Fate {
            death,
            only_backward: self == Self::Failed,
            trouble: (self == Self::Failed).then(|| Trouble::lasting_refusal(clean.counts.effects)),
        }
    }

    /// A case up to the process that is to die.
    async fn case<'a, T: Trial>(self, trial: &'a T, clean: &Clean) -> Case<'a, T> {
        let case = Case::new(trial, Some(clean)).await;
        if self == Self::Asked {
            let report = case.live(Act::Begin, Fate::default()).await;
            let report = report.expect("nobody dies").expect("survey");
            assert!(ended_well(&report), "{report:?}");
        }
        case
    }
}

/// Death at every point of a story, each followed by a resume; and a second
/// death at every point of that resume, each followed by another.
pub(crate) async fn deaths(name: &str, trial: &impl Trial, story: Story, amount: Amount) {
    let mut tally = Tally::new(format!("{name}, {}", story.what()));
    let clean = clean(trial).await;
    let (first, _) = story.acts();
    let points = {
        let case = story.case(trial, &clean).await;
        let report = case.live(first, story.fate(&clean, None)).await;
        let report = report.expect("nobody dies").expect("survey");
        let end = case.ended(&report, story.goal(&clean));
        tally.judge("undisturbed", &case.watch.complaints(), end);
        some(case.watch.counts().points(), amount.points)
    };
    let least = points.len();
    let mut seconds: Vec<(Point, Point)> = Vec::new();
    for point in points {
        let case = story.case(trial, &clean).await;
        let end = die(&case, story, &clean, &[point], &mut seconds).await;
        tally.count("points", 1);
        tally.judge(&format!("{point:?}"), &case.watch.complaints(), end);
    }
    tally.count("pairs there are", seconds.len());
    for (one, other) in some(seconds, amount.pairs) {
        let case = story.case(trial, &clean).await;
        let end = die(&case, story, &clean, &[one, other], &mut Vec::new()).await;
        tally.count("pairs", 1);
        let context = format!("{one:?}, then {other:?}");
        tally.judge(&context, &case.watch.complaints(), end);
    }
    tally.close("points", least.max(4));
}

/// A process after the other dies at its point, then one lives. Adds the points
/// at which the one after the first death might have died.
async fn die<T: Trial>(
    case: &Case<'_, T>,
    story: Story,
    clean: &Clean,
    points: &[Point],
    seconds: &mut Vec<(Point, Point)>,
) -> Result<(), Wrong> {
    let (first, then) = story.acts();
    for (number, point) in points.iter().enumerate() {
        let lived = match number {
            0 => case.live(first, story.fate(clean, Some(*point))).await,
            _ => {
                let death = Some(*point);
                case.live(
                    then,
                    Fate {
                        death,
                        ..Fate::default()
                    },
                )
                .await
            }
        };
        if lived.is_some() {
            if !case.trial.repeats() {
                break;
            }
            return Err(format!("did not die at {point:?}").into());
        }
        if number == 0 && case.watch.machines().is_empty() && story != Story::Asked {
            // Nothing was recorded, so nothing may have been done.
            case.unchanged()?;
        }
    }
    let lived = case.live(then, Fate::default()).await;
    let counts = case.watch.counts();
    seconds.extend(
        counts
            .points()
            .into_iter()
            .map(|second| (points[0], second)),
    );
    let report = match lived {
        Some(Ok(report)) if matches!(report.status, Status::Ended(_)) => report,
        Some(Err(error)) => return Err(format!("survey: {error}").into()),
        _ => case.finish(then).await?,
    };
    case.ended(&report, story.goal(clean))
}
