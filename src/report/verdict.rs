//! Whether a history is as it was recorded, as programs and people read it.

use serde::Serialize;
use stepwell_state::Verdict;

use super::style::Style;

/// What came of comparing a history with its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictDocument {
    /// `whole`, `broken`, or `unchained` for one recorded before there were
    /// chains, in a file that has not been written to since.
    pub verdict: &'static str,
    /// How many events there are, where the history is not broken.
    pub events: Option<u32>,
    /// The last link of the chain, which stands for the whole of it.
    pub head: Option<String>,
    /// The first event that is not as it was recorded.
    pub broken_at: Option<u32>,
    /// What is wrong with it.
    pub why: Option<String>,
}

impl VerdictDocument {
    /// The document of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        let (word, events, head) = match verdict {
            Verdict::Whole { events, head } => ("whole", Some(*events), Some(head.to_string())),
            Verdict::Unchained { events } => ("unchained", Some(*events), None),
            Verdict::Broken { seq, why } => return Self::broken(*seq, why.clone()),
        };
        Self {
            verdict: word,
            events,
            head,
            broken_at: None,
            why: None,
        }
    }

    /// A history that is not as it was recorded from an event on.
    pub fn broken(seq: u32, why: String) -> Self {
        Self {
            verdict: "broken",
            events: None,
            head: None,
            broken_at: Some(seq),
            why: Some(why),
        }
    }

    /// Whether it was changed.
    pub fn is_broken(&self) -> bool {
        self.broken_at.is_some()
    }

    /// The same in words.
    pub fn text(&self, style: Style) -> String {
        let events = self.events.unwrap_or_default();
        match (&self.head, self.broken_at) {
            (_, Some(seq)) => format!(
                "{}  event {seq}: {}",
                style.bad(self.verdict),
                self.why.as_deref().unwrap_or_default()
            ),
            (Some(head), None) => {
                format!("{}  {events} events  {head}", style.good(self.verdict))
            }
            (None, None) => format!(
                "{}  {events} events, recorded by a version that kept no chain",
                style.warn(self.verdict)
            ),
        }
    }
}
