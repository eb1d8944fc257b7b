//! `aurora psql` without a terminal, where psql reads nothing: its output is that
//! of the pod's log, each line once.

use std::time::Duration;

use stepwell_engine::{Clock, Fault};
use stepwell_workflows::aurora::PsqlSession;

use super::{clean, failed, not_done};
use crate::Context;
use crate::carry::signals::Signals;
use crate::exit::Exit;
use crate::problem::Problem;

/// The pause before a log that broke off is asked for again.
const AGAIN: Duration = Duration::from_secs(2);

/// How often the log of a pod that is through may break off.
const TRIES: u32 = 5;

/// Runs it to its end, and takes the pod away.
pub(super) async fn run(
    context: &Context,
    clock: &dyn Clock,
    session: &PsqlSession,
) -> Result<Exit, Problem> {
    let mut signals = Signals::each(&context.signals);
    let mut output = Output::new(context, session.pod());
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(signal),
        ended = carried_out(clock, session, &mut output) => Ok(ended),
    };
    // A person who asks again does not wait for it.
    tokio::select! {
        biased;
        () = clean(context, clock, session) => {}
        _ = signals.next() => {}
    }
    drop(signals);
    let code = match ended {
        Err(signal) => return Ok(signal.exit()),
        Ok(ended) => ended?,
    };
    let said = output.complaints.trim_end();
    for line in said.lines() {
        context.printer.progress(line);
    }
    if code == 0 {
        return Ok(Exit::Success);
    }
    let hint = session.hint(code, said);
    let hint = hint.unwrap_or_else(|| "what psql said stands above".to_owned());
    Err(not_done(
        session,
        &format!("ended with exit code {code}"),
        hint,
    ))
}

/// Makes the pod, prints what it says, and gives psql's exit status.
async fn carried_out(
    clock: &dyn Clock,
    session: &PsqlSession,
    output: &mut Output<'_>,
) -> Result<i64, Problem> {
    session.begin(clock).await.map_err(failed)?;
    session.watch(clock).await.map_err(failed)?;
    let (mut is_over, mut broken, mut before) = (false, 0, None);
    loop {
        let mut log = session.place().follow(&session.follow()).map_err(failed)?;
        output.begin();
        loop {
            let line = log.line().await.map_err(|error| {
                failed(
                    Fault::transient("the pod's log can't be read").with_cause(error.to_string()),
                )
            })?;
            match line {
                Some(line) => output.take(&line)?,
                None => break,
            }
        }
        let is_read = log.end().await.is_ok_and(|status| status.success());
        if output.is_whole() {
            return session.ended(clock).await.map_err(failed);
        }
        // A log that breaks off is begun anew, and what was printed is passed over.
        // What kept psql from its end may have kept the script from its own.
        broken += u32::from(is_over);
        let is_same = is_read && before == Some(output.read);
        if is_over && (is_same || broken == TRIES) {
            let code = session.ended(clock).await.map_err(failed)?;
            if code == 0 && !is_same {
                return Err(failed(
                    Fault::transient("the pod's log breaks off: not all is printed")
                        .with_code("LogIncomplete"),
                ));
            }
            if code == 0 {
                // Kubernetes says twice that this is all it has.
                let lacks =
                    "the pod's log does not say that psql was through: see whether all is there";
                output.context.printer.warn(lacks);
            }
            return Ok(code);
        }
        before = (is_over && is_read).then_some(output.read);
        clock.sleep(AGAIN).await;
        is_over = session.is_over(clock).await.map_err(failed)?;
    }
}

/// Where the lines of the log go: what psql prints, a separator, what it complains
/// of, and the separator again.
struct Output<'a> {
    context: &'a Context,
    separator: &'a str,
    /// How many lines were taken, and how many of them in this reading.
    taken: usize,
    read: usize,
    /// Whether the end of a line is to come: the one before a separator is not
    /// psql's.
    owes_end: bool,
    /// How many separators there were.
    separators: u32,
    complaints: String,
}

impl<'a> Output<'a> {
    fn new(context: &'a Context, separator: &'a str) -> Self {
        Self {
            context,
            separator,
            taken: 0,
            read: 0,
            owes_end: false,
            separators: 0,
            complaints: String::new(),
        }
    }

    /// The log is read from its beginning.
    fn begin(&mut self) {
        self.read = 0;
    }

    fn is_whole(&self) -> bool {
        self.separators == 2
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Problem> {
        // A line without its end broke off with the log, and comes again.
        let Some(text) = line.strip_suffix(b"\n") else {
            return Ok(());
        };
        self.read += 1;
        if self.read <= self.taken {
            return Ok(());
        }
        self.taken = self.read;
        if text == self.separator.as_bytes() {
            self.separators += 1;
        } else if self.separators == 0 {
            let mut bytes = Vec::with_capacity(line.len());
            bytes.extend(self.owes_end.then_some(b'\n'));
            bytes.extend(text);
            self.context.printer.raw(&bytes)?;
            self.owes_end = true;
        } else {
            self.complaints.push_str(&String::from_utf8_lossy(text));
            self.complaints.push('\n');
        }
        Ok(())
    }
}
