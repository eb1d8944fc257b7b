//! A simulated account with the engine on it, in virtual time.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::shared::IntoShared as _;
use stepwell_engine::event::{Actor, OnFailure, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    BoxFuture, Clock, Event, Executor, Graph, Journal, JournalError, MemoryJournal, NoObserver,
    Report, RunError, RunId, Stop, Timestamp, TokioClock,
};
use stepwell_sandbox::{Account, Call, Hook, Options, Resource, Time, Verdict};
use stepwell_workflows::aurora::{
    CreateOptions, DeleteOptions, DeleteParameters, create_graph, delete_graph, survey_create,
    survey_delete,
};
use stepwell_workflows::{Aws, AwsSettings, Secret, SurveyError, Workflow};

pub(crate) const REGION: &str = "eu-west-1";

/// The engine's clock as the sandbox's time: both jump together.
struct VirtualTime(Arc<dyn Clock>);

impl Time for VirtualTime {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(duration)
    }
}

/// A clock whose random numbers follow from a seed, so that a run can be
/// repeated to the last call. The first ones may be zero, so that processes
/// draw alike.
struct Seeded {
    inner: Arc<dyn Clock>,
    zeros: AtomicU64,
    state: AtomicU64,
}

impl Seeded {
    fn clock(inner: Arc<dyn Clock>, seed: u64, zeros: u64) -> Arc<dyn Clock> {
        Arc::new(Self {
            inner,
            zeros: AtomicU64::new(zeros),
            state: AtomicU64::new(seed),
        })
    }
}

impl Clock for Seeded {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        let fewer = |left: u64| left.checked_sub(1);
        if self
            .zeros
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            return 0;
        }
        // SplitMix64.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .state
            .fetch_add(STEP, Ordering::SeqCst)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// An account and what talks to it.
pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) aws: Aws,
    pub(crate) clock: Arc<dyn Clock>,
    runs: AtomicU64,
}

