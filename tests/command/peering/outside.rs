//! What comes from outside of the command line: the scripts' variables, a
//! `rosa` command, a profile of another account.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::ground::{Network, ROSA_RANGE, THERE, ground, peering, resources};
use crate::command::harness::{Home, KEYCLOAK};

/// A `rosa` that says where the cluster is, as the real one does.
pub(crate) fn install_rosa(home: &mut Home, network: &Network) {
    let folder = home.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    let description = json!({
        "id": "1a2b3c4d",
        "name": "rosa",
        "state": "ready",
        "hypershift": {"enabled": true},
        "region": {"id": THERE},
        "network": {"machine_cidr": ROSA_RANGE},
        "aws": {"subnet_ids": network.subnets[..2]},
    });
    let script = format!("#!/bin/sh\ncat <<'END'\n{description}\nEND\n");
    let path = folder.join("rosa");
    fs::write(&path, script).expect("the stand-in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
}

#[test]
fn the_variables_of_the_scripts_suffice() {
    let (mut home, network) = ground();
    let before = resources(&home);
    install_rosa(&mut home, &network);
    home.set("AURORA_CLUSTER", "keycloak");
    home.set("AURORA_REGION", "eu-west-1");
    home.set("CLUSTER_NAME", "rosa");
    home.set("AWS_REGION", THERE);
    let made = home.max(0, &["peering", "create", "-o", "json"]).json();
    assert_eq!(made["outputs"]["rosa_cluster"], "rosa");
    assert_eq!(made["outputs"]["rosa_region"], THERE);
    // The two subnets of the description, not the third.
    assert_eq!(made["outputs"]["routes"].as_array().map(Vec::len), Some(3));
    home.max(0, &["peering", "list"]).prints("keycloak");
    home.max(64, &["peering", "delete", "--all"])
        .says("AURORA_CLUSTER and CLUSTER_NAME");
    home.max(0, &["peering", "delete", "--yes"]);
    assert_eq!(resources(&home), before);
}

#[test]
fn a_profile_for_rosa_is_recorded_and_used_again() {
    let (mut home, network) = ground();
    // The sandbox says that it is one account, and goes on.
    peering(
        &home,
        0,
        "create",
        &network,
        &["--rosa-profile", "rosa", "--plan"],
    )
    .says("the sandbox is one account");

    // Against an endpoint the profile's credentials are what counts, whatever
    // the environment has for Aurora's side.
    let mark = home.path().join("asked");
    let process = home.path().join("credentials");
    let answer = json!({"Version": 1, "AccessKeyId": "rosa", "SecretAccessKey": "rosa"});
    let script = format!("#!/bin/sh\ntouch '{}'\necho '{answer}'\n", mark.display());
    fs::write(&process, script).expect("a script");
    fs::set_permissions(&process, fs::Permissions::from_mode(0o755)).expect("its mode");
    let config = home.path().join("config");
    let text = format!(
        "[profile rosa]\ncredential_process = {}\n",
        process.display()
    );
    fs::write(&config, text).expect("a configuration");
    home.set("AWS_ACCESS_KEY_ID", "aurora");
    home.set("AWS_SECRET_ACCESS_KEY", "aurora");
    home.set("AWS_CONFIG_FILE", &config.display().to_string());
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    home.set("PATH", "/usr/bin:/bin");
    home.fault(&["--operation", "CreateRoute", "--error", "ExpiredToken"]);
    let mut server = home.start(&["sandbox", "serve", "--sandbox-speed", "1000"]);
    server.until("Ctrl-C");
    let endpoint = server.stdout().trim().to_owned();
    let create = [
        &["--endpoint-url", &endpoint, "peering", "create"],
        &KEYCLOAK[..],
        &network.flags(),
        &["--rosa-profile", "rosa"],
    ]
    .concat();
    home.expect(3, &create);
    assert!(mark.exists(), "the profile was asked");
    let run = home.show("latest");
    assert_eq!(run["parameters"]["rosa_account"]["profile"], "rosa");
    assert_eq!(
        run["parameters"]["rosa_account"]["id"],
        run["account"]["id"]
    );

    home.expect(0, &["sandbox", "fault", "clear"]);
    fs::remove_file(&mark).expect("the mark");
    let gone = home.path().join("gone");
    fs::rename(&process, &gone).expect("away");
    home.expect(7, &["resume"]).says("profile rosa");
    fs::rename(&gone, &process).expect("back");
    home.expect(0, &["resume"]);
    assert!(mark.exists(), "the profile was asked again");
    let delete = [
        &["--endpoint-url", &endpoint, "peering", "delete", "--yes"],
        &KEYCLOAK[..],
        &["--rosa-profile", "rosa"],
    ]
    .concat();
    home.expect(0, &delete);
    drop(server);
    assert_eq!(home.count("vpc-peering-connection"), 0);
}
