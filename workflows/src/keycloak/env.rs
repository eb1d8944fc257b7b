//! `keycloak env`: its inputs, and what is asked of AWS for it. Reads only.

use serde::Deserialize;
use stepwell_engine::Fault;

use crate::aurora::Endpoint;
use crate::aws::Aws;
use crate::aws::call::fault;
use crate::input::{self, InvalidInput};
use crate::secret::Secret;

/// `keycloak env` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct EnvOptions {
    /// The database; none for the one made with the cluster.
    pub database: Option<String>,
    /// The Kubernetes namespace; none to leave it to whoever applies the manifest.
    pub namespace: Option<String>,
    /// The name of the Kubernetes Secret.
    pub secret_name: String,
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
}

impl EnvOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<EnvRequest, InvalidInput> {
        Ok(EnvRequest {
            database: self
                .database
                .map(|name| input::database(&name))
                .transpose()?,
            namespace: self.namespace.map(namespace).transpose()?,
            secret_name: secret_name(self.secret_name)?,
        })
    }
}

/// A namespace's name: a label of RFC 1123 (Kubernetes, "Object Names and IDs").
fn namespace(value: String) -> Result<String, InvalidInput> {
    if value.len() <= 63 && is_label(&value) {
        return Ok(value);
    }
    Err(InvalidInput {
        input: "namespace",
        value,
        problem: "is not a namespace's name".to_owned(),
        allowed: "1 to 63 lower-case letters, digits and hyphens, no hyphen first or last"
            .to_owned(),
    })
}

/// A Secret's name: labels of RFC 1123 with dots between them.
fn secret_name(value: String) -> Result<String, InvalidInput> {
    if value.len() <= 253 && value.split('.').all(is_label) {
        return Ok(value);
    }
    Err(InvalidInput {
        input: "secret-name",
        value,
        problem: "is not a secret's name".to_owned(),
        allowed: "1 to 253 lower-case letters, digits, hyphens and dots, a letter or digit first and last and beside every dot"
            .to_owned(),
    })
}

fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| plain(byte) || byte == b'-')
        && text.bytes().next().is_some_and(plain)
        && text.bytes().last().is_some_and(plain)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(namespace: Option<&str>, secret: &str) -> EnvOptions {
        EnvOptions {
            database: None,
            namespace: namespace.map(str::to_owned),
            secret_name: secret.to_owned(),
        }
    }

    #[test]
    fn names_in_kubernetes() {
        for good in ["keycloak", "runner-keycloak", "a", "1"] {
            assert!(options(Some(good), good).validate().is_ok(), "{good:?}");
        }
        assert!(options(None, "keycloak.db").validate().is_ok());
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "a b",
            "ä",
            "a\nb",
            &"x".repeat(64),
        ] {
            assert!(options(Some(bad), "x").validate().is_err(), "{bad:?}");
        }
        for bad in ["", ".a", "a.", "a..b", "a/b", &"x".repeat(254)] {
            assert!(options(None, bad).validate().is_err(), "{bad:?}");
        }
    }
}
