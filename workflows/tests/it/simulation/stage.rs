//! What the scenarios of one thread share: prepared accounts, and clients that
//! are dear to make.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use stepwell_engine::event::OnFailure;
use stepwell_engine::{BoxFuture, Clock, Timestamp};
use stepwell_sandbox::{Account, Options};
use stepwell_workflows::Aws;
use stepwell_workflows::rosa::RosaNetwork;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::ledger::Ledger;
use super::network::Network;
use super::play;
use super::scenario::Scenario;
use super::subject::{Planned, Subject};
use crate::clock::{Still, VirtualTime};
use crate::restore;
use crate::support::{World, connect_through};

/// When every scenario begins.
const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// The regions of the simulated accounts: those that the subjects use.
const REGIONS: [&str; 3] = ["eu-central-1", "eu-west-1", "us-east-1"];

/// Virtual time and random numbers of one scenario after the other.
pub(crate) struct Simulated {
    origin: Mutex<Option<Instant>>,
    state: AtomicU64,
}

impl Simulated {
    /// Begins anew, inside the runtime of a scenario.
    fn begin(&self, seed: u64) {
        *self.origin.lock().expect("the origin") = Some(Instant::now());
        self.state.store(seed, Ordering::SeqCst);
    }
}

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        BEGINNING.plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        let origin = *self.origin.lock().expect("the origin");
        origin.map_or(Duration::ZERO, |origin| origin.elapsed())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        duration
    }

    fn random(&self) -> u64 {
        stepwell_testkit::mix(
            self.state
                .fetch_add(stepwell_testkit::STEP, Ordering::SeqCst),
        )
    }
}

/// The ground of a subject, and how it looks after the workflow.
pub(crate) struct Prepared {
    account: Account,
    rosa: Option<RosaNetwork>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) before: Value,
    /// What is seen after a run in which nothing went wrong.
    pub(crate) seen: Value,
}

/// What a thread needs to play scenarios.
pub(crate) struct Stage {
    network: Network,
    clock: Arc<Simulated>,
    with_password: Aws,
    without: Aws,
    prepared: BTreeMap<Subject, Arc<Prepared>>,
}

/// A runtime of one thread whose time is virtual.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

impl Stage {
    pub(crate) fn new() -> Self {
        let network = Network::default();
        let clock = Arc::new(Simulated {
            origin: Mutex::new(None),
            state: AtomicU64::new(0),
        });
        let aws = |password| {
            let clock: Arc<dyn Clock> = clock.clone();
            runtime().block_on(connect_through(network.clone(), &clock, password))
        };
        Self {
            with_password: aws(Some(restore::password())),
            without: aws(None),
            network,
            clock,
            prepared: BTreeMap::new(),
        }
    }

    /// The ground of a subject; made when it is asked for first.
    pub(crate) fn prepare(&mut self, subject: Subject) -> Arc<Prepared> {
        if let Some(prepared) = self.prepared.get(&subject) {
            return prepared.clone();
        }
        let mut prepared = runtime().block_on(async {
            let world = subject.ground().await;
            // What is on its way comes to rest.
            world.clock.sleep(Duration::from_secs(3600)).await;
            Prepared {
                account: world
                    .account
                    .fork(Options::new(Arc::new(Still)))
                    .expect("a fork"),
                rosa: world.rosa.get().cloned(),
                planned: subject.survey(&world).await.expect("survey"),
                before: crate::trial::inventory(&world),
                seen: Value::Null,
            }
        });
        let undisturbed = Scenario {
            seed: 1,
            subject,
            speed: 600.0,
            on_failure: OnFailure::Rollback,
            parallel: 16,
            surveys: false,
            troubles: Vec::new(),
            lives: Vec::new(),
            forgets: false,
        };
        prepared.seen = play::undisturbed(self, &prepared, &undisturbed);
        let prepared = Arc::new(prepared);
        self.prepared.insert(subject, prepared.clone());
        prepared
    }

    /// The world of a scenario. Must be called inside of its runtime.
    pub(crate) fn world(
        &self,
        prepared: &Prepared,
        scenario: &Scenario,
        ledger: Arc<Ledger>,
    ) -> World {
        self.clock.begin(scenario.seed);
        let clock: Arc<dyn Clock> = self.clock.clone();
        let options = Options {
            speed: scenario.speed,
            consistency_window: Duration::from_secs(2).mul_f64(scenario.speed),
            regions: Some(REGIONS.map(str::to_owned).to_vec()),
            ..Options::new(Arc::new(VirtualTime(clock.clone())))
        };
        let account = prepared.account.fork(options).expect("a fork");
        self.network.lead_to(
            account.clone(),
            stepwell_testkit::mix(scenario.seed),
            ledger,
        );
        let aws = if scenario.subject.has_password() {
            &self.with_password
        } else {
            &self.without
        };
        let world = World::of(account, aws.clone(), clock);
        if let Some(rosa) = &prepared.rosa {
            world.rosa.set(rosa.clone()).expect("once");
        }
        world
    }
}