/// What is wanted of the next run.
pub(crate) struct Wanted {
    pub(crate) on_failure: OnFailure,
    pub(crate) parallel: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::Rollback,
            parallel: 16,
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Seeded::clock(Arc::new(TokioClock::paused()), 1, 0);
        let mut options = Options::new(Arc::new(VirtualTime(clock.clone())));
        change(&mut options);
        let account = Account::in_memory(options);
        let aws = connect(&account, &clock, None).await;
        Self {
            account,
            aws,
            clock,
            runs: AtomicU64::new(1),
        }
    }

    /// An executor over a journal, as a fresh process would have it.
    pub(crate) fn executor(&self, journal: Arc<dyn Journal>) -> Executor {
        Executor {
            journal,
            clock: self.clock.clone(),
            observer: Arc::new(NoObserver),
            stop: Stop::never(),
        }
    }

    pub(crate) fn run_id(&self) -> RunId {
        RunId::from_u128(u128::from(self.runs.fetch_add(1, Ordering::Relaxed)))
    }

    /// Surveys and runs a create.
    pub(crate) async fn create(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        options: CreateOptions,
        wanted: Wanted,
    ) -> Result<Report, RunError> {
        let request = options.validate(None).expect("valid options");
        let parameters = survey_create(&self.aws, &request).await.expect("survey");
        let graph = create_graph(&parameters).expect("graph");
        let created = self.created(
            Workflow::AuroraCreate,
            parameters.target(),
            serde_json::to_value(&parameters).expect("parameters"),
            &graph,
            wanted,
        );
        self.executor(journal)
            .start(run, created, &graph, Arc::new(self.aws.clone()))
            .await
    }

    /// Looks for what a delete would take.
    pub(crate) async fn survey_delete(
        &self,
        snapshot: Option<&str>,
    ) -> Result<DeleteParameters, SurveyError> {
        let request = DeleteOptions {
            cluster: "keycloak".to_owned(),
            region: REGION.to_owned(),
            final_snapshot: snapshot.map(str::to_owned),
        }
        .validate()
        .expect("valid options");
        survey_delete(&self.aws, &request).await
    }

    /// Runs a delete of what was found.
    pub(crate) async fn delete(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        parameters: &DeleteParameters,
    ) -> Result<Report, RunError> {
        let graph = delete_graph(parameters).expect("graph");
        let created = self.created(
            Workflow::AuroraDelete,
            parameters.target(),
            serde_json::to_value(parameters).expect("parameters"),
            &graph,
            Wanted {
                on_failure: OnFailure::Suspend,
                ..Wanted::default()
            },
        );
        self.executor(journal)
            .start(run, created, &graph, Arc::new(self.aws.clone()))
            .await
    }

    fn created(
        &self,
        workflow: Workflow,
        target: String,
        parameters: serde_json::Value,
        graph: &Graph<Aws>,
        wanted: Wanted,
    ) -> RunCreated {
        RunCreated {
            workflow: workflow.name().to_owned(),
            target,
            account: serde_json::json!({"kind": "sandbox"}),
            parameters,
            fingerprint: graph.fingerprint().to_owned(),
            reversible: workflow.reversible(),
            on_failure: wanted.on_failure,
            parallel: wanted.parallel,
            by: actor(),
            steps: Vec::new(),
            output: None,
        }
    }

    /// Takes up a run as a fresh process would: from its history alone.
    pub(crate) async fn resume(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, RunError> {
        let events = journal.load(run).await?;
        let graph = rebuild(&events);
        self.executor(journal)
            .resume(&events, actor(), &graph, Arc::new(self.aws.clone()))
            .await
    }

    /// Takes up a run to undo it.
    pub(crate) async fn rollback(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, RunError> {
        let events = journal.load(run).await?;
        let graph = rebuild(&events);
        self.executor(journal)
            .rollback(&events, actor(), &graph, Arc::new(self.aws.clone()))
            .await
    }

    /// How many of each kind of resource there are, and in which state.
    pub(crate) fn census(&self) -> BTreeMap<String, usize> {
        let mut census = BTreeMap::new();
        for resource in self.resources() {
            let key = format!("{} {}", resource.kind, resource.state);
            *census.entry(key).or_default() += 1;
        }
        census
    }

    /// All resources of all regions.
    pub(crate) fn resources(&self) -> Vec<Resource> {
        let status = self.account.status().expect("status");
        status.regions.into_values().flatten().collect()
    }

    /// The same account as another process sees it, whose random numbers begin
    /// with zeros.
    pub(crate) async fn other_process(&self, zeros: u64) -> Self {
        let seed = self.runs.fetch_add(1, Ordering::Relaxed);
        let clock = Seeded::clock(self.clock.clone(), seed, zeros);
        Self {
            account: self.account.clone(),
            aws: connect(&self.account, &clock, None).await,
            clock,
            runs: AtomicU64::new(1_000_000),
        }
    }
}

pub(crate) async fn connect(
    account: &Account,
    clock: &Arc<dyn Clock>,
    password: Option<Secret>,
) -> Aws {
    Aws::connect(AwsSettings {
        http_client: Some(account.http_client().into_shared()),
        fixed_credentials: true,
        endpoint_url: None,
        clock: clock.clone(),
        password,
    })
    .await
}

fn rebuild(events: &[Event]) -> Graph<Aws> {
    let stepwell_engine::event::EventBody::RunCreated(created) = &events[0].body else {
        panic!("no beginning");
    };
    stepwell_workflows::rebuild(&created.workflow, &created.parameters).expect("rebuild")
}

pub(crate) fn actor() -> Actor {
    Actor {
        host: "test".to_owned(),
        user: "test".to_owned(),
        pid: 1,
        version: "test".to_owned(),
    }
}

pub(crate) fn options(instances: u32) -> CreateOptions {
    CreateOptions {
        cluster: "keycloak".to_owned(),
        region: REGION.to_owned(),
        instances,
        instance_class: "db.r7g.xlarge".to_owned(),
        engine: "aurora-postgresql".to_owned(),
        engine_version: "17.5".to_owned(),
        zones: Vec::new(),
        vpc_cidr: None,
        username: "keycloak".to_owned(),
        database: "keycloak".to_owned(),
        deletion_protection: false,
        tags: Vec::new(),
        subnet_group_name: None,
        security_group_name: None,
    }
}

pub(crate) fn memory() -> Arc<MemoryJournal> {
    Arc::new(MemoryJournal::new())
}

pub(crate) fn ended_well(report: &Report) -> bool {
    report.status == Status::Ended(stepwell_engine::event::End::Succeeded)
}

pub(crate) fn rolled_back(report: &Report) -> bool {
    report.status == Status::Ended(stepwell_engine::event::End::RolledBack)
}

/// Where a crash strikes an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Nothing of the batch is recorded.
    Before,
    /// The batch is recorded and nobody hears of it.
    After,
}

