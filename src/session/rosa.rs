//! Where ROSA lives: its network, and its account, where that is another one.

use std::sync::Arc;

use stepwell_workflows::peering::{Accounts, RosaAccount};
use stepwell_workflows::rosa::{RosaNetwork, RosaRequest, find_network};
use stepwell_workflows::{Recorded, SurveyError};

use super::{Backend, Connection, Session};
use crate::Context;
use crate::account::AccountRecord;
use crate::problem::Problem;
use crate::settings::rosa::RosaSettings;

/// Adds ROSA's account to a connection, if a profile is named for it.
pub async fn connect(
    context: &Context,
    backend: &Backend,
    mut connection: Connection,
    profile: Option<&str>,
) -> Result<Connection, Problem> {
    let Some(profile) = profile else {
        return Ok(connection);
    };
    if matches!(backend, Backend::Sandbox(_)) {
        context
            .printer
            .warn("the sandbox is one account: --rosa-profile makes no difference");
        return Ok(connection);
    }
    let other = backend.connect_as(&context.settings, profile).await?;
    connection.aws = Arc::new(connection.aws.with_rosa(other.aws.as_ref().clone()));
    Ok(connection)
}

/// Finds the network of a ROSA cluster, and says so where the environment might
/// have it looked for elsewhere. `request` is that of the settings, or made of it.
pub async fn find(
    context: &Context,
    connection: &Connection,
    sought: &RosaSettings,
    request: &RosaRequest,
) -> Result<RosaNetwork, SurveyError> {
    let rosa = connection.aws.rosa();
    let network = find_network(rosa, &sought.source, request).await?;
    if let Some(note) = sought.note(&network) {
        context.printer.note(note);
    }
    Ok(network)
}

/// Which accounts these are. `region` is one that ROSA's may be asked in.
pub async fn accounts(
    connection: &Connection,
    account: &AccountRecord,
    region: &str,
    profile: Option<&str>,
) -> Result<Accounts, Problem> {
    let main = account.id().to_owned();
    // A sandbox is one account.
    let profile = profile.filter(|_| matches!(account, AccountRecord::Aws { .. }));
    let id = match profile {
        None => main.clone(),
        Some(profile) => account_of(connection, region, profile).await?,
    };
    Ok(Accounts {
        main,
        rosa: RosaAccount {
            id,
            profile: profile.map(str::to_owned),
        },
    })
}

impl Session {
    /// Connects to ROSA's account as a run recorded it, and makes sure that it is
    /// still that account.
    pub(super) async fn with_recorded_rosa(
        self,
        parameters: &Recorded,
        region: &str,
    ) -> Result<Self, Problem> {
        let Some(recorded) = parameters.rosa_account() else {
            return Ok(self);
        };
        let Some(profile) = &recorded.profile else {
            return Ok(self);
        };
        let profile = profile.as_str();
        let connection =
            connect(&self.context, &self.backend, self.connection, Some(profile)).await?;
        let current = account_of(&connection, region, profile).await?;
        if current == recorded.id {
            return Ok(Self { connection, ..self });
        }
        Err(Problem::error(format!(
            "rosa's side of the run belongs to aws account {}, and profile {profile} is now of aws account {current}",
            recorded.id
        ))
        .code("other_account")
        .hint("have the profile lead to the account that the run was started with"))
    }
}

/// Which account a profile of ROSA's is of.
async fn account_of(
    connection: &Connection,
    region: &str,
    profile: &str,
) -> Result<String, Problem> {
    let id = connection.aws.rosa().account_id(region).await;
    id.map_err(|fault| {
        Problem::from_fault(
            format!("could not find out which aws account profile {profile} is"),
            &fault,
        )
    })
}
