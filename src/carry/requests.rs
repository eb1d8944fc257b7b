//! What persons ask, from other terminals, of a run that this process carries.
//! They leave it in the state file; only this process writes the run's history.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::{Clock, Requests, RetryRequest, RunId};
use stepwell_state::Store;
use tokio::sync::{mpsc, oneshot};

/// How often, by the clock on the wall, it is looked for requests.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Takes up requests to a run, and hands them to the executor.
pub struct Mailbox {
    store: Store,
    run: RunId,
    clock: Arc<dyn Clock>,
    to: mpsc::UnboundedSender<RetryRequest>,
}

impl Mailbox {
    /// That of a run, with what the executor listens to.
    pub fn of(store: &Store, run: RunId, clock: &Arc<dyn Clock>) -> (Self, Requests) {
        let (to, requests) = Requests::channel();
        let mailbox = Self {
            store: store.clone(),
            run,
            clock: clock.clone(),
            to,
        };
        (mailbox, requests)
    }

    /// Takes up requests while `work` is done. In virtual time nobody can ask:
    /// all is over before.
    pub async fn during<T>(&self, is_virtual: bool, work: impl Future<Output = T>) -> T {
        if is_virtual {
            return work.await;
        }
        tokio::select! {
            biased;
            result = work => result,
            never = self.attend() => match never {},
        }
    }

    async fn attend(&self) -> Infallible {
        // Trouble with the file shows where the history is written.
        let _ = self.store.drop_requests(self.run);
        loop {
            self.clock.sleep(self.clock.scale_wall(PERIOD)).await;
            for (id, request) in self.store.requests(self.run).unwrap_or_default() {
                let (answer, answered) = oneshot::channel();
                let request = RetryRequest {
                    step: request.step,
                    by: request.by,
                    reason: request.reason,
                    answer,
                };
                let said = match self.to.send(request) {
                    Ok(()) => answered.await.ok(),
                    Err(_) => None,
                };
                let said = said.unwrap_or_else(|| Err("the run has stopped".to_owned()));
                let said = said.as_ref().copied().map_err(String::as_str);
                let _ = self.store.answer(id, said);
            }
        }
    }
}
