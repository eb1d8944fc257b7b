//! What is printed goes through a queue with a thread of its own, one for each
//! stream. So a terminal that was stopped, a pipe that nobody reads or a full
//! disk costs lines of progress, and never holds up calls, signs of life or
//! signals.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::clock::Stopwatch;

/// How many bytes wait before further lines of progress are left out.
const ROOM: usize = 64 << 10;

/// How many bytes of results and events are kept for a reader.
pub const MOST: usize = 64 << 20;

/// How many bytes are written at a time, so that a slow reader is told from one
/// that takes nothing.
const CHUNK: usize = 16 << 10;

/// How long to wait before a stream that refused is tried again.
const AGAIN: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// For how long a reader may take nothing at the end of a command that worked
/// on runs.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How much is lost when something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A result, a message: kept for as long as there is hope.
    Word,
    /// An event of a run, for programs: kept while the reader takes what it
    /// is given.
    Event,
    /// This many lines on how it is going: left out where there is no room.
    Progress(usize),
}

/// What was not printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Results and messages.
    pub words: usize,
    /// Events.
    pub events: usize,
    /// Lines of progress.
    pub progress: usize,
}

impl Lost {
    fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Word => self.words += 1,
            Kind::Event => self.events += 1,
            Kind::Progress(lines) => self.progress += lines,
        }
    }
}

/// Standard output.
pub static STDOUT: LazyLock<Queue> = LazyLock::new(|| Queue::new(Stream::Stdout));

/// Standard error.
pub static STDERR: LazyLock<Queue> = LazyLock::new(|| Queue::new(Stream::Stderr));

