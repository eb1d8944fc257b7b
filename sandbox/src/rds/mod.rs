//! RDS: Aurora clusters, their instances, subnet groups, snapshots and events.

use crate::context::Context;
use crate::field;
use crate::field::{View, fields, inside};
use crate::rds::arn::Arn;
use crate::rds::cluster::replica::replicas;
use crate::rds::global::membership;
use crate::rds::page::{Description, by_name};
use crate::rds::tags::{given_tags, tag_list};
use crate::rds::validate::identifier;
use crate::wire::error::{ApiError, ApiResult, refusal, refuse};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::catalog::{ENGINE, parts};
use crate::world::database::{Change, Cluster, DbInstance, Source};
use crate::world::state::{ClusterStatus, DbInstanceStatus};
use crate::world::timing;

pub(crate) mod arn;
pub(crate) mod blue_green;
pub(crate) mod catalog;
pub(crate) mod cluster;
pub(crate) mod event;
pub(crate) mod global;
pub(crate) mod instance;
pub(crate) mod page;
pub(crate) mod quota;
pub(crate) mod snapshot;
pub(crate) mod subnet_group;
pub(crate) mod tags;
pub(crate) mod validate;
