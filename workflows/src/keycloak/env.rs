//! `keycloak env`: its inputs, and what is asked of AWS for it. Reads only.

use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, MasterUserSecret};
use serde::Deserialize;
use stepwell_engine::Fault;

use crate::aurora::Endpoint;
use crate::aws::call::fault;
use crate::aws::{Aws, rds};
use crate::input::{self, InvalidInput};
use crate::kubernetes::names;
use crate::secret::Secret;

/// `keycloak env` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone, Default)]
pub struct EnvOptions {
    /// The database; none for the one made with the cluster.
    pub database: Option<String>,
    /// The Kubernetes namespace; none to leave it to whoever applies the manifest.
    pub namespace: Option<String>,
    /// The name of the Kubernetes Secret.
    pub secret_name: Option<String>,
    /// The name of the `Keycloak` of the operator.
    pub name: Option<String>,
    /// Its image, which has the driver.
    pub image: Option<String>,
    /// Its public address.
    pub hostname: Option<String>,
    /// How many connections each of its pods has.
    pub pool_size: Option<u32>,
    /// The `ClusterSecretStore` of the External Secrets Operator.
    pub secret_store: Option<String>,
    /// How often that operator looks, for example `5m`.
    pub refresh_interval: Option<String>,
}

/// `keycloak env`, checked.
#[derive(Debug, Clone)]
pub struct EnvRequest {
    /// The database; none for the one made with the cluster.
    pub database: Option<String>,
    /// The Kubernetes namespace.
    pub namespace: Option<String>,
    /// The name of the Kubernetes Secret.
    pub secret_name: String,
    /// The name of the `Keycloak` of the operator.
    pub name: String,
    /// Its image.
    pub image: Option<String>,
    /// Its public address.
    pub hostname: Option<String>,
    /// How many connections each of its pods has.
    pub pool_size: u32,
    /// The `ClusterSecretStore`.
    pub secret_store: String,
    /// How often it is looked into.
    pub refresh_interval: String,
}

impl EnvOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<EnvRequest, InvalidInput> {
        let or = |given: Option<String>, default: &str| given.unwrap_or_else(|| default.to_owned());
        let object = |input, given, default| names::object(input, &or(given, default));
        Ok(EnvRequest {
            database: (self.database)
                .map(|name| input::database(&name))
                .transpose()?,
            namespace: (self.namespace)
                .map(|name| names::namespace(&name))
                .transpose()?,
            secret_name: object("secret-name", self.secret_name, "keycloak-db-secret")?,
            name: object("name", self.name, "keycloak")?,
            image: (self.image).map(|name| names::image(&name)).transpose()?,
            hostname: self.hostname.map(hostname).transpose()?,
            pool_size: pool_size(self.pool_size.unwrap_or(POOL_SIZE))?,
            secret_store: object("secret-store", self.secret_store, "aws-secrets-manager")?,
            refresh_interval: interval(or(self.refresh_interval, "5m"))?,
        })
    }
}

/// The size of the pool in Keycloak's high-availability guide.
const POOL_SIZE: u32 = 30;

/// A host's name, or a URL (Keycloak, "Configuring the hostname").
fn hostname(value: String) -> Result<String, InvalidInput> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:/_".contains(&byte);
    if (1..=255).contains(&value.len()) && value.bytes().all(plain) {
        return Ok(value);
    }
    Err(InvalidInput {
        input: "hostname",
        value,
        problem: "is neither a host's name nor a URL".to_owned(),
        allowed: "a name such as sso.example.com, or https://sso.example.com/auth".to_owned(),
    })
}

fn pool_size(value: u32) -> Result<u32, InvalidInput> {
    if (1..=1000).contains(&value) {
        return Ok(value);
    }
    Err(InvalidInput {
        input: "pool-size",
        value: value.to_string(),
        problem: "is out of range".to_owned(),
        allowed: "1 to 1000".to_owned(),
    })
}

/// A duration as Go writes it, in one unit.
fn interval(value: String) -> Result<String, InvalidInput> {
    let number = value.strip_suffix(['s', 'm', 'h']).unwrap_or_default();
    let is_number = (1..=6).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.bytes().any(|byte| byte != b'0');
    if is_number {
        return Ok(value);
    }
    Err(InvalidInput {
        input: "refresh-interval",
        value,
        problem: "is not a time".to_owned(),
        allowed: "a number with its unit, such as 30s, 5m or 1h".to_owned(),
    })
}

