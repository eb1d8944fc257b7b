//! One workflow under fire, once, and how it has to end.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::blows::{Blow, Call, SIGN_OF_LIFE};
use super::carried::Carried;
use super::likeness::Likeness;
use super::tally::{Count, Tally};
use super::workflows::{Course, WORKFLOWS, Workflow, words};
use crate::command::harness::Done;
use crate::moto::account::{REGION, Snapshot};
use crate::moto::rosa::THERE;
use crate::moto::stage::Stage;

/// What a workflow does and leaves when nothing goes wrong.
pub(super) struct Undisturbed {
    /// Every call, in order.
    pub(super) sequence: Vec<Call>,
    /// Every operation in every region in the order of their first calls, and
    /// how many calls it has.
    pub(super) calls: Vec<(Call, u64)>,
    pub(super) end: Likeness,
}

impl Undisturbed {
    /// The operations that are effects of steps.
    pub(super) fn effects(&self) -> impl Iterator<Item = &(Call, u64)> {
        let calls = self.calls.iter();
        calls.filter(|(call, _)| call.mutates() && !call.is_sign_of_life)
    }
}

/// The ground of a workflow, laid.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) words: Vec<String>,
    before: Snapshot,
}

/// A workflow, and where it is counted what was done to it.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) number: usize,
    pub(super) tally: &'a Tally,
}

static RECORDED: [OnceLock<Undisturbed>; WORKFLOWS.len()] =
    [const { OnceLock::new() }; WORKFLOWS.len()];

