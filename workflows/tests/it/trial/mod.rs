//! What every workflow has to bear: each death at each point, each fault at each
//! call. A workflow comes in as a [`Trial`]; the account ends complete, or
//! exactly as it was before, and never is anything there twice or done
//! unrecorded. [`table`] names the workflows.

mod crashes;
mod faults;
mod leftovers;
mod pinned;
mod released;
mod table;
mod tally;
mod troubles;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal, Machine, Report, RunId};
use stepwell_sandbox::Hook;
use stepwell_workflows::SurveyError;

use crate::support::{World, ended_well, rolled_back};
use tally::Wrong;
pub(crate) use watch::{Census, Watch};
use watch::{Counts, Fate, Heard, Point};

/// What a run works on, and whence it is watched.
pub(crate) trait Stage {
    fn world(&self) -> &World;

    /// Everything that may be changed, so that two moments can be compared.
    fn inventory(&self) -> Value {
        inventory(self.world())
    }

    /// How many there are of each kind of resource.
    fn census(&self) -> Census {
        let account = self.world().account.clone();
        Arc::new(move || {
            let mut census = BTreeMap::new();
            let status = account.status().expect("status");
            for (region, resources) in status.regions {
                for resource in resources {
                    *census
                        .entry(format!("{} {region}", resource.kind))
                        .or_default() += 1;
                }
            }
            census
        })
    }

    fn set_hook(&self, hook: Option<Arc<dyn Hook>>) {
        self.world().account.set_hook(hook);
    }
}

impl Stage for World {
    fn world(&self) -> &World {
        self
    }
}

/// A workflow on trial: the stage it finds, and how it is begun on it.
pub(crate) trait Trial {
    type Stage: Stage;

    /// An account of its own, as it is before the run.
    async fn stage(&self) -> Self::Stage;

    /// Surveys and runs the workflow.
    async fn begin(
        &self,
        stage: &Self::Stage,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError>;

    /// What a person does after a crash: begins again if nothing was recorded,
    /// resumes what is unfinished.
    async fn go_on(
        &self,
        stage: &Self::Stage,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let events = journal.load(run).await.expect("load");
        if events.is_empty() {
            return self.begin(stage, journal, run).await;
        }
        let machine = Machine::replay(&events).expect("replay");
        if let Status::Ended(End::Succeeded | End::RolledBack { .. }) = machine.status() {
            return Ok(ended(&machine));
        }
        Ok(stage.world().resume(journal, run).await.expect("resume"))
    }

    /// The steps whose effect nobody can read back, so that it is repeated.
    fn unreadable(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether calls can be late: not where nothing can hasten the wait for them.
    fn can_be_late(&self) -> bool {
        true
    }

    /// Whether two runs of it append and call alike, in number: not where the
    /// results of processes of the machine come in one append or in two.
    fn repeats(&self) -> bool {
        true
    }

    /// What further must be so at a good end.
    fn at_the_end(&self, watch: &Watch) -> Result<(), String> {
        let _ = watch;
        Ok(())
    }
}

/// The report of a run that is over.
fn ended(machine: &Machine) -> Report {
    Report {
        run: machine.run(),
        status: machine.status().clone(),
        output: machine.output().cloned(),
        fault: None,
    }
}

/// Everything that the account holds.
pub(crate) fn inventory(world: &World) -> Value {
    world.account.inventory().expect("inventory")
}

/// Without what chance has a part in: the address range that was drawn, and the
/// signs of life that a dead process leaves.
fn tidy(mut value: Value) -> Value {
    match &mut value {
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix("192.168.")
                && let Some((_, rest)) = rest.split_once('.')
            {
                *text = format!("192.168.x.{rest}");
            }
        }
        Value::Array(all) => {
            for one in all.iter_mut() {
                *one = tidy(one.take());
            }
        }
        Value::Object(all) => {
            all.remove("stepwell:alive");
            for one in all.values_mut() {
                *one = tidy(one.take());
            }
        }
        _ => {}
    }
    value
}

/// After this long AWS has taken back what it kept for an instance that is gone:
/// its network interface lingers, and no run waits for that.
const LINGERS: Duration = Duration::from_secs(65);

/// What a run leaves when nothing goes wrong, and what it takes.
pub(crate) struct Clean {
    pub(crate) seen: Value,
    pub(crate) counts: Counts,
    pub(crate) heard: Vec<Heard>,
    pub(crate) peak: BTreeMap<String, usize>,
}

pub(crate) async fn clean(trial: &impl Trial) -> Clean {
    let case = Case::new(trial, None).await;
    case.watch.record();
    let report = case.live(Act::Begin, Fate::default()).await;
    let report = report.expect("nobody dies").expect("survey");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(case.watch.complaints().all().count(), 0);
    Clean {
        seen: tidy(case.stage.inventory()),
        counts: case.watch.counts(),
        heard: case.watch.heard(),
        peak: case.watch.peak(),
    }
}

/// What a process is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Begin,
    GoOn,
    Rollback,
}

/// How a case must end.
#[derive(Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// Succeeded, and as a clean run leaves it.
    Succeed(&'a Value),
    /// Rolled back, and as it was before.
    Vanish,
}

