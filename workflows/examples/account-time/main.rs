//! How many minutes of account time the workflows take, and what they wait for:
//!
//! ```sh
//! cargo run -p stepwell-workflows --example account-time
//! ```
//!
//! Everything runs on the sandbox in virtual time, which counts what AWS takes
//! and nothing of this machine. Each instance takes ten minutes.

#[allow(dead_code)]
#[path = "../../tests/it/chance.rs"]
mod chance;
#[allow(dead_code)]
#[path = "../../tests/it/clock.rs"]
mod clock;
#[path = "../../tests/it/detached.rs"]
mod detached;
#[allow(dead_code)]
#[path = "../../tests/it/layout.rs"]
mod layout;
mod path;
#[allow(dead_code)]
#[path = "../../tests/it/support.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::{Journal as _, MemoryJournal, Report, RunId};
use stepwell_workflows::aurora::{CreateOptions, Origin};
use stepwell_workflows::{Workflow, peering};

use support::{REGION, Wanted, World, ended_well, memory, options};

/// How long an instance is `creating`.
const INSTANCE: Duration = Duration::from_secs(10 * 60);

/// By how much the last instance is faster, where chance has it become the
/// writer.
const FASTER: Duration = Duration::from_secs(30);

async fn empty() -> World {
    World::with(|options| options.instance_times = Some(Arc::new(|_| INSTANCE))).await
}

/// An account in which the third instance is there first.
async fn lucky() -> World {
    let time = |name: &str| match name.ends_with("-3") {
        true => INSTANCE - FASTER,
        false => INSTANCE,
    };
    World::with(|options| options.instance_times = Some(Arc::new(time))).await
}

/// Prints the row of a run that has ended.
async fn row(name: &str, journal: &MemoryJournal, run: RunId, report: &Report) {
    assert!(ended_well(report), "{name}: {report:?}");
    let events = journal.load(run).await.expect("a history");
    println!("{}", path::row(name, &events));
}

async fn create(world: &World, name: &str, wanted: CreateOptions) {
    let (journal, run) = (memory(), world.run_id());
    let made = world
        .create(journal.clone(), run, wanted, Wanted::default())
        .await;
    row(name, &journal, run, &made.expect("a run")).await;
}

async fn delete(world: &World, name: &str, snapshot: Option<&str>) {
    let (journal, run) = (memory(), world.run_id());
    let found = world.survey_delete(snapshot).await.expect("a survey");
    let gone = world.delete(journal.clone(), run, &found).await;
    row(name, &journal, run, &gone.expect("a run")).await;
}

async fn restore(world: &World, instances: u32) {
    let origin = Origin::Snapshot {
        id: "farewell".to_owned(),
        engine_version: None,
        managed_password: false,
    };
    let wanted = CreateOptions {
        origin,
        ..options(instances)
    };
    create(world, &format!("restore, instances: {instances}"), wanted).await;
}

async fn peer(world: &World) {
    world.aurora_net(REGION, "keycloak", "192.168.7.0/24").await;
    let rosa = world.rosa_net("us-east-1", "10.0.0.0/16").await;
    let request = peering::CreateOptions {
        cluster: "keycloak".to_owned(),
        region: REGION.to_owned(),
        security_group_name: None,
        tags: Vec::new(),
    };
    let request = request.validate().expect("valid options");
    let parameters =
        peering::survey_create(&world.aws, &request, rosa.network(), &world.accounts())
            .await
            .expect("a survey");
    let (journal, run) = (memory(), world.run_id());
    let peered = world.start(
        journal.clone(),
        run,
        Workflow::PeeringCreate,
        parameters.target(),
        &parameters,
        peering::create_graph(&parameters),
        Wanted::default(),
    );
    let peered = peered.await.expect("a run");
    row("peering create, two regions", &journal, run, &peered).await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        println!("{}", path::HEADER);
        for instances in [1, 2, 3, 6] {
            let name = format!("create, instances: {instances}");
            create(&empty().await, &name, options(instances)).await;
        }
        let name = "create, instances: 3, and a failover";
        create(&lucky().await, name, options(3)).await;
        let world = async || {
            let world = empty().await;
            let (journal, run) = (memory(), world.run_id());
            let made = world.create(journal, run, options(2), Wanted::default());
            assert!(ended_well(&made.await.expect("a run")));
            world
        };
        let made = world().await;
        delete(
            &made,
            "delete with a final snapshot, instances: 2",
            Some("farewell"),
        )
        .await;
        restore(&made, 2).await;
        delete(
            &world().await,
            "delete without a snapshot, instances: 2",
            None,
        )
        .await;
        peer(&empty().await).await;
    });
}
