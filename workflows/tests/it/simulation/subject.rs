//! The workflows that are simulated, and the grounds they begin on.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::{Fault, Graph, GraphError, Timestamp};
use stepwell_workflows::aurora::{
    self, CreateOptions, ReapOptions, Verdict, survey_delete, survey_reap,
};
use stepwell_workflows::peering::{self, RosaPlace};
use stepwell_workflows::{SurveyError, Workflow};

use crate::peering::{HERE, Nets, THERE, peered, peered_by_scripts};
use crate::restore;
use crate::support::{REGION, Wanted, World, ended_well, memory, options};
use stepwell_testkit::Chance;

/// A workflow with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A create of so many instances, in a given address range or a drawn one.
    Create { instances: u32, drawn: bool },
    /// A create from a snapshot, with a password.
    Restore { instances: u32 },
    /// A deletion of a cluster of so many instances.
    Delete { instances: u32, snapshot: bool },
    /// A peering in one region or across two.
    Peer { far: bool },
    /// Its deletion.
    Unpeer { far: bool },
    /// The deletion of all peerings of a ROSA cluster.
    UnpeerAll,
    /// The deletion of all clusters, each by a run of its own.
    Reap,
}

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) workflow: Workflow,
    pub(crate) target: String,
    pub(crate) parameters: Value,
    pub(crate) graph: Graph,
}

fn planned<P: Serialize>(
    workflow: Workflow,
    target: impl Into<String>,
    parameters: &P,
    graph: impl FnOnce(&P) -> Result<Graph, GraphError>,
) -> Planned {
    Planned {
        workflow,
        target: target.into(),
        parameters: serde_json::to_value(parameters).expect("parameters"),
        graph: graph(parameters).expect("a graph"),
    }
}

impl Subject {
    /// All of them; the cheap ones are drawn more often.
    pub(crate) const ALL: [(Self, u64); 14] = [
        (create(1, false), 4),
        (create(2, false), 1),
        (create(1, true), 1),
        (create(3, true), 1),
        (Self::Restore { instances: 1 }, 2),
        (delete(1, false), 4),
        (delete(2, false), 1),
        (delete(1, true), 2),
        (Self::Peer { far: false }, 14),
        (Self::Peer { far: true }, 6),
        (Self::Unpeer { far: false }, 12),
        (Self::Unpeer { far: true }, 4),
        (Self::UnpeerAll, 2),
        (Self::Reap, 1),
    ];

    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let all = Self::ALL.iter().map(|(_, weight)| weight).sum();
        let mut left = chance.below(all);
        for (subject, weight) in Self::ALL {
            if left < weight {
                return subject;
            }
            left -= weight;
        }
        unreachable!("the weights are summed up")
    }

    /// What it is called in a summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Restore { .. } => "restore",
            Self::Delete { .. } => "delete",
            Self::Peer { .. } => "peering create",
            Self::Unpeer { .. } => "peering delete",
            Self::UnpeerAll => "peering delete of all",
            Self::Reap => "reap",
        }
    }

    /// Whether a password is given.
    pub(crate) fn has_password(self) -> bool {
        matches!(self, Self::Restore { .. })
    }

    /// What takes back all that it makes.
    pub(crate) fn inverse(self) -> Option<Self> {
        match self {
            Self::Create { instances, .. } | Self::Restore { instances } => {
                Some(delete(instances, false))
            }
            Self::Peer { far } => Some(Self::Unpeer { far }),
            Self::Delete { .. } | Self::Unpeer { .. } | Self::UnpeerAll | Self::Reap => None,
        }
    }

    /// An account as the workflow finds it.
    pub(crate) async fn ground(self) -> World {
        match self {
            Self::Create { .. } => World::new().await,
            Self::Restore { .. } => {
                restore::world("17.5")
                    .await
                    .with_password(restore::PASSWORD)
                    .await
            }
            Self::Delete { instances, .. } => {
                let world = World::new().await;
                provide(&world, options(instances)).await;
                world
            }
            Self::Peer { far } => networks(far).await.0,
            Self::Unpeer { far } => {
                let (world, nets) = networks(far).await;
                peered(&world, &nets).await;
                world
            }
            Self::UnpeerAll => {
                let (world, nets) = networks(true).await;
                peered(&world, &nets).await;
                let other = world
                    .aurora_net("eu-central-1", "other", "192.168.9.0/24")
                    .await;
                peered_by_scripts(&world, &other, &nets.rosa).await;
                world
            }
            Self::Reap => {
                let world = World::new().await;
                provide(&world, options(1)).await;
                let other = CreateOptions {
                    cluster: "other".to_owned(),
                    region: THERE.to_owned(),
                    ..options(1)
                };
                provide(&world, other).await;
                world
            }
        }
    }

    /// Looks what there is to do.
    pub(crate) async fn survey(self, world: &World) -> Result<Vec<Planned>, SurveyError> {
        let aws = &world.aws;
        match self {
            Self::Create { instances, drawn } => {
                let vpc_cidr = (!drawn).then(|| "10.77.0.0/24".to_owned());
                let asked = CreateOptions {
                    vpc_cidr,
                    ..options(instances)
                };
                let request = asked.validate(None)?;
                let found = aurora::survey_create(aws, &request).await?;
                Ok(vec![planned(
                    Workflow::AuroraCreate,
                    found.target(),
                    &found,
                    aurora::create_graph,
                )])
            }
            Self::Restore { instances } => {
                let asked = CreateOptions {
                    vpc_cidr: Some("10.77.0.0/24".to_owned()),
                    ..restore::wanted(instances)
                };
                let request = asked.validate(Some(&restore::password()))?;
                let found = aurora::survey_create(aws, &request).await?;
                Ok(vec![planned(
                    Workflow::AuroraCreate,
                    found.target(),
                    &found,
                    aurora::create_graph,
                )])
            }
            Self::Delete { snapshot, .. } => {
                let name = snapshot.then_some("farewell");
                let found = world.survey_delete(name).await?;
                Ok(vec![planned(
                    Workflow::AuroraDelete,
                    found.target(),
                    &found,
                    aurora::delete_graph,
                )])
            }
            Self::Peer { .. } => {
                let network = world.rosa.get().expect("a network").clone();
                let found = crate::peering::survey(world, network).await?;
                Ok(vec![planned(
                    Workflow::PeeringCreate,
                    found.target(),
                    &found,
                    peering::create_graph,
                )])
            }
            Self::Unpeer { .. } | Self::UnpeerAll => {
                let network = world.rosa.get().expect("a network");
                let rosa = RosaPlace {
                    region: network.region.clone(),
                    vpc_id: network.vpc_id.clone(),
                    machine_cidr: Some(network.machine_cidr),
                };
                let asked = match self {
                    Self::UnpeerAll => peering::DeleteOptions::OfRosa(rosa),
                    _ => peering::DeleteOptions::One {
                        cluster: "keycloak".to_owned(),
                        region: HERE.to_owned(),
                        rosa: Some(rosa),
                    },
                };
                let found = crate::peering::find(world, asked).await?;
                Ok(vec![planned(
                    Workflow::PeeringDelete,
                    found.target.clone(),
                    &found,
                    peering::delete_graph,
                )])
            }
            Self::Reap => reapings(world).await,
        }
    }

    /// What of the account must be the same however a run came to its good
    /// end: all of it but which run that was, unless chance has a part in it.
    pub(crate) fn seen(self, world: &World) -> Value {
        match self {
            Self::Create { .. } | Self::Restore { .. } => {
                serde_json::to_value(world.census()).expect("census")
            }
            _ => {
                let mut inventory = crate::trial::inventory(world);
                forget_runs(&mut inventory);
                inventory
            }
        }
    }
}

