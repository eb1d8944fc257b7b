//! Two accounts: each side of a peering is worked on with its own credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::shared::IntoShared as _;
use stepwell_engine::MemoryJournal;
use stepwell_workflows::peering::{create_graph, survey_create};
use stepwell_workflows::{Aws, AwsSettings, Workflow};

use super::{HERE, Nets, THERE, options};
use crate::support::{Wanted, World, ended_well, memory, rolled_back};
use crate::trial::inventory;

/// An account that answers in one region alone: to ask it anywhere else is to
/// ask the wrong one.
#[derive(Debug)]
struct Only {
    inner: SharedHttpConnector,
    region: &'static str,
    calls: Arc<AtomicU64>,
}

impl HttpConnector for Only {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().contains(self.region) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            return self.inner.call(request);
        }
        let error = format!("{} is not this account's region", request.uri());
        HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())))
    }
}

async fn only(world: &World, region: &'static str) -> (Aws, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let connector = SharedHttpConnector::new(Only {
        inner: SharedHttpConnector::new(world.account.http_client()),
        region,
        calls: calls.clone(),
    });
    let aws = Aws::connect(AwsSettings {
        http_client: Some(http_client_fn(move |_, _| connector.clone()).into_shared()),
        fixed_credentials: true,
        endpoint_url: None,
        profile: None,
        exported: None,
        clock: world.clock.clone(),
        password: None,
        actor: crate::support::actor(),
    })
    .await;
    (aws, calls)
}

#[tokio::test(start_paused = true)]
async fn each_side_is_worked_on_with_its_own_account() {
    let mut world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let (aurora, here) = only(&world, HERE).await;
    let (rosa, there) = only(&world, THERE).await;
    world.aws = aurora.with_rosa(rosa);
    let request = options().validate().expect("valid");
    let parameters = survey_create(&world.aws, &request, nets.rosa.network(), &world.accounts())
        .await
        .expect("survey");
    let (journal, run): (Arc<MemoryJournal>, _) = (memory(), world.run_id());
    let report = world
        .start(
            journal.clone(),
            run,
            Workflow::PeeringCreate,
            parameters.target(),
            &parameters,
            create_graph(&parameters),
            Wanted::default(),
        )
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert!(here.load(Ordering::Relaxed) > 10 && there.load(Ordering::Relaxed) > 10);
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
}
