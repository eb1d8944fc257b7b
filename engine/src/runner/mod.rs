//! The shell around the executor that everybody needs: locks, histories, plans.

mod taken;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::executor::{Executor, Report, RollbackRequest, RunError};
use crate::graph::{Graph, Handle, Registry};
use crate::journal::{Journal, JournalError};
use crate::machine::{HistoryError, Machine};
use crate::model::event::{Actor, RunCreated};
use crate::model::{Event, RunId};
use crate::plan::{PlannedStep, Planner};
use crate::store::{LockError, Store};
use crate::summary::RunSummary;

pub use taken::{Begun, RecordedRun, RunLock, TakenUp, TargetLock};

/// Why a run was not started, taken up or planned.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// Somebody else is at work on it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another run on the target has something left to do.
    #[error("{target} has an unfinished run: {run}")]
    Unfinished {
        /// The target.
        target: String,
        /// The newest of its unfinished runs.
        run: RunId,
    },
    /// The store has no such run.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// The store failed, or the history is not the one that was recorded.
    #[error("the history could not be read")]
    Journal(#[from] JournalError),
    /// The run could not be carried.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<HistoryError> for RunnerError {
    fn from(error: HistoryError) -> Self {
        Self::Run(error.into())
    }
}

/// Starts runs, takes them up, undoes them and plans: over a store, whose locks
/// it takes, with the kinds of steps that a program knows.
///
/// ```
/// use std::sync::Arc;
/// use stepwell_engine::event::RunCreated;
/// use stepwell_engine::*;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Greet {
///     whom: String,
/// }
///
/// impl Step for Greet {
///     type Context = ();
///     type Input = ();
///     type Output = String;
///     const KIND: &'static str = "greet";
///     const EFFECT: Effect = Effect::Read;
///
///     async fn run(&self, _: &Attempt<()>, (): &()) -> Result<String, Fault> {
///         Ok(format!("hello, {}", self.whom))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::new().register::<Greet>();
/// let runner = Runner::new(Arc::new(MemoryStore::new()), registry, ());
///
/// let mut graph = GraphBuilder::new();
/// let greeting = graph.add("greeting", Greet { whom: "world".into() }, ());
/// let graph = graph.finish()?;
/// let parameters = serde_json::json!({ "whom": "world" });
/// let report = runner.start(RunCreated::new("greet", "world", parameters), &graph).await?;
/// let greeting = runner.output_of(report.run, greeting).await?;
/// assert_eq!(greeting.as_deref(), Some("hello, world"));
/// # Ok(())
/// # }
/// ```
pub struct Runner<C> {
    /// The histories and their locks.
    pub store: Arc<dyn Store>,
    /// What carries runs: its clock, its observer and how it may be stopped are
    /// the runner's, too.
    pub executor: Executor<C>,
    /// Who works with it, for records.
    pub actor: Actor,
    /// After which pauses a plan looks again for what it did not find, see
    /// [`Planner::doubts`].
    pub doubts: Vec<Duration>,
}