/// One story of a run, over as many processes as it takes.
pub(crate) struct Case<'a, T: Trial> {
    pub(crate) trial: &'a T,
    pub(crate) stage: T::Stage,
    pub(crate) watch: Arc<Watch>,
    pub(crate) run: RunId,
    pub(crate) before: Value,
    /// The ids of what was there before.
    pub(crate) ids: BTreeSet<String>,
}

impl<'a, T: Trial> Case<'a, T> {
    pub(crate) async fn new(trial: &'a T, clean: Option<&Clean>) -> Self {
        let stage = trial.stage().await;
        let limits = clean.map(|clean| clean.peak.clone());
        let watch = Watch::new(stage.census(), limits, stage.world().speed);
        stage.set_hook(Some(watch.clone()));
        Self {
            trial,
            run: stage.world().run_id(),
            before: stage.inventory(),
            ids: leftovers::ids(stage.world()),
            stage,
            watch,
        }
    }

    /// The life of one process; `None` if it died.
    pub(crate) async fn live(&self, act: Act, fate: Fate) -> Option<Result<Report, SurveyError>> {
        let died = self.watch.process(fate);
        let (stage, run) = (&self.stage, self.run);
        let journal: Arc<dyn Journal> = self.watch.clone();
        // What a whole survey or run is, is too large for the stack of a test.
        let work = Box::pin(async {
            match act {
                Act::Begin => self.trial.begin(stage, journal, run).await,
                Act::GoOn => self.trial.go_on(stage, journal, run).await,
                Act::Rollback => {
                    if let Some(report) = self.rolled_back() {
                        return Ok(report);
                    }
                    let report = stage.world().rollback(journal, run).await;
                    Ok(report.expect("rollback"))
                }
            }
        });
        let lived = tokio::select! {
            biased;
            () = died.notified() => None,
            report = work => Some(report),
        };
        if lived.is_none() {
            // What was sent before the death arrives.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        }
        if let Some(Ok(report)) = &lived
            && matches!(report.status, Status::Ended(_))
        {
            stage.world().clock.sleep(LINGERS).await;
        }
        lived
    }

    /// What is known of a run that is rolled back: there is nothing to take up.
    fn rolled_back(&self) -> Option<Report> {
        let machines = self.watch.machines();
        let machine = machines.iter().find(|one| one.run() == self.run)?;
        matches!(machine.status(), Status::Ended(End::RolledBack { .. })).then(|| ended(machine))
    }

    /// Further processes to which nothing happens, until the run has ended.
    pub(crate) async fn finish(&self, act: Act) -> Result<Report, Wrong> {
        let mut last = None;
        for _ in 0..5 {
            match self.live(act, Fate::default()).await {
                Some(Ok(report)) if matches!(report.status, Status::Ended(_)) => {
                    return Ok(report);
                }
                Some(Ok(report)) => last = Some(format!("{report:?}")),
                Some(Err(error)) => return Err(format!("survey: {error}").into()),
                None => return Err("died of its own".to_owned().into()),
            }
        }
        Err(format!("does not end: {}", last.unwrap_or_default()).into())
    }

    /// Whether nothing was touched.
    pub(crate) fn unchanged(&self) -> Result<(), Wrong> {
        let seen = self.stage.inventory();
        match seen == self.before {
            true => Ok(()),
            false => Err(Wrong::Left(difference(&seen, &self.before))),
        }
    }

    /// Whether the run ended as it must.
    pub(crate) fn ended(&self, report: &Report, goal: Goal<'_>) -> Result<(), Wrong> {
        let (status, wanted) = match goal {
            Goal::Succeed(seen) => (ended_well(report), seen),
            Goal::Vanish => (rolled_back(report), &tidy(self.before.clone())),
        };
        if !status {
            return Err(format!("ended otherwise: {report:?}").into());
        }
        let seen = tidy(self.stage.inventory());
        if seen != *wanted {
            return Err(Wrong::Left(difference(&seen, wanted)));
        }
        match goal {
            Goal::Succeed(_) => Ok(self.trial.at_the_end(&self.watch)?),
            Goal::Vanish => Ok(()),
        }
    }
}

impl<T: Trial> Drop for Case<'_, T> {
    fn drop(&mut self) {
        // The account holds the hook, and the hook the account.
        self.stage.set_hook(None);
    }
}

/// Where two inventories differ, so that a person sees it.
fn difference(found: &Value, wanted: &Value) -> String {
    fn walk(path: &str, found: &Value, wanted: &Value, out: &mut Vec<String>) {
        match (found, wanted) {
            _ if found == wanted => {}
            (Value::Object(a), Value::Object(b)) => {
                let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
                for key in keys {
                    let path = format!("{path}/{key}");
                    let none = Value::Null;
                    walk(
                        &path,
                        a.get(key).unwrap_or(&none),
                        b.get(key).unwrap_or(&none),
                        out,
                    );
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (place, (a, b)) in a.iter().zip(b).enumerate() {
                    walk(&format!("{path}/{place}"), a, b, out);
                }
            }
            _ => out.push(format!("{path} is {found} and not {wanted}")),
        }
    }
    let mut out = Vec::new();
    walk("", found, wanted, &mut out);
    out.truncate(4);
    out.join(" | ")
}
