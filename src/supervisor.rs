//! The main thread: it waits for the command, which works on a thread of its
//! own, and for signals. So a signal is heard whatever the command waits for,
//! and also by the first process of a container, for which the system has no
//! default actions.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::arguments::Output;
use crate::carry::signals::{Asked, Fate, Hub};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::Printer;

/// How long the command may take after the signal that ends it at once.
const AT_ONCE: Duration = Duration::from_secs(2);

/// As much as a main thread has.
const STACK: usize = 8 << 20;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    With(Exit),
    /// By a signal that nobody attended to.
    By(Asked),
}

impl Ended {
    /// Ends by the signal where there was one, so that a shell whose loop this
    /// is stops as well. The first process of a container can't be ended in
    /// that way and has the exit code.
    pub fn leave(self) -> ExitCode {
        match self {
            Self::With(exit) => exit.into(),
            Self::By(signal) => {
                if std::process::id() != 1 {
                    // It only returns if it could not be done.
                    let _ = signal_hook::low_level::emulate_default_handler(signal.number());
                }
                signal.exit().into()
            }
        }
    }
}

enum News {
    Signal(Asked),
    Done(thread::Result<Exit>),
}

/// Does `work` under signals; `output` is the form of what keeps it from that.
pub fn supervise(output: Output, work: impl FnOnce(Hub) -> Exit + Send + 'static) -> Ended {
    let hub = Hub::default();
    let (sender, news) = channel();
    let started = listen(sender.clone())
        .and_then(|()| {
            let hub = hub.clone();
            thread::Builder::new().stack_size(STACK).spawn(move || {
                let done = catch_unwind(AssertUnwindSafe(|| work(hub)));
                // The main thread waits for nothing else.
                let _ = sender.send(News::Done(done));
            })
        })
        .map_err(|error| {
            Problem::error("could not start a thread")
                .because(&error)
                .hint("let the user have more processes and open files (`ulimit -u`, `ulimit -n`)")
        });
    if let Err(problem) = started {
        let printer = Printer::plain(output);
        printer.problem(&problem);
        printer.end();
        return Ended::With(problem.exit);
    }
    let mut last: Option<Asked> = None;
    loop {
        let heard = match last {
            None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => news.recv_timeout(AT_ONCE),
        };
        match (heard, last) {
            (Ok(News::Done(Ok(exit))), _) => return Ended::With(exit),
            (Ok(News::Done(Err(panic))), _) => resume_unwind(panic),
            (Ok(News::Signal(signal)), _) => match hub.offer(signal) {
                Fate::HandedOn => {}
                Fate::Last => last = Some(last.unwrap_or(signal)),
                Fate::Ends => {
                    Printer::break_off();
                    return Ended::By(signal);
                }
            },
            // It is held up by something that no signal reaches.
            (Err(_), Some(signal)) => {
                Printer::break_off();
                return Ended::With(signal.exit());
            }
            (Err(_), None) => return Ended::With(Exit::Error),
        }
    }
}

/// Hears signals from now on. What was ignored when the process started stays
/// ignored: `nohup` and shells that put a job into the background ask for it.
fn listen(sender: Sender<News>) -> std::io::Result<()> {
    let ignored = ignored();
    let heard = Asked::ALL
        .into_iter()
        .filter(|signal| ignored & (1 << (signal.number() - 1)) == 0);
    let mut signals = signal_hook::iterator::Signals::new(heard.map(Asked::number))?;
    thread::Builder::new().spawn(move || {
        for number in signals.forever() {
            let signal = Asked::ALL.into_iter().find(|one| one.number() == number);
            if signal.is_some_and(|signal| sender.send(News::Signal(signal)).is_err()) {
                return;
            }
        }
    })?;
    Ok(())
}

/// The signals that the process ignores, as the kernel tells; none where it
/// does not.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).unwrap_or_default()
}
