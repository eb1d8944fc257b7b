//! Death at random moments while calls go wrong at random.

use serde_json::json;

use super::blows::Blow;
use super::tally::Count;
use super::trial::{Scene, Trial};
use super::workflows::{Course, words};
use crate::moto::crash::{KILLS, cast, kill};

impl Trial<'_> {
    /// The process dies at random moments while calls go wrong at random.
    pub(super) fn killed(&self) {
        let scene = self.scene();
        let struck = |blow: Blow, service: &str, probability: f64| {
            let mut rule = blow.effect(service);
            rule["service"] = json!(service);
            rule["probability"] = json!(probability);
            rule
        };
        let rules = vec![
            struck(Blow::Throttled, "ec2", 0.06),
            struck(Blow::Throttled, "rds", 0.06),
            struck(Blow::Unavailable, "ec2", 0.02),
            struck(Blow::Unavailable, "rds", 0.02),
            struck(Blow::Reset, "*", 0.02),
            struck(Blow::Lost, "*", 0.06),
            struck(Blow::Truncated, "*", 0.03),
        ];
        let rules = scene.stage.plant(rules);
        let mut dice = cast();
        let mut kills = 0;
        while kills < KILLS as u64 {
            let Some(next) = self.next(&scene) else { break };
            kill(scene.stage.home.command(&words(&next)), &mut dice, 24);
            kills += 1;
        }
        if let Some(next) = self.next(&scene) {
            scene.stage.home.expect(0, &words(&next));
        }
        let fired = scene.stage.fired(&rules).iter().sum();
        scene.stage.calm();
        self.must_be_whole(&scene, "killed");
        let count = Count {
            fired,
            kills,
            whole: 1,
            ..Count::default()
        };
        self.count("killed at random", count);
    }

    /// What a person would type next; nothing if it is done.
    fn next(&self, scene: &Scene) -> Option<Vec<String>> {
        let workflow = self.workflow();
        let undoing = workflow.course == Course::Undoing;
        let latest = scene.stage.latest();
        let status = latest
            .as_ref()
            .map(|run| run["status"].as_str().unwrap_or_default());
        match status {
            // A process may die before there is a run: then it is begun again.
            // Reaping is several runs, and takes up each that was left.
            None => Some(scene.words.clone()),
            Some(_) if self.reaps() => {
                let is_over = scene.likeness() == self.undisturbed().end;
                (!is_over).then(|| scene.words.clone())
            }
            Some("succeeded") if undoing => Some(scene.words.clone()),
            Some("rolled_back") if undoing => None,
            Some("succeeded") => None,
            Some(_) => Some(vec!["resume".to_owned(), "latest".to_owned()]),
        }
    }
}
