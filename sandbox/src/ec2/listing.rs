//! Every EC2 resource with what `DescribeTags` and the status of the account tell of it.

use super::*;
use crate::ec2::describe::pending_until;
use crate::world::World;
use crate::world::network::InstanceState;
use std::borrow::Cow;

pub(crate) struct Listed<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: Cow<'a, str>,
    /// What it is called besides its tag `Name`.
    pub(crate) name: Option<&'a str>,
    pub(crate) state: &'a str,
    pub(crate) tags: &'a Tags,
    pub(crate) visible_at: Millis,
    /// Whether the status has it: not what AWS made with a VPC, nor what has ended.
    pub(crate) counts: bool,
}

impl<'a> Listed<'a> {
    fn new(kind: Kind, id: &'a str, state: &'a str, one: &'a impl Resource) -> Self {
        Self {
            kind,
            id: id.into(),
            name: None,
            state,
            tags: one.tags(""),
            visible_at: one.visible_at(),
            counts: true,
        }
    }

    fn called(self, name: &'a str) -> Self {
        let name = Some(name);
        Self { name, ..self }
    }

    fn counts(self, counts: bool) -> Self {
        Self { counts, ..self }
    }
}

/// Those of one region, peerings aside, in the order of the status.
pub(crate) fn in_region(here: &Region, now: Millis) -> Vec<Listed<'_>> {
    let mut all = Vec::new();
    for (id, one) in &here.vpcs {
        let state = pending_until(one.available_at, now);
        all.push(Listed::new(Kind::Vpc, id, state, one));
        all.push(Listed {
            id: acl::default_of(id).into(),
            tags: &one.acl_tags,
            ..Listed::new(Kind::Acl, id, "available", one).counts(false)
        });
    }
    for (id, one) in &here.subnets {
        let state = pending_until(one.available_at, now);
        all.push(Listed::new(Kind::Subnet, id, state, one));
    }
    for (id, one) in &here.route_tables {
        let listed = Listed::new(Kind::RouteTable, id, "available", one);
        all.push(listed.counts(!one.is_main()));
    }
    for (id, one) in &here.groups {
        let listed = Listed::new(Kind::Group, id, "available", one);
        all.push(listed.called(&one.name).counts(one.name != "default"));
        let rules = one.rules.iter();
        all.extend(rules.map(|one| Listed::new(Kind::Rule, &one.id, "", one).counts(false)));
    }
    for (id, one) in &here.gateways {
        let state = one.vpc.as_ref().map_or("detached", |_| "attached");
        all.push(Listed::new(Kind::Gateway, id, state, one));
    }
    for (id, one) in &here.instances {
        let listed = Listed::new(Kind::Instance, id, one.state.name(), one);
        all.push(listed.counts(one.state != InstanceState::Terminated));
    }
    for (id, one) in &here.interfaces {
        let listed = Listed::new(Kind::Interface, id, one.status(), one);
        all.push(listed.called(&one.description));
    }
    for (id, one) in &here.edges {
        if let Some(kind) = Kind::of_id(id) {
            all.push(Listed::new(kind, id, one.shown_state(), one).counts(one.state.holds()));
        }
    }
    for (id, one) in &here.acls {
        all.push(Listed::new(Kind::Acl, id, "available", one));
    }
    for (id, one) in &here.prefix_lists {
        all.push(Listed::new(Kind::PrefixList, id, one.state(now), one).called(&one.name));
    }
    all
}

pub(crate) fn peerings<'a>(
    world: &'a World,
    region: &'a str,
) -> impl Iterator<Item = Listed<'a>> + 'a {
    world.peerings.iter().filter_map(move |(id, one)| {
        let side = one.side_in(region)?;
        Some(Listed {
            tags: &side.tags,
            ..Listed::new(Kind::Peering, id, one.status.name(), one).counts(one.status.holds_vpcs())
        })
    })
}
