//! What Keycloak reads: variables, and the manifest of a Secret.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stepwell_workflows::Secret;
use stepwell_workflows::keycloak::Credentials;

use super::shell;

/// Variables with their values, in order.
pub type Variables = Vec<(&'static str, String)>;

/// The port of PostgreSQL, which Keycloak takes for granted.
const PORT: i32 = 5432;

/// The variables of the deployment scripts.
pub fn scripts(host: &str) -> Variables {
    vec![
        ("KC_DATABASE", "aurora-postgres".to_owned()),
        ("KC_DATABASE_URL", host.to_owned()),
    ]
}

/// Keycloak's own variables (Keycloak, "Configuring the database").
pub fn own(host: &str, port: i32, database: &str, username: &str) -> Variables {
    let mut variables = vec![
        ("KC_DB", "postgres".to_owned()),
        ("KC_DB_URL_HOST", host.to_owned()),
        ("KC_DB_URL_DATABASE", database.to_owned()),
        ("KC_DB_USERNAME", username.to_owned()),
    ];
    if port != PORT {
        variables.push(("KC_DB_URL_PORT", port.to_string()));
    }
    variables
}

/// As lines for a shell to evaluate.
pub fn exports(variables: &Variables) -> String {
    let line = |(name, value): &(&str, String)| format!("export {name}={}\n", shell::quote(value));
    variables.iter().map(line).collect()
}

/// As plain `NAME=value` lines. No value has a line's end: names of hosts,
/// databases and users can't.
pub fn lines(variables: &Variables) -> String {
    let line = |(name, value): &(&str, String)| format!("{name}={value}\n");
    variables.iter().map(line).collect()
}

/// As an object.
pub fn object(variables: &Variables) -> Value {
    let field = |(name, value): &(&'static str, String)| ((*name).to_owned(), json!(value));
    Value::Object(variables.iter().map(field).collect::<Map<_, _>>())
}

/// The manifest of a Kubernetes Secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    r#type: &'a str,
    string_data: StringData<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Serialize)]
struct StringData<'a> {
    username: &'a str,
    password: &'a str,
}

fn manifest<'a>(
    name: &'a str,
    namespace: Option<&'a str>,
    credentials: &'a Credentials,
) -> Manifest<'a> {
    Manifest {
        api_version: "v1",
        kind: "Secret",
        metadata: Metadata { name, namespace },
        r#type: "Opaque",
        string_data: StringData {
            username: &credentials.username,
            password: credentials.password.reveal(),
        },
    }
}

/// The manifest as JSON.
pub fn manifest_json(name: &str, namespace: Option<&str>, credentials: &Credentials) -> Value {
    json!(manifest(name, namespace, credentials))
}

/// The manifest as YAML, for `kubectl apply -f`.
pub fn manifest_yaml(name: &str, namespace: Option<&str>, credentials: &Credentials) -> Secret {
    let it = manifest(name, namespace, credentials);
    // A JSON string is a double-quoted scalar of YAML, whatever is in it.
    let text = |value: &str| Value::from(value).to_string();
    let mut yaml = format!(
        "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n",
        it.api_version,
        it.kind,
        text(it.metadata.name)
    );
    if let Some(namespace) = it.metadata.namespace {
        yaml.push_str(&format!("  namespace: {}\n", text(namespace)));
    }
    yaml.push_str(&format!(
        "type: {}\nstringData:\n  username: {}\n  password: {}\n",
        it.r#type,
        text(it.string_data.username),
        text(it.string_data.password)
    ));
    Secret::new(yaml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_port_is_named() {
        assert!(!lines(&own("h", 5432, "d", "u")).contains("PORT"));
        assert!(lines(&own("h", 5433, "d", "u")).contains("KC_DB_URL_PORT=5433\n"));
    }

    #[test]
    fn a_manifest_bears_any_password() {
        let credentials = Credentials {
            username: "yes".to_owned(),
            password: Secret::new(r#"#&*!|>'%`\{}: - 0x1"#.to_owned()),
        };
        let yaml = manifest_yaml("name", Some("space"), &credentials);
        assert!(
            yaml.reveal()
                .ends_with("  username: \"yes\"\n  password: \"#&*!|>'%`\\\\{}: - 0x1\"\n"),
            "{}",
            yaml.reveal()
        );
    }
}
