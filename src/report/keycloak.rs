//! What Keycloak reads: variables, and the manifests of Kubernetes objects.

use serde_json::{Map, Value, json};
use stepwell_workflows::Secret;
use stepwell_workflows::keycloak::{Credentials, EnvRequest};

use super::{shell, yaml};

/// Variables with their values, in order.
pub type Variables = Vec<(&'static str, String)>;

/// The port of PostgreSQL, which Keycloak takes for granted.
pub const PORT: i32 = 5432;

/// The variables of the deployment scripts. The port is theirs only where it is
/// not the one that they write out.
pub fn scripts(host: &str, port: i32) -> Variables {
    let mut variables = vec![
        ("KC_DATABASE", "aurora-postgres".to_owned()),
        ("KC_DATABASE_URL", host.to_owned()),
    ];
    if port != PORT {
        variables.push(("KC_DATABASE_PORT", port.to_string()));
    }
    variables
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

/// The same with the AWS JDBC wrapper, which follows a failover where a plain
/// driver keeps its connections to the former writer (Keycloak, "Configuring
/// the database", "Preparing for Amazon Aurora PostgreSQL").
pub fn wrapped(url: String, username: &str) -> Variables {
    vec![
        ("KC_DB", "postgres".to_owned()),
        ("KC_DB_URL", url),
        ("KC_DB_DRIVER", DRIVER.to_owned()),
        ("KC_DB_USERNAME", username.to_owned()),
    ]
}

/// The class of the AWS JDBC wrapper.
const DRIVER: &str = "software.amazon.jdbc.Driver";

/// The release of the wrapper that the advice names.
const RELEASE: &str = "2.5.6";

/// The URL of a database for the wrapper.
pub fn url(host: &str, port: i32, database: &str) -> String {
    format!("jdbc:aws-wrapper:postgresql://{host}:{port}/{database}")
}

/// How an image of Keycloak gets the wrapper, a line each.
pub fn image_notes() -> Vec<String> {
    let jar = format!("aws-advanced-jdbc-wrapper-{RELEASE}.jar");
    vec![
        "Keycloak's own image lacks the AWS JDBC wrapper. A Dockerfile that adds it:".to_owned(),
        "  FROM YOUR-KEYCLOAK-IMAGE".to_owned(),
        format!(
            "  ADD --chown=keycloak:keycloak --chmod=644 https://github.com/aws/aws-advanced-jdbc-wrapper/releases/download/{RELEASE}/{jar} /opt/keycloak/providers/aws-advanced-jdbc-wrapper.jar"
        ),
        format!(
            "  RUN /opt/keycloak/bin/kc.sh build --db=postgres --db-driver={DRIVER} --health-enabled=true --metrics-enabled=true"
        ),
    ]
}

/// Lines as comments of a shell or of YAML.
pub fn comments(notes: &[String]) -> String {
    notes.iter().map(|note| format!("# {note}\n")).collect()
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

/// The metadata of an object in the namespace that was asked for, if one was.
fn metadata(name: &str, request: &EnvRequest) -> Value {
    match &request.namespace {
        Some(namespace) => json!({ "name": name, "namespace": namespace }),
        None => json!({ "name": name }),
    }
}

/// The manifest of a Kubernetes Secret. It holds the password: as text it is a
/// secret itself.
pub fn secret(request: &EnvRequest, credentials: &Credentials) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(&request.secret_name, request),
        "type": "Opaque",
        "stringData": {
            "username": credentials.username,
            "password": credentials.password.reveal(),
        },
    })
}

/// A manifest as YAML, for `kubectl apply -f`, with its notes on top.
pub fn manifest_yaml(manifest: &Value, notes: &[String]) -> Secret {
    Secret::new(comments(notes) + &yaml::document(manifest))
}

/// The version of the API of Keycloak's operator. The two have the same fields,
/// but those of `db-tls-mode` and of ConfigMaps as truststores came with, or not
/// long before, the second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `v2alpha1`, of operators before 26.6.
    Alpha,
    /// `v2beta1`.
    Beta,
}

/// The name of the object with RDS's certificates, as Keycloak's guide has it.
const CERTIFICATES: &str = "keycloak-aurora-rootcert";

/// The name of the file in it.
const BUNDLE: &str = "aurora.pem";

/// The `Keycloak` of the operator (Keycloak, "Deploying Keycloak across multiple
/// availability-zones with the Operator").
pub fn custom_resource(
    operator: Operator,
    request: &EnvRequest,
    host: &str,
    port: i32,
    database: &str,
) -> Value {
    let mut url = url(host, port, database);
    let key = |key: &str| json!({ "name": request.secret_name, "key": key });
    let mut options = vec![json!({ "name": "db-driver", "value": DRIVER })];
    let kind = match operator {
        Operator::Alpha => "secret",
        Operator::Beta => "configMap",
    };
    match operator {
        Operator::Beta => options.push(json!({ "name": "db-tls-mode", "value": "verify-server" })),
        // The options of the driver that the wrapper passes on to PostgreSQL's.
        Operator::Alpha => url.push_str(&format!(
            "?sslmode=verify-full&sslrootcert=/opt/keycloak/conf/truststores/secret-{CERTIFICATES}/{BUNDLE}"
        )),
    }
    let mut spec = json!({
        "additionalOptions": options,
        "db": {
            "vendor": "postgres",
            "url": url,
            // Equal, so that prepared statements stay cached.
            "poolMinSize": request.pool_size,
            "poolInitialSize": request.pool_size,
            "poolMaxSize": request.pool_size,
            "usernameSecret": key("username"),
            "passwordSecret": key("password"),
        },
        "truststores": { "aurora": { kind: { "name": CERTIFICATES } } },
    });
    if operator == Operator::Alpha {
        // On by default before 26; the wrapper is no XA data source.
        spec["transaction"] = json!({ "xaEnabled": false });
    }
    if let Some(image) = &request.image {
        spec["image"] = json!(image);
    }
    if let Some(hostname) = &request.hostname {
        spec["hostname"] = json!({ "hostname": hostname });
    }
    let version = match operator {
        Operator::Alpha => "v2alpha1",
        Operator::Beta => "v2beta1",
    };
    json!({
        "apiVersion": format!("k8s.keycloak.org/{version}"),
        "kind": "Keycloak",
        "metadata": metadata(&request.name, request),
        "spec": spec,
    })
}

