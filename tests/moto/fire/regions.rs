//! Faults in one of the regions of a workflow.

use serde_json::json;

use super::tally::Count;
use super::trial::Trial;
use crate::moto::account::REGION;

impl Trial<'_> {
    /// A region can't be reached for some calls, from its first effect on.
    pub(super) fn region_away(&self, region: &str) {
        let scene = self.scene();
        let rules = vec![
            json!({ "region": region, "times": self.until_effect_in(region) }),
            json!({ "region": region, "times": 6, "reset": true }),
        ];
        let rules = scene.stage.plant(rules);
        scene.run(0);
        let fired = scene.stage.fired(&rules)[1];
        scene.stage.calm();
        assert_eq!(fired, 6);
        self.must_be_whole(&scene, &format!("{region} is away"));
        let count = Count {
            fired,
            whole: 1,
            ..Count::default()
        };
        self.count("one of two regions away", count);
    }

    /// A region does not take the credentials, as one that is not enabled for
    /// the account: from its first effect on, or from the beginning.
    pub(super) fn region_closed(&self, region: &str) {
        let reaps = self.reaps();
        let passed = if reaps {
            0
        } else {
            self.until_effect_in(region)
        };
        let scene = self.scene();
        let closed = json!({ "error": { "code": "AuthFailure", "status": 401 } });
        let mut rules = vec![json!({ "region": region, "times": passed }), closed];
        rules[1]["region"] = json!(region);
        if reaps {
            // Which account it is and which regions there are has to be asked
            // somewhere.
            rules.insert(0, json!({ "service": "sts" }));
            rules.insert(0, json!({ "operation": "DescribeRegions" }));
        }
        let last = rules.len() - 1;
        let rules = scene.stage.plant(rules);
        // Where the region that is asked first takes no credentials, none does.
        let code = match region {
            _ if !reaps => 3,
            REGION => 7,
            // It was named, and could not be looked at.
            _ => 1,
        };
        let done = scene.run(code);
        let fired = scene.stage.fired(&rules)[last];
        scene.stage.calm();
        assert!(fired > 0);
        if code == 1 {
            done.says(region);
        }
        self.finish(&scene);
        self.must_be_whole(&scene, &format!("{region} is closed"));
        let count = Count {
            fired,
            whole: 1,
            ..Count::default()
        };
        self.count("one of two regions closed", count);
    }

    /// How many calls go to a region before the first that has an effect.
    fn until_effect_in(&self, region: &str) -> usize {
        let sequence = self.undisturbed().sequence.iter();
        let mut there = sequence.filter(|call| call.region == region);
        let found = there.position(|call| call.mutates() && !call.is_sign_of_life);
        found.expect("an effect in the region")
    }
}
