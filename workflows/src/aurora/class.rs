//! Another instance class for what a run has not made yet: what a lack of
//! capacity or a quota has stopped can go on with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stepwell_engine::event::StepChange;
use stepwell_engine::{Event, Fault, Machine, ParameterChange, Step as _};

use super::create::steps::CreateInstance;
use super::create::{SERVERLESS, offer};
use super::scale::AddInstance;
use super::{CreateParameters, ScaleParameters};
use crate::aws::{Aws, rds};
use crate::input::{self, InvalidInput};
use crate::{SurveyError, Workflow};

/// An instance as the parameters of a run have it.
struct Planned {
    name: String,
    zone: String,
    class: String,
    made: bool,
}

/// Resolves `resume --instance-class`: the instances that the run has not made
/// get the class, in their zone or, where that does not offer it, in another of
/// the cluster's. Gives the parameters from now on and the data of the steps that
/// make them, or none if they have the class already.
///
/// Refuses a run of another workflow, one that has nothing left to make, a class
/// that can't be ordered, and a mix of classes unless `allow_mixed` says so.
pub async fn change_class(
    aws: &Aws,
    workflow: &str,
    events: &[Event],
    class: &str,
    allow_mixed: bool,
) -> Result<Option<ParameterChange>, SurveyError> {
    let class = input::instance_class(class)?;
    let machine = Machine::replay(events)
        .map_err(|error| Fault::permanent(format!("the run's history is not valid: {error}")))?;
    let parameters = machine.created().parameters.clone();
    let made = |step: &str| {
        let found = machine.shape().find(step);
        found.is_none_or(|id| !machine.is_unmade(id))
    };
    match Workflow::from_name(workflow) {
        Some(Workflow::AuroraCreate) => {
            let mut p: CreateParameters = read(parameters)?;
            let step = |name: &str| {
                let short = name.strip_prefix(&format!("{}-", p.cluster));
                short.unwrap_or(name).to_owned()
            };
            let mut planned: Vec<Planned> = (p.instances.iter())
                .map(|one| Planned {
                    name: one.name.clone(),
                    zone: one.zone.clone(),
                    class: one.class.as_ref().unwrap_or(&p.instance_class).clone(),
                    made: made(&step(&one.name)),
                })
                .collect();
            let place = Place {
                region: &p.region,
                cluster: &p.cluster,
                engine: &p.engine,
                version: &p.engine_version,
                zones: &p.zones,
                serverless: p.serverless_capacity.is_some(),
            };
            let Some(reason) = place.change(aws, &mut planned, &class, allow_mixed).await? else {
                return Ok(None);
            };
            let changes = changes(&machine, &planned)?;
            for (one, planned) in p.instances.iter_mut().zip(planned) {
                one.class = (planned.class != p.instance_class).then_some(planned.class);
                one.zone = planned.zone;
            }
            changed(&p, changes, reason)
        }
        Some(Workflow::AuroraScale) => {
            let mut p: ScaleParameters = read(parameters)?;
            let mut planned: Vec<Planned> = (p.adding.iter())
                .map(|one| Planned {
                    name: one.name.clone(),
                    zone: one.zone.clone(),
                    class: one.class.clone(),
                    made: made(p.step_of(&one.name)),
                })
                .collect();
            let place = Place {
                region: &p.region,
                cluster: &p.cluster,
                engine: &p.engine,
                version: &p.engine_version,
                zones: &p.zones,
                serverless: false,
            };
            let Some(reason) = place.change(aws, &mut planned, &class, allow_mixed).await? else {
                return Ok(None);
            };
            let changes = changes(&machine, &planned)?;
            for (one, planned) in p.adding.iter_mut().zip(planned) {
                (one.class, one.zone) = (planned.class, planned.zone);
            }
            changed(&p, changes, reason)
        }
        _ => Err(InvalidInput {
            input: "instance-class",
            value: class,
            problem: format!("is not for a run of {workflow}"),
            allowed: "only to resume a run of aurora create or aurora scale".to_owned(),
        }
        .into()),
    }
}

fn read<P: DeserializeOwned>(parameters: Value) -> Result<P, Fault> {
    serde_json::from_value(parameters)
        .map_err(|error| Fault::permanent(format!("what the run recorded can't be read: {error}")))
}

/// What the steps that make instances are to do from now on.
fn changes(machine: &Machine, planned: &[Planned]) -> Result<Vec<StepChange>, Fault> {
    let mut changes = Vec::new();
    for record in machine.shape().records().iter() {
        // An instance that is added is made as that of a create is.
        if ![CreateInstance::KIND, AddInstance::KIND].contains(&&*record.kind) {
            continue;
        }
        let mut step: CreateInstance = read(record.data.clone())?;
        let Some(planned) = planned
            .iter()
            .find(|one| one.name == step.name && !one.made)
        else {
            continue;
        };
        (step.class, step.zone) = (planned.class.clone(), planned.zone.clone());
        changes.push(StepChange {
            step: record.name.clone(),
            data: written(&step)?,
        });
    }
    Ok(changes)
}

