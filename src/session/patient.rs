//! The state file as a run uses it, with patience for others that use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use stepwell_engine::event::Actor;
use stepwell_engine::{
    BoxFuture, Clock, Event, Guard, Journal, JournalError, LockError, RunId, Store, Timestamp,
};
use stepwell_state::StoreError;

use super::store::is_busy;
use super::{Session, locks};
use crate::report::time;

/// How long it is waited for at the beginning, where nothing is under way and a
/// person is likely to look on.
const AT_FIRST: Duration = Duration::from_secs(5);

/// How long a run waits for a transaction of another process. A person who
/// looks into the file with a shell may forget it for a while; a run that
/// records nothing for longer should not look as if it were at work.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long each append tries on the runtime's own thread, which attends to
/// nothing else meanwhile: longer than a commit of another process takes.
const TRY: Duration = Duration::from_millis(100);

/// How long it leaves the thread to others between two tries.
const PAUSE: Duration = Duration::from_millis(400);

/// When the first line says so, and how often one does after that.
const FIRST: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_secs(60);

/// A state file whose locks and appends wait for others that use it, in wall
/// time, while signals and signs of life are attended to.
pub struct PatientStore {
    runs: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// How long a lock is waited for, by the clock on the wall.
    wait: Duration,
    say: Box<dyn Fn(String) + Send + Sync>,
    /// Whether one of several appends that wait says so already.
    is_told: AtomicBool,
    has_recorded: AtomicBool,
}

impl PatientStore {
    /// The state file of a session. `say` is told what is waited for.
    pub fn new(session: &Session, say: impl Fn(String) + Send + Sync + 'static) -> Self {
        let wait = session.context.settings.times.wait;
        Self::of(&session.state, session.connection.clock.clone(), wait, say)
    }

    /// A state file, of which a lock is waited for as long as `wait` says on the
    /// clock.
    pub fn of(
        state: &stepwell_state::Store,
        clock: Arc<dyn Clock>,
        wait: Duration,
        say: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        Self {
            runs: Arc::new(state.clone()),
            wait: clock.to_wall(wait),
            clock,
            say: Box::new(say),
            is_told: AtomicBool::new(false),
            has_recorded: AtomicBool::new(false),
        }
    }

    /// The same for a run that is about to be carried: from now on an append of
    /// the state file itself gives up soon, and it is this store that waits.
    pub fn carrying(
        session: &Session,
        say: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        session.state.wait_at_most(TRY)?;
        Ok(Self::new(session, say))
    }

    /// Whether anything was recorded: else the run is as it was, if it is there.
    pub fn has_recorded(&self) -> bool {
        self.has_recorded.load(Ordering::Relaxed)
    }

    /// Takes a lock, and waits for it as long as `--wait` says. Another process
    /// lives by the clock on the wall, whatever the pace of this one.
    async fn lock<'a>(
        &'a self,
        take: impl Fn() -> BoxFuture<'a, Result<Guard, LockError>> + Send,
    ) -> Result<Guard, LockError> {
        let (mut waited, mut said) = (Duration::ZERO, None);
        loop {
            let error = match take().await {
                Err(error @ LockError::Held { .. }) => error,
                other => return other,
            };
            let left = self.wait.saturating_sub(waited);
            if left.is_zero() {
                return Err(error);
            }
            if said.is_none_or(|said| waited - said >= locks::SAY) {
                said = Some(waited);
                let (most, by) = (time::duration(left), locks::held(&error));
                (self.say)(format!("waiting for at most {most}: {by}"));
            }
            let pause = locks::LOOK.min(left);
            self.clock.outside(pause).await;
            waited += pause;
        }
    }

    async fn append_at_last(&self, events: Vec<Event>) -> Result<(), JournalError> {
        let limit = match self.has_recorded() {
            true => LIMIT,
            false => AT_FIRST,
        };
        let mut waited = Duration::ZERO;
        let mut next_line = FIRST;
        let mut tells = Tells(&self.is_told, false);
        loop {
            match self.runs.append(events.clone()).await {
                Err(error) if is_wait(&error) && waited < limit => {
                    if waited >= next_line && tells.may() {
                        next_line = match next_line < EVERY {
                            true => EVERY,
                            false => next_line + EVERY,
                        };
                        (self.say)(line(&error, waited, limit));
                    }
                }
                other => {
                    self.has_recorded.fetch_or(other.is_ok(), Ordering::Relaxed);
                    return other;
                }
            }
            self.clock.outside(PAUSE).await;
            waited += TRY + PAUSE;
        }
    }
}

impl Journal for PatientStore {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.append_at_last(events))
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.runs.load(run)
    }
}

impl Store for PatientStore {
    fn lock_run<'a>(
        &'a self,
        run: RunId,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        Box::pin(self.lock(move || self.runs.lock_run(run, by, since)))
    }

    fn lock_target<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        Box::pin(self.lock(move || self.runs.lock_target(account, target, by, since)))
    }

    fn unfinished<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
    ) -> BoxFuture<'a, Result<Vec<RunId>, JournalError>> {
        self.runs.unfinished(account, target)
    }

    fn history(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.runs.history(run)
    }
}

/// The right to say what is waited for, which one append has.
struct Tells<'a>(&'a AtomicBool, bool);

