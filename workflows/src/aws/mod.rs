//! The AWS clients: one context for all steps, one client per region.

pub(crate) mod call;
pub(crate) mod codes;
pub(crate) mod destination;
pub(crate) mod ec2;
pub(crate) mod parts;
pub(crate) mod permission;
pub(crate) mod poll;
pub(crate) mod rds;
pub(crate) mod remove;
pub(crate) mod state;
pub(crate) mod states;
pub(crate) mod tags;
mod time;
mod whole;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use stepwell_engine::event::Actor;
use stepwell_engine::{Clock, Fault, Policy, RunId, Timestamp, retry};

use crate::secret::Secret;
use call::fault;
use state::Refusals;
use time::ServiceTime;
use whole::WholeAnswers;

/// How long reads may miss what was just made, and show a part of it only: the
/// interface of an attachment, say, and not the attachment. EC2 names no bound
/// (Developer Guide, "Ensure eventual consistency").
pub(crate) const YOUNG: Duration = Duration::from_secs(5);

/// How attempts at a step that talks to AWS are limited. The SDK's default of
/// three tries is too few for a run that nobody watches: twenty with a pause
/// of up to a minute bear a throttling storm of a quarter of an hour.
pub(crate) const POLICY: Policy = Policy {
    attempts: 20,
    deadline: Duration::from_secs(30 * 60),
    timeout: Duration::from_secs(5 * 60),
    first_delay: Duration::from_secs(1),
    max_delay: Duration::from_secs(60),
    // Reads may miss a young resource for some seconds; a create whose answer
    // was lost is believed not to have happened only after this long.
    settle: Duration::from_secs(30),
};

/// How often a single read is repeated where others come after it.
const PATIENCE: Policy = Policy {
    attempts: 6,
    ..POLICY
};

/// How to reach AWS.
pub struct AwsSettings {
    /// The HTTP client; none for real HTTPS.
    pub http_client: Option<SharedHttpClient>,
    /// Use made-up credentials and read no configuration: for a simulated account.
    pub fixed_credentials: bool,
    /// One endpoint for every service and region, instead of AWS's own.
    pub endpoint_url: Option<String>,
    /// A profile of the SDK's configuration files whose credentials are used
    /// before any others, those of the environment included.
    pub profile: Option<String>,
    /// What the environment says of when its credentials end.
    pub exported: Option<ExportedCredentials>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The database password, if one was given to this process.
    pub password: Option<Secret>,
    /// Who is at work: what other hosts are told.
    pub actor: Actor,
}

/// Credentials of the environment whose end is told beside them, as
/// `aws configure export-credentials --format env` does: the SDK does not read
/// the end there.
#[derive(Debug, Clone)]
pub struct ExportedCredentials {
    /// The access key's id: `AWS_ACCESS_KEY_ID`.
    pub key: String,
    /// When they end, as in ISO 8601: `AWS_CREDENTIAL_EXPIRATION`.
    pub end: String,
}

impl ExportedCredentials {
    fn end_of(&self, key: &str) -> Option<Timestamp> {
        if self.key != key {
            return None;
        }
        let end = DateTime::from_str(&self.end, Format::DateTimeWithOffset).ok()?;
        end.to_millis().ok().map(Timestamp)
    }
}

/// The context of all steps: AWS as this process may use it. Cheap to clone.
#[derive(Clone)]
pub struct Aws {
    inner: Arc<Inner>,
    rosa: Option<Arc<Aws>>,
    take_over: bool,
}

struct Inner {
    base: SdkConfig,
    clock: Arc<dyn Clock>,
    time: ServiceTime,
    password: Option<Secret>,
    actor: Actor,
    exported: Option<ExportedCredentials>,
    ec2: Mutex<HashMap<String, aws_sdk_ec2::Client>>,
    rds: Mutex<HashMap<String, aws_sdk_rds::Client>>,
    secrets: Mutex<HashMap<String, aws_sdk_secretsmanager::Client>>,
    dead: Mutex<HashSet<String>>,
    refusals: Refusals,
}

