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
use super::token::Kind;
use crate::SurveyError;
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
    Token {
        /// The token.
        token: Secret,
        /// The client that it was given to, where the token itself is not to be
        /// believed.
        client: Option<String>,
    },
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
    policy: Policy,
    name: &str,
) -> Result<Cluster, SurveyError> {
    let session = Session::open(access, clock, policy).await?;
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
pub(super) async fn probe(
    access: &OcmAccess,
    clock: &dyn Clock,
    policy: Policy,
) -> Result<String, SurveyError> {
    #[derive(Deserialize)]
    struct Account {
        username: Option<String>,
    }
    let session = Session::open(access, clock, policy).await?;
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
    policy: Policy,
    http: Client,
    token: Secret,
}

/// What helps where a token is not taken any more: those of persons all end
/// (openshift-docs, `modules/rosa-configure.adoc`).
const NEW_TOKEN: &str = "for a job, use a service account: OCM_CLIENT_ID and OCM_CLIENT_SECRET in place of OCM_TOKEN; else log in anew and set OCM_TOKEN again: what `rosa login` gets lasts for ten hours, an offline token for 30 days without use";

impl<'a> Session<'a> {
    async fn open(
        access: &'a OcmAccess,
        clock: &'a dyn Clock,
        policy: Policy,
    ) -> Result<Self, SurveyError> {
        let http = client()?;
        let claims = access.login.token().transpose()?;
        let token = match (&access.login, &claims) {
            (OcmLogin::Token { token, .. }, Some(claims)) if claims.kind == Kind::Access => {
                token.clone()
            }
            (OcmLogin::Token { token, client }, claims) => {
                let client = claims
                    .as_ref()
                    .map(|claims| access.client_of(claims, client.as_deref()));
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client.unwrap_or_default()),
                    ("refresh_token", token.reveal()),
                ];
                exchange(&http, access, clock, policy, &form, NEW_TOKEN).await?
            }
            (OcmLogin::Client { id, secret }, _) => {
                let form = [
                    ("grant_type", "client_credentials"),
                    ("client_id", id),
                    ("client_secret", secret.reveal()),
                    ("scope", SCOPE),
                ];
                let hint = "check OCM_CLIENT_ID and OCM_CLIENT_SECRET: is the service account still there, and was its secret reset?";
                exchange(&http, access, clock, policy, &form, hint).await?
            }
        };
        Ok(Self {
            access,
            clock,
            policy,
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
        retry(self.policy, self.clock, || async {
            let request = self
                .http
                .get(url.clone())
                .header("accept", "application/json")
                .bearer_auth(self.token.reveal());
            let answer = send(self.clock, request, "OCM", &self.access.url).await?;
            answer.read("OCM", api_refusal)
        })
        .await
    }
}

/// What is asked for with a service account, as OCM's own library does; a token
/// brings what it was given.
const SCOPE: &str = "openid";

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

/// Gets an access token; `hint` is what helps where it is refused.
async fn exchange(
    http: &Client,
    access: &OcmAccess,
    clock: &dyn Clock,
    policy: Policy,
    form: &[(&str, &str)],
    hint: &str,
) -> Result<Secret, Fault> {
    #[derive(Deserialize)]
    struct Tokens {
        access_token: String,
    }
    const WHO: &str = "the token service of OCM";
    retry(policy, clock, || async {
        let request = http
            .post(&access.token_url)
            .header("accept", "application/json")
            .form(form);
        let answer = send(clock, request, WHO, &access.token_url).await?;
        let refusal = |status, body: &[u8]| token_refusal(status, body, hint);
        let tokens: Tokens = answer.read(WHO, refusal)?;
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
