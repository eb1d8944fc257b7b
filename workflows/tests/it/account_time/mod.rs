//! How many minutes of account time the workflows take, and what they wait for:
//!
//! ```sh
//! cargo test -p stepwell-workflows --test it account_time -- --nocapture
//! ```
//!
//! Everything runs on the sandbox in virtual time, which counts what AWS takes
//! and nothing of this machine. Each instance takes ten minutes. README has the
//! figures.

mod path;

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::{Journal as _, MemoryJournal, Report, RunId};
use stepwell_workflows::aurora::{CreateOptions, Origin};
use stepwell_workflows::{Workflow, peering};

use crate::support::{REGION, Wanted, World, ended_well, memory, options};

const README: &str = include_str!("../../../../README.md");

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

/// Prints the row of a run that has ended, and compares it with that of README.
async fn row(name: &str, journal: &MemoryJournal, run: RunId, report: &Report) {
    assert!(ended_well(report), "{name}: {report:?}");
    let events = journal.load(run).await.expect("a history");
    let row = path::row(name, &events);
    println!("{row}");
    let begins = format!("| {name} |");
    let told = README.lines().find(|line| line.starts_with(&begins));
    let told = told.unwrap_or_else(|| panic!("README has no row for {name:?}"));
    let (is, told) = (minutes(&row), minutes(told));
    assert!(
        (is - told).abs() < 0.3,
        "{name}: {is} min, README has {told}"
    );
}

fn minutes(row: &str) -> f64 {
    let cell = row.split('|').nth(2).expect("a cell");
    cell.trim().parse().expect("minutes")
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
    create(world, &format!("restore, {instances} instances"), wanted).await;
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

#[tokio::test(start_paused = true)]
async fn the_readme_has_it() {
    println!("{}", path::HEADER);
    for instances in [1, 2, 3, 6] {
        let name = match instances {
            1 => "create, 1 instance".to_owned(),
            more => format!("create, {more} instances"),
        };
        create(&empty().await, &name, options(instances)).await;
    }
    let name = "create, 3 instances, and a failover";
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
        "delete, 2 instances, a final snapshot",
        Some("farewell"),
    )
    .await;
    restore(&made, 2).await;
    delete(&world().await, "delete, 2 instances, no snapshot", None).await;
    peer(&empty().await).await;
}