/// What else the `Keycloak` needs, a line each.
pub fn custom_resource_notes(operator: Operator, request: &EnvRequest) -> Vec<String> {
    let mut notes = image_notes();
    if request.image.is_none() {
        notes.push("Name that image as spec.image, or with --image.".to_owned());
    }
    notes.push("An image without `kc.sh build` also needs spec.startOptimized: false.".to_owned());
    if request.hostname.is_none() {
        notes.push(
            "Keycloak also needs its public address: spec.hostname.hostname, or --hostname."
                .to_owned(),
        );
    }
    let make = match operator {
        Operator::Alpha => "secret generic",
        Operator::Beta => "configmap",
    };
    notes.push(format!("{CERTIFICATES} holds the certificates of RDS:"));
    notes.push(
        "  curl -O https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem".to_owned(),
    );
    notes.push(format!(
        "  kubectl create {make} {CERTIFICATES} --from-file={BUNDLE}=global-bundle.pem"
    ));
    notes.push(format!(
        "{} holds user and password: `stepwell keycloak env --format secret` or `--format external-secret`.",
        request.secret_name
    ));
    notes
}

/// The `ExternalSecret` of the External Secrets Operator for the password that
/// RDS keeps (External Secrets Operator, "ExternalSecret" and "AWS Secrets
/// Manager").
pub fn external_secret(request: &EnvRequest, arn: &str) -> Value {
    let part =
        |name: &str| json!({ "secretKey": name, "remoteRef": { "key": arn, "property": name } });
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": metadata(&request.secret_name, request),
        "spec": {
            "refreshInterval": request.refresh_interval,
            "secretStoreRef": { "kind": "ClusterSecretStore", "name": request.secret_store },
            "target": { "name": request.secret_name, "creationPolicy": "Owner" },
            "data": [part("username"), part("password")],
        },
    })
}

/// What else the `ExternalSecret` needs, a line each.
pub fn external_secret_notes(request: &EnvRequest, arn: &str) -> Vec<String> {
    vec![
        "RDS changes this password every seven days; the operator copies it within refreshInterval."
            .to_owned(),
        format!(
            "ClusterSecretStore {} has to be one of AWS Secrets Manager in the cluster's region,",
            request.secret_store
        ),
        "whose role may do secretsmanager:GetSecretValue and secretsmanager:DescribeSecret on"
            .to_owned(),
        format!("  {arn}"),
        "and kms:Decrypt where its key is not AWS's own.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use stepwell_workflows::keycloak::EnvOptions;

    use super::*;

    fn request() -> EnvRequest {
        EnvOptions::default().validate().expect("valid")
    }

    #[test]
    fn another_port_is_named() {
        assert!(!lines(&own("h", 5432, "d", "u")).contains("PORT"));
        assert!(lines(&own("h", 5433, "d", "u")).contains("KC_DB_URL_PORT=5433\n"));
        assert!(!lines(&scripts("h", 5432)).contains("PORT"));
        assert!(lines(&scripts("h", 5433)).contains("KC_DATABASE_PORT=5433\n"));
        assert_eq!(
            url("h", 5433, "d"),
            "jdbc:aws-wrapper:postgresql://h:5433/d"
        );
    }

    #[test]
    fn a_manifest_bears_any_password() {
        let credentials = Credentials {
            username: "yes".to_owned(),
            password: Secret::new(r#"#&*!|>'%`\{}: - 0x1"#.to_owned()),
        };
        let yaml = manifest_yaml(&secret(&request(), &credentials), &[]);
        let text = yaml.reveal();
        assert!(
            text.contains("  password: \"#&*!|>'%`\\\\{}: - 0x1\"\n  username: \"yes\"\n"),
            "{text}"
        );
    }

    #[test]
    fn each_version_of_the_operator_has_what_it_knows() {
        let of = |operator| custom_resource(operator, &request(), "h", 5432, "d")["spec"].clone();
        let (alpha, beta) = (of(Operator::Alpha), of(Operator::Beta));
        assert_eq!(beta["db"]["url"], "jdbc:aws-wrapper:postgresql://h:5432/d");
        assert_eq!(beta["additionalOptions"][1]["name"], "db-tls-mode");
        assert_eq!(
            beta["truststores"]["aurora"]["configMap"]["name"],
            CERTIFICATES
        );
        assert_eq!(beta.get("transaction"), None);
        let url = alpha["db"]["url"].as_str().expect("a url");
        assert!(
            url.ends_with("/secret-keycloak-aurora-rootcert/aurora.pem"),
            "{url}"
        );
        assert_eq!(alpha["additionalOptions"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            alpha["truststores"]["aurora"]["secret"]["name"],
            CERTIFICATES
        );
        assert_eq!(alpha["transaction"]["xaEnabled"], false);
    }
}
