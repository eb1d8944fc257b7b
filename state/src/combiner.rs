//! Group commit: appends that arrive while a commit runs share the next one.

use std::sync::{Arc, Mutex, PoisonError};

use stepwell_engine::{Event, JournalError};
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::writer::{Committed, write_failed};

/// Carries out one transaction.
pub(crate) trait Commit: Send + Sync + 'static {
    /// Makes the appends durable together; one result for each, in order.
    fn commit(&self, appends: &[Append]) -> Committed;
    /// The queue that leads here.
    fn queue(&self) -> &Queue;
}

/// Events that wait to be made durable.
pub(crate) struct Append {
    pub(crate) events: Vec<Event>,
    done: oneshot::Sender<Result<(), JournalError>>,
}

/// The appends that wait for the next commit.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    appends: Vec<Append>,
    /// Whether a task is at work that will come back for more.
    served: bool,
}

impl Queue {
    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Hands in events and returns once they are durable, or won't be.
///
/// The commits run on tokio's blocking threads: under paused time these hold
/// the virtual clock, which a thread of our own would let run away.
pub(crate) async fn append<C: Commit>(to: Arc<C>, events: Vec<Event>) -> Result<(), JournalError> {
    let (done, result) = oneshot::channel();
    let first = to.queue().with(|waiting| {
        waiting.appends.push(Append { events, done });
        !std::mem::replace(&mut waiting.served, true)
    });
    if first {
        let service = Service { to, over: false };
        tokio::task::spawn_blocking(move || service.run());
    }
    // The sender is lost only if the service ended before its time.
    result.await.unwrap_or_else(|_| {
        Err(write_failed(StoreError::Events(
            "the journal was shut down",
        )))
    })
}

/// Commits until nobody waits. It may also be dropped before its time, when
/// its runtime shuts down or it panics; then those who wait hear of it, and the
/// next append starts another.
struct Service<C: Commit> {
    to: Arc<C>,
    over: bool,
}

impl<C: Commit> Service<C> {
    fn run(mut self) {
        loop {
            let appends = self.to.queue().with(|waiting| {
                waiting.served = !waiting.appends.is_empty();
                std::mem::take(&mut waiting.appends)
            });
            if appends.is_empty() {
                // Another service may be at work from here on.
                self.over = true;
                return;
            }
            let committed = self.to.commit(&appends);
            for (append, result) in appends.into_iter().zip(committed.results) {
                // Where nobody listens any more, it is durable all the same.
                let _ = append.done.send(result);
            }
        }
    }
}

impl<C: Commit> Drop for Service<C> {
    fn drop(&mut self) {
        if !self.over {
            // Dropping the appends outside of the lock wakes who waits.
            let abandoned = self.to.queue().with(std::mem::take);
            drop(abandoned);
        }
    }
}
