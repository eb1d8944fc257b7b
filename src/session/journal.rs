//! The journal of a run, with patience for others that write to the same file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stepwell_engine::{BoxFuture, Clock, Event, Journal, JournalError, RunId};
use stepwell_state::{Store, StoreError};

use super::store::is_busy;

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

/// A journal whose appends wait for other writers, in wall time, while signals
/// and signs of life are attended to.
pub struct Patient {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    say: Box<dyn Fn(String) + Send + Sync>,
    /// Whether one of several appends that wait says so already.
    is_told: AtomicBool,
    has_recorded: AtomicBool,
}

impl Patient {
    /// The journal that is this state file. `say` is told what is waited for.
    pub fn new(
        state: &Store,
        clock: Arc<dyn Clock>,
        say: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        state.wait_at_most(TRY)?;
        Ok(Self {
            journal: Arc::new(state.clone()),
            clock,
            say: Box::new(say),
            is_told: AtomicBool::new(false),
            has_recorded: AtomicBool::new(false),
        })
    }

    /// Whether anything was recorded: else the run is as it was, if it is there.
    pub fn has_recorded(&self) -> bool {
        self.has_recorded.load(Ordering::Relaxed)
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
            match self.journal.append(events.clone()).await {
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

impl Journal for Patient {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.append_at_last(events))
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.journal.load(run)
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

    use stepwell_engine::Timestamp;

    use super::*;

    /// A file that another process keeps locked for so many tries.
    struct Locked(AtomicU32);

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
        let store = Store::open(&path, stepwell_state::Access::ReadWrite).expect("opened");
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
        let patient = Patient {
            journal: Arc::new(Locked(AtomicU32::new(tries))),
            clock: clock.clone(),
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
