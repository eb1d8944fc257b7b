//! How often each effect was carried out.

use std::collections::BTreeMap;

use serde_json::json;

use super::blows::Call;
use super::trial::Undisturbed;
use crate::moto::stage::Stage;

/// What may be asked for again: a rollback takes away by its id what it knows to
/// have made, and what is gone can't be taken away twice; and the password of a
/// cluster can't be read, so one that may not have been set is set again.
const REPEATABLE: [&str; 4] = ["Delete", "Disassociate", "Revoke", "ModifyDBCluster"];

/// Counts the calls with an effect that get through to moto unharmed.
pub(super) struct Carried<'a> {
    stage: &'a Stage,
    effects: Vec<(&'static Call, u64)>,
    rules: Vec<u64>,
}

impl<'a> Carried<'a> {
    /// From now on. The rules that strike have to be planted before, because
    /// the first that fits a call is the only one for it.
    pub(super) fn watch(stage: &'a Stage, undisturbed: &'static Undisturbed) -> Self {
        let effects = undisturbed.effects().map(|(call, count)| (call, *count));
        let effects: Vec<_> = effects.collect();
        let rules = effects.iter().map(|(call, _)| call.matched(json!({})));
        let rules = stage.plant(rules.collect());
        Self {
            stage,
            effects,
            rules,
        }
    }

    /// With those that were carried out and harmed afterwards, each effect was
    /// carried out as often as in the undisturbed run, and no more.
    pub(super) fn must_be_once<'b>(&self, harmed: impl IntoIterator<Item = (&'b Call, u64)>) {
        let mut carried: BTreeMap<&Call, u64> = BTreeMap::new();
        for (call, count) in harmed {
            *carried.entry(call).or_default() += count;
        }
        let unharmed = self.stage.fired(&self.rules);
        for ((call, count), unharmed) in self.effects.iter().zip(unharmed) {
            let carried = unharmed + carried.get(call).copied().unwrap_or_default();
            let repeatable = (REPEATABLE.iter()).any(|verb| call.operation.starts_with(verb));
            assert!(
                carried == *count || repeatable && carried > *count,
                "{call:?} was carried out {carried} times, not {count}"
            );
        }
    }
}
