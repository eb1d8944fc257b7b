//! Names, and passwords.

use super::*;
use crate::input::users::RESERVED_USERS;

#[test]
fn names_of_clusters_users_and_databases() {
    let sandbox = Sandbox::new();
    hold(
        "cluster",
        near(&["keycloak", "KeyCloak-1", "a", "a-b-c"]),
        new_cluster,
        |text| identifier_rule(text, 51),
        |name| {
            sandbox.takes_cluster(&[("DBClusterIdentifier", name)]);
            // It leaves room for the names of its instances.
            assert!(identifier("instance", &format!("{name}-instance-16"), 63).is_ok());
        },
    );
    // RDS API reference, `CreateDBCluster`, `MasterUsername`: 1 to 16 letters or
    // numbers, a letter first, no reserved word; underscores are PostgreSQL's.
    let word = format!("{LETTERS}{DIGITS}_");
    hold(
        "username",
        near(&[
            "keycloak",
            "Admin",
            "rds_superuser",
            "a_1",
            "postgres",
            "pg_kc",
            "select",
        ]),
        username,
        |text| {
            let fits = letter_first(text) && text.len() <= 16 && all(text, &word);
            let lower = text.to_lowercase();
            let free = !RESERVED_USERS.contains(&&*lower) && !lower.starts_with("pg_");
            (fits && free).then(|| text.to_owned())
        },
        |name| sandbox.takes_cluster(&[("MasterUsername", name)]),
    );
    // PostgreSQL, "Identifiers and Key Words": 63 bytes.
    hold(
        "database",
        near(&["keycloak", "rdsadmin", "Template0", "a_1"]),
        database,
        |text| {
            let fits = letter_first(text) && text.len() <= 63 && all(text, &word);
            let free = ["rdsadmin", "template0", "template1"];
            (fits && free.iter().all(|one| !text.eq_ignore_ascii_case(one)))
                .then(|| text.to_owned())
        },
        |name| sandbox.takes_cluster(&[("DatabaseName", name)]),
    );
}

#[test]
fn passwords() {
    let sandbox = Sandbox::new();
    // RDS API reference, `CreateDBCluster`, `MasterUserPassword`: 8 to 41
    // printable ASCII characters but `/`, `"`, `@` and, as Aurora has it, space.
    let texts = prop_oneof![
        3 => "[!-~]{6,44}",
        2 => near(&["correct-horse", "longer-than-eight"]),
    ];
    let check = |text: &str| password(&Secret::new(text.to_owned())).map(|()| text.to_owned());
    hold(
        "password",
        texts,
        check,
        |text| {
            let legal = text
                .chars()
                .all(|c| ('!'..='~').contains(&c) && !"/\"@".contains(c));
            (legal && (8..=41).contains(&text.chars().count())).then(|| text.to_owned())
        },
        |text| sandbox.takes_cluster(&[("MasterUserPassword", text)]),
    );
    fuzz(
        "passwords in errors",
        500,
        &["refused"],
        "\\PC{9,60}é",
        |text, tally| {
            let error = password(&Secret::new(text.clone())).expect_err("not ASCII");
            assert!(!error.to_string().contains(&text) && !format!("{error:?}").contains(&text));
            tally.count("refused");
        },
    );
}

#[test]
fn names_of_groups() {
    let sandbox = Sandbox::new();
    // EC2 API reference, `CreateSecurityGroup`, `GroupName`: up to 255 of these,
    // not beginning with `sg-`. That spaces at the end are trimmed and that
    // `default` is there already is in the VPC User Guide.
    let legal = format!("{LETTERS}{DIGITS} ._-:/()#,@[]+=&;{{}}!$*");
    hold(
        "security-group-name",
        near(&["keycloak-security-group", "a b", "sg-1", "Default", "{x}!"]),
        security_group_name,
        |text| {
            let lower = text.to_lowercase();
            let fits = (1..256).contains(&text.len()) && all(text, &legal) && text.trim() == text;
            (fits && !lower.starts_with("sg-") && lower != "default").then(|| text.to_owned())
        },
        |name| {
            let params = [("GroupName", name), ("GroupDescription", "x")];
            let answer = sandbox.call("ec2", "CreateSecurityGroup", &params);
            assert!(answer.contains("VPCIdNotSpecified"), "{name:?}: {answer}");
        },
    );
    // RDS API reference, `CreateDBSubnetGroup`, `DBSubnetGroupName`.
    let legal = format!("{LETTERS}{DIGITS}._ -");
    hold(
        "subnet-group-name",
        near(&["keycloak-subnet-group", "A b", "default", "x_1.y"]),
        subnet_group_name,
        |text| {
            let fits =
                text.len() < 256 && letter_first(text) && all(text, &legal) && !text.ends_with(' ');
            (fits && text.to_lowercase() != "default").then(|| text.to_lowercase())
        },
        |name| {
            let params = [
                ("DBSubnetGroupName", name),
                ("DBSubnetGroupDescription", "x"),
            ];
            let answer = sandbox.call("rds", "CreateDBSubnetGroup", &params);
            assert!(answer.contains("SubnetIds"), "{name:?}: {answer}");
        },
    );
}

#[test]
fn names_of_kubernetes_and_postgresql() {
    let word = format!("{LOWER}{DIGITS}-");
    let ends = |text: &str| !text.starts_with('-') && !text.ends_with('-') && !text.is_empty();
    // Kubernetes, "Object Names and IDs": RFC 1123 labels and subdomains.
    let label = |text: &str| ends(text) && all(text, &word);
    hold(
        "namespace",
        near(&["runner-keycloak", "default", "a1"]),
        names::namespace,
        |text| (label(text) && text.len() <= 63).then(|| text.to_owned()),
        |_| {},
    );
    hold(
        "secret",
        near(&["keycloak-db-secret", "a.b", "x"]),
        |text| names::object("secret", text),
        |text| (text.split('.').all(label) && text.len() <= 253).then(|| text.to_owned()),
        |_| {},
    );
    for (input, check) in [
        ("context", names::context as fn(&str) -> Checked<String>),
        ("kubectl", names::kubectl),
    ] {
        hold(
            input,
            near(&["keycloak/api-example-com:6443/admin", "kubectl"]),
            check,
            |text| (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned()),
            |_| {},
        );
    }
    let legal = format!("{LETTERS}{DIGITS}._-/:@");
    hold(
        "image",
        near(&["postgres:17", "quay.io/x/y@sha256:00", "a"]),
        names::image,
        |text| {
            let first = text
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphanumeric());
            (first && text.len() < 256 && all(text, &legal)).then(|| text.to_owned())
        },
        |_| {},
    );
    // PostgreSQL, "Schemas": names that begin with `pg_` are the system's.
    let legal = format!("{LETTERS}{DIGITS}_");
    hold(
        "schema",
        near(&["public", "pg_catalog", "information_schema", "_x"]),
        names::schema,
        |text| {
            let digit = text.chars().next().is_some_and(|c| DIGITS.contains(c));
            let fits = (1..64).contains(&text.len()) && all(text, &legal) && !digit;
            let own = text.to_lowercase().starts_with("pg_") || text == "information_schema";
            (fits && !own).then(|| text.to_owned())
        },
        |_| {},
    );
}