impl<C: Send + Sync + 'static> Runner<C> {
    /// One in real time that nobody hears of, and that nothing stops.
    pub fn new(store: Arc<impl Store>, registry: Registry<C>, context: C) -> Self {
        let (registry, context) = (Arc::new(registry), Arc::new(context));
        let journal: Arc<dyn Journal> = store.clone();
        Self::over(store, Executor::new(registry, context, journal))
    }

    /// One around an executor, whose journal has to be that of the store.
    pub fn over(store: Arc<dyn Store>, executor: Executor<C>) -> Self {
        Self {
            store,
            executor,
            actor: Actor::default(),
            doubts: Vec::new(),
        }
    }

    fn planner(&self) -> Planner<C> {
        let Executor {
            registry,
            context,
            clock,
            ..
        } = &self.executor;
        Planner {
            doubts: self.doubts.clone(),
            ..Planner::new(registry.clone(), context.clone(), clock.clone())
        }
    }

    /// Takes the lock of a target: only who has it may begin a run there.
    ///
    /// # Errors
    /// When somebody else has it.
    pub async fn lock_target(
        &self,
        account: &Value,
        target: &str,
    ) -> Result<TargetLock, RunnerError> {
        let since = self.executor.clock.now();
        let guard = (self.store).lock_target(account, target, &self.actor, since);
        Ok(TargetLock {
            account: account.clone(),
            target: target.to_owned(),
            _guard: Arc::new(guard.await?),
        })
    }

    /// Takes the lock of a run: only who has it may write the run's history.
    ///
    /// # Errors
    /// When somebody else has it.
    pub async fn lock_run(&self, run: RunId) -> Result<RunLock, RunnerError> {
        let since = self.executor.clock.now();
        let guard = self.store.lock_run(run, &self.actor, since).await?;
        Ok(RunLock { run, _guard: guard })
    }

    /// Refuses a target on which a run is unfinished.
    ///
    /// # Errors
    /// [`RunnerError::Unfinished`], and when the store can't be read.
    pub async fn refuse_unfinished(&self, of: &TargetLock) -> Result<(), RunnerError> {
        match self.store.unfinished(&of.account, &of.target).await?[..] {
            [] => Ok(()),
            [run, ..] => Err(RunnerError::Unfinished {
                target: of.target.clone(),
                run,
            }),
        }
    }

    /// Gives a workflow a run of its own on a target, under a new id, and holds the
    /// locks of both. `created` gets the target and the account of the lock, and
    /// the runner's actor.
    ///
    /// # Errors
    /// When a run is unfinished there.
    pub async fn begin(
        &self,
        run: RunId,
        on: &TargetLock,
        created: RunCreated,
    ) -> Result<Begun, RunnerError> {
        self.refuse_unfinished(on).await?;
        Ok(Begun {
            run: self.lock_run(run).await?,
            created: RunCreated {
                account: on.account.clone(),
                target: on.target.clone(),
                by: self.actor.clone(),
                ..created
            },
            _target: on.clone(),
        })
    }

    /// Starts a run on the target and in the account that `created` names, and
    /// carries it through.
    ///
    /// # Errors
    /// When somebody is at work on the target, a run there is unfinished, or the
    /// run can't be carried.
    pub async fn start(&self, created: RunCreated, graph: &Graph) -> Result<Report, RunnerError> {
        let lock = self.lock_target(&created.account, &created.target).await?;
        let run = RunId::new(self.executor.clock.now());
        let begun = self.begin(run, &lock, created).await?;
        begun.carry(self, graph).await
    }

    /// Takes up a run: holds its locks, reads its history and makes sure that it
    /// is whole and understood.
    ///
    /// # Errors
    /// When somebody is at work on it, there is no such run, or its history is
    /// damaged or not understood.
    pub async fn take_up(&self, run: RunId) -> Result<TakenUp, RunnerError> {
        // Whoever carries the run holds both; the run is what was asked for.
        let run = self.lock_run(run).await?;
        let recorded = self.look(run.run).await?;
        let created = recorded.machine.created();
        let target = self.lock_target(&created.account, &created.target).await?;
        Ok(TakenUp {
            recorded,
            by: self.actor.clone(),
            _run: run,
            _target: target,
        })
    }

    /// Looks at a run without its locks, for plans; its history has to be whole
    /// and understood.
    ///
    /// # Errors
    /// As [`take_up`](Self::take_up), but for the locks.
    pub async fn look(&self, run: RunId) -> Result<RecordedRun, RunnerError> {
        let events = self.store.history(run).await?;
        if events.is_empty() {
            return Err(RunnerError::NoRun(run));
        }
        let machine = Machine::replay(&events)?;
        let understood = self.executor.registry.understands(&machine);
        understood.map_err(RunError::from)?;
        Ok(RecordedRun { events, machine })
    }

    /// Takes up a run where its history ends.
    ///
    /// # Errors
    /// As [`take_up`](Self::take_up), and when it can't be carried.
    pub async fn resume(&self, run: RunId) -> Result<Report, RunnerError> {
        self.take_up(run).await?.resume(self).await
    }

    /// Undoes what a run made.
    ///
    /// # Errors
    /// As [`take_up`](Self::take_up), and when it can't be undone or carried.
    pub async fn rollback(
        &self,
        run: RunId,
        request: RollbackRequest,
    ) -> Result<Report, RunnerError> {
        self.take_up(run).await?.rollback(self, request).await
    }

    /// Gives up an unfinished run: what it made stays, and is another's business.
    ///
    /// # Errors
    /// As [`take_up`](Self::take_up), and when the run has ended.
    pub async fn abandon(&self, run: RunId, reason: &str) -> Result<(), RunnerError> {
        self.take_up(run).await?.abandon(self, reason).await
    }

    /// What a run of the graph would do, if it were started now.
    ///
    /// # Errors
    /// When a kind of step is not known.
    pub async fn plan(&self, graph: &Graph) -> Result<Vec<PlannedStep>, RunnerError> {
        let run = RunId::new(self.executor.clock.now());
        Ok(self.planner().of_start(run, graph).await?)
    }

    /// The history of a run.
    ///
    /// # Errors
    /// When there is no such run, or it can't be read.
    pub async fn events(&self, run: RunId) -> Result<Vec<Event>, RunnerError> {
        let events = self.store.load(run).await?;
        match events.is_empty() {
            true => Err(RunnerError::NoRun(run)),
            false => Ok(events),
        }
    }

    /// What has become of a run so far. Whether a process works on it is asked of
    /// its lock.
    ///
    /// # Errors
    /// When there is no such run, or it can't be read.
    pub async fn summary(&self, run: RunId) -> Result<RunSummary, RunnerError> {
        let since = self.executor.clock.now();
        let lock = self.store.lock_run(run, &self.actor, since).await;
        let alive = matches!(lock, Err(LockError::Held { .. }));
        let events = self.events(run).await?;
        RunSummary::of(&events, alive).ok_or_else(|| HistoryError::NoBeginning.into())
    }

    /// The output of a step of a run, if it is known: the handle is that of the
    /// graph with which the run was started.
    ///
    /// # Errors
    /// When there is no such run, its history is not valid, or the output is no
    /// `T`.
    pub async fn output_of<T: DeserializeOwned>(
        &self,
        run: RunId,
        handle: Handle<T>,
    ) -> Result<Option<T>, RunnerError> {
        let machine = Machine::replay(&self.events(run).await?)?;
        let output = handle.output(&machine).transpose();
        output.map_err(|error| {
            RunnerError::Journal(JournalError::Store {
                context: "the output is not what the handle promises".to_owned(),
                source: Box::new(error),
            })
        })
    }
}
