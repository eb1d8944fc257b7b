//! What is under way in a run, and what each event says about it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use stepwell_engine::event::{EventBody, Outcome, RunCreated, Then, Verb};
use stepwell_engine::{Event, Fault, StepName, Timestamp};

use super::under_way::UnderWay;
use crate::account;
use crate::clock::Stopwatch;
use crate::report::style::Style;
use crate::report::time::Days;
use crate::report::{events, people, time};

/// What is under way in a run.
pub struct Board {
    title: String,
    account: String,
    /// Which run a line is about, where there are several.
    label: Option<String>,
    total: usize,
    done: usize,
    undone: usize,
    backward: bool,
    under_way: Vec<UnderWay>,
    started: HashMap<StepName, Timestamp>,
    /// The steps whose way forward is dropped when the run is asked to stop.
    passive: HashSet<StepName>,
    stopping: bool,
    /// The last reason for which each step is tried again, and how often it
    /// came in a row.
    repeats: HashMap<StepName, (String, u32)>,
    days: Days,
    style: Style,
}

/// How often the same reason to try a step again is said; from then on it is
/// counted.
const SAID: u32 = 3;

impl Board {
    /// The board of a run that begins.
    pub fn new(created: &RunCreated, style: Style) -> Self {
        Self {
            title: format!("{} {}", created.workflow, created.target),
            account: account::described(&created.account),
            label: None,
            total: created.steps.len(),
            done: 0,
            undone: 0,
            backward: false,
            under_way: Vec::new(),
            started: HashMap::new(),
            passive: (created.steps.iter())
                .filter(|step| step.effect.is_passive())
                .map(|step| step.name.clone())
                .collect(),
            stopping: false,
            repeats: HashMap::new(),
            days: Days::default(),
            style,
        }
    }

    /// The same for one run among several.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// What a line begins with: the time, and the run where there are several.
    pub fn stamp(&mut self, at: Timestamp) -> String {
        let at = self.days.stamp(at);
        match &self.label {
            None => at,
            Some(label) => format!("{at} {label}"),
        }
    }

    /// A text that tells which run it is about, where there are several.
    pub fn about(&self, text: String) -> String {
        match &self.label {
            None => text,
            Some(label) => format!("{label} {text}"),
        }
    }

    /// Forgets what was under way in the process before this one.
    pub fn taken_up(&mut self) {
        self.under_way.clear();
    }