impl Tells<'_> {
    fn may(&mut self) -> bool {
        self.1 = self.1 || !self.0.swap(true, Ordering::Relaxed);
        self.1
    }
}

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}

fn line(error: &JournalError, waited: Duration, limit: Duration) -> String {
    let what = match error {
        JournalError::Store { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    format!(
        "{what}: waiting for it for {} s so far, for {} at most",
        waited.as_secs(),
        match limit.as_secs() {
            short @ ..60 => format!("{short} s"),
            long => format!("{} min", long / 60),
        }
    )
}

/// Whether a journal failed for another process's transaction alone.
pub fn is_wait(error: &JournalError) -> bool {
    match error {
        JournalError::Store { source, .. } => {
            source.downcast_ref::<StoreError>().is_some_and(is_busy)
        }
        JournalError::Conflict { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU32;

    use stepwell_engine::MemoryStore;

    use super::*;

    /// A file that another process keeps locked for so many tries.
    struct Locked(AtomicU32, MemoryStore);

    impl Store for Locked {
        fn lock_run<'a>(
            &'a self,
            run: RunId,
            by: &'a Actor,
            since: Timestamp,
        ) -> BoxFuture<'a, Result<Guard, LockError>> {
            self.1.lock_run(run, by, since)
        }
        fn lock_target<'a>(
            &'a self,
            account: &'a Value,
            target: &'a str,
            by: &'a Actor,
            since: Timestamp,
        ) -> BoxFuture<'a, Result<Guard, LockError>> {
            self.1.lock_target(account, target, by, since)
        }
        fn unfinished<'a>(
            &'a self,
            account: &'a Value,
            target: &'a str,
        ) -> BoxFuture<'a, Result<Vec<RunId>, JournalError>> {
            self.1.unfinished(account, target)
        }
    }

    impl Journal for Locked {
        fn append(&self, _: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            Box::pin(std::future::ready(match left {
                0 => Ok(()),
                _ => Err(JournalError::Store {
                    context: "the journal can't be written".to_owned(),
                    source: Box::new(busy()),
                }),
            }))
        }

        fn load(&self, _: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }
    }

    /// As SQLite makes it, which is the only way to have one.
    fn busy() -> StoreError {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.db");
        let store =
            stepwell_state::Store::open(&path, stepwell_state::Access::ReadWrite).expect("opened");
        let other = rusqlite::Connection::open(&path).expect("opened");
        other.execute_batch("BEGIN IMMEDIATE").expect("locked");
        store.wait_at_most(Duration::ZERO).expect("set");
        let error = store.shrink().expect_err("locked");
        assert!(is_busy(&error), "{error:?}");
        error
    }

    /// A clock on which outside time passes at once.
    #[derive(Default)]
    struct Hasty(Mutex<Duration>);

    impl Clock for Hasty {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
        fn elapsed(&self) -> Duration {
            *self.0.lock().expect("whole")
        }
        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
        fn to_wall(&self, duration: Duration) -> Duration {
            duration
        }
        fn random(&self) -> u64 {
            0
        }
        fn outside(&self, duration: Duration) -> BoxFuture<'static, ()> {
            *self.0.lock().expect("whole") += duration;
            Box::pin(std::future::ready(()))
        }
    }

    fn append(tries: u32, has_recorded: bool) -> (Result<(), JournalError>, Vec<String>, Duration) {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let clock = Arc::new(Hasty::default());
        let patient = PatientStore {
            runs: Arc::new(Locked(AtomicU32::new(tries), MemoryStore::new())),
            clock: clock.clone(),
            wait: Duration::ZERO,
            say: Box::new(move |line| heard.lock().expect("whole").push(line)),
            is_told: AtomicBool::new(false),
            has_recorded: AtomicBool::new(has_recorded),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let done = runtime.block_on(patient.append(Vec::new()));
        let said = said.lock().expect("whole").clone();
        (done, said, clock.elapsed())
    }

    #[test]
    fn a_short_transaction_is_waited_for_without_a_word() {
        let (done, said, _) = append(3, true);
        done.expect("appended");
        assert_eq!(said, [""; 0]);
    }

    #[test]
    fn a_long_one_is_told_each_minute() {
        // Half a second a try: five minutes.
        let (done, said, _) = append(600, true);
        done.expect("appended");
        assert_eq!(said.len(), 5, "{said:#?}");
        assert!(
            said[0].contains("is locked by another process"),
            "{said:#?}"
        );
        assert!(
            said[0].ends_with("for 2 s so far, for 10 min at most"),
            "{said:#?}"
        );
        assert!(said[4].contains("for 240 s so far"), "{said:#?}");
    }

    #[test]
    fn one_that_never_ends_is_given_up_after_ten_minutes() {
        let (done, said, waited) = append(u32::MAX, true);
        assert!(is_wait(&done.expect_err("given up")));
        assert_eq!(said.len(), 10, "{said:#?}");
        assert_eq!(waited, PAUSE * 1200);
    }

    #[test]
    fn at_the_beginning_it_is_given_up_after_seconds() {
        let (done, said, waited) = append(u32::MAX, false);
        assert!(is_wait(&done.expect_err("given up")));
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(said[0].ends_with("for 5 s at most"), "{said:#?}");
        assert_eq!(waited, PAUSE * 10);
    }
}
