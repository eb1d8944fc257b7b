//! EC2 instances: enough to lay out a VPC in which machines run.

use super::*;
use crate::ec2::interface::{New, add, check_room, given_groups, group_set};
use crate::ec2::tags::given_tags_of;
use crate::world::network::{Instance, InstanceState};

pub(crate) fn run(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let image = params.need("ImageId")?.to_owned();
    let kind = params.get("InstanceType").unwrap_or("m1.small").to_owned();
    let count = params.need_number("MaxCount")?;
    let least = params.need_number("MinCount")?;
    if least < 1 || count < least || count > 100 {
        refuse!("InvalidParameterValue":
            "Invalid values for MinCount ({least}) and MaxCount ({count})");
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
            INSTANCE.write(xml, context, id, instance);
        });
}

static INSTANCE: Description<Instance> = Description {
    kind: Kind::Instance,
    ids: "InstanceId",
    elements: ("reservationSet", ""),
    results: RESULTS,
    fields: fields! { v:
        "instanceId" ["instance-id"] v.id;
        "imageId" ["image-id"] &v.image;
        "instanceState" [] inside(|xml| state(xml, v.state));
        ["instance-state-code"] v.state.code();
        ["instance-state-name"] v.state.name();
        "instanceType" ["instance-type"] &v.kind;
        "launchTime" [] iso(v.launched_at);
        "placement" [] inside(|xml| {
            xml.text("availabilityZone", &v.zone).text("tenancy", "default");
        });
        ["availability-zone"] &v.zone;
        "privateIpAddress" ["private-ip-address"] held(v.one).map(|one| &one.address);
        "subnetId" ["subnet-id" "network-interface.subnet-id"] held(v.one).map(|one| &one.subnet);
        "vpcId" ["vpc-id" "network-interface.vpc-id"] held(v.one).map(|one| &one.vpc);
        "" [] inside(|xml| group_set(xml, v.context, held(v.one).map_or(&[], |one| &one.groups)));
        ["instance.group-id"] Each(&v.groups);
        ["owner-id"] v.account();
        ["reservation-id"] &v.reservation;
    },
};

/// The instance, unless it is terminated and so has left its network.
fn held(instance: &Instance) -> Option<&Instance> {
    (instance.state != InstanceState::Terminated).then_some(instance)
}

fn state(xml: &mut Xml, state: InstanceState) {
    xml.text("code", state.code()).text("name", state.name());
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (instances, next) = INSTANCE.select(context, &context.here().instances)?;
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
