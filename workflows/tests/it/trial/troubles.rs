//! Each class of fault at each call, once and for ever.

use std::collections::{BTreeMap, BTreeSet};

use stepwell_engine::event::{EventBody, SuspendReason, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::{Event, Report};

use super::faults::{At, Fault, Lasting, Must, Trouble};
use super::leftovers::{are_true, listed};
use super::tally::{Tally, is_exhaustive, some};
use super::{Act, Case, Clean, Fate, Goal, Heard, Trial, Wrong, clean};
use crate::support::{ended_well, rolled_back};

/// A call that is to go wrong, and which of its kind it is.
struct Target {
    nth: u64,
    call: Heard,
}

impl Target {
    fn at(&self) -> At {
        At::Call(self.call.signature.clone(), self.nth)
    }
}

/// The calls that differ by what they are and by where the run then stands; of
/// polls that repeat the first. In an exhaustive run every call.
fn targets(heard: &[Heard]) -> Vec<Target> {
    every(heard, is_exhaustive())
}

/// The same; `all` says whether every call is one.
fn every(heard: &[Heard], all: bool) -> Vec<Target> {
    let mut kinds = BTreeMap::new();
    let mut places = BTreeSet::new();
    let mut targets = Vec::new();
    for call in heard {
        let nth = kinds.entry(call.signature.clone()).or_insert(0);
        *nth += 1;
        if places.insert((call.signature.clone(), call.open.clone())) || all {
            targets.push(Target {
                nth: *nth,
                call: call.clone(),
            });
        }
    }
    targets
}

/// The product of calls and faults, and of it as much as there is time for.
fn product(targets: &[Target], late: bool, most: usize) -> Vec<(&Target, Fault, Lasting)> {
    let mut all = Vec::new();
    let may_be = |fault: &Fault| late || !fault.is_late();
    for target in targets {
        for fault in Fault::ALL.into_iter().filter(may_be) {
            for lasting in [Lasting::Once, Lasting::ForEver] {
                if fault.befalls(lasting, target.call.missing, target.call.mutates) {
                    all.push((target, fault, lasting));
                }
            }
        }
    }
    some(all, most)
}

/// Every single read in turn misses what is there: nothing is passed over for it.
pub(crate) async fn missed_reads(name: &str, trial: &impl Trial) {
    let mut tally = Tally::new(format!("{name}, missed reads"));
    let clean = clean(trial).await;
    let targets = every(&clean.heard, true);
    let missed = (Fault::Missed, Lasting::Once);
    let cases = (targets.iter())
        .filter(|Target { call, .. }| missed.0.befalls(missed.1, call.missing, call.mutates))
        .map(|target| (target, missed.0, missed.1));
    strike(trial, &clean, cases, false, &mut tally).await;
    tally.close("faults", 1);
}

/// Each fault at each call of a run.
pub(crate) async fn faults(name: &str, trial: &impl Trial, reversible: bool, most: usize) {
    let mut tally = Tally::new(format!("{name}, faults"));
    let clean = clean(trial).await;
    let targets = targets(&clean.heard);
    tally.count("calls", targets.len());
    let cases = product(&targets, trial.can_be_late(), most);
    strike(trial, &clean, cases, reversible, &mut tally).await;
    tally.close("faults", most.min(20));
}

/// Each of the faults in a run of its own.
async fn strike(
    trial: &impl Trial,
    clean: &Clean,
    cases: impl IntoIterator<Item = (&Target, Fault, Lasting)>,
    reversible: bool,
    tally: &mut Tally,
) {
    for (target, fault, lasting) in cases {
        let case = Case::new(trial, Some(clean)).await;
        let end = meet(&case, clean, target, (fault, lasting), reversible, tally).await;
        let context = format!(
            "{fault:?} {lasting:?} at call {} {}",
            target.nth, target.call.signature
        );
        tally.judge(&context, &case.watch.complaints(), end);
    }
}

/// One fault at one call of a run.
async fn meet<T: Trial>(
    case: &Case<'_, T>,
    clean: &Clean,
    target: &Target,
    (fault, lasting): (Fault, Lasting),
    reversible: bool,
    tally: &mut Tally,
) -> Result<(), Wrong> {
    let trouble = Trouble::new(fault, lasting, target.at());
    let fate = Fate {
        trouble: Some(trouble),
        ..Fate::default()
    };
    let lived = case.live(Act::Begin, fate).await.expect("nobody dies");
    heal(case, target, tally)?;
    let must = fault.must(lasting, target.call.mutates);
    let report = match lived {
        Ok(report) => report,
        Err(error) => {
            tally.note("refused by the survey");
            if must == [Must::Bear] {
                return Err(format!("the survey did not bear it: {error}").into());
            }
            if case.watch.machines().is_empty() {
                return case.unchanged();
            }
            // That of one of several runs.
            let report = case.finish(Act::GoOn).await?;
            return case.ended(&report, Goal::Succeed(&clean.seen));
        }
    };
    let came = came(&report, ended_well);
    tally.note(match came {
        Must::Bear => "borne",
        Must::Suspend => "suspended",
        Must::GiveUp if rolled_back(&report) => "rolled back",
        Must::GiveUp if reversible => "stuck",
        Must::GiveUp => "suspended by a failure",
    });
    let passed_by = came == Must::Bear && unseen(case, target).await;
    if !must.contains(&came) && !passed_by {
        return Err(format!("must {must:?}, and came to {report:?}").into());
    }
    if fault == Fault::Refused && came == Must::GiveUp && target.call.mutates {
        says_why(&report)?;
    }
    match came {
        Must::Bear => case.ended(&report, Goal::Succeed(&clean.seen)),
        Must::Suspend => {
            undid_nothing(case).await?;
            let report = case.finish(Act::GoOn).await?;
            case.ended(&report, Goal::Succeed(&clean.seen))
        }
        Must::GiveUp if !reversible => {
            if !matches!(
                report.status,
                Status::Suspended(SuspendReason::Failed { .. })
            ) {
                return Err(format!("not suspended by a failure: {report:?}").into());
            }
            let report = case.finish(Act::GoOn).await?;
            case.ended(&report, Goal::Succeed(&clean.seen))
        }
        Must::GiveUp if rolled_back(&report) => case.ended(&report, Goal::Vanish),
        Must::GiveUp => unstick(case, &report, fault.blinds(lasting, target.call.mutates)).await,
    }
}

/// The world heals; whether the call was struck that was meant.
fn heal<T: Trial>(case: &Case<'_, T>, target: &Target, tally: &mut Tally) -> Result<(), Wrong> {
    let (hits, struck) = case.watch.hits();
    case.watch.heal();
    tally.count("faults", 1);
    tally.count("calls struck", usize::try_from(hits).unwrap_or(usize::MAX));
    if struck.as_ref() != Some(&target.call.signature) {
        return Err(format!("struck {struck:?}").into());
    }
    Ok(())
}

/// What came of a fault, where this would be a good end.
fn came(report: &Report, is_good: impl Fn(&Report) -> bool) -> Must {
    if is_good(report) {
        Must::Bear
    } else if suspended_for_a_person(report) {
        Must::Suspend
    } else {
        Must::GiveUp
    }
}

/// A rollback that is stuck says what is left, and ends once the world is
/// healed.
async fn unstick<T: Trial>(case: &Case<'_, T>, report: &Report, blind: bool) -> Result<(), Wrong> {
    let Some(leftovers) = listed(report) else {
        return Err(format!("neither undone nor stuck: {report:?}").into());
    };
    are_true(case, leftovers, blind).await?;
    let report = case.finish(Act::Rollback).await?;
    case.ended(&report, Goal::Vanish)
}

/// Each fault at each call of a rollback that a person asked for.
pub(crate) async fn rollback_faults(name: &str, trial: &impl Trial, most: usize) {
    let mut tally = Tally::new(format!("{name}, faults in a rollback"));
    let clean = clean(trial).await;
    let targets = {
        let case = finished(trial, &clean).await;
        case.watch.record();
        let report = case.live(Act::Rollback, Fate::default()).await;
        let report = report.expect("nobody dies").expect("a rollback");
        let end = case.ended(&report, Goal::Vanish);
        tally.judge("undisturbed", &case.watch.complaints(), end);
        targets(&case.watch.heard())
    };
    tally.count("calls", targets.len());
    for (target, fault, lasting) in product(&targets, trial.can_be_late(), most) {
        let case = finished(trial, &clean).await;
        let end = meet_back(&case, target, (fault, lasting), &mut tally).await;
        let context = format!(
            "{fault:?} {lasting:?} at call {} {}",
            target.nth, target.call.signature
        );
        tally.judge(&context, &case.watch.complaints(), end);
    }
    tally.close("faults", most.min(20));
}

async fn finished<'a, T: Trial>(trial: &'a T, clean: &Clean) -> Case<'a, T> {
    let case = Case::new(trial, Some(clean)).await;
    let report = case.live(Act::Begin, Fate::default()).await;
    let report = report.expect("nobody dies").expect("survey");
    assert!(ended_well(&report), "{report:?}");
    case
}

