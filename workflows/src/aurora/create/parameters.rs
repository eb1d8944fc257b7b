//! What a person asks for, checked; and what a run starts from, resolved.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::capacity::{Capacity, SERVERLESS};
use super::snapshot;
use crate::Target;
use crate::aurora::ClusterIdentity;
use crate::aws::tags::Labels;
use crate::input::{self, InvalidInput};
use crate::secret::Secret;

/// `aurora create` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// How many instances.
    pub instances: u32,
    /// Their class.
    pub instance_class: String,
    /// Between which bounds serverless instances scale, `MIN-MAX`; none for
    /// `0.5-16`.
    pub serverless_capacity: Option<String>,
    /// The engine.
    pub engine: String,
    /// Where the data comes from.
    pub origin: Origin,
    /// The zones; none to let AWS's own list decide.
    pub zones: Vec<String>,
    /// The VPC's address range; none to choose a free one.
    pub vpc_cidr: Option<String>,
    /// Whether the cluster is protected against deletion once it stands.
    pub deletion_protection: bool,
    /// Further tags for everything.
    pub tags: Vec<(String, String)>,
    /// The subnet group's name; none for `<cluster>-subnet-group`.
    pub subnet_group_name: Option<String>,
    /// The security group's name; none for `<cluster>-security-group`.
    pub security_group_name: Option<String>,
}

/// Where the data of a cluster comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: an empty database is made.
    Empty {
        /// The engine's version, or a major one for its newest.
        engine_version: String,
        /// The master user.
        username: String,
        /// The first database.
        database: String,
    },
    /// A DB cluster snapshot, which brings its user and its databases.
    Snapshot {
        /// Its name or ARN.
        id: String,
        /// The engine's version, or a major one for its newest; none for the
        /// snapshot's.
        engine_version: Option<String>,
        /// Whether RDS is to make a new password and keep it, where none is given.
        managed_password: bool,
    },
}

impl Origin {
    fn validate(self, region: &str) -> Result<Self, InvalidInput> {
        Ok(match self {
            Self::Empty {
                engine_version,
                username,
                database,
            } => Self::Empty {
                engine_version: input::engine_version(&engine_version)?,
                username: input::username(&username)?,
                database: input::database(&database)?,
            },
            Self::Snapshot {
                id,
                engine_version,
                managed_password,
            } => Self::Snapshot {
                id: snapshot::identifier(region, &id)?,
                engine_version: engine_version
                    .as_deref()
                    .map(input::engine_version)
                    .transpose()?,
                managed_password,
            },
        })
    }
}

/// Who keeps the master password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordSource {
    /// RDS makes it and keeps it in Secrets Manager.
    Managed,
    /// The person gave it; it is nowhere recorded.
    Given,
    /// It stays what it was when the snapshot was taken.
    Kept,
}

/// `aurora create`, checked.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) instances: u32,
    pub(crate) instance_class: String,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) engine: String,
    pub(crate) origin: Origin,
    pub(crate) zones: Vec<String>,
    pub(crate) vpc_cidr: Option<Ipv4Net>,
    pub(crate) password: PasswordSource,
    pub(crate) deletion_protection: bool,
    pub(crate) labels: Labels,
    pub(crate) subnet_group_name: String,
    pub(crate) security_group_name: String,
}

impl CreateOptions {
    /// Checks every value by its form.
    pub fn validate(self, password: Option<&Secret>) -> Result<CreateRequest, InvalidInput> {
        let cluster = input::new_cluster(&self.cluster)?;
        let region = input::region(&self.region)?;
        let subnet_group_name = self
            .subnet_group_name
            .unwrap_or_else(|| format!("{cluster}-subnet-group"));
        let security_group_name = self
            .security_group_name
            .unwrap_or_else(|| format!("{cluster}-security-group"));
        if let Some(password) = password {
            input::password(password)?;
        }
        Ok(CreateRequest {
            instances: input::instances(self.instances)?,
            capacity: capacity(&self.instance_class, self.serverless_capacity.as_deref())?,
            instance_class: input::instance_class(&self.instance_class)?,
            engine: input::engine(&self.engine)?,
            zones: input::zones(&region, &self.zones)?,
            vpc_cidr: self.vpc_cidr.as_deref().map(input::vpc_cidr).transpose()?,
            password: match (password, &self.origin) {
                (Some(_), _) => PasswordSource::Given,
                (
                    None,
                    Origin::Snapshot {
                        managed_password: false,
                        ..
                    },
                ) => PasswordSource::Kept,
                (None, _) => PasswordSource::Managed,
            },
            origin: self.origin.validate(&region)?,
            deletion_protection: self.deletion_protection,
            labels: Labels {
                deployment: Target::cluster(&region, &cluster).to_string(),
                cluster: cluster.clone(),
                extra: input::tags(&self.tags)?,
            },
            subnet_group_name: input::subnet_group_name(&subnet_group_name)?,
            security_group_name: input::security_group_name(&security_group_name)?,
            cluster,
            region,
        })
    }
}

/// The capacity, which serverless instances need and others do not have.
fn capacity(class: &str, given: Option<&str>) -> Result<Option<Capacity>, InvalidInput> {
    match given {
        None => Ok((class == SERVERLESS).then(Capacity::default)),
        Some(_) if class == SERVERLESS => given.map(str::parse).transpose(),
        Some(given) => Err(InvalidInput {
            input: "serverless-capacity",
            value: given.to_owned(),
            problem: format!("is not for the instance class {class}"),
            allowed: format!("only with --instance-class {SERVERLESS}"),
        }),
    }
}

impl CreateRequest {
    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether a snapshot is restored.
    pub fn is_restore(&self) -> bool {
        matches!(self.origin, Origin::Snapshot { .. })
    }

    /// Who will keep the master password.
    pub fn password(&self) -> PasswordSource {
        self.password
    }
}

/// An instance and the zone it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedInstance {
    /// Its name, `<cluster>-instance-<n>`.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// Its class, where it is another than the run began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// What a run of `aurora create` starts from: everything that had to be asked
/// of AWS is answered, so the graph follows from this alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateParameters {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// One subnet is made in each.
    pub zones: Vec<String>,
    /// The first becomes the writer.
    pub instances: Vec<PlannedInstance>,
    /// Their class.
    pub instance_class: String,
    /// Between which bounds serverless instances scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serverless_capacity: Option<Capacity>,
    /// The engine.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// The snapshot that is restored, by name or ARN; none for an empty database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The VPC's address range, if one was asked for.
    pub vpc_cidr: Option<Ipv4Net>,
    /// The master user.
    pub username: String,
    /// Who keeps the password.
    pub password: PasswordSource,
    /// The first database; none where only the snapshot knows it.
    pub database: Option<String>,
    /// Whether the cluster is protected once it stands.
    pub deletion_protection: bool,
    /// The tags of everything.
    pub labels: Labels,
    /// The subnet group's name.
    pub subnet_group_name: String,
    /// The security group's name.
    pub security_group_name: String,
    /// What dead runs have left, if anything: it is taken over and completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_over: Option<Inheritance>,
}

/// What dead runs have left of a cluster that is to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inheritance {
    /// The runs.
    pub runs: Vec<String>,
    /// The half-made cluster, if they came that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterIdentity>,
}

impl CreateParameters {
    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }
}