impl Trial<'_> {
    pub(super) fn workflow(&self) -> &'static Workflow {
        &WORKFLOWS[self.number]
    }

    /// Records an undisturbed run, once.
    pub(super) fn undisturbed(&self) -> &'static Undisturbed {
        RECORDED[self.number].get_or_init(|| self.record())
    }

    fn record(&self) -> Undisturbed {
        let workflow = self.workflow();
        let scene = self.scene();
        // Rules that do nothing to a call but note it.
        let sign = json!({ "service": "ec2", "body": SIGN_OF_LIFE });
        let rules = scene.stage.plant(vec![sign, json!({ "service": "*" })]);
        scene.run(0);
        let counts = scene.stage.fired(&rules);
        let mut caught: Vec<(bool, Value)> = Vec::new();
        for (rule, is_sign_of_life) in [(rules[0], true), (rules[1], false)] {
            let calls = scene.stage.caught(rule).into_iter();
            caught.extend(calls.map(|call| (is_sign_of_life, call)));
        }
        // microburst keeps what it has caught for some time only.
        assert_eq!(caught.len() as u64, counts.iter().sum::<u64>());
        scene.stage.calm();
        caught.sort_by(|(_, one), (_, other)| {
            let time = |call: &Value| call["ts"].as_f64().expect("a time");
            time(one).total_cmp(&time(other))
        });
        let sequence: Vec<Call> = (caught.into_iter())
            .map(|(is_sign_of_life, call)| {
                let text = |field: &str| call[field].as_str().expect("text").to_owned();
                Call {
                    service: text("service"),
                    operation: text("operation"),
                    region: text("region"),
                    is_sign_of_life,
                }
            })
            .collect();
        let mut calls: Vec<(Call, u64)> = Vec::new();
        for call in &sequence {
            match calls.iter_mut().find(|(known, _)| known == call) {
                Some((_, count)) => *count += 1,
                None => calls.push((call.clone(), 1)),
            }
        }
        (workflow.ended)(&scene.stage);
        let end = scene.likeness();
        let undisturbed = Undisturbed {
            sequence,
            calls,
            end,
        };
        let effects = undisturbed.effects().count();
        println!(
            "{}, undisturbed: {} calls of {} operations, {effects} of them with an effect",
            workflow.name,
            undisturbed.sequence.len(),
            undisturbed.calls.len(),
        );
        let (operations, least) = workflow.least;
        assert!(undisturbed.calls.len() >= operations, "{}", workflow.name);
        assert!(effects >= least, "{}", workflow.name);
        undisturbed
    }

    pub(super) fn scene(&self) -> Scene {
        let mut stage = Stage::with_faults();
        let words = (self.workflow().lay)(&mut stage);
        let before = stage.account.snapshot();
        Scene {
            stage,
            words,
            before,
        }
    }

    pub(super) fn count(&self, what: &str, count: Count) {
        let count = Count {
            scenarios: 1,
            ..count
        };
        self.tally.add(self.workflow().name, what, count);
    }

    /// The end must be like the undisturbed one.
    pub(super) fn must_be_whole(&self, scene: &Scene, context: &str) {
        let end = &self.undisturbed().end;
        scene
            .likeness()
            .must_be(end, &format!("{}, {context}", self.workflow().name));
    }

    /// Every operation is struck once by each of some blows, one after the
    /// other, all in one run: it makes no difference.
    pub(super) fn struck_everywhere(&self, blows: &[Blow]) {
        let undisturbed = self.undisturbed();
        let scene = self.scene();
        let each = |(call, _): &'static (Call, u64)| {
            // One of twenty regions that are only looked at is struck once: each
            // blow is waited for, one region after the other.
            let is_aside = ![REGION, THERE].contains(&call.region.as_str());
            let blows = blows.iter().take(if is_aside { 1 } else { blows.len() });
            blows.map(move |&blow| (call, blow))
        };
        let struck: Vec<(&Call, Blow)> = undisturbed.calls.iter().flat_map(each).collect();
        let rules = struck.iter().map(|(call, blow)| call.rule(*blow, Some(1)));
        let rules = scene.stage.plant(rules.collect());
        let carried = Carried::watch(&scene.stage, undisturbed);
        scene.run(0);
        let fired = scene.stage.fired(&rules);
        let after = struck
            .iter()
            .zip(&fired)
            .filter(|((_, blow), _)| blow.is_after());
        carried.must_be_once(after.map(|((call, _), fired)| (*call, *fired)));
        scene.stage.calm();
        let mut by_blow: BTreeMap<Blow, u64> = BTreeMap::new();
        for ((call, blow), fired) in struck.into_iter().zip(fired) {
            // A sign of life is not given twice.
            assert!(
                fired == 1 || !call.mutates() || call.is_sign_of_life,
                "{blow:?} {call:?} has not struck {}",
                self.workflow().name
            );
            *by_blow.entry(blow).or_default() += fired;
        }
        self.must_be_whole(&scene, &format!("{blows:?}"));
        for (blow, fired) in by_blow {
            let count = Count {
                fired,
                ..Count::default()
            };
            self.tally
                .add(self.workflow().name, &format!("{blow:?}"), count);
        }
        let whole = Count {
            whole: 1,
            ..Count::default()
        };
        self.count("all operations in one run", whole);
    }

    /// One call is struck by what passes by itself.
    pub(super) fn struck_once(&self, call: &Call, number: u64, blow: Blow) {
        let scene = self.scene();
        let rules = vec![call.pass(number), call.rule(blow, Some(1))];
        let rules = scene.stage.plant(rules);
        let carried = Carried::watch(&scene.stage, self.undisturbed());
        scene.run(0);
        let [passed, fired] = scene.stage.fired(&rules)[..] else {
            unreachable!("two rules");
        };
        let after = if blow.is_after() { fired } else { 0 };
        carried.must_be_once([(call, passed + after)]);
        scene.stage.calm();
        let context = format!("{blow:?} at {call:?} after {number}");
        assert_eq!(fired, 1, "{}, {context}", self.workflow().name);
        self.must_be_whole(&scene, &context);
        let count = Count {
            fired,
            whole: 1,
            ..Count::default()
        };
        self.count(&format!("{blow:?}, one at a time"), count);
    }

    /// One call is struck for good: refused, or its credentials have expired.
    pub(super) fn struck_for_good(&self, call: &Call, number: u64, blow: Blow) {
        let scene = self.scene();
        let rules = vec![call.pass(number), call.rule(blow, None)];
        let rules = scene.stage.plant(rules);
        let context = format!("{blow:?} at {call:?} after {number}");
        let course = self.workflow().course;
        let code = match (course, blow) {
            // Of no consequence.
            _ if call.is_sign_of_life => 0,
            // Refused by STS, it is the credentials that lack a permission.
            (Course::Looking, _) if blow == Blow::Expired || call.service == "sts" => 7,
            (Course::Looking, _) => 1,
            (Course::Reversible, Blow::Refused) => 4,
            (Course::Undoing, Blow::Refused) => 5,
            _ => 3,
        };
        let done = scene.run(code);
        let fired = scene.stage.fired(&rules)[1];
        // A run that is over within two minutes does not renew its sign of life.
        assert!(
            fired > 0 || call.is_sign_of_life,
            "{}, {context}",
            self.workflow().name
        );
        scene.stage.calm();
        let mut count = Count {
            fired,
            ..Count::default()
        };
        if course == Course::Reversible && code == 4 {
            done.says("struck by the test");
            scene.stage.account.snapshot().must_be(&scene.before);
            count.undone = 1;
        } else {
            if course == Course::Looking {
                assert_eq!(scene.stage.home.runs().len(), 0);
                scene.stage.account.snapshot().must_be(&scene.before);
            }
            self.finish(&scene);
            self.must_be_whole(&scene, &context);
            count.whole = 1;
        }
        self.count(&format!("{blow:?} for good"), count);
    }

    /// Goes on with whatever was left, after all has become calm.
    pub(super) fn finish(&self, scene: &Scene) {
        let home = &scene.stage.home;
        for run in home.runs() {
            let status = run["status"].as_str().unwrap_or_default();
            if !["succeeded", "rolled_back"].contains(&status) {
                home.expect(0, &["resume", run["id"].as_str().expect("an id")]);
            }
        }
        if self.reaps() || self.workflow().course == Course::Looking {
            home.expect(0, &words(&scene.words));
        }
    }

    pub(super) fn reaps(&self) -> bool {
        self.workflow().name == "aurora reap"
    }
}

impl Scene {
    #[track_caller]
    pub(super) fn run(&self, code: i32) -> Done {
        self.stage.home.expect(code, &words(&self.words))
    }

    pub(super) fn likeness(&self) -> Likeness {
        Likeness::of(&self.stage.account.snapshot())
    }
}
