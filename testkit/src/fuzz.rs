//! Random tests: how many cases there are, and what became of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::ProptestConfig;
use proptest::strategy::Strategy;
use proptest::test_runner::{TestError, TestRunner};

/// What became of the cases of one test.
pub struct Tally(RefCell<BTreeMap<String, u64>>);

impl Tally {
    /// Counts one of a kind.
    pub fn count(&self, kind: impl Into<String>) {
        *self.0.borrow_mut().entry(kind.into()).or_default() += 1;
    }
}

/// How many cases a test tries: as many as `STEPWELL_FUZZ_CASES` or
/// `PROPTEST_CASES` says, else `default`, which suits each commit.
pub fn cases(default: u32) -> u32 {
    let set = |name| std::env::var(name).ok()?.parse().ok();
    ["STEPWELL_FUZZ_CASES", "PROPTEST_CASES"]
        .into_iter()
        .find_map(set)
        .unwrap_or(default)
}

/// Tries random cases, shrinks the first that fails, and says how many there
/// were of each kind. Each of `kinds` has to come up, in one of two hundred
/// cases: a generator that makes nothing but garbage tests nothing.
///
/// # Panics
/// When a case fails, or one of `kinds` came up too seldom.
#[track_caller]
pub fn fuzz<S: Strategy>(
    what: &str,
    default: u32,
    kinds: &[&str],
    strategy: S,
    test: impl Fn(S::Value, &Tally),
) {
    let tally = Tally(RefCell::default());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases(default),
        // Findings become tests of their own; nothing is written to the source.
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let tried = RefCell::new(0_u64);
    let result = runner.run(&strategy, |case| {
        *tried.borrow_mut() += 1;
        test(case, &tally);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("{what}: no cases: {why}"),
        Err(TestError::Fail(why, case)) => panic!("{what}: {why}\nthe least case: {case:?}"),
    }
    let (tried, tally) = (tried.into_inner(), tally.0.into_inner());
    let of: Vec<String> = (tally.iter())
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    println!("{what}: {tried} random cases: {}", of.join(", "));
    for kind in kinds {
        let count = tally.get(*kind).copied().unwrap_or(0);
        assert!(
            count >= (tried / 200).max(1),
            "{what}: {kind} came up {count} times in {tried} cases"
        );
    }
}
