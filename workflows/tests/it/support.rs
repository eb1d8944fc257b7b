//! A simulated account with the engine on it, in virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::shared::IntoShared as _;
use stepwell_engine::event::{Actor, OnFailure, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Clock, Event, Executor, Graph, Journal, MemoryJournal, NoObserver, Report, RunError, RunId,
    Stop, Timestamp, TokioClock,
};
use stepwell_sandbox::{Account, Options, Resource};
use stepwell_workflows::aurora::{
    CreateOptions, DeleteOptions, DeleteParameters, create_graph, delete_graph, survey_create,
    survey_delete,
};
use stepwell_workflows::{Aws, AwsSettings, Secret, SurveyError, Workflow};

use crate::clock::{Seeded, VirtualTime};

pub(crate) const REGION: &str = "eu-west-1";

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
            .rollback(
                &events,
                actor(),
                Vec::new(),
                &graph,
                Arc::new(self.aws.clone()),
            )
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

pub(crate) fn timestamps_are_ordered(events: &[Event]) -> bool {
    events
        .windows(2)
        .all(|pair| pair[0].at <= pair[1].at && pair[0].at > Timestamp(0))
}
