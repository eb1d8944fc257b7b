//! Aurora PostgreSQL on AWS as step graphs: clients, fault classification,
//! steps and workflows.
//!
//! Each workflow comes in three parts: *options*, as a person gives them, are
//! checked by their form; a read-only *survey* asks AWS what the graph depends
//! on and gives *parameters*; the *graph* follows from the parameters alone. It
//! is built when a run starts, and recorded: from then on the history and the
//! [`registry`] of kinds are all that is needed.

pub mod aurora;
mod aws;
mod child;
pub mod doctor;
mod input;
pub mod keycloak;
pub mod kubernetes;
pub mod peering;
mod recorded;
mod refusal;
pub mod rosa;
mod secret;
mod target;

use stepwell_engine::{Fault, Registry};

pub use aws::poll::DOUBTS;
pub use aws::tags::Labels;
pub use aws::{Aws, AwsSettings, ExportedCredentials, profile_region};
pub use child::command as child_command;
pub use input::{InvalidInput, shown};
pub use recorded::{Recorded, Unreadable};
pub use refusal::{Refusal, resume_refusal, rollback_refusal};
pub use secret::Secret;
pub use target::{NoTarget, Target};

/// Why a workflow was not started. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// What is to be created is there already.
    #[error("{message}")]
    Exists {
        /// What there is.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// An input can't be used.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// What is asked for must not be done as things are.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// Another process, on whatever host, is at work on it.
    #[error("{message}")]
    Alive {
        /// Which.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// AWS could not be asked.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The workflows, by the names under which runs are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// `aurora create`
    AuroraCreate,
    /// `aurora delete`
    AuroraDelete,
    /// `peering create`
    PeeringCreate,
    /// `peering delete`
    PeeringDelete,
    /// `aurora reset`
    AuroraReset,
    /// `aurora scale`
    AuroraScale,
}

impl Workflow {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AuroraCreate,
        Self::AuroraDelete,
        Self::AuroraReset,
        Self::AuroraScale,
        Self::PeeringCreate,
        Self::PeeringDelete,
    ];

    /// The name under which runs are recorded.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuroraCreate => "aurora create",
            Self::AuroraDelete => "aurora delete",
            Self::PeeringCreate => "peering create",
            Self::PeeringDelete => "peering delete",
            Self::AuroraReset => "aurora reset",
            Self::AuroraScale => "aurora scale",
        }
    }

    /// Whether its runs can be rolled back; else they only go forward.
    pub fn reversible(self) -> bool {
        match self {
            Self::AuroraCreate | Self::AuroraScale | Self::PeeringCreate => true,
            Self::AuroraDelete | Self::AuroraReset | Self::PeeringDelete => false,
        }
    }

    /// Whether it works with programs of the machine, such as `kubectl`, for
    /// which time can't be made to pass faster.
    pub fn needs_real_time(self) -> bool {
        self == Self::AuroraReset
    }

    /// The workflow of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|workflow| workflow.name() == name)
    }
}

/// The kinds of steps of all workflows: with them, a run is carried on from its
/// history alone.
pub fn registry() -> Registry<Aws> {
    peering::register(aurora::register(Registry::new()))
}
