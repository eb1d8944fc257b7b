//! The stand-in for Kubernetes in a trial of a reset.

use std::fs;

use serde_json::Value;

use crate::command::harness::Home;
use crate::kubernetes::stage::install;

/// Gives a home two data centres, without a database: statements are noted.
pub(crate) fn furnish(home: &mut Home) {
    install(home, &Value::Null);
}

/// The schema was dropped once, and Keycloak runs in every data centre, in new pods.
pub(crate) fn must_be_reset(home: &Home) -> Result<(), String> {
    let path = home.path().join("kubernetes/state.json");
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let state: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if state["drops"] != 1 {
        return Err(format!("dropped {} times", state["drops"]));
    }
    for name in ["dc1", "dc2"] {
        let space = &state["clusters"][name]["keycloak"];
        let set = &space["statefulset/keycloak"];
        // Stopped and started again, as often as each.
        let generation = set["metadata"]["generation"].as_u64().unwrap_or(0);
        if generation < 3 || generation.is_multiple_of(2) {
            return Err(format!("{name} is at generation {generation}"));
        }
        if set["spec"]["replicas"] != 2 {
            return Err(format!("{name} has {} pods", set["spec"]["replicas"]));
        }
        for number in 0..2 {
            let pod = &space[format!("pod/keycloak-{number}")];
            if pod.is_null() || pod["metadata"]["uid"] == format!("{name}-{number}") {
                return Err(format!("pod {number} of {name} is not a new one: {pod}"));
            }
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
