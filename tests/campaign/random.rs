//! The random campaign.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::asked_for;
use super::plan::Plan;
use super::shrink::{shrink, told};
use super::tally::Tally;
use super::trial::{Failure, attempt};
use stepwell_testkit::Chance;

/// How many trials go on at a time, where nothing else is asked for: they wait
/// for most of it.
const LANES: u64 = 6;

/// How often the campaign says how it goes.
const NEWS: Duration = Duration::from_secs(30);

/// How long, how hard, and from where.
struct Campaign {
    /// How many trials with as many kills as are asked for.
    runs: u64,
    minutes: Option<u64>,
    kills: u32,
    seed: u64,
    lanes: u64,
}

impl Campaign {
    fn asked_for() -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
        let minutes = asked_for("STEPWELL_CAMPAIGN_MINUTES");
        let runs = asked_for("STEPWELL_CAMPAIGN_RUNS");
        Self {
            runs: runs.unwrap_or(if minutes.is_some() { u64::MAX } else { 8 }),
            lanes: asked_for("STEPWELL_CAMPAIGN_LANES").unwrap_or(LANES),
            minutes,
            kills: asked_for("STEPWELL_CAMPAIGN_KILLS")
                .map_or(3, |kills| u32::try_from(kills).expect("few kills")),
            seed: asked_for("STEPWELL_CAMPAIGN_SEED").unwrap_or(now.as_millis() as u64 % 1_000_000),
        }
    }
}

/// What the lanes share.
struct Shared {
    tally: Tally,
    next: u64,
    failure: Option<(Plan, Failure)>,
    told: Instant,
}

#[test]
fn random_trials_end_complete_or_as_before() {
    let campaign = Campaign::asked_for();
    let start = Instant::now();
    let shared = Mutex::new(Shared {
        tally: Tally::default(),
        next: 0,
        failure: None,
        told: start,
    });
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let is_over = |shared: &Shared| {
        let late = (campaign.minutes).is_some_and(|most| start.elapsed().as_secs() >= most * 60);
        shared.failure.is_some() || shared.tally.full >= campaign.runs || late
    };
    println!(
        "campaign: seed {}, {} kills or more in each trial",
        campaign.seed, campaign.kills
    );
    let lane = || {
        loop {
            let number = {
                let mut shared = lock();
                if is_over(&shared) {
                    return;
                }
                shared.next += 1;
                shared.next
            };
            // The trial of a number is the same in every campaign of its seed.
            let seed = match number {
                1 => campaign.seed,
                number => Chance::new(campaign.seed ^ number.rotate_left(32)).draw(),
            };
            let plan = Plan::draw(seed, campaign.kills);
            let result = attempt(&plan);
            let mut shared = lock();
            match result {
                Ok(record) => shared.tally.add(&plan, &record, campaign.kills),
                Err(failure) => {
                    println!("campaign: seed {seed} failed: {}", failure.why);
                    shared.tally.failed(&failure);
                    shared.failure.get_or_insert((plan, failure));
                }
            }
            if shared.told.elapsed() > NEWS {
                shared.told = Instant::now();
                println!(
                    "campaign, after {} s: {}",
                    start.elapsed().as_secs(),
                    shared.tally
                );
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..campaign.lanes {
            scope.spawn(lane);
        }
    });
    let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tally = &shared.tally;
    println!(
        "campaign of seed {}: {}",
        campaign.seed,
        tally.summary(campaign.kills, start.elapsed())
    );
    if let Some((plan, failure)) = shared.failure {
        let (plan, failure) = shrink(plan, failure);
        panic!("{}", told(&plan, &failure));
    }
    assert!(tally.full >= campaign.runs.min(1), "{tally}");
    assert!(
        tally.kills >= tally.full * u64::from(campaign.kills),
        "{tally}"
    );
    assert!(tally.trials == tally.complete + tally.as_before, "{tally}");
    if tally.trials >= 10 && campaign.kills > 0 {
        assert!(tally.fired > 0 && tally.complete > 0, "{tally}");
    }
}
