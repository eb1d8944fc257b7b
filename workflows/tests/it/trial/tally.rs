//! What was tried and what came of it, in one line for each property of each
//! workflow.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use super::watch::Complaints;

/// Whether everything is to be tried, and not what fits into a minute.
pub(crate) fn is_exhaustive() -> bool {
    std::env::var_os("STEPWELL_EXHAUSTIVE").is_some_and(|value| value == "1")
}

/// All of `items` in an exhaustive run, else some, spread evenly.
pub(crate) fn some<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let all = items.len();
    if is_exhaustive() || all <= most {
        return items;
    }
    let chosen = |place: usize| (place + 1) * most / all > place * most / all;
    (items.into_iter().enumerate())
        .filter(|(place, _)| chosen(*place))
        .map(|(_, item)| item)
        .collect()
}

/// The counts of all properties so far.
static TOTAL: Mutex<BTreeMap<&str, usize>> = Mutex::new(BTreeMap::new());

/// What was tried of one property.
pub(crate) struct Tally {
    what: String,
    counts: BTreeMap<&'static str, usize>,
    notes: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn new(what: String) -> Self {
        let none = ["duplicates", "leftovers", "unrecorded effects"];
        Self {
            what,
            counts: none.into_iter().map(|kind| (kind, 0)).collect(),
            notes: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    pub(crate) fn count(&mut self, kind: &'static str, more: usize) {
        *self.counts.entry(kind).or_default() += more;
    }

    /// How a case came out, for the line.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        *self.notes.entry(what.into()).or_default() += 1;
    }

    /// Takes what a case came to.
    pub(crate) fn judge(&mut self, context: &str, complaints: &Complaints, end: Result<(), Wrong>) {
        self.count("duplicates", complaints.duplicates.len());
        self.count("unrecorded effects", complaints.unrecorded.len());
        let mut wrong: Vec<String> = complaints.all().cloned().collect();
        match end {
            Ok(()) => {}
            Err(Wrong::Left(what)) => {
                self.count("leftovers", 1);
                wrong.push(what);
            }
            Err(Wrong::Otherwise(what)) => wrong.push(what),
        }
        if !wrong.is_empty() {
            self.wrong.push(format!("{context}: {}", wrong.join("; ")));
        }
    }

    /// Prints the line and fails if anything was wrong, or too little was tried.
    #[track_caller]
    pub(crate) fn close(self, kind: &'static str, least: usize) {
        let counts = |counts: &BTreeMap<&str, usize>| {
            let all = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
            all.collect::<Vec<_>>().join(", ")
        };
        let mut line = format!("{}: {}", self.what, counts(&self.counts));
        if !self.notes.is_empty() {
            let notes: Vec<String> = (self.notes.iter())
                .map(|(what, count)| format!("{what} {count}"))
                .collect();
            let _ = write!(line, " ({})", notes.join(", "));
        }
        let total = {
            let mut total = TOTAL.lock().unwrap_or_else(PoisonError::into_inner);
            for (kind, count) in &self.counts {
                *total.entry(kind).or_default() += count;
            }
            counts(&total)
        };
        println!("{line}\ntotal so far: {total}");
        assert!(
            self.wrong.is_empty(),
            "{} wrong of {}:\n{}",
            self.wrong.len(),
            self.what,
            self.wrong[..self.wrong.len().min(40)].join("\n")
        );
        let tried = self.counts.get(kind).copied().unwrap_or(0);
        assert!(tried >= least, "{tried} {kind} of {}", self.what);
    }
}

/// What is wrong with the end of a case.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// The account is not as it has to be.
    Left(String),
    /// Anything else.
    Otherwise(String),
}

impl From<String> for Wrong {
    fn from(what: String) -> Self {
        Self::Otherwise(what)
    }
}