fn written(value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value)
        .map_err(|error| Fault::permanent(format!("what changes can't be recorded: {error}")))
}

fn changed(
    parameters: &impl Serialize,
    changes: Vec<StepChange>,
    reason: String,
) -> Result<Option<ParameterChange>, SurveyError> {
    Ok(Some(ParameterChange {
        parameters: written(parameters)?,
        changes,
        reason,
    }))
}

/// Where the instances are to be.
struct Place<'a> {
    region: &'a str,
    cluster: &'a str,
    engine: &'a str,
    version: &'a str,
    zones: &'a [String],
    /// Whether the cluster is made for serverless instances.
    serverless: bool,
}

impl Place<'_> {
    /// Gives the class to what is not made; says what changes, if anything does.
    async fn change(
        &self,
        aws: &Aws,
        planned: &mut [Planned],
        class: &str,
        allow_mixed: bool,
    ) -> Result<Option<String>, SurveyError> {
        if planned.iter().all(|one| one.made) {
            return Err(SurveyError::Refused {
                message: "every instance of the run is made, or may be".to_owned(),
                hint: "resume without --instance-class; nothing was changed".to_owned(),
            });
        }
        if planned.iter().all(|one| one.made || one.class == class) {
            return Ok(None);
        }
        let (region, name) = (self.region, self.cluster);
        let cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
        let has_capacity = cluster
            .as_ref()
            .is_some_and(|one| one.serverless_v2_scaling_configuration().is_some());
        if class == SERVERLESS && !self.serverless && !has_capacity {
            return Err(SurveyError::Refused {
                message: format!("cluster {name:?} was begun without the capacity range that {SERVERLESS} instances need"),
                hint: "choose another class, or roll the run back and create the cluster with --instance-class db.serverless; nothing was changed".to_owned(),
            });
        }
        let zones =
            offered_zones(aws, region, self.engine, self.version, class, self.zones).await?;
        let reason = spread(planned, class, &zones);
        let there = aws.look(|| rds::instances(aws, region, name)).await?;
        let mut classes: BTreeMap<String, String> = (there.iter())
            .filter(|one| one.db_instance_status() != Some("deleting"))
            .filter_map(|one| Some((one.db_instance_identifier()?, one.db_instance_class()?)))
            .map(|(name, class)| (name.to_owned(), class.to_owned()))
            .collect();
        for one in planned.iter() {
            classes
                .entry(one.name.clone())
                .or_insert_with(|| one.class.clone());
        }
        let different: BTreeSet<&String> = classes.values().collect();
        if different.len() > 1 && !allow_mixed {
            let list: Vec<String> = (classes.iter())
                .map(|(name, class)| format!("{name} {class}"))
                .collect();
            return Err(SurveyError::Refused {
                message: format!(
                    "the instances would be of different classes: {}",
                    list.join(", ")
                ),
                hint: "--allow-mixed-classes allows that; after a failover the writer is of the class of the reader that takes over; nothing was changed".to_owned(),
            });
        }
        Ok(Some(reason))
    }
}

/// Those of the cluster's zones in which the class can be had; a refusal if
/// there is none.
pub(crate) async fn offered_zones(
    aws: &Aws,
    region: &str,
    engine: &str,
    version: &str,
    class: &str,
    zones: &[String],
) -> Result<Vec<String>, SurveyError> {
    let offer = offer(aws, region, engine, version, class).await?;
    let usable: Vec<String> = (zones.iter())
        .filter(|zone| offer.zones.contains(*zone))
        .cloned()
        .collect();
    if !usable.is_empty() {
        return Ok(usable);
    }
    let offering: Vec<&str> = offer.zones.iter().map(String::as_str).collect();
    Err(SurveyError::Refused {
        message: format!(
            "{class} is offered in {}, and the cluster has subnets in {}",
            offering.join(", "),
            zones.join(", ")
        ),
        hint: "choose another --instance-class; nothing was changed".to_owned(),
    })
}

/// Gives the class to what is not made, and another zone where its own does not
/// offer the class: the one with the fewest instances.
fn spread(planned: &mut [Planned], class: &str, zones: &[String]) -> String {
    let mut words = Vec::new();
    for at in 0..planned.len() {
        if planned[at].made {
            continue;
        }
        let load = |zone: &&String| planned.iter().filter(|one| one.zone == **zone).count();
        let zone = match zones.contains(&planned[at].zone) {
            true => planned[at].zone.clone(),
            false => zones.iter().min_by_key(load).cloned().unwrap_or_default(),
        };
        let one = &mut planned[at];
        let moved = match one.zone == zone {
            true => String::new(),
            false => format!(" in {zone}"),
        };
        words.push(format!(
            "{} {class}{moved} instead of {}",
            one.name, one.class
        ));
        (one.class, one.zone) = (class.to_owned(), zone);
    }
    words.join(", ")
}