/// Takes the names of runs out of all tags, and those of peerings out of texts.
fn forget_runs(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "stepwell:run");
            fields.values_mut().for_each(forget_runs);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_runs),
        Value::String(text) => {
            if let Some((before, _)) = text.split_once("pcx-") {
                *text = before.to_owned();
            }
        }
        _ => {}
    }
}

const fn create(instances: u32, drawn: bool) -> Subject {
    Subject::Create { instances, drawn }
}

const fn delete(instances: u32, snapshot: bool) -> Subject {
    Subject::Delete {
        instances,
        snapshot,
    }
}

async fn provide(world: &World, asked: CreateOptions) {
    let made = world.create(memory(), world.run_id(), asked, Wanted::default());
    let report = made.await.expect("run");
    assert!(ended_well(&report), "{report:?}");
}

async fn networks(far: bool) -> (World, Nets) {
    let world = World::new().await;
    let mut nets = Nets::lay_out(&world, if far { THERE } else { HERE }).await;
    if !far {
        // A smaller cluster: one subnet, and one table that serves it.
        nets.rosa.subnets.truncate(1);
    }
    world.rosa.set(nets.rosa.network()).expect("once");
    (world, nets)
}

/// The deletions of a reap, as the command comes to them.
async fn reapings(world: &World) -> Result<Vec<Planned>, SurveyError> {
    let now = i64::try_from(world.account.now().as_millis()).expect("a time");
    let asked = ReapOptions {
        regions: Vec::new(),
        older_than: None,
    };
    let request = asked.validate(Timestamp(now))?;
    let reaping = survey_reap(&world.aws, &request, REGION).await?;
    if let Some(skipped) = reaping.skipped.first() {
        // The command says so, and what is there is left alone.
        return Err(Fault::permanent(format!("{skipped:?} was skipped")).into());
    }
    let mut all = Vec::new();
    for candidate in &reaping.candidates {
        match &candidate.verdict {
            Verdict::Delete => {
                let found = survey_delete(&world.aws, &request.deletion(candidate)?).await?;
                all.push(planned(
                    Workflow::AuroraDelete,
                    found.target(),
                    &found,
                    aurora::delete_graph,
                ));
            }
            // Nothing here is; a look at it was refused, which the command says.
            Verdict::Blocked { reason, .. } => return Err(Fault::permanent(reason).into()),
            Verdict::Spared { reason } => panic!("spared: {reason}"),
        }
    }
    Ok(all)
}
