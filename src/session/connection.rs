//! Which AWS: the real one, an endpoint that stands for it, or the sandbox.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use stepwell_engine::{Clock, RunId, Timestamp};
use stepwell_sandbox::Account;
use stepwell_workflows::{Aws, AwsSettings, Secret};

use super::sandbox;
use crate::account::AccountRecord;
use crate::clock::Pace;
use crate::problem::Problem;
use crate::settings::{Settings, place};

/// Which AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// The simulated account in a file.
    Sandbox(PathBuf),
    /// The real one, or what stands for it at an endpoint.
    Aws {
        /// The endpoint, if not AWS's own.
        endpoint: Option<String>,
    },
}

impl Backend {
    /// What the settings ask for.
    pub fn of(settings: &Settings) -> Result<Self, Problem> {
        if settings.sandbox {
            return Ok(Self::Sandbox(settings.sandbox_file()?));
        }
        Self::at(settings.endpoint_url.clone(), settings)
    }

    /// AWS, or what stands for it at an endpoint.
    fn at(endpoint: Option<String>, settings: &Settings) -> Result<Self, Problem> {
        let served = endpoint.as_deref().is_some_and(place::is_on_this_host);
        if settings.pace_given && !served {
            return Err(Problem::usage(
                "--sandbox-speed is not possible without a sandbox; allowed: with --sandbox, or with the --endpoint-url of one that is served on this host",
            ));
        }
        // Virtual time would jump over the answers of another process.
        if settings.pace.is_virtual() {
            return Err(Problem::usage(
                "--sandbox-speed \"max\" is not possible with a sandbox that is served; allowed: the number it is served with",
            ));
        }
        Ok(Self::Aws { endpoint })
    }

    /// What a run recorded, unless the settings contradict it.
    pub fn of_record(record: &AccountRecord, settings: &Settings) -> Result<Self, Problem> {
        match record {
            AccountRecord::Sandbox { path, .. } => Ok(Self::Sandbox(path.clone())),
            AccountRecord::Aws { .. } if settings.sandbox => Err(Problem::error(format!(
                "the run belongs to {record}, not to a sandbox"
            ))
            .code("other_account")
            .hint("leave out --sandbox")),
            AccountRecord::Aws { endpoint, .. } => {
                let asked = settings.endpoint_url.as_ref();
                if let Some(asked) = asked.filter(|asked| Some(*asked) != endpoint.as_ref()) {
                    return Err(Problem::error(format!(
                        "the run belongs to {record}, and the endpoint is {asked}"
                    ))
                    .code("other_account")
                    .hint("leave out --endpoint-url and AWS_ENDPOINT_URL: the run knows its own"));
                }
                Self::at(endpoint.clone(), settings)
            }
        }
    }

    /// How fast time passes there.
    pub fn pace(&self, settings: &Settings) -> Pace {
        match self {
            Self::Sandbox(_) => settings.pace,
            Self::Aws { .. } if settings.pace_given => settings.pace,
            Self::Aws { .. } => Pace::REAL,
        }
    }

    /// Makes the clients. Call it inside the runtime.
    pub async fn connect(
        &self,
        settings: &Settings,
        password: Option<Secret>,
    ) -> Result<Connection, Problem> {
        self.connect_with(settings, password, None).await
    }

    /// The same with the credentials of a profile.
    pub async fn connect_as(
        &self,
        settings: &Settings,
        profile: &str,
    ) -> Result<Connection, Problem> {
        self.connect_with(settings, None, Some(profile.to_owned()))
            .await
    }

    async fn connect_with(
        &self,
        settings: &Settings,
        password: Option<Secret>,
        profile: Option<String>,
    ) -> Result<Connection, Problem> {
        let pace = self.pace(settings);
        let clock = pace.clock();
        let (http_client, fixed_credentials, endpoint_url, simulated) = match self {
            Self::Sandbox(path) => {
                let account = sandbox::open(path, pace)?;
                let client = SharedHttpClient::new(account.http_client());
                let record = AccountRecord::Sandbox {
                    id: account.account_id().to_owned(),
                    path: path.clone(),
                };
                (Some(client), true, None, Some((record, account)))
            }
            Self::Aws { endpoint } => (None, false, endpoint.clone(), None),
        };
        let aws = Aws::connect(AwsSettings {
            http_client,
            fixed_credentials,
            endpoint_url: endpoint_url.clone(),
            profile,
            exported: settings.exported.clone(),
            clock: clock.clone(),
            password,
            actor: settings.actor.clone(),
        })
        .await;
        Ok(Connection {
            aws: Arc::new(aws),
            clock,
            pace,
            endpoint: endpoint_url,
            simulated,
            last_run: AtomicI64::default(),
        })
    }
}

/// AWS as this process uses it.
pub struct Connection {
    /// The clients.
    pub aws: Arc<Aws>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How fast it passes.
    pub pace: Pace,
    endpoint: Option<String>,
    simulated: Option<(AccountRecord, Account)>,
    /// The millisecond of the last id that was given to a run.
    last_run: AtomicI64,
}

impl Connection {
    /// The same, which goes on even where another run has given a sign of life.
    #[must_use]
    pub fn taking_over(self, take_over: bool) -> Self {
        Self {
            aws: Arc::new(self.aws.as_ref().clone().taking_over(take_over)),
            ..self
        }
    }

    /// An id for a run that begins now. No two share a millisecond, which is
    /// what the short form of an id shows.
    pub fn new_run(&self) -> RunId {
        let now = self.clock.now();
        let next = |last: i64| now.0.max(last + 1);
        let last = self
            .last_run
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(next(last))
            })
            .unwrap_or_default();
        RunId::new(Timestamp(next(last)))
    }

    /// The time at AWS, by which the age of what is there counts: a sandbox's
    /// clock runs ahead of the machine's.
    pub fn time_there(&self) -> Timestamp {
        match &self.simulated {
            None => self.clock.now(),
            Some((_, account)) => Timestamp::default().plus(account.now()),
        }
    }

    /// Which account this is. A sandbox knows; else STS is asked.
    pub async fn account(&self, region: &str) -> Result<AccountRecord, Problem> {
        if let Some((record, _)) = &self.simulated {
            return Ok(record.clone());
        }
        let id = self.aws.account_id(region).await.map_err(|fault| {
            Problem::from_fault("could not find out which aws account this is", &fault)
        })?;
        Ok(AccountRecord::Aws {
            id,
            endpoint: self.endpoint.clone(),
        })
    }
}
