//! The stand-in for Kubernetes in a trial of a reset.

use std::fs;

use serde_json::Value;

use crate::command::harness::Home;
use crate::kubernetes::stage::Stage;

/// Gives a home two data centres, without a database: statements are noted.
pub(crate) fn furnish(home: &mut Home) {
    Stage::furnish(home, Value::Null);
}

/// The schema was dropped once, and every data centre restarted once.
pub(crate) fn must_be_reset(home: &Home) -> Result<(), String> {
    let path = home.path().join("kubernetes/state.json");
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let state: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if state["drops"] != 1 {
        return Err(format!("dropped {} times", state["drops"]));
    }
    for name in ["dc1", "dc2"] {
        let space = &state["clusters"][name]["keycloak"];
        let generation = &space["statefulset/keycloak"]["metadata"]["generation"];
        if *generation != 2 {
            return Err(format!("{name} is at generation {generation}"));
        }
        let pods = space.as_object().into_iter().flat_map(|space| space.keys());
        let left: Vec<_> = pods
            .filter(|key| key.starts_with("pod/stepwell-"))
            .collect();
        if !left.is_empty() {
            return Err(format!("pods are left in {name}: {left:?}"));
        }
    }
    Ok(())
}