/// One fault at one call of a rollback.
async fn meet_back<T: Trial>(
    case: &Case<'_, T>,
    target: &Target,
    (fault, lasting): (Fault, Lasting),
    tally: &mut Tally,
) -> Result<(), Wrong> {
    let fate = Fate {
        trouble: Some(Trouble::new(fault, lasting, target.at())),
        ..Fate::default()
    };
    let lived = case.live(Act::Rollback, fate).await.expect("nobody dies");
    let report = lived.map_err(|error| error.to_string())?;
    heal(case, target, tally)?;
    let came = came(&report, rolled_back);
    tally.note(match came {
        Must::Bear => "borne",
        Must::Suspend => "suspended",
        Must::GiveUp => "stuck",
    });
    let must = fault.must(lasting, target.call.mutates);
    let passed_by = came == Must::Bear && unseen(case, target).await;
    if !must.contains(&came) && !passed_by {
        return Err(format!("must {must:?}, and came to {report:?}").into());
    }
    match came {
        Must::Bear => case.ended(&report, Goal::Vanish),
        Must::Suspend => {
            let report = case.finish(Act::Rollback).await?;
            case.ended(&report, Goal::Vanish)
        }
        Must::GiveUp => unstick(case, &report, fault.blinds(lasting, target.call.mutates)).await,
    }
}

