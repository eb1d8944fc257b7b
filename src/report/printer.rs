//! The one printer. Data goes to stdout, everything else to stderr.

use std::io::{self, Write};

use serde::Serialize;

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
            },
            err: Style {
                color: settings.color_stderr,
            },
        }
    }

    /// A line of data.
    pub fn line(&self, text: impl AsRef<str>) -> Result<(), Problem> {
        self.raw(format!("{}\n", text.as_ref()).as_bytes())
    }

    /// Data as it is.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), Problem> {
        let mut out = io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        match written {
            // The reader has had enough, which is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => {
                other.map_err(|error| Problem::error("could not write to stdout").because(&error))
            }
        }
    }

    /// A document: indented for `json`, on one line for `jsonl`.
    pub fn document(&self, document: &impl Serialize) -> Result<(), Problem> {
        let text = match self.output {
            Output::Jsonl => serde_json::to_string(document),
            Output::Json | Output::Text => serde_json::to_string_pretty(document),
        };
        let text = text.map_err(|error| Problem::error("could not write JSON").because(&error))?;
        self.line(text)
    }

    /// Something a person may want to know. Left out where programs read: for
    /// them, stderr has errors alone, and everything else is in the document.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.output.is_json() {
            self.progress(text);
        }
    }

    /// How it is going.
    pub fn progress(&self, text: impl AsRef<str>) {
        // There is nobody to tell that stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
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
