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
/// Whoever finds the queue unserved commits for all, on its own thread: a hand
/// over to another thread and back would cost a chain of steps a tenth of its
/// speed. It first lets every task that is ready run, so that their appends
/// share the transaction. Under paused time a thread that commits is at work,
/// so the virtual clock stands still meanwhile.
pub(crate) async fn append<C: Commit>(to: Arc<C>, events: Vec<Event>) -> Result<(), JournalError> {
    let (done, mut result) = oneshot::channel();
    let first = to.queue().with(|waiting| {
        waiting.appends.push(Append { events, done });
        !std::mem::replace(&mut waiting.served, true)
    });
    if first {
        let service = Service(to);
        tokio::task::yield_now().await;
        // Serving once commits what was handed in above too.
        service.serve();
        if let Ok(result) = result.try_recv() {
            return result;
        }
    }
    // The sender is lost only if a commit panicked.
    result.await.unwrap_or_else(|_| {
        Err(write_failed(StoreError::Events(
            "the journal was shut down",
        )))
    })
}

/// The duty to commit what waits. When its task is dropped before it came to
/// that, it is done at once: others rely on it.
struct Service<C: Commit>(Arc<C>);

impl<C: Commit> Service<C> {
    fn serve(self) {
        drop(self);
    }

    fn commit_once(&self) {
        let appends = self
            .0
            .queue()
            .with(|waiting| std::mem::take(&mut waiting.appends));
        let committed = blocking(|| self.0.commit(&appends));
        for (append, result) in appends.into_iter().zip(committed.results) {
            // Where nobody listens any more, it is durable all the same.
            let _ = append.done.send(result);
        }
    }
}

impl<C: Commit> Drop for Service<C> {
    fn drop(&mut self) {
        let panicking = std::thread::panicking();
        if !panicking {
            self.commit_once();
        }
        // What came meanwhile (from other threads) is the next one's, which
        // must not hold up this one.
        let more = self.0.queue().with(|waiting| {
            if panicking {
                waiting.appends.clear();
            }
            waiting.served = !waiting.appends.is_empty();
            waiting.served
        });
        if more {
            let next = Service(self.0.clone());
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(async move { next.serve() })),
                Err(_) => next.serve(),
            }
        }
    }
}

/// Tells a runtime of many threads that this one will block; one of a single
/// thread has nobody else to run its tasks, and needs not be told.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
