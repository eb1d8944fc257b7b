//! What the tests share: a bench with a world, a journal, a clock and ears.

mod journal;
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use stepwell_engine::event::{Actor, EventBody, OnFailure, RunCreated, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::testing::FaultyJournal;
use stepwell_engine::{
    Clock, Event, Executor, Graph, Journal as _, Machine, Observer, ParameterChange, Planner,
    Report, RollbackRequest, RunError, RunId, StepName, Stop, Stopper, TokioClock, stop_channel,
};

pub(crate) use journal::Starts;
pub(crate) use stepwell_engine::testing::Trouble;
pub(crate) use world::{Act, Def, World, create, define, delete, graph, read, registry, wait};

/// Seconds.
pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Somebody, for records.
pub(crate) fn actor() -> Actor {
    Actor {
        host: "host".into(),
        user: "user".into(),
        pid: 1,
        version: "test".into(),
    }
}

/// Remembers all it hears.
#[derive(Default)]
pub(crate) struct Ears {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) progress: Mutex<Vec<String>>,
}

impl Observer for Ears {
    fn event(&self, event: &Event) {
        self.events.lock().unwrap().push(event.clone());
    }

    fn progress(&self, _: RunId, step: &StepName, message: &str) {
        self.progress
            .lock()
            .unwrap()
            .push(format!("{step}: {message}"));
    }
}

/// One run in one world.
pub(crate) struct Bench {
    pub(crate) run: RunId,
    pub(crate) world: Arc<World>,
    pub(crate) journal: Arc<FaultyJournal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ears: Arc<Ears>,
    pub(crate) parallel: u32,
    pub(crate) reversible: bool,
    pub(crate) on_failure: OnFailure,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let starts = Arc::new(Starts::default());
        Self {
            run: RunId::from_u128(7),
            world: Arc::new(World::new(Some(starts.clone()))),
            journal: Arc::new(FaultyJournal::over(starts)),
            clock: Arc::new(TokioClock::paused()),
            ears: Arc::default(),
            parallel: 4,
            reversible: true,
            on_failure: OnFailure::Rollback,
        }
    }

    /// A bench for runs whose journal is another.
    pub(crate) fn lenient() -> Self {
        Self {
            world: Arc::new(World::new(None)),
            ..Self::new()
        }
    }

    /// What the next attempts to carry out a verb do, one after the other;
    /// after them all goes well.
    pub(crate) fn script(
        &self,
        step: &str,
        verb: &'static str,
        acts: impl IntoIterator<Item = Act>,
    ) {
        self.world.script(step, verb, acts);
    }

    fn created(&self) -> RunCreated {
        RunCreated {
            reversible: self.reversible,
            on_failure: self.on_failure,
            parallel: self.parallel,
            by: actor(),
            ..RunCreated::new("test", "target", Value::Null)
        }
    }

    pub(crate) fn executor(&self, stop: Stop) -> Executor<World> {
        Executor {
            clock: self.clock.clone(),
            observer: self.ears.clone(),
            stop,
            ..Executor::new(registry(), self.world.clone(), self.journal.clone())
        }
    }

    /// Makes plans of this world.
    pub(crate) fn planner(&self, doubts: &[Duration]) -> Planner<World> {
        Planner {
            doubts: doubts.to_vec(),
            ..Planner::new(registry(), self.world.clone(), self.clock.clone())
        }
    }

    pub(crate) async fn try_start(&self, graph: &Graph) -> Result<Report, RunError> {
        self.start_with(graph, Stop::never()).await
    }

    pub(crate) async fn start_with(&self, graph: &Graph, stop: Stop) -> Result<Report, RunError> {
        self.begin(&self.executor(stop), graph).await
    }

    /// Starts the run with an executor of the test's own.
    pub(crate) async fn begin(
        &self,
        executor: &Executor<World>,
        graph: &Graph,
    ) -> Result<Report, RunError> {
        executor.start(self.run, self.created(), graph).await
    }

    /// Starts a run that is asked to stop after some time.
    pub(crate) async fn start_stopped_after(&self, graph: &Graph, after: Duration) -> Report {
        let (stopper, stop) = stop_channel();
        self.stopping_after(stopper, after, self.start_with(graph, stop))
            .await
    }

    /// Takes up a run that is asked to stop after some time.
    pub(crate) async fn resume_stopped_after(&self, after: Duration) -> Report {
        let (stopper, stop) = stop_channel();
        self.stopping_after(stopper, after, self.resume_with(stop))
            .await
    }

    async fn stopping_after(
        &self,
        stopper: Stopper,
        after: Duration,
        work: impl Future<Output = Result<Report, RunError>>,
    ) -> Report {
        let stopping = async {
            self.clock.sleep(after).await;
            stopper.stop();
        };
        tokio::join!(work, stopping).0.unwrap()
    }

    async fn resume_with(&self, stop: Stop) -> Result<Report, RunError> {
        let events = self.events();
        self.executor(stop).resume(&events, actor()).await
    }

    /// Takes the run up with other parameters.
    pub(crate) async fn resume_changed(&self, change: ParameterChange) -> Result<Report, RunError> {
        let events = self.events();
        self.executor(Stop::never())
            .resume_changed(&events, actor(), change)
            .await
    }

    pub(crate) async fn try_resume(&self) -> Result<Report, RunError> {
        self.resume_with(Stop::never()).await
    }

    pub(crate) async fn try_rollback(&self) -> Result<Report, RunError> {
        self.rollback_as(RollbackRequest::default()).await
    }

    /// Rolls the run back as a person asked for it.
    pub(crate) async fn rollback_as(&self, request: RollbackRequest) -> Result<Report, RunError> {
        let events = self.events();
        self.executor(Stop::never())
            .rollback(&events, actor(), request)
            .await
    }

    pub(crate) async fn start(&self, graph: &Graph) -> Report {
        self.try_start(graph).await.unwrap()
    }

    pub(crate) async fn resume(&self) -> Report {
        self.try_resume().await.unwrap()
    }

    pub(crate) async fn rollback(&self) -> Report {
        self.try_rollback().await.unwrap()
    }

    /// Starts the run, or takes it up if it has a history.
    pub(crate) async fn go_on(&self, graph: &Graph) -> Result<Report, RunError> {
        if self.events().is_empty() {
            self.try_start(graph).await
        } else {
            self.try_resume().await
        }
    }

    /// All that is durable.
    pub(crate) fn events(&self) -> Vec<Event> {
        use futures_util::FutureExt as _;
        let events = self.journal.load(self.run).now_or_never();
        events.expect("it is in memory").unwrap()
    }

    /// How the run stands after what is durable.
    pub(crate) fn status(&self) -> Option<Status> {
        let machine = Machine::replay(&self.events()).ok()?;
        Some(machine.status().clone())
    }

    /// The history in short: what happened to which step.
    pub(crate) fn story(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| short(&event.body))
            .collect()
    }

    /// When an event of the story was recorded first, in milliseconds.
    pub(crate) fn when(&self, line: &str) -> i64 {
        let events = self.events();
        let found = events.iter().find(|event| short(&event.body) == line);
        found
            .unwrap_or_else(|| panic!("{line:?} is not in {:#?}", self.story()))
            .at
            .0
    }
}

