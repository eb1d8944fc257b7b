//! The one printer. Data goes to stdout, everything else to stderr, each by its
//! queue.

use std::time::Duration;

use serde::Serialize;

use super::people;
use super::queue::{Kind, MOST, PATIENCE, STDERR, STDOUT};
use super::style::Style;
use crate::arguments::Output;
use crate::problem::Problem;
use crate::settings::Settings;

/// Prints data, notes and errors in the form that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// The form.
    pub output: Output,
    /// How stdout is painted.
    pub out: Style,
    /// How stderr is painted.
    pub err: Style,
}

impl Printer {
    /// A printer before the settings are known.
    pub fn plain(output: Output) -> Self {
        Self {
            output,
            out: Style::default(),
            err: Style::default(),
        }
    }

    /// The printer that the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        Self {
            output: settings.output,
            out: Style {
                color: settings.color_stdout,
                ascii: settings.ascii,
            },
            err: Style {
                color: settings.color_stderr,
                ascii: settings.ascii,
            },
        }
    }

    /// A line of data.
    pub fn line(&self, text: impl AsRef<str>) -> Result<(), Problem> {
        self.raw(format!("{}\n", self.out.letters(text.as_ref())).as_bytes())
    }

    /// Data as it is. Only a flood of it waits for the reader.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), Problem> {
        STDERR.catch_up();
        STDOUT.push(Kind::Word, bytes);
        if STDOUT.waiting() > MOST {
            self.deliver()?;
        }
        Ok(())
    }

    /// An event of a run, as a line for programs. It never waits.
    pub fn event(&self, document: &impl Serialize) {
        // Nothing in it can fail to serialise.
        if let Ok(text) = serde_json::to_string(document) {
            STDOUT.push(Kind::Event, text + "\n");
        }
    }

    /// From now on a reader that takes nothing is waited for ten seconds at the
    /// end, and no longer: the command works on a run.
    pub fn hurry(&self) {
        STDOUT.hurry();
        STDERR.hurry();
    }

    /// Waits until the data is where it should go.
    pub fn deliver(&self) -> Result<(), Problem> {
        let slow = || {
            self.progress(format!(
                "waiting for stdout to be read, for {} seconds at most",
                PATIENCE.as_secs()
            ));
        };
        STDOUT.settle(slow).map_err(|why| {
            let mut problem = Problem::error("could not write to stdout");
            problem.causes.push(why);
            problem
        })
    }

    /// Waits until all that was said is to be seen, before another program uses
    /// the terminal.
    pub fn settle(&self) {
        // Who can't see it has been waited for.
        let _ = STDOUT.settle_within(Some(PATIENCE), || {});
        let _ = STDERR.settle_within(Some(PATIENCE), || {});
    }

    /// A question, on a line that the answer ends.
    pub fn ask(&self, text: impl AsRef<str>) {
        STDERR.push(Kind::Word, self.err.letters(text.as_ref()).as_ref());
        self.settle();
    }

    /// Says how much could not be printed.
    pub fn count(&self) {
        let (out, err) = (STDOUT.lost(), STDERR.lost());
        let parts = [
            (out.events, "event", "events"),
            (out.words, "line of the result", "lines of the result"),
            (err.progress, "line of progress", "lines of progress"),
            (err.words, "message", "messages"),
        ];
        let parts: Vec<String> = (parts.iter())
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        if !parts.is_empty() {
            let text = parts.join(", ");
            self.progress(format!("{} not printed: {text}", self.err.warn("warning:")));
        }
    }

    /// Waits a last time.
    pub fn end(&self) {
        // There is nobody to tell that stderr is gone.
        let _ = STDERR.settle(|| {});
    }

    /// The same for a process that a signal ends: what is waiting is shown if
    /// that takes no time.
    pub fn break_off() {
        let moment = Some(Duration::from_millis(300));
        let _ = STDOUT.settle_within(moment, || {});
        let _ = STDERR.settle_within(moment, || {});
    }

    /// A document: indented for `json`, on one line for `jsonl`.
    pub fn document(&self, document: &impl Serialize) -> Result<(), Problem> {
        let text = match self.output {
            Output::Jsonl => serde_json::to_string(document),
            Output::Json | Output::Text => serde_json::to_string_pretty(document),
        };
        let text = text.map_err(|error| Problem::error("could not write JSON").because(&error))?;
        self.raw(format!("{text}\n").as_bytes())
    }

    /// Something a person may want to know. Left out where programs read: for
    /// them, stderr has errors alone, and everything else is in the document.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.output.is_json() {
            STDOUT.catch_up();
            self.progress(text);
        }
    }

    /// How it is going.
    pub fn progress(&self, text: impl AsRef<str>) {
        let line = format!("{}\n", text.as_ref());
        STDERR.push(Kind::Word, self.err.letters(&line).as_ref());
    }

    /// Something a person should know.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.note(format!("{} {}", self.err.warn("warning:"), text.as_ref()));
    }

    /// What can be done.
    pub fn hint(&self, text: impl AsRef<str>) {
        self.note(format!("{} {}", self.err.hint("hint:"), text.as_ref()));
    }

    /// Why the command could not do what it was asked.
    pub fn problem(&self, problem: &Problem) {
        if self.output.is_json() {
            // Nothing in it can fail to serialise.
            if let Ok(text) = serde_json::to_string(&problem.document()) {
                self.progress(text);
            }
            return;
        }
        let problem = people::problem(problem);
        self.note(format!("{} {}", self.err.bad("error:"), problem.message));
        for cause in &problem.causes {
            self.note(format!("{} {cause}", self.err.dim("caused by:")));
        }
        if let Some(id) = &problem.request_id {
            self.note(format!("{} {id}", self.err.dim("request id:")));
        }
        if let Some(hint) = &problem.hint {
            self.hint(hint);
        }
    }
}
