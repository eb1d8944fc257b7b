//! Runs of one graph that die at every append, and are taken up again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{FaultyJournal, Trouble};
use crate::clock::{Clock, TokioClock};
use crate::event::{Actor, End, RunCreated};
use crate::executor::{Executor, Report, RollbackRequest, RunError};
use crate::graph::{Graph, Registry};
use crate::journal::{Journal, MemoryJournal};
use crate::machine::{Machine, Status};
use crate::model::{Event, RunId};

/// Trials of one graph, each in a world of its own.
pub struct Trials<C> {
    /// The kinds of its steps.
    pub registry: Arc<Registry<C>>,
    /// What is tried.
    pub graph: Graph,
    /// Time. By default real; a virtual clock ([`TokioClock::paused`]) where
    /// nothing real is outside.
    pub clock: Arc<dyn Clock>,
    /// How long calls under way go on after the process has died, before they are
    /// broken off: both with none of it and with this is tried.
    pub linger: Duration,
}

impl<C: Send + Sync + 'static> Trials<C> {
    /// Trials in real time, in which nothing lingers.
    pub fn new(registry: Registry<C>, graph: Graph) -> Self {
        Self {
            registry: Arc::new(registry),
            graph,
            clock: Arc::new(TokioClock::at_speed(1.0)),
            linger: Duration::ZERO,
        }
    }

    /// Starts the graph in a new world, and has its process die at each append in
    /// turn, with what it was to write durable and not. Each time the run is
    /// taken up and has to succeed; then `judge` looks at the world. Gives the
    /// number of deaths.
    ///
    /// # Panics
    /// When a run does not succeed after its process has died.
    pub async fn dies_everywhere(
        &self,
        world: impl AsyncFn() -> C,
        judge: impl AsyncFn(&C, &Report),
    ) -> usize {
        self.everywhere(async |death| {
            let mut case = Case::new(self, world().await);
            let report = match case.until_death(death, Act::Start).await {
                Some(report) => report,
                None => case.go_on(Act::Resume).await,
            };
            let end = Status::Ended(End::Succeeded);
            assert_eq!(report.status, end, "{death:?}: {report:#?}");
            judge(&case.context, &report).await;
            case.has_died
        })
        .await
    }

    /// The same in the rollback of a run that has succeeded. Each time it is
    /// taken up and has to be rolled back without anything left.
    ///
    /// # Panics
    /// When a run is not rolled back after its process has died.
    pub async fn dies_everywhere_in_rollback(
        &self,
        world: impl AsyncFn() -> C,
        judge: impl AsyncFn(&C, &Report),
    ) -> usize {
        self.everywhere(async |death| {
            let mut case = Case::new(self, world().await);
            case.go_on(Act::Start).await;
            let report = match case.until_death(death, Act::Rollback).await {
                Some(report) => report,
                None => case.go_on(Act::Rollback).await,
            };
            let end = Status::Ended(End::RolledBack { waived: Vec::new() });
            assert_eq!(report.status, end, "{death:?}: {report:#?}");
            judge(&case.context, &report).await;
            case.has_died
        })
        .await
    }

    /// Tries every append until one is not reached.
    async fn everywhere(&self, trial: impl AsyncFn(Death) -> bool) -> usize {
        let mut deaths = 0;
        let lingers: &[Duration] = match self.linger.is_zero() {
            true => &[Duration::ZERO],
            false => &[Duration::ZERO, self.linger],
        };
        for &linger in lingers {
            for durable in [false, true] {
                for at in 0.. {
                    let death = Death {
                        at,
                        durable,
                        linger,
                    };
                    if !trial(death).await {
                        break;
                    }
                    deaths += 1;
                }
            }
        }
        deaths
    }
}

/// Where a process dies.
#[derive(Debug, Clone, Copy)]
struct Death {
    at: usize,
    durable: bool,
    linger: Duration,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Start,
    Resume,
    Rollback,
}

/// One run in one world.
pub(super) struct Case<'a, C> {
    trials: &'a Trials<C>,
    pub(super) context: Arc<C>,
    pub(super) run: RunId,
    pub(super) journal: Arc<FaultyJournal>,
    has_died: bool,
}

impl<'a, C: Send + Sync + 'static> Case<'a, C> {
    pub(super) fn new(trials: &'a Trials<C>, context: C) -> Self {
        Self::over(trials, Arc::new(context), Arc::new(MemoryJournal::new()))
    }

    pub(super) fn over(trials: &'a Trials<C>, context: Arc<C>, journal: Arc<dyn Journal>) -> Self {
        Self {
            trials,
            context,
            run: RunId::from_u128(1),
            journal: Arc::new(FaultyJournal::over(journal)),
            has_died: false,
        }
    }

    pub(super) async fn events(&self) -> Vec<Event> {
        let events = self.journal.load(self.run).await;
        events.expect("a journal in memory")
    }

    /// A process does its work to the end, as a new one would.
    pub(super) async fn go_on(&self, act: Act) -> Report {
        let events = self.events().await;
        let act = match act {
            // Nothing of it is durable: it starts again.
            Act::Resume if events.is_empty() => Act::Start,
            act => act,
        };
        let worked = self.work(act, &events).await;
        worked.expect("the run can be carried")
    }

    async fn work(&self, act: Act, events: &[Event]) -> Result<Report, RunError> {
        let Trials {
            registry,
            graph,
            clock,
            ..
        } = self.trials;
        let executor = Executor {
            clock: clock.clone(),
            ..Executor::new(registry.clone(), self.context.clone(), self.journal.clone())
        };
        let by = Actor::default();
        match act {
            Act::Start => {
                let created = RunCreated::new("trial", "trial", Value::Null);
                executor.start(self.run, created, graph).await
            }
            Act::Resume => executor.resume(events, by).await,
            Act::Rollback => {
                let request = RollbackRequest::default();
                executor.rollback(events, by, request).await
            }
        }
    }

    /// The report, unless the process died before the run came to its end.
    async fn until_death(&mut self, death: Death, act: Act) -> Option<Report> {
        let Death {
            at,
            durable,
            linger,
        } = death;
        self.journal.set(Some(Trouble::Dies { at, durable }));
        let events = self.events().await;
        let lingering = self.trials.clock.sleep(linger);
        let work = self.work(act, &events);
        let lived = self.journal.until_death(lingering, work).await;
        self.journal.set(None);
        if let Some(report) = lived {
            return Some(report.expect("the run can be carried"));
        }
        self.has_died = true;
        // What was dropped is gone once the runtime has seen to it.
        tokio::task::yield_now().await;
        self.ended(act).await
    }

    /// The report of a run that came to its end right before the process died.
    async fn ended(&self, act: Act) -> Option<Report> {
        let machine = Machine::replay(&self.events().await).ok()?;
        let over = match machine.status() {
            Status::Ended(End::Succeeded) => act != Act::Rollback,
            Status::Ended(End::RolledBack { .. }) => true,
            _ => false,
        };
        over.then(|| Report::of(&machine))
    }
}
