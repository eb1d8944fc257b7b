//! Death at any moment: dropped once, and Keycloak runs in the end.

use serde_json::json;

use super::api::Seen;
use super::site::{Site, together};

/// A reset that is killed as soon as something has happened is gone on with.
fn killed(moment: impl Fn(&Seen) -> bool + Sync) -> impl Fn() + Sync {
    move || {
        // Each part takes long enough to be met.
        let slow = json!({ "psql": { "drop": [{ "seconds": 0.6 }] }, "keycloak": { "up": 0.8, "down": 0.6 } });
        let centres = ["dc1", "dc2"].map(|name| (name, json!({ "behave": slow })));
        let Some(site) = Site::of(&centres) else {
            return;
        };
        let run = site.begin(&[]);
        site.until(&moment);
        let killed = run.kill();
        assert_eq!(killed.code, 137, "{killed:?}");
        assert_eq!(site.status(), "interrupted");
        site.resume(0).prints("restarted dc1,dc2");
        site.is_reset(2);
    }
}

#[test]
fn killed_before_the_drop() {
    together(&[
        (
            "looking",
            &killed(|seen| !seen.made("stepwell-look-").is_empty()),
        ),
        ("both are", &killed(|seen| !seen.patches("dc2").is_empty())),
        (
            "dropping",
            &killed(|seen| !seen.made("stepwell-reset-").is_empty()),
        ),
    ]);
}

#[test]
fn killed_after_the_drop() {
    together(&[
        ("dropped", &killed(|seen| seen.drops() == 1)),
        (
            "asked to start",
            &killed(|seen| seen.patches("dc1").len() == 2),
        ),
        (
            "the second is asked",
            &killed(|seen| seen.patches("dc2").len() == 2),
        ),
    ]);
}
