//! A simulated account with the engine on it, in virtual time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpClient;
use aws_smithy_runtime_api::shared::IntoShared as _;
use stepwell_engine::event::{Actor, OnFailure, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Clock, Event, Executor, Graph, GraphError, Journal, MemoryJournal, PlannedStep, Planner,
    Registry, Report, RollbackRequest, RunError, RunId, Stop, Timestamp, TokioClock,
};
use stepwell_sandbox::{Account, FaultEffect, FaultRule, Options, Reply, Resource};
use stepwell_workflows::aurora::{
    CreateOptions, CreateParameters, DeleteOptions, DeleteParameters, Origin, SignsOfLife,
    create_graph, delete_graph, survey_create, survey_delete,
};
use stepwell_workflows::rosa::RosaNetwork;
use stepwell_workflows::{Aws, AwsSettings, Recorded, Secret, SurveyError, Workflow};

use crate::clock::{Seeded, VirtualTime};
use crate::detached::detached;

pub(crate) const REGION: &str = "eu-west-1";

/// An account and what talks to it.
pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) aws: Aws,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where ROSA is, where a test laid out a network for it.
    pub(crate) rosa: OnceLock<RosaNetwork>,
    /// How what runs in it may be stopped.
    pub(crate) stop: Stop,
    /// How many simulated seconds go by in one of the clock.
    pub(crate) speed: f64,
    password: Option<Secret>,
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
        let speed = options.speed;
        let account = Account::in_memory(options);
        let aws = connect(&account, &clock, None).await;
        Self {
            speed,
            ..Self::of(account, aws, clock)
        }
    }

    /// Has calls of an operation fail with a code: so many, or all.
    pub(crate) fn fails(&self, operation: &str, code: &str, times: Option<u32>) {
        let rule = FaultRule {
            operation: operation.to_owned(),
            matches: Vec::new(),
            times,
            effect: FaultEffect::Error {
                code: code.to_owned(),
            },
        };
        self.account.add_fault(rule).expect("a fault");
    }

    /// The world that these make up.
    pub(crate) fn of(account: Account, aws: Aws, clock: Arc<dyn Clock>) -> Self {
        Self {
            account,
            aws,
            clock,
            rosa: OnceLock::new(),
            stop: Stop::never(),
            speed: 1.0,
            password: None,
            runs: AtomicU64::new(1),
        }
    }

    /// One in which what takes minutes takes seconds, and reads miss what is
    /// young for as long as ever: cheap, because there is less to poll.
    pub(crate) async fn hurried() -> Self {
        const SPEED: u32 = 30;
        Self::with(|options| {
            options.speed = f64::from(SPEED);
            options.consistency_window *= SPEED;
        })
        .await
    }

    /// The same with a password that a person gave.
    pub(crate) async fn with_password(mut self, text: &str) -> Self {
        let password = Secret::new(text.to_owned());
        self.aws = connect(&self.account, &self.clock, Some(password.clone())).await;
        self.password = Some(password);
        self
    }

    /// The same with none.
    pub(crate) async fn without_password(mut self) -> Self {
        self.aws = connect(&self.account, &self.clock, None).await;
        self.password = None;
        self
    }

    /// The same with requests that arrive also when nobody waits for their
    /// answers any more, as those of a real network do.
    pub(crate) async fn detached(mut self) -> Self {
        let http = detached(&self.account);
        self.aws = connect_through(http, &self.clock, self.password.clone()).await;
        self
    }

    /// A call of EC2 or RDS by somebody else.
    pub(crate) async fn call(&self, service: &str, form: &str) -> String {
        self.call_in(REGION, service, form).await
    }

    /// The same in any region.
    pub(crate) async fn call_in(&self, region: &str, service: &str, form: &str) -> String {
        let version = match service {
            "ec2" => "2016-11-15",
            _ => "2014-10-31",
        };
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=x/20260101/{region}/{service}/aws4_request");
        let request = http::Request::post(format!("https://{service}.{region}.amazonaws.com/"))
            .header("authorization", credential)
            .body(format!("{form}&Version={version}").into())
            .expect("request");
        let Reply::Response(answer) = self.account.handle(request).await else {
            panic!("{form}: no answer");
        };
        assert!(answer.status().is_success(), "{form}: {answer:?}");
        String::from_utf8_lossy(answer.body()).into_owned()
    }

    /// An executor over a journal, as a fresh process would have it.
    pub(crate) fn executor(&self, journal: Arc<dyn Journal>) -> Executor<Aws> {
        Executor {
            clock: self.clock.clone(),
            stop: self.stop.clone(),
            ..Executor::new(registry(), Arc::new(self.aws.clone()), journal)
        }
    }

    /// What a new run of the graph would do.
    pub(crate) async fn plan(&self, graph: &Graph) -> Vec<PlannedStep> {
        self.plan_of(self.run_id(), graph, &[]).await
    }

    /// What a run of the graph would do, looking again after each of the pauses.
    pub(crate) async fn plan_of(
        &self,
        run: RunId,
        graph: &Graph,
        doubts: &[Duration],
    ) -> Vec<PlannedStep> {
        let aws = Arc::new(self.aws.clone());
        let planner = Planner {
            doubts: doubts.to_vec(),
            ..Planner::new(registry(), aws, self.clock.clone())
        };
        let planned = planner.of_start(run, graph).await.expect("plan");
        for step in &planned {
            assert_eq!(step.fault, None, "{}", step.name);
        }
        planned
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
        let tried = self.try_create(journal, run, options, wanted).await;
        Ok(tried.expect("survey"))
    }

    /// The same, where the survey may fail.
    pub(crate) async fn try_create(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        options: CreateOptions,
        wanted: Wanted,
    ) -> Result<Report, SurveyError> {
        let request = options
            .validate(self.password.as_ref())
            .expect("valid options");
        let parameters = survey_create(&self.aws, &request).await?;
        let started = self.start_create(journal, run, &parameters, wanted);
        Ok(started.await.expect("run"))
    }

    /// Runs a create of what was surveyed.
    pub(crate) async fn start_create(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        parameters: &CreateParameters,
        wanted: Wanted,
    ) -> Result<Report, RunError> {
        let graph = create_graph(parameters);
        let (workflow, target) = (Workflow::AuroraCreate, parameters.target());
        self.start(journal, run, workflow, target, parameters, graph, wanted)
            .await
    }

    /// Starts a run of any workflow.
    #[allow(clippy::too_many_arguments)]
    pub(crate) async fn start(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        workflow: Workflow,
        target: impl Into<String>,
        parameters: &impl serde::Serialize,
        graph: Result<Graph, GraphError>,
        wanted: Wanted,
    ) -> Result<Report, RunError> {
        let graph = graph.expect("graph");
        let parameters = serde_json::to_value(parameters).expect("parameters");
        let created = self.created(workflow, target, parameters, wanted);
        let signs = self.signs_of(run, &created);
        let work = async { self.executor(journal).start(run, created, &graph).await };
        SignsOfLife::during(signs.as_ref(), |_| {}, work).await
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
        let wanted = Wanted {
            on_failure: OnFailure::Suspend,
            ..Wanted::default()
        };
        let graph = delete_graph(parameters);
        let target = parameters.target();
        let workflow = Workflow::AuroraDelete;
        self.start(journal, run, workflow, target, parameters, graph, wanted)
            .await
    }

    pub(crate) fn created(
        &self,
        workflow: Workflow,
        target: impl Into<String>,
        parameters: serde_json::Value,
        wanted: Wanted,
    ) -> RunCreated {
        let created = RunCreated::new(workflow.name(), target, parameters);
        let recorded = Recorded::of(&created).expect("parameters");
        RunCreated {
            account: serde_json::json!({"kind": "sandbox"}),
            reversible: recorded.reversible(),
            on_failure: wanted.on_failure,
            parallel: wanted.parallel,
            by: actor(),
            ..created
        }
    }

    /// Takes up a run as a fresh process would: from its history alone.
    pub(crate) async fn resume(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, RunError> {
        let events = journal.load(run).await?;
        let signs = self.signs(&events);
        let work = async { self.executor(journal).resume(&events, actor()).await };
        SignsOfLife::during(signs.as_ref(), |_| {}, work).await
    }

    /// Takes up a run to undo it.
    pub(crate) async fn rollback(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, RunError> {
        let request = RollbackRequest::default();
        self.rollback_as(journal, run, request).await
    }

    /// The same as a person asked for it.
    pub(crate) async fn rollback_as(
        &self,
        journal: Arc<dyn Journal>,
        run: RunId,
        request: RollbackRequest,
    ) -> Result<Report, RunError> {
        let events = journal.load(run).await?;
        let signs = self.signs(&events);
        let work = async {
            let executor = self.executor(journal);
            executor.rollback(&events, actor(), request).await
        };
        SignsOfLife::during(signs.as_ref(), |_| {}, work).await
    }

    /// The signs of life that the command gives while it carries a run.
    fn signs(&self, events: &[Event]) -> Option<SignsOfLife> {
        self.signs_of(events[0].run, &created(events))
    }

    fn signs_of(&self, run: RunId, created: &RunCreated) -> Option<SignsOfLife> {
        let recorded = Recorded::of(created).expect("parameters");
        SignsOfLife::of(&self.aws, run, &recorded)
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
            aws: connect(&self.account, &clock, self.password.clone()).await,
            clock,
            rosa: self.rosa.clone(),
            stop: self.stop.clone(),
            speed: self.speed,
            password: self.password.clone(),
            runs: AtomicU64::new(1_000_000),
        }
    }
}

