//! EC2 instances: enough to lay out a VPC in which machines run.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::interface::{New, add, check_room, given_groups, group_set};
use super::lookup::{Kind, find_any};
use super::tags::given_tags_of;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::network::{Instance, InstanceState};
use crate::world::timing;

/// `RunInstances`.
pub(crate) fn run(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let image = params.need("ImageId")?.to_owned();
    let kind = params.get("InstanceType").unwrap_or("m1.small").to_owned();
    let count = params
        .number("MaxCount")?
        .ok_or_else(|| ApiError::missing("MaxCount"))?;
    let least = params
        .number("MinCount")?
        .ok_or_else(|| ApiError::missing("MinCount"))?;
    if least < 1 || count < least || count > 100 {
        return Err(ApiError::value(format!(
            "Invalid values for MinCount ({least}) and MaxCount ({count})"
        )));
    }
    let subnet_id = params
        .get("SubnetId")
        .ok_or_else(|| {
            let message = "No default VPC for this user; a subnet must be specified";
            ApiError::new("VPCIdNotSpecified", message)
        })?
        .to_owned();
    let subnet = context.subnet(&subnet_id)?.clone();
    let groups = given_groups(context, &subnet.vpc)?;
    let tags = given_tags_of(
        context,
        "instance",
        &["instance", "network-interface", "volume"],
    )?;
    check_room(context.here(), &subnet_id, count as u64)?;
    let reservation = context.world.new_id("r");
    let mut made = Vec::new();
    for _ in 0..count {
        let id = context.world.new_id("i");
        let new = New {
            instance: Some(id.clone()),
            ..New::of(&subnet_id, groups.clone())
        };
        let interface = add(context, new);
        let address = context.here().interfaces[&interface].address.clone();
        let instance = Instance {
            reservation: reservation.clone(),
            vpc: subnet.vpc.clone(),
            subnet: subnet_id.clone(),
            zone: subnet.zone.clone(),
            image: image.clone(),
            kind: kind.clone(),
            groups: groups.clone(),
            address,
            interface,
            tags: tags.clone(),
            state: InstanceState::Pending,
            launched_at: context.now,
            until: Some(context.now + timing::INSTANCE_PENDING),
            visible_at: context.visible_at(&id),
        };
        context.here_mut().instances.insert(id.clone(), instance);
        made.push(id);
    }
    let mut xml = Xml::new();
    let instances = made
        .iter()
        .map(|id| (id.as_str(), &context.here().instances[id]));
    reservation_fields(&mut xml, context, &reservation, instances);
    Ok(xml.finish())
}

fn reservation_fields<'a>(
    xml: &mut Xml,
    context: &Context<'_>,
    reservation: &str,
    instances: impl Iterator<Item = (&'a str, &'a Instance)>,
) {
    xml.text("reservationId", reservation)
        .text("ownerId", &context.world.account_id)
        .text("groupSet", "")
        .list("instancesSet", "item", instances, |xml, (id, instance)| {
            describe_one(xml, context, id, instance);
        });
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, instance: &Instance) {
    let gone = instance.state == InstanceState::Terminated;
    xml.text("instanceId", id)
        .text("imageId", &instance.image)
        .node("instanceState", |xml| state(xml, instance.state))
        .text("instanceType", &instance.kind)
        .text("launchTime", iso(instance.launched_at))
        .node("placement", |xml| {
            xml.text("availabilityZone", &instance.zone)
                .text("tenancy", "default");
        });
    if !gone {
        xml.text("privateIpAddress", &instance.address)
            .text("subnetId", &instance.subnet)
            .text("vpcId", &instance.vpc);
    }
    group_set(xml, context, if gone { &[] } else { &instance.groups });
    tag_set(xml, &instance.tags);
}

fn state(xml: &mut Xml, state: InstanceState) {
    xml.text("code", state.code()).text("name", state.name());
}

/// `DescribeInstances`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (instances, next) = Describe {
        kind: Kind::Instance,
        ids: "InstanceId",
        results: RESULTS,
        filters: &[
            "availability-zone",
            "image-id",
            "instance-id",
            "instance-state-code",
            "instance-state-name",
            "instance-type",
            "instance.group-id",
            "network-interface.subnet-id",
            "network-interface.vpc-id",
            "owner-id",
            "private-ip-address",
            "reservation-id",
            "subnet-id",
            "vpc-id",
        ],
        values: &|name, id, instance: &Instance| match name {
            "availability-zone" => one(&instance.zone),
            "image-id" => one(&instance.image),
            "instance-id" => one(id),
            "instance-state-code" => one(instance.state.code()),
            "instance-state-name" => one(instance.state.name()),
            "instance-type" => one(&instance.kind),
            "instance.group-id" => instance.groups.clone(),
            "owner-id" => one(&account),
            "reservation-id" => one(&instance.reservation),
            // A terminated instance has left its network.
            _ if instance.state == InstanceState::Terminated => Vec::new(),
            "private-ip-address" => one(&instance.address),
            "subnet-id" | "network-interface.subnet-id" => one(&instance.subnet),
            "vpc-id" | "network-interface.vpc-id" => one(&instance.vpc),
            _ => Vec::new(),
        },
        tags: &|instance| &instance.tags,
    }
    .select(
        context,
        context
            .here()
            .instances
            .iter()
            .map(|(id, one)| (id.as_str(), one)),
    )?;
    let mut reservations: Vec<(&str, Vec<(&str, &Instance)>)> = Vec::new();
    for (id, instance) in instances {
        let known = reservations
            .iter_mut()
            .find(|(name, _)| *name == instance.reservation);
        match known {
            Some((_, held)) => held.push((id, instance)),
            None => reservations.push((&instance.reservation, vec![(id, instance)])),
        }
    }
    let mut xml = Xml::new();
    xml.list(
        "reservationSet",
        "item",
        reservations,
        |xml, (reservation, instances)| {
            reservation_fields(xml, context, reservation, instances.into_iter());
        },
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

/// `TerminateInstances`. Terminating again is no error.
pub(crate) fn terminate(context: &mut Context<'_>) -> ApiResult<String> {
    let ids = context.params.list("InstanceId");
    if ids.is_empty() {
        return Err(ApiError::missing("InstanceId"));
    }
    let mut before = Vec::new();
    for id in &ids {
        before.push(find_any(&context.here().instances, Kind::Instance, id)?.state);
    }
    let until = context.now + timing::INSTANCE_STOPPING;
    let mut xml = Xml::new();
    let here = context.here_mut();
    xml.list(
        "instancesSet",
        "item",
        ids.iter().zip(before),
        |xml, (id, before)| {
            let mut after = before;
            if let Some(instance) = here.instances.get_mut(id)
                && matches!(before, InstanceState::Pending | InstanceState::Running)
            {
                after = InstanceState::ShuttingDown;
                instance.state = after;
                instance.until = Some(until);
            }
            xml.text("instanceId", id)
                .node("currentState", |xml| state(xml, after))
                .node("previousState", |xml| state(xml, before));
        },
    );
    Ok(xml.finish())
}
