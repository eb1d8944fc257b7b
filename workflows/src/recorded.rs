//! The parameters that runs have recorded, as the types they were written from.

use serde_json::Value;
use stepwell_engine::event::RunCreated;

use crate::Workflow;
use crate::aurora::{
    CreateParameters, DeleteParameters, ResetParameters, ScaleParameters, keeps_alive,
};
use crate::peering::{self, RosaAccount};

/// The parameters of a run.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// Of `aurora create`.
    AuroraCreate(Box<CreateParameters>),
    /// Of `aurora delete`.
    AuroraDelete(Box<DeleteParameters>),
    /// Of `aurora reset`.
    AuroraReset(Box<ResetParameters>),
    /// Of `aurora scale`.
    AuroraScale(Box<ScaleParameters>),
    /// Of `peering create`.
    PeeringCreate(Box<peering::CreateParameters>),
    /// Of `peering delete`.
    PeeringDelete(Box<peering::DeleteParameters>),
}

/// Parameters that this version of the program can't read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Of a workflow that it does not know.
    #[error("the workflow {0:?} is not known")]
    Workflow(String),
    /// Of a workflow that had other parameters.
    #[error("the parameters of {workflow} can't be read")]
    Parameters {
        /// The workflow.
        workflow: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Recorded {
    /// Those of a run.
    ///
    /// # Errors
    /// When the workflow is not known, or had other parameters.
    pub fn of(created: &RunCreated) -> Result<Self, Unreadable> {
        let name = &created.workflow;
        let workflow =
            Workflow::from_name(name).ok_or_else(|| Unreadable::Workflow(name.clone()))?;
        Self::read(workflow, created.parameters.clone()).map_err(|source| Unreadable::Parameters {
            workflow: workflow.name(),
            source,
        })
    }

    fn read(workflow: Workflow, value: Value) -> serde_json::Result<Self> {
        use serde_json::from_value as read;
        Ok(match workflow {
            Workflow::AuroraCreate => Self::AuroraCreate(read(value)?),
            Workflow::AuroraDelete => Self::AuroraDelete(read(value)?),
            Workflow::AuroraReset => Self::AuroraReset(read(value)?),
            Workflow::AuroraScale => Self::AuroraScale(read(value)?),
            Workflow::PeeringCreate => Self::PeeringCreate(read(value)?),
            Workflow::PeeringDelete => Self::PeeringDelete(read(value)?),
        })
    }

    /// Whether the run can be rolled back: growing can, shrinking can't.
    pub fn reversible(&self) -> bool {
        match self {
            Self::AuroraCreate(_) | Self::PeeringCreate(_) => true,
            Self::AuroraScale(of) => of.is_reversible(),
            Self::AuroraDelete(_) | Self::AuroraReset(_) | Self::PeeringDelete(_) => false,
        }
    }

    /// Region and name of the cluster on whose network the run works, where it
    /// works on one.
    pub fn network(&self) -> Option<(&str, &str)> {
        match self {
            Self::AuroraCreate(of) => Some((&of.region, &of.cluster)),
            Self::AuroraDelete(of) => Some((&of.region, &of.cluster)),
            Self::AuroraScale(of) => Some((&of.region, &of.cluster)),
            Self::AuroraReset(_) | Self::PeeringCreate(_) | Self::PeeringDelete(_) => None,
        }
    }

    /// The account in which ROSA lives, where the run has to do with it.
    pub fn rosa_account(&self) -> Option<&RosaAccount> {
        match self {
            Self::AuroraDelete(of) => of.rosa_account.as_ref(),
            Self::PeeringCreate(of) => Some(&of.rosa_account),
            Self::PeeringDelete(of) => Some(&of.rosa_account),
            Self::AuroraCreate(_) | Self::AuroraReset(_) | Self::AuroraScale(_) => None,
        }
    }

    /// The names of the instances that it adds to a cluster that was there.
    pub fn added(&self) -> Vec<&str> {
        match self {
            Self::AuroraScale(of) => of.adding.iter().map(|one| one.name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it gives its cluster the tag that has `aurora reap` spare it.
    pub fn keeps_alive(&self) -> bool {
        match self {
            Self::AuroraCreate(of) => of.labels.extra.keys().any(|key| keeps_alive(key)),
            _ => false,
        }
    }
}