/// A journal whose process dies at the n-th append (from 1): the append never
/// returns.
pub(crate) struct Dying {
    pub(crate) inner: Arc<MemoryJournal>,
    at: u64,
    strike: Strike,
    appends: AtomicU64,
    died: tokio::sync::Notify,
}

impl Dying {
    pub(crate) fn new(inner: Arc<MemoryJournal>, at: u64, strike: Strike) -> Arc<Self> {
        Arc::new(Self {
            inner,
            at,
            strike,
            appends: AtomicU64::new(0),
            died: tokio::sync::Notify::new(),
        })
    }

    pub(crate) fn appends(&self) -> u64 {
        self.appends.load(Ordering::SeqCst)
    }
}

impl Journal for Dying {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let number = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
            if number != self.at {
                return self.inner.append(events).await;
            }
            if self.strike == Strike::After {
                self.inner.append(events).await?;
            }
            self.died.notify_one();
            std::future::pending().await
        })
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}

/// Runs `work` until it ends or the process of `journal` dies.
pub(crate) async fn until_death<T>(journal: &Dying, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = journal.died.notified() => None,
        result = work => Some(result),
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Refused for good, without effect.
    Refused,
    /// Throttled.
    Throttled,
    /// The connection is reset before the effect.
    ResetBefore,
    /// The answer is lost after the effect.
    Lost,
    /// The credentials have expired.
    Expired,
    /// The process dies before the effect.
    DeathBefore,
    /// The process dies after the effect.
    DeathAfter,
}

/// Strikes the n-th call (from 1) that counts, once.
pub(crate) struct Striker {
    at: u64,
    blow: Blow,
    mutating_only: bool,
    seen: Mutex<Seen>,
    pub(crate) died: tokio::sync::Notify,
}

#[derive(Default)]
struct Seen {
    counted: u64,
    struck: Option<(u64, String)>,
}

impl Striker {
    pub(crate) fn new(at: u64, blow: Blow, mutating_only: bool) -> Arc<Self> {
        Arc::new(Self {
            at,
            blow,
            mutating_only,
            seen: Mutex::default(),
            died: tokio::sync::Notify::new(),
        })
    }

    pub(crate) fn counted(&self) -> u64 {
        self.seen.lock().unwrap().counted
    }

    /// The operation that was struck.
    pub(crate) fn struck(&self) -> Option<String> {
        Some(self.seen.lock().unwrap().struck.as_ref()?.1.clone())
    }
}

impl Hook for Striker {
    fn before(&self, call: &Call) -> Verdict {
        if self.mutating_only && !call.mutates {
            return Verdict::Proceed;
        }
        let mut seen = self.seen.lock().unwrap();
        seen.counted += 1;
        if seen.counted != self.at {
            return Verdict::Proceed;
        }
        seen.struck = Some((call.number, call.operation.clone()));
        let error = |code: &str, status: u16| Verdict::Error {
            code: code.to_owned(),
            status,
            message: "struck by the test".to_owned(),
        };
        match self.blow {
            Blow::Refused => error("InvalidParameterCombination", 400),
            Blow::Throttled => error("Throttling", 400),
            Blow::Expired => error("ExpiredToken", 403),
            Blow::ResetBefore => Verdict::Lose,
            Blow::DeathBefore => {
                self.died.notify_one();
                Verdict::Hang
            }
            Blow::Lost | Blow::DeathAfter => Verdict::Proceed,
        }
    }

    fn after(&self, call: &Call) -> Verdict {
        let seen = self.seen.lock().unwrap();
        if seen.struck.as_ref().map(|(number, _)| *number) != Some(call.number) {
            return Verdict::Proceed;
        }
        match self.blow {
            Blow::Lost => Verdict::Lose,
            Blow::DeathAfter => {
                self.died.notify_one();
                Verdict::Hang
            }
            _ => Verdict::Proceed,
        }
    }
}

pub(crate) fn timestamps_are_ordered(events: &[Event]) -> bool {
    events
        .windows(2)
        .all(|pair| pair[0].at <= pair[1].at && pair[0].at > Timestamp(0))
}
