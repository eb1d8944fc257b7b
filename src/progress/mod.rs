//! How a run is going, on stderr, while it goes on.

pub mod board;
pub mod display;
pub mod screen;
mod under_way;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use stepwell_engine::event::{EventBody, RunCreated, Then};
use stepwell_engine::{Clock, Event, Observer, RunId, StepName};

use self::board::Board;
use self::display::Display;
use self::screen::Screen;
use crate::arguments::Output;
use crate::clock::Stopwatch;
use crate::report::{Printer, events};
use crate::settings::Settings;

/// How often the live block is drawn anew.
const FRAME: Duration = Duration::from_millis(100);

/// For how long lines may be silent.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// The same once a person has asked the run to stop, and waits for it.
const FAREWELL: Duration = Duration::from_secs(10);

/// Shows the progress of one run.
pub struct Progress {
    shared: Arc<Shared>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    stopped: Condvar,
    clock: Arc<dyn Clock>,
    printer: Printer,
    display: Display,
    verbose: bool,
    /// Whether wall time means anything to the run.
    real_time: bool,
}

struct State {
    board: Board,
    screen: Screen,
    quiet: Stopwatch,
    /// For how long lines may be silent.
    heartbeat: Duration,
    stop: bool,
}

impl Progress {
    /// Shows the run that `history` begins; nothing of it is printed again.
    pub fn start(
        settings: &Settings,
        real_time: bool,
        created: &RunCreated,
        history: &[Event],
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let mut board = Board::new(created, Printer::new(settings).err);
        for event in history {
            board.apply(event);
        }
        board.taken_up();
        let display = if real_time {
            settings.display
        } else {
            Display::Lines
        };
        Self::show(settings, real_time, display, board, clock)
    }

    /// Shows a run that begins among others: in lines, each with its label.
    pub fn among(
        settings: &Settings,
        real_time: bool,
        created: &RunCreated,
        label: &str,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let board = Board::new(created, Printer::new(settings).err).labelled(label);
        Self::show(settings, real_time, Display::Lines, board, clock)
    }

    fn show(
        settings: &Settings,
        real_time: bool,
        display: Display,
        board: Board,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let printer = Printer::new(settings);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                board,
                screen: Screen::new(display, printer.err),
                quiet: Stopwatch::start(),
                heartbeat: HEARTBEAT,
                stop: false,
            }),
            stopped: Condvar::new(),
            clock,
            printer,
            display,
            verbose: settings.verbose,
            real_time,
        });
        let ticker = real_time.then(|| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.tick())
        });
        Arc::new(Self {
            shared,
            ticker: Mutex::new(ticker),
        })
    }

    /// A line for people, above whatever is shown.
    pub fn note(&self, text: &str) {
        let state = &mut *self.shared.lock();
        state.quiet = Stopwatch::start();
        state.screen.say(text, &state.board);
    }

    /// The run was asked to stop: says so, what is awaited, and for how long at
    /// most. From now on that is repeated every ten seconds.
    pub fn stopping(&self, asked: &str, advice: &str) {
        let state = &mut *self.shared.lock();
        state.board.stopping();
        state.heartbeat = FAREWELL;
        state.quiet = Stopwatch::start();
        let awaited = state.board.awaited();
        let text = format!("{asked}: nothing new is started; {awaited}; {advice}");
        let line = state.board.about(text);
        state.screen.say(&line, &state.board);
        self.shared.stopped.notify_all();
    }

    /// Takes the live block away.
    pub fn finish(&self) {
        {
            let mut state = self.shared.lock();
            state.stop = true;
            state.screen.clear();
        }
        self.shared.stopped.notify_all();
        let ticker = self
            .ticker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(ticker) = ticker {
            // It only draws; if it died, nothing of the run is lost.
            let _ = ticker.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        let shared = &self.shared;
        if shared.printer.output == Output::Jsonl {
            shared.printer.event(&events::document(event));
        }
        let mut state = shared.lock();
        let mut lines = state.board.apply(event);
        if shared.display == Display::Live && !shared.verbose && is_in_the_block(&event.body) {
            lines.clear();
        }
        state.say(&lines);
    }

    fn limited(&self, _: RunId, step: &StepName, limit: Duration) {
        let shared = &self.shared;
        shared
            .lock()
            .board
            .limited(step, shared.clock.to_wall(limit));
    }

    fn progress(&self, _: RunId, step: &StepName, message: &str) {
        let shared = &self.shared;
        let mut state = shared.lock();
        let news = state.board.progress(step, message);
        if news && shared.verbose && shared.real_time {
            let at = state.board.stamp(shared.clock.now());
            state.say(&[format!("{at} {step}: {message}")]);
        }
    }
}

/// Whether the live block shows what an event says: that an attempt began, or
/// that there will be another.
fn is_in_the_block(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::AttemptStarted { .. }
            | EventBody::AttemptFailed {
                then: Then::Retry { .. },
                ..
            }
    )
}

impl State {
    fn say(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            self.quiet = Stopwatch::start();
        }
        self.screen.show(lines, &self.board);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the live block, or breaks the silence, until it is told to stop.
    fn tick(&self) {
        let mut state = self.lock();
        while !state.stop {
            let pause = match self.display {
                Display::Live => FRAME,
                Display::Lines => state.heartbeat.saturating_sub(state.quiet.elapsed()),
            };
            state = match self
                .stopped
                .wait_timeout(state, pause.max(Duration::from_millis(10)))
            {
                Ok((state, _)) => state,
                Err(_) => return,
            };
            if state.stop {
                return;
            }
            match self.display {
                Display::Live => state.say(&[]),
                Display::Lines if state.quiet.elapsed() >= state.heartbeat => {
                    let at = state.board.stamp(self.clock.now());
                    let line = format!("{at} {}", state.board.heartbeat());
                    state.say(&[line]);
                }
                Display::Lines => {}
            }
        }
    }
}
