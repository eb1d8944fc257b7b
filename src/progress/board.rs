//! What is under way in a run, and what each event says about it.

use std::collections::HashMap;

use stepwell_engine::event::{EventBody, Outcome, RunCreated, Then, Verb};
use stepwell_engine::{Event, StepName, Timestamp};

use crate::clock::Stopwatch;
use crate::report::style::Style;
use crate::report::{events, time};

/// What is under way in a run.
pub struct Board {
    title: String,
    /// Which run a line is about, where there are several.
    label: Option<String>,
    total: usize,
    done: usize,
    undone: usize,
    backward: bool,
    under_way: Vec<UnderWay>,
    started: HashMap<StepName, Timestamp>,
    style: Style,
}

/// An attempt that is under way, or a pause before the next.
struct UnderWay {
    step: StepName,
    attempt: u32,
    verb: Verb,
    since: Stopwatch,
    message: String,
    paused: bool,
}

impl Board {
    /// The board of a run that begins.
    pub fn new(created: &RunCreated, style: Style) -> Self {
        Self {
            title: format!("{} {}", created.workflow, created.target),
            label: None,
            total: created.steps.len(),
            done: 0,
            undone: 0,
            backward: false,
            under_way: Vec::new(),
            started: HashMap::new(),
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
    pub fn stamp(&self, at: Timestamp) -> String {
        let at = time::time_of_day(at);
        match &self.label {
            None => at,
            Some(label) => format!("{at} {label}"),
        }
    }

    /// Forgets what was under way in the process before this one.
    pub fn taken_up(&mut self) {
        self.under_way.clear();
    }

    /// Takes in an event; returns what there is to say about it.
    pub fn apply(&mut self, event: &Event) -> Vec<String> {
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
                });
                line(events::text(&event.body))
            }
            EventBody::AttemptSucceeded { step, outcome, .. } => {
                self.forget(step);
                match outcome.output() {
                    Some(_) => self.done += 1,
                    None => self.undone += 1,
                }
                let word = events::succeeded(outcome);
                let gist = outcome.output().map(events::gist).unwrap_or_default();
                let space = if gist.is_empty() { "" } else { " " };
                let word = match outcome {
                    Outcome::Theirs { .. } | Outcome::Kept => style.warn(word),
                    _ => style.good(word),
                };
                line(format!(
                    "{word} {step}{space}{gist}{}",
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
                let word = match verb {
                    Verb::Run => "failed",
                    Verb::Undo => "failed to undo",
                };
                let (word, then) = match then {
                    Then::Retry { at } => {
                        let pause = time::duration(at.since(event.at));
                        self.under_way.push(UnderWay {
                            step: step.clone(),
                            attempt: *attempt,
                            verb: *verb,
                            since: Stopwatch::start(),
                            message: format!("{fault}; retry in {pause}"),
                            paused: true,
                        });
                        (style.warn(word), format!(" — retry in {pause}"))
                    }
                    Then::GiveUp => (style.bad(word), String::new()),
                    Then::Suspend => (style.bad(word), " — suspending".to_owned()),
                };
                line(format!(
                    "{word} {step}{}: {fault}{then}",
                    events::again(*attempt)
                ))
            }
            EventBody::StepWaived { .. } => line(style.warn(events::text(&event.body))),
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
                "run {} of {} on {}, {} steps",
                event.run,
                created.workflow,
                created.target,
                created.steps.len()
            )),
            EventBody::RunSuspended(_) | EventBody::RunEnded(_) => {
                self.under_way.clear();
                line(events::text(&event.body))
            }
            EventBody::RunResumed { .. } => {
                self.under_way.clear();
                line(format!("run {} {}", event.run, events::text(&event.body)))
            }
        }
    }

    /// Takes in how an attempt is going; returns whether that is news.
    pub fn progress(&mut self, step: &StepName, message: &str) -> bool {
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
        message.clone_into(&mut attempt.message);
        true
    }

    /// What is still running and since when, in one line.
    pub fn heartbeat(&self) -> String {
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

impl UnderWay {
    fn text(&self) -> String {
        let undo = match self.verb {
            Verb::Run => "",
            Verb::Undo => "undo ",
        };
        let message = if self.message.is_empty() {
            String::new()
        } else {
            format!(": {}", self.message)
        };
        format!(
            "{undo}{} {}{}{message}",
            self.step,
            time::duration(self.since.elapsed()),
            events::again(self.attempt)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::event::{Actor, OnFailure};
    use stepwell_engine::{Fault, RunId};

    fn board() -> Board {
        let created = RunCreated {
            workflow: "aurora create".to_owned(),
            target: "aurora/eu-west-1/keycloak".to_owned(),
            account: serde_json::Value::Null,
            parameters: serde_json::Value::Null,
            fingerprint: String::new(),
            reversible: true,
            on_failure: OnFailure::Rollback,
            parallel: 16,
            by: Actor {
                host: "host".to_owned(),
                user: "user".to_owned(),
                pid: 1,
                version: "test".to_owned(),
            },
            steps: Vec::new(),
            output: None,
        };
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
            in_doubt: false,
            then: Then::Retry {
                at: Timestamp(6_000),
            },
        };
        assert_eq!(
            board.apply(&event(2, failed)),
            ["00:00:02 failed vpc: too fast (Throttling, request r-1) — retry in 4.0s"]
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
