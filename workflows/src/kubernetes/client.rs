//! `psql` in a pod: how it finds the database, how user and password reach it,
//! and what the pod needs so that clusters take it.

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
    pub(crate) user: User,
    /// The Secret that holds the password.
    pub(crate) secret: String,
}

/// Where the user comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum User {
    /// It is named.
    Name(String),
    /// It is what a key of the Secret holds.
    Key(String),
}

impl User {
    /// The user for a login with a Secret: the one that a person names, else the
    /// Secret's own, whose password it is, else `default`.
    pub(crate) fn choose(named: Option<&str>, key: Option<&str>, default: &str) -> Self {
        match (named, key) {
            (Some(name), _) => Self::Name(name.to_owned()),
            (None, Some(key)) => Self::Key(key.to_owned()),
            (None, None) => Self::Name(default.to_owned()),
        }
    }
}

/// What runs `psql`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Client {
    /// The image.
    pub(crate) image: String,
    /// The database.
    pub(crate) server: Server,
    /// What the container asks for, and may use at most.
    pub(crate) resources: Resources,
    /// The user id of the container; none where the platform gives it one.
    pub(crate) run_as: Option<u32>,
}

/// What a container asks for and may use: the same, so that a quota or a limit
/// range that wants both has them, and the pod is not the first to be evicted.
/// (Kubernetes, "Pod Quality of Service Classes".)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resources {
    pub(crate) cpu: String,
    pub(crate) memory: String,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            cpu: "100m".to_owned(),
            memory: "128Mi".to_owned(),
        }
    }
}

/// The user of the images of PostgreSQL. Any other than root does.
pub(crate) const POSTGRES_USER: u32 = 999;

impl Client {
    /// The arguments of `psql` that name the database.
    fn place(&self) -> Vec<String> {
        let server = &self.server;
        let port = server.port.to_string();
        ["-h", &server.host, "-p", &port, "-d", &server.database]
            .map(str::to_owned)
            .to_vec()
    }

    /// The command in the pod. Kubernetes replaces `$(NAME)` in it by the
    /// variable and `$$` by `$`, so that each `$` has to be two. (Kubernetes
    /// API reference, `Container.args`.)
    pub(crate) fn command(&self, arguments: &[String]) -> Vec<String> {
        let rest = arguments.iter().map(|word| word.replace('$', "$$"));
        ["psql".to_owned()]
            .into_iter()
            .chain(self.place())
            .chain(rest)
            .collect()
    }

    /// The same, by a shell script that is given psql's arguments.
    pub(crate) fn script(&self, script: &str, arguments: &[String]) -> Vec<String> {
        let shell = ["sh", "-c", script].map(|word| word.replace('$', "$$"));
        shell.into_iter().chain(self.command(arguments)).collect()
    }

    /// The variables of the pod. User and password are named here, not held.
    /// Aurora speaks TLS; the history of what is typed has no place to stay.
    pub(crate) fn environment(&self) -> Vec<Value> {
        let secret = &self.server.secret;
        let key = |key: &str| json!({ "secretKeyRef": { "name": secret, "key": key } });
        let user = match &self.server.user {
            User::Name(name) => json!({ "name": "PGUSER", "value": name }),
            User::Key(name) => json!({ "name": "PGUSER", "valueFrom": key(name) }),
        };
        vec![
            json!({ "name": "PGPASSWORD", "valueFrom": key(PASSWORD) }),
            user,
            json!({ "name": "PGSSLMODE", "value": "require" }),
            json!({ "name": "PGCONNECT_TIMEOUT", "value": "10" }),
            json!({ "name": "PSQL_HISTORY", "value": "/dev/null" }),
        ]
    }

    /// What the container may not: OpenShift's `restricted-v2` and the Pod
    /// Security Standard `restricted` want it said.
    pub(crate) fn container_security() -> Value {
        json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    }

    /// Whom the pod may run as. An image whose user is root, as PostgreSQL's is,
    /// would not start otherwise.
    pub(crate) fn pod_security(&self) -> Value {
        let mut security = json!({
            "runAsNonRoot": true,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        if let Some(user) = self.run_as {
            security["runAsUser"] = json!(user);
        }
        security
    }

    /// What the container asks for and may use.
    pub(crate) fn resources(&self) -> Value {
        json!({ "requests": self.resources, "limits": self.resources })
    }
}

/// The image for an engine's version: psql of the same major version, with its
/// registry. What is only `postgres:17` is refused by CRI-O from 1.34 on
/// (OpenShift 4.21), which no longer guesses where it is from.
pub(crate) fn default_image(engine_version: Option<&str>) -> String {
    let major = engine_version
        .and_then(|version| version.split('.').next())
        .filter(|major| !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()));
    format!("docker.io/library/postgres:{}", major.unwrap_or("17"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::kubernetes) fn client(user: User, run_as: Option<u32>) -> Client {
        Client {
            image: default_image(None),
            server: Server {
                host: "h".to_owned(),
                port: 5433,
                database: "d".to_owned(),
                user,
                secret: "s".to_owned(),
            },
            resources: Resources::default(),
            run_as,
        }
    }

    #[test]
    fn the_image_follows_the_engine() {
        let image = |version| default_image(version).replace("docker.io/library/", "");
        assert_eq!(image(Some("16.8")), "postgres:16");
        assert_eq!(image(Some("17.5")), "postgres:17");
        assert_eq!(image(None), "postgres:17");
        assert_eq!(image(Some("next")), "postgres:17");
    }

    #[test]
    fn a_dollar_is_two() {
        let client = client(User::Name("u".to_owned()), None);
        let words = client.command(&["-c".to_owned(), "do $$ begin end $$".to_owned()]);
        assert_eq!(words.last().unwrap(), "do $$$$ begin end $$$$");
        assert_eq!(words[..7], ["psql", "-h", "h", "-p", "5433", "-d", "d"]);
        assert_eq!(client.script("psql \"$@\"", &[])[2], "psql \"$$@\"");
    }

    #[test]
    fn the_user_is_the_one_that_is_named_else_the_secrets() {
        let key = |key: &str| User::Key(key.to_owned());
        let name = |name: &str| User::Name(name.to_owned());
        assert_eq!(User::choose(Some("a"), Some("username"), "c"), name("a"));
        assert_eq!(User::choose(None, Some("username"), "c"), key("username"));
        assert_eq!(User::choose(None, None, "c"), name("c"));
        let variables = client(key("username"), None).environment();
        for (variable, key) in [(0, "password"), (1, "username")] {
            assert_eq!(variables[variable]["valueFrom"]["secretKeyRef"]["key"], key);
            assert_eq!(variables[variable].get("value"), None);
        }
    }
}
