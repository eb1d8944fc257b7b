//! How a run hears of others while it goes on: that it is to stop, whether it
//! may begin anything, and what a person asks of a step.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::clock::BoxFuture;
use crate::model::StepName;
use crate::model::event::{Actor, SuspendReason};

/// Lets others ask a run to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Option<SuspendReason>>);

/// Asks runs to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<SuspendReason>>);

/// A pair of a stopper and what the executor listens to.
pub fn stop_channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(None);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Start nothing new, drop waits, let calls in flight return, suspend.
    pub fn stop(&self) {
        self.suspend(SuspendReason::Interrupted);
    }

    /// The same for another reason than a signal. The first reason counts.
    pub fn suspend(&self, reason: SuspendReason) {
        self.0.send_if_modified(|asked| {
            let first = asked.is_none();
            asked.get_or_insert(reason);
            first
        });
    }
}

impl Stop {
    /// A stop that never comes.
    pub fn never() -> Self {
        stop_channel().1
    }

    /// Why to stop, once a stop is asked for.
    pub async fn reason(&mut self) -> SuspendReason {
        self.requested().await;
        self.asked().unwrap_or(SuspendReason::Interrupted)
    }

    pub(crate) fn asked(&self) -> Option<SuspendReason> {
        self.0.borrow().clone()
    }

    pub(crate) async fn requested(&mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            // The stopper is gone: nobody will ever ask.
            std::future::pending::<()>().await;
        }
    }
}

/// A process's right to work on a run, where it has to be renewed: a process
/// that stood still for long may have lost it to another.
pub trait Lease: Send + Sync + 'static {
    /// Whether something may be begun now. Asked before every effect.
    fn holds(&self) -> bool;

    /// Returns when that may have changed. A process that has lost it
    /// for good stops the run.
    fn changed(&self) -> BoxFuture<'_, ()>;
}

/// The right to a run that nobody else can get hold of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLease;

impl Lease for NoLease {
    fn holds(&self) -> bool {
        true
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// A person asks for another try of a step at once.
#[derive(Debug)]
pub struct RetryRequest {
    /// The step.
    pub step: StepName,
    /// Who.
    pub by: Actor,
    /// Why, in the person's words.
    pub reason: String,
    /// Where the answer goes: that it is recorded, or why it is not possible.
    pub answer: oneshot::Sender<Result<(), String>>,
}

/// What persons ask of a run while it goes on.
#[derive(Debug, Clone)]
pub struct Requests(Option<Arc<Mutex<mpsc::UnboundedReceiver<RetryRequest>>>>);

impl Requests {
    /// Nobody asks for anything.
    pub fn none() -> Self {
        Self(None)
    }

    /// Where requests may be sent to, and what the executor listens to.
    pub fn channel() -> (mpsc::UnboundedSender<RetryRequest>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Self(Some(Arc::new(Mutex::new(receiver)))))
    }

    pub(crate) async fn next(&self) -> RetryRequest {
        if let Some(receiver) = &self.0
            && let Some(request) = receiver.lock().await.recv().await
        {
            return request;
        }
        std::future::pending().await
    }
}
