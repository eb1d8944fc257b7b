//! What Keycloak is told of its database.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::harness::{Done, Home, KEYCLOAK};

#[track_caller]
fn env(home: &Home, code: i32, more: &[&str]) -> Done {
    home.max(code, &[&["keycloak", "env"], &KEYCLOAK[..], more].concat())
}

fn host(home: &Home) -> String {
    let done = home.max(0, &[&["aurora", "endpoint"], &KEYCLOAK[..]].concat());
    done.stdout.trim_end().to_owned()
}

/// Whether a text is in any file of the home.
fn is_stored(home: &Home, text: &str) -> bool {
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).expect("a file");
            if bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[test]
fn the_variables_of_the_scripts_and_keycloaks_own() {
    let home = Home::new();
    home.create(0, &["--username", "somebody", "--database", "other"]);
    let host = host(&home);
    let shell = env(&home, 0, &[]);
    assert_eq!(shell.stderr, "");
    assert_eq!(
        shell.stdout,
        format!("export KC_DATABASE=aurora-postgres\nexport KC_DATABASE_URL={host}\n")
    );
    // As a person uses it.
    let line = format!(
        "eval \"$(stepwell --sandbox keycloak env {})\"; printf '%s %s' \"$KC_DATABASE\" \"$KC_DATABASE_URL\"",
        KEYCLOAK.join(" ")
    );
    let done = home.shell(&line);
    assert_eq!(done.stdout, format!("aurora-postgres {host}"), "{done:?}");

    let dotenv = env(&home, 0, &["--format", "dotenv"]);
    assert_eq!(
        dotenv.stdout,
        format!("KC_DATABASE=aurora-postgres\nKC_DATABASE_URL={host}\n")
    );
    let own = env(&home, 0, &["--format", "keycloak"]);
    assert_eq!(
        own.stdout,
        format!(
            "KC_DB=postgres\nKC_DB_URL_HOST={host}\nKC_DB_URL_DATABASE=other\nKC_DB_USERNAME=somebody\n"
        )
    );
    env(&home, 0, &["--format", "keycloak", "--database", "third"])
        .prints("KC_DB_URL_DATABASE=third\n");

    let json = env(&home, 0, &["-o", "json"]).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["cluster"], "keycloak");
    assert_eq!(json["region"], "eu-west-1");
    assert_eq!(json["format"], "shell");
    assert_eq!(json["variables"]["KC_DATABASE_URL"], host);
    assert!(json.get("manifest").is_none());
}

#[test]
fn the_variables_of_the_environment_name_the_cluster() {
    let mut home = Home::new();
    home.create(0, &[]);
    home.set("AURORA_CLUSTER", "keycloak");
    home.set("AURORA_REGION", "eu-west-1");
    home.max(0, &["keycloak", "env"])
        .prints("KC_DATABASE_URL=keycloak.cluster-");
}

#[test]
fn nothing_is_printed_of_a_cluster_that_does_not_serve() {
    let home = Home::new();
    let nothing = env(&home, 1, &["-o", "json"]);
    assert_eq!(nothing.error()["code"], "not_found");
    assert_eq!(nothing.stdout, "");
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--error",
        "InsufficientDBInstanceCapacity",
    ]);
    home.create(3, &[]);
    let path = home.path().join("out");
    let path = path.display().to_string();
    let young = env(&home, 1, &["--output-file", &path]);
    young.says("does not serve");
    assert!(!home.path().join("out").exists());
}

#[test]
fn a_secret_holds_the_password_that_rds_keeps() {
    let home = Home::new();
    home.create(0, &[]);
    let json = env(&home, 0, &["--format", "secret", "-o", "json"]).json();
    let manifest = &json["manifest"];
    assert_eq!(manifest["apiVersion"], "v1");
    assert_eq!(manifest["kind"], "Secret");
    assert_eq!(manifest["metadata"]["name"], "keycloak-db-secret");
    assert!(manifest["metadata"].get("namespace").is_none());
    assert_eq!(manifest["stringData"]["username"], "keycloak");
    let password = manifest["stringData"]["password"]
        .as_str()
        .expect("a password");
    assert!(password.len() >= 8, "{password}");

    let more = [
        "--format",
        "secret",
        "--namespace",
        "runner",
        "--secret-name",
        "db",
    ];
    let yaml = env(&home, 0, &more);
    yaml.says("every seven days").says("external-secret");
    let quoted = Value::from(password).to_string();
    assert_eq!(
        // Quotes or none, as the password has it.
        yaml.stdout.replace(&quoted, password),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: runner\nstringData:\n  password: {password}\n  username: keycloak\ntype: Opaque\n"
        )
    );
    assert!(!is_stored(&home, password), "asked for, never stored");
    for code in ["AccessDeniedException", "DecryptionFailure"] {
        home.fault(&[
            "--operation",
            "GetSecretValue",
            "--error",
            code,
            "--times",
            "1",
        ]);
        let denied = env(&home, 7, &["--format", "secret"]);
        denied.says(code).says("hint: ");
        assert_eq!(denied.stdout, "");
    }
    // No other format asks for it.
    home.fault(&[
        "--operation",
        "GetSecretValue",
        "--error",
        "AccessDeniedException",
    ]);
    env(&home, 0, &["--format", "keycloak"]);
}