/// A stream and what waits to be written to it.
pub struct Queue {
    stream: Stream,
    state: Mutex<State>,
    /// Tells the writer that there is something to do.
    news: Condvar,
    /// Tells those who wait that something was taken, or will never be.
    taken: Condvar,
    writer: Once,
    /// Whether the system gave it no thread: then those who wait write.
    threadless: AtomicBool,
    /// Whether the end waits ten seconds only.
    hurried: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
    #[cfg(test)]
    Test(BorrowedFd<'static>),
}

struct State {
    items: VecDeque<Item>,
    bytes: usize,
    /// Told to the writer when what it is writing is given up meanwhile.
    round: u64,
    /// Since the stream last took something, or had nothing to take.
    since: Stopwatch,
    /// For how long it may take nothing before events are left out.
    patience: Duration,
    /// Whether a refusal is final.
    closing: bool,
    /// The reader has closed its end.
    gone: bool,
    /// Why results or messages were given up.
    failed: Option<String>,
    /// Lines that were left out since the last that was not.
    omitted: usize,
    lost: Lost,
}

struct Item {
    text: Vec<u8>,
    written: usize,
    kind: Kind,
}

impl Queue {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                round: 0,
                since: Stopwatch::start(),
                patience: PATIENCE,
                closing: false,
                gone: false,
                failed: None,
                omitted: 0,
                lost: Lost::default(),
            }),
            news: Condvar::new(),
            taken: Condvar::new(),
            writer: Once::new(),
            threadless: AtomicBool::new(false),
            hurried: AtomicBool::new(false),
        }
    }

    /// Has the end wait for a reader that takes nothing for ten seconds and no
    /// longer. Without it, which is right for what only prints, a pager may
    /// take its time.
    pub fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    /// Whether everything has been written.
    pub fn is_idle(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.lock().bytes
    }

    /// Appends; never waits.
    pub fn push(&'static self, kind: Kind, text: impl Into<Vec<u8>>) {
        let text = text.into();
        if text.is_empty() {
            return;
        }
        self.writer.call_once(|| {
            let writer = std::thread::Builder::new().name("output".to_owned());
            let spawned = writer.spawn(move || self.serve());
            self.threadless.store(spawned.is_err(), Ordering::Relaxed);
        });
        let mut state = self.lock();
        if state.gone {
            return;
        }
        let full = match kind {
            Kind::Progress(_) => state.bytes > 0 && state.bytes + text.len() > ROOM,
            Kind::Event => state.bytes > MOST && state.since.elapsed() >= state.patience,
            Kind::Word => false,
        };
        if full {
            state.lost.add(kind);
            if let Kind::Progress(lines) = kind {
                state.omitted += lines;
            }
            return;
        }
        let omitted = std::mem::take(&mut state.omitted);
        if omitted > 0 {
            let note = format!("… left out, since nobody read in time: {omitted}\n");
            state.append(Kind::Word, note.into_bytes());
        }
        state.append(kind, text);
        self.news.notify_one();
    }

    /// Counts lines that were left out before they came here.
    pub fn leave_out(&self, lines: usize) {
        self.lock().lost.progress += lines;
    }

    /// Waits a moment for the other stream, so that on a terminal, where both
    /// are shown, lines stand in the order in which they were printed.
    pub fn catch_up(&self) {
        let (start, moment) = (Stopwatch::start(), Duration::from_millis(100));
        let mut state = self.lock();
        while !state.items.is_empty() && start.elapsed() < moment {
            state = match self.taken.wait_timeout(state, moment) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Waits until everything is written: without end, or, of a command that
    /// worked on runs, until nothing was taken for ten seconds. The error says
    /// why results were lost. `slow` is called once, when it takes a second.
    pub fn settle(&self, slow: impl FnOnce()) -> Result<(), String> {
        let limit = (self.hurried.load(Ordering::Relaxed)).then_some(PATIENCE);
        self.settle_within(limit, slow)
    }

    /// The same with a limit of its own.
    pub fn settle_within(
        &self,
        limit: Option<Duration>,
        slow: impl FnOnce(),
    ) -> Result<(), String> {
        let mut slow = Some(slow);
        let mut state = self.lock();
        if state.items.is_empty() {
            return state.verdict();
        }
        // A reader has the whole time from now on.
        state.since = Stopwatch::start();
        state.closing = true;
        self.news.notify_one();
        while let Some(chunk) = state.chunk() {
            if self.threadless.load(Ordering::Relaxed) {
                state = self.write(state, &chunk);
                continue;
            }
            let idle = state.since.elapsed();
            if limit.is_some_and(|limit| idle >= limit) {
                state.give_up(&format!(
                    "nothing was read for {} seconds",
                    idle.as_secs().max(1)
                ));
                break;
            }
            if idle >= Duration::from_secs(1)
                && limit.is_some()
                && let Some(slow) = slow.take()
            {
                drop(state);
                slow();
                state = self.lock();
                continue;
            }
            let pause = Duration::from_millis(100);
            state = match self.taken.wait_timeout(state, pause) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.closing = false;
        state.verdict()
    }

    /// What was lost so far.
    pub fn lost(&self) -> Lost {
        self.lock().lost
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes, for ever.
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            state = match state.chunk() {
                Some(chunk) => self.write(state, &chunk),
                None => self
                    .news
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Writes a piece; the lock is not held meanwhile.
    fn write<'a>(&'a self, state: MutexGuard<'a, State>, chunk: &[u8]) -> MutexGuard<'a, State> {
        let round = state.round;
        drop(state);
        let written = self.stream.write(chunk);
        if written == Err(Errno::AGAIN) {
            self.stream.wait();
        }
        let mut state = self.lock();
        if state.round != round {
            return state;
        }
        match written {
            Ok(count) => state.took(count),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(Errno::PIPE) => state.close(),
            Err(error) if state.closing => state.give_up(&io::Error::from(error).to_string()),
            // A disk may have room again, a terminal come back.
            Err(_) => {
                let pause = Duration::from_secs(1);
                return match self.news.wait_timeout(state, pause) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
            }
        }
        self.taken.notify_all();
        state
    }
}

impl State {
    fn append(&mut self, kind: Kind, text: Vec<u8>) {
        if self.items.is_empty() {
            self.since = Stopwatch::start();
        }
        self.bytes += text.len();
        self.items.push_back(Item {
            text,
            written: 0,
            kind,
        });
    }

    fn chunk(&self) -> Option<Vec<u8>> {
        let item = self.items.front()?;
        let end = item.text.len().min(item.written + CHUNK);
        Some(item.text[item.written..end].to_vec())
    }

    fn took(&mut self, count: usize) {
        self.since = Stopwatch::start();
        self.bytes = self.bytes.saturating_sub(count);
        if let Some(item) = self.items.front_mut() {
            item.written += count;
            if item.written >= item.text.len() {
                self.items.pop_front();
            }
        }
    }

    /// The reader has had enough, which is no error.
    fn close(&mut self) {
        self.gone = true;
        self.empty();
    }

    fn give_up(&mut self, why: &str) {
        self.failed = Some(why.to_owned());
        for item in &self.items {
            self.lost.add(item.kind);
        }
        self.empty();
    }

    fn empty(&mut self) {
        self.items.clear();
        self.bytes = 0;
        self.round += 1;
    }

    /// Whether results were lost since this was last asked.
    fn verdict(&mut self) -> Result<(), String> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Stream {
    fn with<T>(self, work: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match self {
            Self::Stdout => work(io::stdout().as_fd()),
            Self::Stderr => work(io::stderr().as_fd()),
            #[cfg(test)]
            Self::Test(fd) => work(fd),
        }
    }

    fn write(self, bytes: &[u8]) -> Result<usize, Errno> {
        self.with(|fd| rustix::io::write(fd, bytes))
    }

    /// Waits until something can be written; another program may have set the
    /// stream, which is shared, not to block.
    fn wait(self) {
        self.with(|fd| {
            let mut one = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
            // What is wrong with it shows in the next write.
            let _ = poll(&mut one, Some(&AGAIN));
        });
    }
}

#[cfg(test)]
mod tests;
