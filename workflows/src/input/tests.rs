//! Single inputs, taken and refused.

use super::*;

#[test]
fn cluster_names() {
    assert_eq!(cluster("KeyCloak-1").unwrap(), "keycloak-1");
    for bad in ["", "1a", "a-", "a--b", "a_b", "ä", &"x".repeat(64)] {
        assert!(cluster(bad).is_err(), "{bad:?} is taken");
        assert!(new_cluster(bad).is_err(), "{bad:?} is taken");
    }
    // What is there may have any name that RDS takes; what is made needs room
    // for the names of its instances.
    assert!(cluster(&"x".repeat(63)).is_ok());
    assert!(new_cluster(&"x".repeat(52)).is_err());
    assert!(new_cluster(&"x".repeat(51)).is_ok());
}

#[test]
fn address_ranges() {
    assert!(vpc_cidr("192.168.7.0/24").is_ok());
    for bad in [
        "192.168.7.1/24",
        "8.8.8.0/24",
        "10.0.0.0/8",
        "10.0.0.0/28",
        "010.0.0.0/16",
        "10.0.0.0/016",
        "x",
    ] {
        assert!(vpc_cidr(bad).is_err(), "{bad:?} is taken");
    }
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let error = password(&Secret::new("geheim".to_owned())).unwrap_err();
    assert!(!error.to_string().contains("geheim"));
    assert!(password(&Secret::new("long enough?".to_owned())).is_err());
    assert!(password(&Secret::new("long-enough?".to_owned())).is_ok());
}

#[test]
fn zone_names() {
    let zones = |list: &[&str]| {
        super::zones(
            "eu-west-1",
            &list.iter().map(|zone| zone.to_string()).collect::<Vec<_>>(),
        )
    };
    assert!(zones(&["eu-west-1a", "eu-west-1c"]).is_ok());
    assert!(zones(&[]).is_ok());
    assert!(zones(&["eu-west-1a"]).is_err());
    assert!(zones(&["eu-west-1a", "eu-west-1a"]).is_err());
    assert!(zones(&["eu-west-1a", "eu-west-2b"]).is_err());
}

#[test]
fn tag_keys_and_values() {
    let tag = |key: &str, value: &str| tags(&[(key.to_owned(), value.to_owned())]);
    for (key, value) in [("team", "v"), ("kostenträger", "a b_.:/=+-@1"), ("k", "")] {
        assert!(tag(key, value).is_ok(), "{key:?}={value:?} is refused");
    }
    for key in [
        "",
        "aws:x",
        "AWS:x",
        "rds:x",
        "stepwell:run",
        "AuroraCluster",
    ] {
        assert!(tag(key, "v").is_err(), "{key:?} is taken");
    }
    for value in ["aws:x", "RDS:x", "a!", "a\u{7}", "a\n", "<a>"] {
        assert!(tag("k", value).is_err(), "{value:?} is taken");
    }
}

#[test]
fn reserved_names() {
    for bad in ["rdsadmin", "Template0", "template1"] {
        assert!(database(bad).is_err(), "{bad:?} is taken");
    }
    assert!(database("postgres").is_ok());
    for bad in [
        "replication",
        "ALL",
        "rdsrepladmin",
        "pg_kc",
        "PG_KC",
        "Select",
    ] {
        assert!(username(bad).is_err(), "{bad:?} is taken");
    }
    for good in ["postgres", "pgkc", "keycloak"] {
        assert!(username(good).is_ok(), "{good:?} is refused");
    }
    for bad in ["default", "Default", "sg-1", "SG-1", "a ", " a"] {
        assert!(security_group_name(bad).is_err(), "{bad:?} is taken");
    }
    for bad in ["default", "1a", " a", "a ", "-a", "a/b"] {
        assert!(subnet_group_name(bad).is_err(), "{bad:?} is taken");
    }
}

#[test]
fn an_error_repeats_no_more_than_is_legible() {
    let error = cluster(&format!("\u{1b}[2J\n{}", "x".repeat(10_000))).unwrap_err();
    let text = error.to_string();
    assert!(text.len() < 400, "{text}");
    assert!(text.starts_with("cluster \"\\u{1b}[2J\\nxxx"), "{text}");
    assert!(
        text.contains("x…\" is too long; allowed: 1 to 63"),
        "{text}"
    );
    assert!(region(&format!("{}-1", "a-".repeat(5000))).is_err());
}