#[test]
fn a_secret_of_a_password_that_was_given() {
    let home = Home::new();
    let path = home.path().join("password");
    fs::write(&path, "it's-given-%7\n").expect("a file");
    let path = path.display().to_string();
    home.create(0, &["--password-file", &path]);
    let none = env(&home, 1, &["--format", "secret", "-o", "json"]);
    assert_eq!(none.error()["code"], "no_password");
    env(&home, 0, &["--format", "secret", "--password-file", &path])
        .prints("  password: \"it's-given-%7\"\n");
    let mut home = home;
    home.set("AURORA_PASSWORD", "from-the-environment");
    env(&home, 0, &["--format", "secret"]).prints("  password: from-the-environment\n");
    assert!(!env(&home, 0, &[]).stdout.contains("from-the"));
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let home = Home::new();
    home.create(0, &[]);
    let path = home.path().join("out.yaml");
    let name = path.display().to_string();
    fs::write(&path, "old").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    let done = env(&home, 0, &["--format", "secret", "--output-file", &name]);
    assert_eq!(done.stdout, "");
    done.says("wrote ");
    assert!(
        fs::read_to_string(&path)
            .expect("a file")
            .starts_with("apiVersion: v1\n")
    );
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a password is for its owner alone");

    let json = env(&home, 0, &["-o", "json", "--output-file", &name]);
    assert_eq!((json.stdout.as_str(), json.stderr.as_str()), ("", ""));
    let text = fs::read_to_string(&path).expect("a file");
    let document: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(document["schema"], 1);
    let left: Vec<_> = fs::read_dir(home.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with(".out"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let home = Home::new();
    home.create(0, &[]);
    let target = home.path().join("target");
    fs::write(&target, "kept").expect("a file");
    let link = home.path().join("link");
    symlink(&target, &link).expect("a link");
    let folder = home.path().join("no/such/folder");
    for (path, problem) in [
        (home.path(), "is a folder"),
        (link.as_path(), "is a symbolic link"),
        (folder.as_path(), "is in no folder that exists"),
    ] {
        let path = path.display().to_string();
        env(&home, 64, &["--output-file", &path]).says(problem);
    }
    assert_eq!(fs::read_to_string(&target).expect("a file"), "kept");
}

#[test]
fn options_of_another_format_are_refused() {
    let home = Home::new();
    for more in [
        &["--namespace", "x"][..],
        &["--secret-name", "x"],
        &["--password-file", "x"],
        &["--database", "x"],
        &["--format", "secret", "--database", "x"],
        &["--format", "secret", "--namespace", "Not Valid"],
        &["--format", "secret", "--secret-name", "-"],
        &["--format", "keycloak", "--database", "1; DROP"],
        &["--wrapper"],
        &["--format", "cr", "--wrapper"],
        &["--format", "secret", "--image", "x"],
        &["--format", "cr", "--secret-store", "x"],
        &["--format", "cr", "--pool-size", "0"],
        &["--format", "cr", "--api-version", "v1"],
        &["--format", "external-secret", "--refresh-interval", "often"],
        &["--format", "nothing"],
    ] {
        let done = env(&home, 64, more);
        assert_eq!(done.stdout, "", "{done:?}");
    }
}

/// YAML as another program reads it: with PyYAML where it is there.
fn parsed(yaml: &str) -> Option<Value> {
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    std::io::Write::write_all(&mut stdin, yaml.as_bytes()).ok()?;
    drop(stdin);
    let output = child.wait_with_output().ok()?;
    output
        .status
        .success()
        .then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn the_custom_resource_of_the_operator() {
    let home = Home::new();
    home.create(0, &[]);
    let host = host(&home);
    let bare = env(&home, 0, &["--format", "cr"]);
    assert_eq!(bare.stderr, "");
    let (notes, yaml): (Vec<&str>, Vec<&str>) =
        bare.stdout.lines().partition(|line| line.starts_with('#'));
    let notes = notes.join("\n");
    for part in [
        "ADD --chown=keycloak:keycloak",
        "/opt/keycloak/providers/",
        "kc.sh build --db=postgres --db-driver=software.amazon.jdbc.Driver",
        "kubectl create configmap keycloak-aurora-rootcert",
        "global-bundle.pem",
        "spec.hostname",
        "spec.image",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let expected = format!(
        "apiVersion: k8s.keycloak.org/v2beta1
kind: Keycloak
metadata:
  name: keycloak
spec:
  additionalOptions:
  - name: db-driver
    value: software.amazon.jdbc.Driver
  - name: db-tls-mode
    value: verify-server
  db:
    passwordSecret:
      key: password
      name: keycloak-db-secret
    poolInitialSize: 30
    poolMaxSize: 30
    poolMinSize: 30
    url: jdbc:aws-wrapper:postgresql://{host}:5432/keycloak
    usernameSecret:
      key: username
      name: keycloak-db-secret
    vendor: postgres
  truststores:
    aurora:
      configMap:
        name: keycloak-aurora-rootcert"
    );
    assert_eq!(yaml.join("\n"), expected);

    let more = [
        "--format",
        "cr",
        "--api-version",
        "v2alpha1",
        "--namespace",
        "kc",
        "--name",
        "sso",
        "--image",
        "registry.example/keycloak:26",
        "--hostname",
        "https://sso.example.com",
        "--pool-size",
        "10",
        "--database",
        "other",
    ];
    let json = env(&home, 0, &[&more[..], &["-o", "json"]].concat()).json();
    assert_eq!(json["format"], "cr");
    assert!(
        json["notes"]
            .as_array()
            .is_some_and(|notes| !notes.is_empty())
    );
    let manifest = &json["manifest"];
    assert_eq!(manifest["apiVersion"], "k8s.keycloak.org/v2alpha1");
    assert_eq!(manifest["metadata"]["namespace"], "kc");
    assert_eq!(manifest["metadata"]["name"], "sso");
    let spec = &manifest["spec"];
    assert_eq!(spec["image"], "registry.example/keycloak:26");
    assert_eq!(spec["hostname"]["hostname"], "https://sso.example.com");
    assert_eq!(spec["transaction"]["xaEnabled"], false);
    let url = spec["db"]["url"].as_str().expect("a url");
    assert!(url.contains(":5432/other?sslmode=verify-full&"), "{url}");
    for pool in ["poolMinSize", "poolInitialSize", "poolMaxSize"] {
        assert_eq!(spec["db"][pool], 10);
    }
    // What is printed is what the JSON says, as a parser of YAML reads it.
    let text = env(&home, 0, &more).stdout;
    if let Some(parsed) = parsed(&text) {
        assert_eq!(&parsed, manifest);
    }
}

#[test]
fn an_external_secret_for_the_password_that_rds_keeps() {
    let home = Home::new();
    home.create(0, &[]);
    let endpoint = ["aurora", "endpoint", "-o", "json"];
    let endpoint = home.max(0, &[&endpoint[..], &KEYCLOAK].concat()).json();
    let arn = &endpoint["password_secret"];
    let more = ["--format", "external-secret", "--namespace", "kc"];
    let json = env(&home, 0, &[&more[..], &["-o", "json"]].concat()).json();
    assert_eq!(json["format"], "external-secret");
    let manifest = &json["manifest"];
    assert_eq!(manifest["apiVersion"], "external-secrets.io/v1");
    assert_eq!(manifest["kind"], "ExternalSecret");
    let spec = &manifest["spec"];
    assert_eq!(spec["secretStoreRef"]["kind"], "ClusterSecretStore");
    assert_eq!(spec["secretStoreRef"]["name"], "aws-secrets-manager");
    assert_eq!(spec["refreshInterval"], "5m");
    assert_eq!(spec["target"]["name"], "keycloak-db-secret");
    for (place, key) in ["username", "password"].iter().enumerate() {
        assert_eq!(spec["data"][place]["secretKey"], *key);
        assert_eq!(spec["data"][place]["remoteRef"]["property"], *key);
        assert_eq!(&spec["data"][place]["remoteRef"]["key"], arn);
    }
    let text = env(&home, 0, &more).stdout;
    assert!(text.contains("every seven days"), "{text}");
    if let Some(parsed) = parsed(&text) {
        assert_eq!(&parsed, manifest);
    }
    let other = ["--secret-store", "main", "--refresh-interval", "1h"];
    let text = env(&home, 0, &[&more[..], &other].concat()).stdout;
    for part in ["name: main\n", "refreshInterval: \"1h\"\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn no_external_secret_where_rds_keeps_no_password() {
    let home = Home::new();
    let path = home.path().join("password");
    fs::write(&path, "it's-given-%7\n").expect("a file");
    home.create(0, &["--password-file", &path.display().to_string()]);
    let refused = env(&home, 8, &["--format", "external-secret", "-o", "json"]);
    assert_eq!(refused.error()["code"], "no_password");
    refused.says("does not keep the password");
    assert_eq!(refused.stdout, "");
}

#[test]
fn the_wrapper_as_variables() {
    let home = Home::new();
    home.create(0, &[]);
    let host = host(&home);
    let done = env(&home, 0, &["--format", "keycloak", "--wrapper"]);
    let (notes, lines): (Vec<&str>, Vec<&str>) =
        done.stdout.lines().partition(|line| line.starts_with('#'));
    assert!(notes.join("\n").contains("kc.sh build"), "{notes:?}");
    assert_eq!(
        lines,
        [
            "KC_DB=postgres",
            &format!("KC_DB_URL=jdbc:aws-wrapper:postgresql://{host}:5432/keycloak"),
            "KC_DB_DRIVER=software.amazon.jdbc.Driver",
            "KC_DB_USERNAME=keycloak",
        ]
    );
}
