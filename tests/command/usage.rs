//! What is refused before any effect.

use super::harness::{Home, KEYCLOAK, MAX};

/// A command line, and what the message must name.
const BAD: &[(&[&str], &[&str])] = &[
    (
        &["--cluster", "1bad"],
        &["--cluster", "\"1bad\"", "allowed: "],
    ),
    (&["--cluster", ""], &["--cluster", "allowed: "]),
    (
        &["--region", "mars"],
        &["--region", "\"mars\"", "allowed: "],
    ),
    (
        &["--instances", "0"],
        &["--instances", "\"0\"", "allowed: "],
    ),
    (
        &["--instances", "many"],
        &["--instances", "\"many\"", "1 to 16"],
    ),
    (
        &["--instances", "17"],
        &["--instances", "\"17\"", "1 to 16"],
    ),
    (
        &["--instance-class", "large"],
        &["--instance-class", "\"large\""],
    ),
    (&["--engine", "mysql"], &["--engine", "aurora-postgresql"]),
    (&["--engine-version", "new"], &["--engine-version", "17.5"]),
    (&["--zones", "eu-west-1a"], &["--zones", "allowed: "]),
    (&["--vpc-cidr", "10.0.0.1/24"], &["--vpc-cidr", "allowed: "]),
    (&["--username", "pg_kc"], &["--username", "reserved"]),
    (&["--username", "replication"], &["--username", "reserved"]),
    (&["--database", "a b"], &["--database", "allowed: "]),
    (&["--database", "template0"], &["--database", "reserved"]),
    (
        &["--security-group-name", "default"],
        &["--security-group-name", "not \"default\""],
    ),
    (
        &["--tag", "novalue"],
        &["--tag", "\"novalue\"", "KEY=VALUE"],
    ),
    (&["--tag", "aws:x=y"], &["--tag", "reserved"]),
    (&["--tag", "rds:x=y"], &["--tag", "reserved"]),
    (
        &["--tag", "x=what?"],
        &["--tag", "\"x=what?\"", "allowed: "],
    ),
    (&["--parallel", "0"], &["--parallel", "\"0\"", "1 to 1000"]),
    (
        &["--sandbox-speed", "fast"],
        &["--sandbox-speed", "\"fast\"", "max"],
    ),
    (
        &["--password-file", "/nowhere"],
        &["--password-file", "/nowhere"],
    ),
    // It has no end, and no line.
    (
        &["--password-file", "/dev/zero"],
        &["password", "allowed: "],
    ),
    (&["--on-failure", "explode"], &["--on-failure", "explode"]),
    (&["--detailed-exitcode"], &["--plan"]),
    (&["--no-such-flag"], &["--no-such-flag"]),
];

#[test]
fn bad_input_is_refused_before_any_effect() {
    let home = Home::new();
    for (words, named) in BAD {
        let mut line = vec!["--sandbox", "aurora", "create"];
        for pair in [["--cluster", "keycloak"], ["--region", "eu-west-1"]] {
            if !words.contains(&pair[0]) {
                line.extend(pair);
            }
        }
        line.extend(*words);
        let done = home.expect(64, &line);
        for text in *named {
            done.says(text);
        }
        assert!(done.stderr.starts_with("error: "), "{done:?}");
        assert_eq!(done.stdout, "");
        let json = home.expect(64, &[&line[..], &["-o", "json"]].concat());
        assert_eq!(json.error()["code"], "usage");
        assert_eq!(json.error()["exit_code"], 64);
        assert!(json.error()["causes"].is_array(), "{json:?}");
        assert_eq!(json.stderr.lines().count(), 1, "{json:?}");
    }
    assert!(!home.state().exists());
    assert!(!home.sandbox().exists());
}

#[test]
fn more_that_is_refused() {
    let home = Home::new();
    home.expect(
        64,
        &["--sandbox", "aurora", "create", "--region", "eu-west-1"],
    )
    .says("AURORA_CLUSTER");
    home.expect(64, &["--sandbox", "aurora", "create", "--cluster", "c"])
        .says("AURORA_REGION");
    home.expect(64, &["--sandbox", "aurora", "list"])
        .says("--all-regions");
    home.expect(
        64,
        &[
            &["--sandbox-speed", "max", "aurora", "create"],
            &KEYCLOAK[..],
        ]
        .concat(),
    )
    .says("--sandbox");
    let create = [&["aurora", "create"], &KEYCLOAK[..]].concat();
    let aws = ["--endpoint-url", "https://rds.eu-west-1.amazonaws.com"];
    home.expect(
        64,
        &[&["--sandbox-speed", "60"], &aws[..], &create].concat(),
    )
    .says("served on this host");
    let served = ["--endpoint-url", "http://127.0.0.1:9"];
    home.expect(
        64,
        &[&["--sandbox-speed", "max"], &served[..], &create].concat(),
    )
    .says("\"max\" is not possible with a sandbox that is served");
    home.expect(64, &["sandbox", "serve", "--sandbox-speed", "max"])
        .says("max");
    home.expect(64, &["--endpoint-url", "localhost", "aurora", "list"])
        .says("http://");
    for words in [
        &["--operation", "MakeCoffee", "--throttle"][..],
        &["--operation", "CreateVpc"],
        &["--operation", "CreateVpc", "--throttle", "--lose-response"],
        &["--operation", "CreateVpc", "--error", "not a code"],
        &["--operation", "CreateVpc", "--throttle", "--times", "0"],
        &["--operation", "CreateVpc", "--latency", "5"],
        &["--operation", "CreateVpc", "--throttle", "--match", "x"],
    ] {
        home.expect(64, &[&["sandbox", "fault", "add"], words].concat());
    }
    home.expect(64, &[]);
    home.expect(64, &["man", "nothing"]).says("aurora");
    home.expect(64, &["completions", "tcl"]);
    home.expect(0, &["--version"]).prints("stepwell ");
}

#[test]
fn a_bad_variable_is_named() {
    let mut home = Home::new();
    home.set("AURORA_INSTANCES", "lots");
    home.set("AURORA_CLUSTER", "-bad-");
    let line = [&MAX[..], &["aurora", "create", "--region", "eu-west-1"]].concat();
    home.expect(64, &line)
        .says("--instances (from AURORA_INSTANCES) \"lots\"");
    let line = [&line[..], &["--instances", "1"]].concat();
    home.expect(64, &line)
        .says("--cluster (from AURORA_CLUSTER) \"-bad-\"");
    home.set("AWS_ENDPOINT_URL", "localhost");
    home.expect(64, &["aurora", "list", "--region", "eu-west-1"])
        .says("--endpoint-url (from AWS_ENDPOINT_URL) \"localhost\"");
}
