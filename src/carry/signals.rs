//! SIGINT, SIGTERM and SIGHUP, and who hears of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::Stopwatch;
use crate::exit::Exit;

/// What comes within this time is one: a terminal's Ctrl-C reaches the whole
/// group, wrappers forward it once more, and GNU `timeout` always signals twice.
const BURST: Duration = Duration::from_secs(1);

/// A signal that asks the process to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// SIGHUP: the terminal or the connection is gone.
    HangUp,
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Asked {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::HangUp, Self::Interrupt, Self::Terminate];

    /// The exit code that says so.
    pub fn exit(self) -> Exit {
        match self {
            Self::HangUp => Exit::HungUp,
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::HangUp => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// Its number.
    pub fn number(self) -> i32 {
        use rustix::process::Signal;
        match self {
            Self::HangUp => Signal::HUP,
            Self::Interrupt => Signal::INT,
            Self::Terminate => Signal::TERM,
        }
        .as_raw()
    }
}

/// What becomes of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nobody attends to signals: the process ends at once.
    Ends,
    /// It was handed on, or belongs to one that was.
    HandedOn,
    /// It was handed on, and is the one after which nothing is waited for.
    Last,
}

/// Where signals go: to who attends to them, else they end the process.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    attending: Option<Attending>,
    /// Since the first of the last burst.
    burst: Option<Stopwatch>,
}

#[derive(Debug)]
struct Attending {
    to: UnboundedSender<Asked>,
    /// Whether bursts are one signal and the second is the last.
    ladder: bool,
    heard: usize,
}

impl Hub {
    /// A signal has come.
    pub fn offer(&self, signal: Asked) -> Fate {
        let mut state = self.lock();
        let merged = state.attending.as_ref().is_none_or(|one| one.ladder);
        if merged {
            if (state.burst).is_some_and(|first| first.elapsed() < BURST) {
                return Fate::HandedOn;
            }
            state.burst = Some(Stopwatch::start());
        }
        let Some(attending) = &mut state.attending else {
            return Fate::Ends;
        };
        if attending.to.send(signal).is_err() {
            return Fate::Ends;
        }
        attending.heard += 1;
        if attending.ladder && attending.heard > 1 {
            Fate::Last
        } else {
            Fate::HandedOn
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attend(&self, ladder: bool) -> Signals {
        let (to, from) = unbounded_channel();
        self.lock().attending = Some(Attending {
            to,
            ladder,
            heard: 0,
        });
        Signals {
            from,
            hub: self.clone(),
        }
    }
}

/// The signals, for as long as this exists: they do not end the process
/// meanwhile.
pub struct Signals {
    from: UnboundedReceiver<Asked>,
    hub: Hub,
}

impl Signals {
    /// The ladder: one burst is one signal, the first asks to stop in good
    /// order, and soon after the second the process ends, come what may.
    pub fn ladder(hub: &Hub) -> Self {
        hub.attend(true)
    }

    /// Each signal as it comes.
    pub fn each(hub: &Hub) -> Self {
        hub.attend(false)
    }

    /// The next one.
    pub async fn next(&mut self) -> Asked {
        match self.from.recv().await {
            Some(signal) => signal,
            // Another attends to them.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.hub.lock().attending = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_attends_so_it_ends() {
        let hub = Hub::default();
        drop(Signals::ladder(&hub));
        assert_eq!(hub.offer(Asked::Terminate), Fate::Ends);
    }

    #[test]
    fn a_burst_is_one_signal() {
        let hub = Hub::default();
        let mut signals = Signals::ladder(&hub);
        for signal in [Asked::Terminate, Asked::Interrupt, Asked::HangUp] {
            assert_eq!(hub.offer(signal), Fate::HandedOn);
        }
        assert_eq!(signals.from.try_recv().ok(), Some(Asked::Terminate));
        assert!(signals.from.try_recv().is_err());
        // The rest of the burst may come once the run has ended.
        drop(signals);
        assert_eq!(hub.offer(Asked::Terminate), Fate::HandedOn);
        hub.lock().burst = None;
        assert_eq!(hub.offer(Asked::Terminate), Fate::Ends);
    }

    #[test]
    fn the_second_burst_is_the_last() {
        let hub = Hub::default();
        let _signals = Signals::ladder(&hub);
        assert_eq!(hub.offer(Asked::HangUp), Fate::HandedOn);
        hub.lock().burst = None;
        assert_eq!(hub.offer(Asked::Terminate), Fate::Last);
    }

    #[test]
    fn each_of_them_where_they_are_somebody_elses() {
        let hub = Hub::default();
        let mut signals = Signals::each(&hub);
        for _ in 0..3 {
            assert_eq!(hub.offer(Asked::Interrupt), Fate::HandedOn);
            assert!(signals.from.try_recv().is_ok());
        }
    }
}
