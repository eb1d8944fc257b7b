//! One attempt, as its step sees it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::control::{Lease, NoLease, Stop};
use crate::model::event::Verb;
use crate::model::{Fault, RunId, StepName};

/// Where progress messages go.
pub(crate) type ProgressSink = Arc<dyn Fn(&StepName, &str) + Send + Sync>;

/// What all attempts of one process at a run share.
pub(crate) struct Shared<C> {
    pub(crate) context: Arc<C>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) run: RunId,
    pub(crate) progress: ProgressSink,
    pub(crate) stop: Stop,
    pub(crate) lease: Arc<dyn Lease>,
    pub(crate) rollback_options: Value,
}

/// One attempt, as the step sees it.
pub struct Attempt<C> {
    pub(crate) shared: Arc<Shared<C>>,
    pub(crate) step: StepName,
    pub(crate) number: u32,
    pub(crate) verb: Verb,
    pub(crate) in_doubt: bool,
    /// How long ago the first attempt of this verb began, by the history.
    pub(crate) since_first: Duration,
    /// When this one began (clock time).
    pub(crate) began: Duration,
    /// Whether the effect was begun.
    pub(crate) reached: AtomicBool,
    /// The latest message.
    pub(crate) message: Mutex<Option<String>>,
    /// Told when the attempt is to end without a result.
    pub(crate) interrupted: Notify,
    /// Has a receiver for each piece of work that a dropped future does not end.
    pub(crate) outside: OnceLock<watch::Sender<()>>,
}

impl<C> Attempt<C> {
    /// The first attempt at a step, which is not in doubt and begins now.
    pub(crate) fn new(shared: Arc<Shared<C>>, step: StepName, verb: Verb, began: Duration) -> Self {
        Self {
            shared,
            step,
            number: 1,
            verb,
            in_doubt: false,
            since_first: Duration::ZERO,
            began,
            reached: AtomicBool::new(false),
            message: Mutex::new(None),
            interrupted: Notify::new(),
            outside: OnceLock::new(),
        }
    }

    /// One that only looks: it belongs to a plan or to a person's question, and
    /// to no history.
    pub(crate) fn that_looks(
        context: Arc<C>,
        clock: Arc<dyn Clock>,
        run: RunId,
        step: StepName,
        verb: Verb,
        rollback_options: Value,
    ) -> Self {
        let began = clock.elapsed();
        let shared = Shared {
            context,
            clock,
            run,
            progress: Arc::new(|_, _| {}),
            stop: Stop::never(),
            lease: Arc::new(NoLease),
            rollback_options,
        };
        Self::new(Arc::new(shared), step, verb, began)
    }

    /// What the steps of this graph work on.
    pub fn context(&self) -> &C {
        &self.shared.context
    }

    /// The clock; the only source of time, sleep and randomness.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.shared.run
    }

    /// The step's name.
    pub fn step(&self) -> &StepName {
        &self.step
    }

    /// Which try this is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether this attempt undoes.
    pub fn undoing(&self) -> bool {
        self.verb == Verb::Undo
    }

    /// How a person wants what the run made to be undone: the options that were
    /// recorded with the rollback, or null. The same for every attempt, over
    /// crashes too.
    pub fn rollback_options(&self) -> &Value {
        &self.shared.rollback_options
    }

    /// Whether an earlier attempt may have had its effect unseen.
    pub fn in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// A key that is the same for every attempt at this step of this run, over
    /// crashes too: `<run>/<step>`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.shared.run, self.step)
    }

    /// How much clock time has passed since the first attempt at this began: for
    /// a wait in whatever process that was, for anything else in this one. It
    /// starts again when a person takes up a run that was suspended.
    pub fn since_first(&self) -> Duration {
        let here = self.shared.clock.elapsed().saturating_sub(self.began);
        self.since_first + here
    }

    /// Waits for `duration` of clock time between two looks at something slow.
    ///
    /// If the run is to be suspended meanwhile, or the process may have lost its
    /// right to the run (see [`Lease`]), the attempt ends here: the pause does
    /// not return, and the step's future is dropped. The attempt is recorded as
    /// interrupted, and a resumed run repeats it. So a long wait inside *undo*
    /// need not hold up a person who wants to stop, or has to act.
    pub async fn pause(&self, duration: Duration) {
        let mut stop = self.shared.stop.clone();
        tokio::select! {
            () = self.shared.clock.sleep(duration) => self.while_held().await,
            () = stop.requested() => self.interrupt().await,
        }
    }

    /// Returns only where the process has its right to the run.
    async fn while_held(&self) {
        if !self.shared.lease.holds() {
            self.interrupt().await;
        }
    }

    /// Ends the attempt.
    async fn interrupt(&self) {
        self.interrupted.notify_one();
        std::future::pending().await
    }

    /// Returns once the attempt is to end without a result.
    pub(crate) async fn interrupted(&self) {
        self.interrupted.notified().await;
    }

    /// Tells observers how it is going. May be dropped; never journaled, but for
    /// the latest of a wait whose time is over.
    pub fn progress(&self, message: impl Into<String>) {
        let message = message.into();
        (self.shared.progress)(&self.step, &message);
        let latest = self.message.lock();
        *latest.unwrap_or_else(PoisonError::into_inner) = Some(message);
    }

    /// What was said last of how it is going.
    pub(crate) fn latest(&self) -> Option<String> {
        let latest = self.message.lock();
        latest.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Carries out blocking code on a thread of its own. The attempt lasts until
    /// it has returned, also where its time is over before or the run is to be
    /// suspended: it is never repeated beside itself.
    ///
    /// # Errors
    /// The fault of `work`, or a permanent one where it panicked.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let outside = self.outside();
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(outside);
            result
        });
        match task.await {
            Ok(result) => result,
            Err(error) => {
                Err(Fault::permanent("the step's blocking code panicked")
                    .with_cause(error.to_string()))
            }
        }
    }

    /// To be kept for as long as work goes on that a dropped future does not end.
    pub(super) fn outside(&self) -> watch::Receiver<()> {
        self.outside
            .get_or_init(|| watch::channel(()).0)
            .subscribe()
    }

    /// Returns once nothing of the attempt goes on outside of its future.
    pub(crate) async fn outside_ended(&self) {
        if let Some(outside) = self.outside.get() {
            outside.closed().await;
        }
    }

    /// Lets the effect begin, if the process may act.
    pub(crate) async fn reach<T>(&self, effect: impl Future<Output = T>) -> T {
        self.while_held().await;
        self.reached.store(true, Ordering::Relaxed);
        effect.await
    }

    /// Whether the effect was begun.
    pub(crate) fn reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }
}