pub(crate) async fn connect(
    account: &Account,
    clock: &Arc<dyn Clock>,
    password: Option<Secret>,
) -> Aws {
    connect_through(account.http_client(), clock, password).await
}

/// The same with a client of the test's between AWS's and the account.
pub(crate) async fn connect_through(
    client: impl HttpClient + 'static,
    clock: &Arc<dyn Clock>,
    password: Option<Secret>,
) -> Aws {
    Aws::connect(AwsSettings {
        http_client: Some(client.into_shared()),
        fixed_credentials: true,
        endpoint_url: None,
        profile: None,
        exported: None,
        clock: clock.clone(),
        password,
        actor: actor(),
    })
    .await
}

fn created(events: &[Event]) -> RunCreated {
    RunCreated::told(events).expect("a beginning")
}

/// The kinds of steps.
fn registry() -> Arc<Registry<Aws>> {
    Arc::new(stepwell_workflows::registry())
}

/// The text of the first element of a name.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let rest = xml.split(&format!("<{name}>")).nth(1).expect(name);
    rest.split('<').next().expect("an end").to_owned()
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
        serverless_capacity: None,
        engine: "aurora-postgresql".to_owned(),
        origin: Origin::Empty {
            engine_version: "17.5".to_owned(),
            username: "keycloak".to_owned(),
            database: "keycloak".to_owned(),
        },
        zones: Vec::new(),
        vpc_cidr: None,
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
    matches!(
        report.status,
        Status::Ended(stepwell_engine::event::End::RolledBack { .. })
    )
}

pub(crate) fn timestamps_are_ordered(events: &[Event]) -> bool {
    events
        .windows(2)
        .all(|pair| pair[0].at <= pair[1].at && pair[0].at > Timestamp(0))
}
