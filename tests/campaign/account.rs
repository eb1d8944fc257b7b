//! The account of a home, looked at from outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use stepwell_sandbox::{Account, Options, Time};

use super::ground::Ground;
use super::plan::EVER;
use super::work::Work;
use crate::command::harness::{Home, MAX};

/// A clock that stands still until it is told to leap.
struct Leap(AtomicU64);

impl Time for Leap {
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ready(()))
    }
}

/// What goes by itself after the run that made it go: an interface stays a
/// minute longer than its database instance.
const AFTERMATH: u64 = 120;

fn open(home: &Home) -> Account {
    let time = Arc::new(Leap(AtomicU64::new(0)));
    let account = Account::open(&home.sandbox(), Options::new(time.clone())).expect("the sandbox");
    time.0.store(AFTERMATH, Ordering::Relaxed);
    account
}

/// Everything that lives in the account, as it can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    inventory: Value,
    /// How many there are, by kind and name.
    census: BTreeMap<String, usize>,
}

impl Picture {
    /// What a home's account holds.
    pub(crate) fn of(home: &Home) -> Self {
        let account = open(home);
        let mut inventory = account.inventory().expect("inventory");
        without_signs(&mut inventory);
        let mut census = BTreeMap::new();
        let status = account.status().expect("status");
        for (region, resources) in status.regions {
            for resource in resources {
                // The name of a secret is drawn.
                let name = match resource.kind.as_str() {
                    "secret" => "",
                    _ => &resource.name,
                };
                let key = format!("{region} {} {name:?}", resource.kind);
                *census.entry(key).or_default() += 1;
            }
        }
        Self { inventory, census }
    }

    /// What there is more of than in another picture, and how many in all.
    pub(crate) fn more_than(&self, other: &Self) -> (Vec<String>, u64) {
        let mut all = 0;
        let mut more = Vec::new();
        for (key, &count) in &self.census {
            let wanted = other.census.get(key).copied().unwrap_or_default();
            if count > wanted {
                all += (count - wanted) as u64;
                more.push(format!("{key}: {count}, not {wanted}"));
            }
        }
        (more, all)
    }

    /// The same without what differs from one good run to the next: its id, the
    /// step (what a run took over bears another than what it made), and the
    /// address range, where it was drawn.
    fn neutral(&self, before: &Self) -> String {
        let mut text = self.inventory.to_string();
        let old = before.inventory.to_string();
        for run in values(&self.inventory, "stepwell:run") {
            if !old.contains(&run) {
                text = text.replace(&run, "RUN");
            }
        }
        for step in values(&self.inventory, "stepwell:step") {
            let tag = format!("\"stepwell:step\":\"{step}\"");
            text = text.replace(&tag, "\"stepwell:step\":\"STEP\"");
        }
        for range in values(&self.inventory, "cidr") {
            if !old.contains(&range)
                && let Some(net) = range.strip_suffix("0/24")
            {
                text = text.replace(net, "NET.");
            }
        }
        text
    }

    /// Whether it is what the same work makes of the same ground.
    pub(crate) fn is_like(&self, before: &Self, other: &(Self, Self)) -> bool {
        self.neutral(before) == other.1.neutral(&other.0)
    }

    /// What differs, for people: the parts of the one that are not in the other.
    pub(crate) fn differences(&self, before: &Self, other: &(Self, Self)) -> String {
        let parts = |text: &str| -> Vec<String> {
            (text.split_inclusive(['{', '}']))
                .map(str::to_owned)
                .collect()
        };
        let (own, wanted) = (
            parts(&self.neutral(before)),
            parts(&other.1.neutral(&other.0)),
        );
        let (left, right): (HashSet<_>, HashSet<_>) =
            (own.iter().collect(), wanted.iter().collect());
        let lines = |sign: &str, from: &[String], but: &HashSet<&String>| -> String {
            (from.iter().filter(|part| !but.contains(part)))
                .map(|part| format!("  {sign} {part}\n"))
                .collect()
        };
        lines("+", &own, &right) + &lines("-", &wanted, &left)
    }
}

/// The signs of life are left to time where a process dies, and no part of what
/// a run makes.
fn without_signs(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("stepwell:alive");
            fields.values_mut().for_each(without_signs);
        }
        Value::Array(items) => items.iter_mut().for_each(without_signs),
        _ => {}
    }
}

/// The texts under a key, anywhere.
fn values(value: &Value, key: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == key => vec![text.clone()],
                other => values(other, key),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| values(item, key)).collect(),
        _ => Vec::new(),
    }
}

/// The runs and the steps that the tags of what is there name as its makers.
pub(crate) fn makers(home: &Home) -> BTreeSet<(String, String)> {
    let status = open(home).status().expect("status");
    let resources = status.regions.into_values().flatten();
    let maker = |resource: stepwell_sandbox::Resource| {
        let tag = |name: &str| resource.tags.get(name).cloned();
        Some((tag("stepwell:run")?, tag("stepwell:step")?))
    };
    resources.filter_map(maker).collect()
}

/// How often the faults that were planted can still act.
pub(crate) fn unfired(home: &Home) -> u64 {
    let left = open(home).faults().expect("faults").into_iter();
    left.map(|rule| u64::from(rule.times.unwrap_or(EVER))).sum()
}

/// The account before and after the work, when nothing goes wrong.
pub(crate) fn complete(work: Work) -> Arc<(Picture, Picture)> {
    type Known = Mutex<HashMap<Work, Arc<(Picture, Picture)>>>;
    static KNOWN: OnceLock<Known> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(&work) {
        return found.clone();
    }
    let mut home = Home::new();
    let laid = work.ground().laid();
    laid.copy_to(&home);
    if let Some(password) = work.password() {
        home.set("AURORA_PASSWORD", password);
    }
    let before = Picture::of(&home);
    // A reset changes nothing in AWS.
    if work != Work::Reset {
        let words = work.words(&laid);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        home.expect(0, &[&MAX[..], &words].concat());
    }
    let pictures = Arc::new((before, Picture::of(&home)));
    if work.ground() == Ground::Empty {
        assert_eq!(pictures.0.census.len(), 0, "nothing is there before");
    }
    lock().insert(work, pictures.clone());
    pictures
}