/// An event in a few words.
pub(crate) fn short(body: &EventBody) -> String {
    let of = |verb: &Verb, step: &StepName, attempt: &u32| format!("{verb} {step} {attempt}");
    match body {
        EventBody::AttemptStarted {
            step,
            attempt,
            verb,
        } => format!("{}: started", of(verb, step, attempt)),
        EventBody::AttemptSucceeded {
            step,
            attempt,
            verb,
            outcome,
        } => {
            let outcome = serde_json::to_value(outcome).unwrap();
            let outcome = outcome["outcome"].as_str().unwrap().to_owned();
            format!("{}: {outcome}", of(verb, step, attempt))
        }
        EventBody::AttemptFailed {
            step,
            attempt,
            verb,
            in_doubt,
            then,
            ..
        } => {
            let then = serde_json::to_value(then).unwrap();
            let then = then["then"].as_str().unwrap().to_owned();
            let doubt = if *in_doubt { ", in doubt" } else { "" };
            format!("{}: {then}{doubt}", of(verb, step, attempt))
        }
        EventBody::AttemptInterrupted {
            step,
            attempt,
            verb,
            ..
        } => format!("{}: interrupted", of(verb, step, attempt)),
        other => other.kind().to_owned(),
    }
}

/// The run is suspended.
pub(crate) fn assert_suspended(report: &Report) {
    assert!(
        matches!(report.status, Status::Suspended(_)),
        "{:?}",
        report.status
    );
}