/// Whether a report has AWS's own word for why a call was refused.
fn says_why(report: &Report) -> Result<(), Wrong> {
    let fault = report.fault.as_ref().map(|(_, fault)| fault);
    let code = fault.and_then(|fault| fault.code.as_deref());
    let whole = fault.is_some_and(|fault| fault.request_id.is_some());
    // What runs as a process has neither code nor id of AWS.
    match code {
        Some("InvalidParameterCombination") if whole => Ok(()),
        Some("Forbidden" | "BadRequest") => Ok(()),
        _ => Err(format!("does not say why: {fault:?}").into()),
    }
}

/// Suspended at once, or because AWS could not be reached.
fn suspended_for_a_person(report: &Report) -> bool {
    matches!(
        report.status,
        Status::Suspended(SuspendReason::Operator { .. })
    )
}

/// Whether no attempt of any step heard of it: a read that only adds to a
/// message, or that of a sign of life.
async fn unseen<T: Trial>(case: &Case<'_, T>, target: &Target) -> bool {
    if target.call.mutates {
        return Fault::is_idle(&target.call.signature.operation);
    }
    let events = case.watch.events().await;
    !events.iter().any(is_struck)
}

/// Whether an attempt failed by what was done to its calls. In a run to which
/// nothing happens some fail as well, because what is young is not seen
/// everywhere.
fn is_struck(event: &Event) -> bool {
    let EventBody::AttemptFailed { fault, .. } = &event.body else {
        return false;
    };
    let done = ["struck by the test", "no answer", "unreadable answer"];
    done.iter().any(|words| fault.message.contains(words))
}

/// Whether nothing was taken back.
async fn undid_nothing<T: Trial>(case: &Case<'_, T>) -> Result<(), Wrong> {
    let events = case.watch.events().await;
    let undo = |body: &EventBody| {
        matches!(
            body,
            EventBody::AttemptStarted {
                verb: Verb::Undo,
                ..
            }
        )
    };
    match events.iter().any(|event| undo(&event.body)) {
        true => Err("a suspended run undid something".to_owned().into()),
        false => Ok(()),
    }
}
