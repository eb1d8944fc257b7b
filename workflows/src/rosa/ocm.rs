//! OpenShift Cluster Manager's REST API: the way to ask where there is no
//! `rosa` command, for example in CI.

use std::fmt::Write as _;

use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stepwell_engine::{Clock, Fault, Policy, retry};

use super::answer::{api_refusal, chain, send, token_refusal, unreadable};
use super::cluster::Cluster;
use super::said::short;
use super::token::{self, Kind};
use crate::SurveyError;
use crate::aws;
use crate::input::InvalidInput;
use crate::secret::Secret;

/// OCM, and how to log in to it.
#[derive(Debug, Clone)]
pub struct OcmAccess {
    /// The API's base address.
    pub url: String,
    /// Where access tokens are had.
    pub token_url: String,
    /// Who asks.
    pub login: OcmLogin,
}

/// A login to OCM.
#[derive(Debug, Clone)]
pub enum OcmLogin {
    /// An offline, refresh or access token; its claims tell which.
    Token(Secret),
    /// A service account.
    Client {
        /// Its id.
        id: String,
        /// Its secret.
        secret: Secret,
    },
}

impl OcmAccess {
    /// The production API, unless another is named.
    pub const URL: &str = "https://api.openshift.com";
    /// Red Hat's single sign-on, where the tokens for it are had.
    pub const TOKEN_URL: &str =
        "https://sso.redhat.com/auth/realms/redhat-external/protocol/openid-connect/token";

    /// Checks what can be checked before anybody is asked.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        match &self.login {
            OcmLogin::Token(token) => token::kind(token).map(drop),
            OcmLogin::Client { .. } => Ok(()),
        }
    }
}

/// A page of a list of clusters.
#[derive(Deserialize)]
struct ClusterList {
    total: Option<u64>,
    items: Option<Vec<Cluster>>,
}

/// Asks for the one cluster of a name.
pub(super) async fn describe(
    access: &OcmAccess,
    clock: &dyn Clock,
    name: &str,
) -> Result<Cluster, SurveyError> {
    let session = Session::open(access, clock).await?;
    let search = format!("name = {} and product.id = 'rosa'", quoted(name));
    let list: ClusterList = session
        .get(
            "/api/clusters_mgmt/v1/clusters",
            &[("search", search.as_str()), ("size", "2")],
        )
        .await?;
    if list.total.is_none() && list.items.is_none() {
        return Err(unreadable("OCM answered something else than a list of clusters").into());
    }
    let mut items = list.items.unwrap_or_default();
    // Whatever it counts, more than one that it describes are several.
    let total = list.total.unwrap_or(0).max(items.len() as u64);
    match (total, items.pop()) {
        (0, _) => Err(InvalidInput {
            input: "rosa-cluster",
            value: name.to_owned(),
            problem: format!(
                "is no rosa cluster that this login sees in OCM at {}",
                access.url
            ),
            allowed: "a name that `ocm list clusters` or the console shows to the same login"
                .to_owned(),
        }
        .into()),
        (1, Some(cluster)) if cluster.id().is_some() => Ok(cluster),
        (1, _) => Err(unreadable("OCM says that there is one cluster, and describes none").into()),
        (several, last) => {
            let mut which = String::new();
            for cluster in items.iter().chain(&last) {
                let _ = write!(
                    which,
                    ", {} in {}",
                    cluster.id().unwrap_or("unknown"),
                    cluster.region().unwrap_or("an unknown region")
                );
            }
            Err(SurveyError::Refused {
                message: format!(
                    "OCM knows {several} rosa clusters {name:?}: {}",
                    which.trim_start_matches(", ")
                ),
                hint: "name the network of the right one with --rosa-vpc".to_owned(),
            })
        }
    }
}

/// Who is logged in, and where.
pub(super) async fn probe(access: &OcmAccess, clock: &dyn Clock) -> Result<String, SurveyError> {
    #[derive(Deserialize)]
    struct Account {
        username: Option<String>,
    }
    let session = Session::open(access, clock).await?;
    let account: Account = session
        .get("/api/accounts_mgmt/v1/current_account", &[])
        .await?;
    Ok(format!(
        "OCM at {}, logged in as {}",
        access.url,
        short(
            account
                .username
                .as_deref()
                .unwrap_or("somebody without a name"),
            100
        )
    ))
}

/// A text in OCM's search language, which is SQL's: a quote is doubled.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A client with an access token.
struct Session<'a> {
    access: &'a OcmAccess,
    clock: &'a dyn Clock,
    http: Client,
    token: Secret,
}

impl<'a> Session<'a> {
    async fn open(access: &'a OcmAccess, clock: &'a dyn Clock) -> Result<Self, SurveyError> {
        let http = client()?;
        let token = match &access.login {
            OcmLogin::Token(token) => match token::kind(token)? {
                Kind::Access => token.clone(),
                Kind::Refresh => {
                    let form = [
                        ("grant_type", "refresh_token"),
                        ("client_id", "cloud-services"),
                        ("refresh_token", token.reveal()),
                    ];
                    exchange(&http, access, clock, &form).await?
                }
            },
            OcmLogin::Client { id, secret } => {
                let form = [
                    ("grant_type", "client_credentials"),
                    ("client_id", id),
                    ("client_secret", secret.reveal()),
                ];
                exchange(&http, access, clock, &form).await?
            }
        };
        Ok(Self {
            access,
            clock,
            http,
            token,
        })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Fault> {
        let url = format!("{}{path}", self.access.url);
        let url = if query.is_empty() {
            reqwest::Url::parse(&url)
        } else {
            reqwest::Url::parse_with_params(&url, query)
        }
        .map_err(|_| Fault::permanent(format!("{:?} is not OCM's address", self.access.url)))?;
        retry(policy(), self.clock, || async {
            let request = self
                .http
                .get(url.clone())
                .header("accept", "application/json")
                .bearer_auth(self.token.reveal());
            let answer = send(self.clock, request, "OCM").await?;
            answer.read("OCM", api_refusal)
        })
        .await
    }
}

/// Transient faults are retried as those of AWS are, a little less long: a
/// person waits.
fn policy() -> Policy {
    Policy {
        attempts: 5,
        ..aws::POLICY
    }
}

fn client() -> Result<Client, Fault> {
    // The same cryptography as for AWS; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("stepwell/", env!("CARGO_PKG_VERSION")))
        // Neither of the two services redirects, and a token goes to nobody else.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| {
            Fault::permanent("the client for OCM could not be made").with_cause(chain(&error))
        })
}

/// Gets an access token.
async fn exchange(
    http: &Client,
    access: &OcmAccess,
    clock: &dyn Clock,
    form: &[(&str, &str)],
) -> Result<Secret, Fault> {
    #[derive(Deserialize)]
    struct Tokens {
        access_token: String,
    }
    const WHO: &str = "the token service of OCM";
    retry(policy(), clock, || async {
        let request = http
            .post(&access.token_url)
            .header("accept", "application/json")
            .form(form);
        let answer = send(clock, request, WHO).await?;
        let tokens: Tokens = answer.read(WHO, token_refusal)?;
        Ok(Secret::new(tokens.access_token))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_ends_no_text() {
        assert_eq!(quoted("x' or '1'='1"), "'x'' or ''1''=''1'");
    }
}