/// How long the secret of a cluster may take until it can be read.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
const PACE: Duration = Duration::from_secs(5);

/// Who logs in to the database, and with what.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The master user.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// What RDS keeps in the secret of a cluster (Aurora User Guide, "Password
/// management with Amazon Aurora and AWS Secrets Manager").
#[derive(Deserialize)]
struct Kept {
    username: String,
    password: String,
}

/// The credentials of a cluster's master user: with the password that was
/// given, else the one that RDS keeps in Secrets Manager; none if there is
/// neither.
pub async fn credentials(
    aws: &Aws,
    region: &str,
    cluster: &str,
    endpoint: &Endpoint,
    given: Option<Secret>,
) -> Result<Option<Credentials>, Fault> {
    if let Some(password) = given {
        let username = endpoint.username.clone();
        return Ok(Some(Credentials { username, password }));
    }
    let Some(arn) = &endpoint.password_secret else {
        return Ok(None);
    };
    must_be_active(aws, region, cluster).await?;
    let answer = aws
        .look(async || {
            aws.secrets(region)
                .get_secret_value()
                .secret_id(arn)
                .send()
                .await
                .map_err(|error| fault("GetSecretValue", error))
        })
        .await?;
    // The parser's error would quote what it could not read.
    let kept: Kept = answer
        .secret_string()
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| Fault::permanent(format!("{arn} does not hold a user and a password")))?;
    Ok(Some(Credentials {
        username: kept.username,
        password: Secret::new(kept.password),
    }))
}

/// Waits until RDS has the secret of a cluster ready: a young one can't be read
/// yet, and one that is being changed holds the former password. A fault if it
/// can't come to that (RDS API reference, `MasterUserSecret`).
pub async fn must_be_active(aws: &Aws, region: &str, cluster: &str) -> Result<(), Fault> {
    let deadline = aws.clock().elapsed() + PATIENCE;
    loop {
        let found = aws.look(|| rds::cluster(aws, region, cluster)).await?;
        let secret = found.as_ref().and_then(DbCluster::master_user_secret);
        let status = secret.and_then(MasterUserSecret::secret_status);
        let fault = match status {
            // Some stand-ins for AWS tell no status.
            None | Some("active") => return Ok(()),
            Some("creating" | "rotating") if aws.clock().elapsed() < deadline => {
                aws.clock().sleep(PACE).await;
                continue;
            }
            Some("impaired") => Fault::permanent(format!(
                "the secret of cluster {cluster:?} is impaired: rds can't reach it or its KMS key"
            ))
            .with_hint("see whether the secret and its KMS key are there and rds may use them (Aurora User Guide, \"Password management with Amazon Aurora and AWS Secrets Manager\")"),
            Some(other) => Fault::permanent(format!(
                "the secret of cluster {cluster:?} is {other}"
            ))
            .with_hint("try again in some minutes"),
        };
        return Err(fault.with_code("SecretNotActive"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_their_form() {
        let good = EnvOptions {
            namespace: Some("runner-keycloak".to_owned()),
            secret_name: Some("keycloak.db".to_owned()),
            hostname: Some("https://sso.example.com/auth".to_owned()),
            refresh_interval: Some("90s".to_owned()),
            ..EnvOptions::default()
        };
        let checked = good.clone().validate().expect("valid");
        assert_eq!((checked.pool_size, checked.name.as_str()), (30, "keycloak"));
        let wrong = |change: fn(&mut EnvOptions)| {
            let mut options = good.clone();
            change(&mut options);
            options.validate().expect_err("invalid").input
        };
        assert_eq!(wrong(|o| o.namespace = Some("a.b".into())), "namespace");
        assert_eq!(wrong(|o| o.secret_name = Some("-".into())), "secret-name");
        assert_eq!(wrong(|o| o.name = Some("A".into())), "name");
        assert_eq!(wrong(|o| o.image = Some("a b".into())), "image");
        assert_eq!(wrong(|o| o.hostname = Some("a\nb".into())), "hostname");
        assert_eq!(wrong(|o| o.pool_size = Some(0)), "pool-size");
        assert_eq!(wrong(|o| o.secret_store = Some("".into())), "secret-store");
        assert_eq!(
            wrong(|o| o.refresh_interval = Some("5d".into())),
            "refresh-interval"
        );
        assert_eq!(
            wrong(|o| o.refresh_interval = Some("0m".into())),
            "refresh-interval"
        );
    }
}
