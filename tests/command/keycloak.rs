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
    assert_eq!(yaml.stderr, "");
    let quoted = Value::from(password).to_string();
    assert_eq!(
        yaml.stdout,
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"db\"\n  namespace: \"runner\"\ntype: Opaque\nstringData:\n  username: \"keycloak\"\n  password: {quoted}\n"
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
    env(&home, 0, &["--format", "secret"]).prints("  password: \"from-the-environment\"\n");
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
        &["--format", "nothing"],
    ] {
        let done = env(&home, 64, more);
        assert_eq!(done.stdout, "", "{done:?}");
    }
}
