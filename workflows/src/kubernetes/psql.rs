//! `psql` in a pod: how it finds the database, and how the password reaches it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::PASSWORD;

/// The database as a pod reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    /// The endpoint.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: i32,
    /// The database.
    pub(crate) database: String,
    /// The user.
    pub(crate) username: String,
    /// The Secret that holds the password.
    pub(crate) secret: String,
}

/// What runs `psql`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Client {
    /// The image.
    pub(crate) image: String,
    /// The database.
    pub(crate) server: Server,
}

impl Client {
    /// The command in the pod. Kubernetes replaces `$(NAME)` in it by the
    /// variable and `$$` by `$`, so that each `$` has to be two. (Kubernetes
    /// API reference, `Container.args`.)
    pub(crate) fn command(&self, arguments: &[String]) -> Vec<String> {
        let server = &self.server;
        let port = server.port.to_string();
        let fixed = [
            "psql",
            "-h",
            &server.host,
            "-p",
            &port,
            "-d",
            &server.database,
            "-U",
            &server.username,
        ];
        fixed
            .iter()
            .map(|&word| word.to_owned())
            .chain(arguments.iter().map(|word| word.replace('$', "$$")))
            .collect()
    }

    /// The variables of the pod. The password is named here, not held. Aurora
    /// speaks TLS; the history of what is typed has no place to stay.
    pub(crate) fn environment(&self) -> Value {
        json!([
            {
                "name": "PGPASSWORD",
                "valueFrom": {
                    "secretKeyRef": { "name": self.server.secret, "key": PASSWORD }
                }
            },
            { "name": "PGSSLMODE", "value": "require" },
            { "name": "PGCONNECT_TIMEOUT", "value": "10" },
            { "name": "PSQL_HISTORY", "value": "/dev/null" },
        ])
    }

    /// What the container may not: OpenShift's `restricted-v2` and the Pod
    /// Security Standard want it said. The user is left to the namespace.
    pub(crate) fn security() -> Value {
        json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    }
}

/// The image for an engine's version: psql of the same major version.
pub(crate) fn default_image(engine_version: Option<&str>) -> String {
    let major = engine_version
        .and_then(|version| version.split('.').next())
        .filter(|major| !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()));
    format!("postgres:{}", major.unwrap_or("17"))
}

/// The same with its registry: what is only `postgres:17` is refused by CRI-O
/// from 1.34 on (OpenShift 4.21), which no longer guesses where it is from.
pub(crate) fn qualified_image(engine_version: Option<&str>) -> String {
    format!("docker.io/library/{}", default_image(engine_version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_follows_the_engine() {
        assert_eq!(default_image(Some("16.8")), "postgres:16");
        assert_eq!(default_image(Some("17.5")), "postgres:17");
        assert_eq!(default_image(None), "postgres:17");
        assert_eq!(default_image(Some("next")), "postgres:17");
    }

    #[test]
    fn a_dollar_is_two() {
        let client = Client {
            image: default_image(None),
            server: Server {
                host: "h".to_owned(),
                port: 5432,
                database: "d".to_owned(),
                username: "u".to_owned(),
                secret: "s".to_owned(),
            },
        };
        let words = client.command(&["-c".to_owned(), "do $$ begin end $$".to_owned()]);
        assert_eq!(words.last().unwrap(), "do $$$$ begin end $$$$");
        assert!(client.environment().to_string().contains("secretKeyRef"));
    }
}