impl Aws {
    /// Reads the SDK's own configuration (profile, environment, SSO …) and
    /// prepares the clients. Makes no call to AWS itself.
    pub async fn connect(settings: AwsSettings) -> Self {
        let http = settings.http_client.unwrap_or_else(|| {
            Builder::new()
                .tls_provider(tls::Provider::Rustls(
                    tls::rustls_provider::CryptoMode::Ring,
                ))
                .build_https()
        });
        // A repeated create without a client token makes a duplicate, so the
        // SDK must not repeat anything: retries belong to the engine, which
        // looks before it acts again.
        let retries = RetryConfig::disabled();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60))
            .build();
        let base = if settings.fixed_credentials {
            let credentials = Credentials::new("sandbox", "sandbox", None, None, "sandbox");
            let mut base = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http)
                .retry_config(retries)
                .timeout_config(timeouts)
                .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                .time_source(SystemTimeSource::new())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .credentials_provider(SharedCredentialsProvider::new(credentials));
            base.set_endpoint_url(settings.endpoint_url);
            base.build()
        } else {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(http.clone())
                .retry_config(retries)
                .timeout_config(timeouts)
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
            if let Some(url) = settings.endpoint_url {
                loader = loader.endpoint_url(url);
            }
            if let Some(profile) = settings.profile {
                loader = loader
                    .credentials_provider(credentials_of(&profile, http))
                    .profile_name(profile);
            }
            loader.load().await
        };
        let inner = Inner {
            base,
            time: ServiceTime::new(settings.clock.clone(), !settings.fixed_credentials),
            clock: settings.clock,
            password: settings.password,
            actor: settings.actor,
            exported: settings.exported,
            ec2: Mutex::default(),
            rds: Mutex::default(),
            secrets: Mutex::default(),
            dead: Mutex::default(),
            refusals: Refusals::default(),
        };
        Self {
            inner: Arc::new(inner),
            rosa: None,
            take_over: false,
        }
    }

    /// The same, with another account for ROSA's side of a peering.
    #[must_use]
    pub fn with_rosa(&self, other: Self) -> Self {
        Self {
            rosa: Some(Arc::new(other)),
            ..self.clone()
        }
    }

    /// The account in which ROSA lives: this one, unless another was named.
    pub fn rosa(&self) -> &Self {
        self.rosa.as_deref().unwrap_or(self)
    }

    /// The same, for which signs of life of other runs count for nothing.
    #[must_use]
    pub fn taking_over(self, take_over: bool) -> Self {
        Self { take_over, ..self }
    }

    /// Whether signs of life of other runs count for nothing.
    pub(crate) fn takes_over(&self) -> bool {
        self.take_over
    }

    /// Knows that nobody is at work on these runs, whatever signs of life they
    /// have left.
    pub fn mark_dead(&self, runs: impl IntoIterator<Item = RunId>) {
        let runs = runs.into_iter().map(|run| run.to_string());
        self.dead().extend(runs);
    }

    /// Whether a run, by its id, is known to be dead.
    pub(crate) fn is_dead(&self, run: &str) -> bool {
        self.dead().contains(run)
    }

    fn dead(&self) -> MutexGuard<'_, HashSet<String>> {
        self.inner
            .dead
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The twelve digits of the account that the credentials belong to, from
    /// STS `GetCallerIdentity`.
    pub async fn account_id(&self, region: &str) -> Result<String, Fault> {
        let client = self.sts(region);
        let identity = self
            .look(async || {
                client
                    .get_caller_identity()
                    .send()
                    .await
                    .map_err(|error| fault("GetCallerIdentity", error))
            })
            .await?;
        identity
            .account
            .ok_or_else(|| Fault::permanent("sts did not say which account this is"))
    }

    /// When the credentials end, if they are known to: those of ROSA's account
    /// too. Newer ones are asked for where their provider has any.
    pub async fn credentials_end(&self) -> Option<Timestamp> {
        let own = self.own_credentials_end().await;
        let rosa = match &self.rosa {
            Some(rosa) => rosa.own_credentials_end().await,
            None => None,
        };
        own.into_iter().chain(rosa).min()
    }

    async fn own_credentials_end(&self) -> Option<Timestamp> {
        let provider = self.inner.base.credentials_provider()?;
        let credentials = provider.provide_credentials().await.ok()?;
        let end = credentials.expiry().map(Timestamp::from);
        let exported = self.inner.exported.as_ref();
        end.or_else(|| exported?.end_of(credentials.access_key_id()))
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The time at AWS, by its own clock.
    pub(crate) fn time(&self) -> Timestamp {
        self.inner.time.now()
    }

    /// The time at AWS, by its own clock, if any answer has told it.
    pub fn service_time(&self) -> Option<Timestamp> {
        self.inner.time.told()
    }

    /// Since when which resources refuse to be changed.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.inner.refusals
    }

    /// Who is at work.
    pub(crate) fn actor(&self) -> &Actor {
        &self.inner.actor
    }

    /// The database password, if one was given to this process.
    pub(crate) fn password(&self) -> Option<&Secret> {
        self.inner.password.as_ref()
    }

    /// Whether the services are AWS's own or simulated by the product, and not
    /// what somebody else put in their place.
    pub(crate) fn is_genuine(&self) -> bool {
        self.inner.base.endpoint_url().is_none()
    }

    /// STS in a region.
    pub(crate) fn sts(&self, region: &str) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::config::Builder::from(&self.inner.base)
            .region(Region::new(region.to_owned()))
            .interceptor(self.inner.time.clone())
            .interceptor(WholeAnswers)
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }

    /// EC2 in a region.
    pub(crate) fn ec2(&self, region: &str) -> aws_sdk_ec2::Client {
        let mut clients = self
            .inner
            .ec2
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        clients
            .entry(region.to_owned())
            .or_insert_with(|| {
                let config = aws_sdk_ec2::config::Builder::from(&self.inner.base)
                    .region(Region::new(region.to_owned()))
                    .interceptor(self.inner.time.clone())
                    .interceptor(WholeAnswers)
                    .build();
                aws_sdk_ec2::Client::from_conf(config)
            })
            .clone()
    }

    /// RDS in a region.
    pub(crate) fn rds(&self, region: &str) -> aws_sdk_rds::Client {
        let mut clients = self
            .inner
            .rds
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        clients
            .entry(region.to_owned())
            .or_insert_with(|| {
                let config = aws_sdk_rds::config::Builder::from(&self.inner.base)
                    .region(Region::new(region.to_owned()))
                    .interceptor(self.inner.time.clone())
                    .interceptor(WholeAnswers)
                    .build();
                aws_sdk_rds::Client::from_conf(config)
            })
            .clone()
    }

    /// Secrets Manager in a region.
    pub(crate) fn secrets(&self, region: &str) -> aws_sdk_secretsmanager::Client {
        let mut clients = self
            .inner
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        clients
            .entry(region.to_owned())
            .or_insert_with(|| {
                let config = aws_sdk_secretsmanager::config::Builder::from(&self.inner.base)
                    .region(Region::new(region.to_owned()))
                    .interceptor(self.inner.time.clone())
                    .build();
                aws_sdk_secretsmanager::Client::from_conf(config)
            })
            .clone()
    }

    /// Repeats a read outside of a run while its faults are transient.
    pub(crate) async fn look<T, F, Fut>(&self, read: F) -> Result<T, Fault>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, Fault>>,
    {
        // Boxed, for a dozen of them may be under way at once on one stack.
        Box::pin(retry(PATIENCE, self.inner.clock.as_ref(), read)).await
    }

    /// The same, where "nothing" is believed only at the third look: one may
    /// come from a place that has not heard yet of what is young.
    pub(crate) async fn look_confirmed<T, F, Fut>(&self, mut read: F) -> Result<Option<T>, Fault>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<Option<T>, Fault>>,
    {
        for pause in poll::DOUBTS {
            if let Some(found) = self.look(&mut read).await? {
                return Ok(Some(found));
            }
            self.inner.clock.sleep(pause).await;
        }
        self.look(read).await
    }
}

/// The region that the AWS profile in force has in the SDK's configuration
/// files, if it has one.
pub fn profile_region() -> Option<String> {
    // On a thread and a runtime of its own, so that it may be asked anywhere.
    let asked = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
        let provider = ProfileFileRegionProvider::builder().build();
        let region = runtime.block_on(provider.region())?;
        Some(region.as_ref().to_owned())
    });
    asked.join().ok().flatten()
}

/// The credentials of a profile. The SDK's default chain would look into the
/// environment first, so a profile that is named for one of two accounts would
/// silently be the other one.
fn credentials_of(profile: &str, http: SharedHttpClient) -> ProfileFileCredentialsProvider {
    let config = ProviderConfig::empty()
        .with_http_client(http)
        .with_sleep_impl(TokioSleep::new())
        .with_time_source(SystemTimeSource::new())
        .with_behavior_version(Some(BehaviorVersion::latest()));
    ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_name(profile)
        .build()
}