    /// Takes in an event; returns what there is to say about it.
    pub fn apply(&mut self, event: &Event) -> Vec<String> {
        let event = &people::event(event);
        let style = self.style;
        let at = style.dim(self.stamp(event.at));
        let line = |text: String| vec![format!("{at} {text}")];
        match &event.body {
            EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } => {
                self.forget(step);
                self.started.insert(step.clone(), event.at);
                self.under_way.push(UnderWay {
                    step: step.clone(),
                    attempt: *attempt,
                    verb: *verb,
                    since: Stopwatch::start(),
                    message: String::new(),
                    paused: false,
                    limit: None,
                });
                if self
                    .repeats
                    .get(step)
                    .is_some_and(|(_, times)| *times >= SAID)
                {
                    return Vec::new();
                }
                line(events::text(&event.body))
            }
            EventBody::AttemptSucceeded { step, outcome, .. } => {
                self.forget(step);
                match outcome.output() {
                    Some(_) => self.done += 1,
                    None => self.undone += 1,
                }
                let times = self.repeats.remove(step).map_or(0, |(_, times)| times);
                let again = match times > SAID {
                    true => format!(", after {times} attempts that met the same"),
                    false => String::new(),
                };
                let word = events::succeeded(outcome);
                let excerpt = match outcome {
                    Outcome::Kept { owner: Some(owner) } => format!("(it belongs to {owner})"),
                    _ => outcome.output().map(events::excerpt).unwrap_or_default(),
                };
                let space = if excerpt.is_empty() { "" } else { " " };
                let word = match outcome {
                    Outcome::Theirs { .. } | Outcome::Kept { .. } => style.warn(word),
                    _ => style.good(word),
                };
                line(format!(
                    "{word} {step}{space}{excerpt}{}{again}",
                    self.took(step, event.at)
                ))
            }
            EventBody::AttemptFailed {
                step,
                attempt,
                verb,
                fault,
                then,
                ..
            } => {
                self.forget(step);
                let word = events::failed(*verb, *then);
                let times = self.repeated(step, fault, *then);
                let (paint, then): (fn(Style, String) -> String, _) = match then {
                    Then::Retry { at } => {
                        let pause = time::duration(at.since(event.at));
                        self.under_way.push(UnderWay {
                            step: step.clone(),
                            attempt: *attempt,
                            verb: *verb,
                            since: Stopwatch::start(),
                            message: format!("{fault}; retry in {pause}"),
                            paused: true,
                            limit: None,
                        });
                        if times > SAID {
                            return Vec::new();
                        }
                        let last = match times == SAID {
                            true => "; while this repeats, it is counted",
                            false => "",
                        };
                        (Style::dim, format!(" — retry in {pause}{last}"))
                    }
                    Then::GiveUp => (Style::bad, String::new()),
                    Then::Suspend => (Style::bad, " — suspending".to_owned()),
                };
                line(format!(
                    "{} {step}{}: {fault}{then}",
                    paint(style, word.to_owned()),
                    events::again(*attempt)
                ))
            }
            EventBody::RollbackOptionsGiven { .. }
            | EventBody::ParametersChanged(_)
            | EventBody::StepWaived { .. }
            | EventBody::StepDone { .. } => line(style.warn(events::text(&event.body))),
            EventBody::StepRetried { step, .. } => {
                // Its pause is over.
                self.forget(step);
                line(style.warn(events::text(&event.body)))
            }
            EventBody::AttemptInterrupted { step, .. } => {
                self.forget(step);
                line(events::text(&event.body))
            }
            EventBody::RollbackStarted(_) => {
                self.backward = true;
                // Pauses before a next attempt end here.
                self.under_way.retain(|attempt| !attempt.paused);
                line(style.warn(events::text(&event.body)))
            }
            EventBody::RunCreated(created) => line(format!(
                "run {} of {} on {} in {}, {} steps",
                event.run,
                created.workflow,
                created.target,
                self.account,
                created.steps.len()
            )),
            EventBody::RunSuspended(_) | EventBody::RunEnded(_) => {
                self.under_way.clear();
                line(events::text(&event.body))
            }
            EventBody::RunResumed { .. } => {
                self.under_way.clear();
                line(format!(
                    "run {} of {} in {} {}",
                    event.run,
                    self.title,
                    self.account,
                    events::text(&event.body)
                ))
            }
        }
    }

    /// Takes in how an attempt is going; returns whether that is news.
    pub fn progress(&mut self, step: &StepName, message: &str) -> bool {
        let message = people::line(message);
        let Some(attempt) = self
            .under_way
            .iter_mut()
            .find(|attempt| attempt.step == *step)
        else {
            return false;
        };
        if attempt.message == message {
            return false;
        }
        attempt.message = message.into_owned();
        true
    }

    /// Takes in how long the attempt at a step may take at most.
    pub fn limited(&mut self, step: &StepName, limit: Duration) {
        for attempt in &mut self.under_way {
            if attempt.step == *step {
                attempt.limit = Some(limit);
            }
        }
    }

    /// The run was asked to stop.
    pub fn stopping(&mut self) {
        self.stopping = true;
    }

    /// What a run that was asked to stop waits for, and for how long at most.
    pub fn awaited(&self) -> String {
        let calls: Vec<&UnderWay> = (self.under_way.iter())
            .filter(|attempt| !attempt.paused)
            .filter(|attempt| attempt.verb == Verb::Undo || !self.passive.contains(&attempt.step))
            .collect();
        if calls.is_empty() {
            return "no call is in flight".to_owned();
        }
        let names: Vec<String> = calls.iter().map(|attempt| attempt.name()).collect();
        let limit = calls.iter().filter_map(|attempt| attempt.left()).max();
        let limit = limit.map_or_else(String::new, |limit| {
            format!(", for {} at most", time::duration(limit))
        });
        format!("waiting for the calls of {}{limit}", names.join(", "))
    }

    /// What is still running and since when, in one line.
    pub fn heartbeat(&self) -> String {
        if self.stopping {
            return self.awaited();
        }
        if self.under_way.is_empty() {
            return "nothing is under way".to_owned();
        }
        let parts: Vec<String> = self.under_way.iter().map(UnderWay::text).collect();
        format!("still running: {}", parts.join("; "))
    }

    /// The live block.
    pub fn block(&self, rows: usize) -> Vec<String> {
        let direction = if self.backward {
            format!(", rolling back, {} undone", self.undone)
        } else {
            String::new()
        };
        let direction = if self.stopping {
            format!("{direction}, stopping: {}", self.awaited())
        } else {
            direction
        };
        let mut lines = vec![format!(
            "{}: {} of {} steps done{direction}",
            self.title, self.done, self.total
        )];
        let room = rows.saturating_sub(2).max(1);
        let shown = if self.under_way.len() > room {
            room - 1
        } else {
            self.under_way.len()
        };
        lines.extend(
            self.under_way[..shown]
                .iter()
                .map(|attempt| format!("  {}", attempt.text())),
        );
        if shown < self.under_way.len() {
            lines.push(format!("  … and {} more", self.under_way.len() - shown));
        }
        lines
    }

    /// How often in a row a step is tried again for this reason.
    fn repeated(&mut self, step: &StepName, fault: &Fault, then: Then) -> u32 {
        if !matches!(then, Then::Retry { .. }) {
            self.repeats.remove(step);
            return 0;
        }
        // Each answer has another request id.
        let reason = format!("{} {:?}", fault.message, fault.code);
        let last = self.repeats.entry(step.clone()).or_default();
        if last.0 == reason {
            last.1 += 1;
        } else {
            *last = (reason, 1);
        }
        last.1
    }

    fn forget(&mut self, step: &StepName) {
        self.under_way.retain(|attempt| attempt.step != *step);
    }

    fn took(&self, step: &StepName, end: Timestamp) -> String {
        self.started
            .get(step)
            .map(|start| format!(" ({})", time::duration(end.since(*start))))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::RunId;

    fn board() -> Board {
        let parameters = serde_json::Value::Null;
        let created = RunCreated::new("aurora create", "aurora/eu-west-1/keycloak", parameters);
        Board::new(&created, Style::default())
    }

    fn event(seconds: i64, body: EventBody) -> Event {
        Event {
            run: RunId::from_u128(1),
            seq: 0,
            at: Timestamp(seconds * 1000),
            body,
        }
    }

    fn start(step: &str, attempt: u32) -> EventBody {
        EventBody::AttemptStarted {
            step: step.into(),
            attempt,
            verb: Verb::Run,
        }
    }

    #[test]
    fn lines_tell_what_happens() {
        let mut board = board();
        assert_eq!(
            board.apply(&event(1, start("vpc", 1))),
            ["00:00:01 started vpc"]
        );
        let fault = Fault::transient("too fast")
            .with_code("Throttling")
            .with_request_id(Some("r-1"));
        let failed = EventBody::AttemptFailed {
            step: "vpc".into(),
            attempt: 1,
            verb: Verb::Run,
            fault,
            reached: true,
            in_doubt: false,
            then: Then::Retry {
                at: Timestamp(6_000),
            },
        };
        assert_eq!(
            board.apply(&event(2, failed)),
            ["00:00:02 retrying vpc: too fast (Throttling, request r-1) — retry in 4.0s"]
        );
        assert_eq!(
            board.apply(&event(6, start("vpc", 2))),
            ["00:00:06 started vpc (attempt 2)"]
        );
        let done = EventBody::AttemptSucceeded {
            step: "vpc".into(),
            attempt: 2,
            verb: Verb::Run,
            outcome: Outcome::Made {
                output: "vpc-0abc".into(),
            },
        };
        assert_eq!(
            board.apply(&event(20, done)),
            ["00:00:20 done vpc vpc-0abc (14s)"]
        );
        assert_eq!(board.heartbeat(), "nothing is under way");
    }

    #[test]
    fn who_stops_a_run_hears_what_is_awaited() {
        let mut board = board();
        assert_eq!(board.awaited(), "no call is in flight");
        board.apply(&event(1, start("vpc", 1)));
        board.limited(&"vpc".into(), Duration::from_secs(3600));
        board.apply(&event(1, start("wait", 1)));
        board.passive.insert("wait".into());
        board.stopping();
        let line = board.heartbeat();
        assert!(
            line.starts_with("waiting for the calls of vpc, for "),
            "{line}"
        );
        assert!(line.ends_with(" at most"), "{line}");
        assert!(!line.contains("wait,"), "{line}");
    }

    #[test]
    fn what_repeats_is_counted() {
        let mut board = board();
        let failed = |attempt: u32, at: i64| EventBody::AttemptFailed {
            step: "subnet".into(),
            attempt,
            verb: Verb::Run,
            fault: Fault::pending("not there yet").with_request_id(Some(format!("r-{attempt}"))),
            reached: true,
            in_doubt: false,
            then: Then::Retry {
                at: Timestamp((at + 1) * 1000),
            },
        };
        let mut lines = Vec::new();
        for attempt in 1..=180_u32 {
            let at = i64::from(attempt) * 10;
            lines.extend(board.apply(&event(at, start("subnet", attempt))));
            lines.extend(board.apply(&event(at + 1, failed(attempt, at + 1))));
        }
        assert_eq!(lines.len(), 6, "{lines:#?}");
        assert!(lines[5].ends_with("while this repeats, it is counted"));
        assert!(board.heartbeat().contains("(attempt 180): not there yet"));
        let done = EventBody::AttemptSucceeded {
            step: "subnet".into(),
            attempt: 181,
            verb: Verb::Run,
            outcome: Outcome::Made {
                output: "subnet-1".into(),
            },
        };
        let last = board.apply(&event(2000, done));
        assert!(
            last[0].ends_with("after 180 attempts that met the same"),
            "{last:?}"
        );
    }

    #[test]
    fn the_block_never_outgrows_the_terminal() {
        let mut board = board();
        for place in 0..50 {
            board.apply(&event(1, start(&format!("step-{place}"), 1)));
        }
        let lines = board.block(10);
        assert_eq!(lines.len(), 9);
        assert_eq!(lines[8], "  … and 43 more");
        assert!(board.heartbeat().contains("step-49"));
    }
}
