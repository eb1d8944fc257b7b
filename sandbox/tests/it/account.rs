//! The account as a whole: status, inventory, determinism, time.

use crate::support::{Aurora, Aws, ManualTime, consistent};
use std::time::Duration;
use stepwell_sandbox::{Account, Options};

/// A cluster with an instance, built with some time between the steps.
fn build(seed: u64, pause: u64) -> Aurora {
    let time = ManualTime::new();
    let options = Options {
        seed,
        ..consistent(&time)
    };
    let all = Aurora::network_in(Aws::of(Account::in_memory(options), time), &["a", "b"]);
    all.aws.wait(pause);
    all.create("db", &[]).unwrap();
    all.aws.wait(91 + pause);
    all.instance("db-1", &[]).unwrap();
    all.aws.wait(800);
    all
}

#[test]
fn the_inventory_has_no_ids_and_no_times() {
    let (one, two) = (build(1, 0), build(2, 77));
    assert_ne!(one.vpc, two.vpc);
    let (a, b) = (
        one.aws.account.inventory().unwrap(),
        two.aws.account.inventory().unwrap(),
    );
    assert_eq!(a, b);
    let text = a.to_string();
    assert!(!text.contains(&one.vpc) && !text.contains(&one.group));
    two.delete_instance("db-1").unwrap();
    assert_ne!(a, two.aws.account.inventory().unwrap());
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let (one, two) = (build(5, 0), build(5, 0));
    assert_eq!((&one.vpc, &one.subnets), (&two.vpc, &two.subnets));
    assert!(one.vpc.starts_with("vpc-0") && one.vpc.len() == "vpc-".len() + 17);
}

#[test]
fn a_fork_begins_alike_and_goes_its_own_way() {
    let one = build(5, 0);
    let time = ManualTime::new();
    let fork = one.aws.account.fork(consistent(&time)).unwrap();
    assert_eq!(fork.account_id(), one.aws.account.account_id());
    assert_eq!(fork.now(), one.aws.account.now());
    let inventory = one.aws.account.inventory().unwrap();
    assert_eq!(fork.inventory().unwrap(), inventory);
    one.delete_instance("db-1").unwrap();
    assert_eq!(fork.inventory().unwrap(), inventory);
    let fork = Aws::of(fork, time);
    fork.vpc("10.77.0.0/16");
    assert_eq!(fork.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(), 2);
    assert_eq!(
        one.aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(),
        1
    );
}

#[test]
fn only_chosen_regions_are_enabled() {
    let time = ManualTime::new();
    let options = Options {
        regions: Some(vec!["eu-west-1".into(), "us-east-1".into()]),
        ..consistent(&time)
    };
    let aws = Aws::of(Account::in_memory(options), time);
    let regions = aws.ec2("DescribeRegions", &[]).unwrap();
    assert_eq!(regions.all("regionName"), ["eu-west-1", "us-east-1"]);
    aws.at("us-east-1").ec2("DescribeVpcs", &[]).unwrap();
    let refused = aws.at("eu-west-2").ec2("DescribeVpcs", &[]).unwrap_err();
    assert_eq!(refused.code, "AuthFailure");
}

#[test]
fn time_passes_the_same_in_one_step_or_many() {
    let (one, two) = (build(3, 0), build(3, 0));
    for all in [&one, &two] {
        all.delete_instance("db-1").unwrap();
        let params = [("DBClusterIdentifier", "db"), ("SkipFinalSnapshot", "true")];
        all.aws.rds("DeleteDBCluster", &params).unwrap();
    }
    one.aws.wait(5000);
    for _ in 0..5000 {
        two.aws.wait(1);
        two.aws.account.status().unwrap();
    }
    let events = |all: &Aurora| {
        all.aws
            .rds("DescribeEvents", &[("Duration", "600")])
            .unwrap()
            .all("Date")
    };
    assert_eq!(events(&one), events(&two));
    assert_eq!(
        one.aws.account.inventory().unwrap(),
        two.aws.account.inventory().unwrap()
    );
}

#[test]
fn the_status_lists_what_was_made() {
    let all = build(1, 0);
    let status = all.aws.account.status().unwrap();
    let kinds: Vec<&str> = status.regions["eu-west-1"]
        .iter()
        .map(|one| one.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "vpc",
            "subnet",
            "subnet",
            "security-group",
            "network-interface",
            "db-subnet-group",
            "db-cluster",
            "db-instance"
        ]
    );
    let text = serde_json::to_string(&status).unwrap();
    assert_eq!(
        serde_json::from_str::<stepwell_sandbox::Status>(&text).unwrap(),
        status
    );
    all.aws.account.reset().unwrap();
    assert!(all.aws.account.status().unwrap().is_empty());
}

#[test]
fn passwords_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("account.json");
    let time = ManualTime::new();
    let account = Account::open(&path, consistent(&time)).unwrap();
    let all = Aurora::network_in(Aws::of(account, time), &["a", "b"]);
    all.create("db", &[("MasterUserPassword", "very-secret-words")])
        .unwrap();
    assert!(
        !std::fs::read_to_string(&path)
            .unwrap()
            .contains("very-secret-words")
    );
}

#[test]
#[should_panic(expected = "speed")]
fn a_speed_of_zero_is_refused() {
    let _ = Account::in_memory(Options {
        speed: 0.0,
        ..consistent(&ManualTime::new())
    });
}

#[test]
fn clones_are_one_account() {
    let aws = Aws::new();
    let other = aws.clone();
    aws.vpc("10.0.0.0/16");
    assert_eq!(
        other.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(),
        1
    );
    assert_eq!(aws.account.calls(), 2);
    assert_eq!(aws.account.now(), Duration::from_secs(1_800_000_000));
}
