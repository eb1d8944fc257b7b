//! Random calls against random accounts: no panic, always an answer in AWS's
//! form, and an account that is whole after each.

mod answers;
mod calls;
mod edges;
mod file;
mod parameters;
mod requests;
mod sequences;
mod whole;

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;

use crate::{Account, Options, Reply, Time};

/// Time that moves only when it is told to, or slept on.
pub(super) struct Still(Mutex<Duration>);

impl Still {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    fn advance(&self, by: Duration) {
        let mut elapsed = self.0.lock().unwrap();
        *elapsed = elapsed.saturating_add(by);
    }
}

impl Time for Still {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(duration);
        Box::pin(ready(()))
    }
}

/// An account whose reads show what was made `window` after it was.
fn account(time: &Arc<Still>, window: Duration) -> Account {
    Account::in_memory(Options {
        consistency_window: window,
        ..Options::new(time.clone())
    })
}

/// What an account answers, which it does without waiting.
fn ask(account: &Account, request: Request<Bytes>) -> Reply {
    let mut answer = pin!(account.handle(request));
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(reply) => reply,
        Poll::Pending => panic!("the call hangs"),
    }
}
