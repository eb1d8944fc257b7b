//! Accounts in files that processes share. Each handle has its own time, as a process has.

use crate::support::{Aurora, Aws, ManualTime, consistent, roomy};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{Account, FaultEffect, FaultRule, OpenError, Options, StateError};

struct Place {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

/// The account in a file, in which more VPCs may be than processes leave that are killed.
fn open(path: &Path, time: Arc<ManualTime>) -> Aws {
    Aws::of(Account::open(path, roomy(&time)).unwrap(), time)
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/account.json");
        Self { _dir: dir, path }
    }

    fn open(&self) -> Aws {
        self.open_on(ManualTime::new())
    }

    fn open_on(&self, time: Arc<ManualTime>) -> Aws {
        open(&self.path, time)
    }
}

#[test]
fn two_handles_see_one_account() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    assert_eq!(one.account.account_id(), two.account.account_id());
    let vpc = one.vpc("10.0.0.0/16");
    assert_eq!(
        two.ec2("DescribeVpcs", &[]).unwrap().all("vpcId"),
        [vpc.as_str()]
    );
    let subnet = two.subnet(&vpc, "10.0.0.0/24", "eu-west-1a");
    assert_eq!(
        one.ec2_code("DeleteVpc", &[("VpcId", &vpc)]),
        "DependencyViolation"
    );
    one.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    let rule = FaultRule {
        operation: "DeleteVpc".into(),
        matches: Vec::new(),
        times: Some(1),
        effect: FaultEffect::Throttle,
    };
    one.account.add_fault(rule).unwrap();
    assert_eq!(
        two.ec2_code("DeleteVpc", &[("VpcId", &vpc)]),
        "RequestLimitExceeded"
    );
    assert!(one.account.faults().unwrap().is_empty());
    assert_ne!(
        Place::new().open().account.account_id(),
        one.account.account_id()
    );
}

#[test]
fn only_changes_are_written_and_only_for_the_owner() {
    let place = Place::new();
    let aws = place.open();
    aws.ec2("DescribeVpcs", &[]).unwrap();
    assert!(aws.account.status().unwrap().is_empty());
    assert!(!place.path.exists());
    aws.vpc("10.0.0.0/16");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path), 0o600);
    let inode = || fs::metadata(&place.path).unwrap().ino();
    let before = inode();
    aws.ec2("DescribeVpcs", &[]).unwrap();
    aws.ec2_code("CreateVpc", &[("CidrBlock", "nonsense")]);
    aws.account.inventory().unwrap();
    assert_eq!(inode(), before);
}

#[test]
fn the_clock_goes_on_from_process_to_process() {
    let place = Place::new();
    let one = place.open();
    one.vpc("10.0.0.0/16");
    one.wait(500);
    one.ec2("DescribeVpcs", &[]).unwrap();
    let last = one.account.now();
    let two = place.open();
    assert_eq!(two.account.now(), last);
    two.wait(100);
    two.ec2("DescribeVpcs", &[]).unwrap();
    // A handle that was left behind catches up.
    one.ec2("DescribeVpcs", &[]).unwrap();
    assert_eq!(one.account.now(), last + Duration::from_secs(100));

    let time = ManualTime::new();
    time.advance_wall(Duration::from_secs(60));
    let options = Options {
        idle_speed: 10.0,
        ..consistent(&time)
    };
    let later = Account::open(&place.path, options).unwrap();
    assert_eq!(later.now(), last + Duration::from_secs(100 + 600));
}

#[test]
fn speed_scales_the_clock() {
    let time = ManualTime::new();
    let account = Account::in_memory(Options {
        speed: 60.0,
        ..consistent(&time)
    });
    let before = account.now();
    time.advance(Duration::from_secs(2));
    assert_eq!(account.now() - before, Duration::from_secs(120));
}

#[test]
fn handles_at_once_lose_nothing() {
    let place = Place::new();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let aws = place.open();
            std::thread::spawn(move || {
                (0..5)
                    .map(|index| aws.vpc(&format!("10.{}.0.0/16", thread * 5 + index)))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut made: Vec<String> = threads
        .into_iter()
        .flat_map(|one| one.join().unwrap())
        .collect();
    made.sort();
    assert_eq!(
        place.open().ec2("DescribeVpcs", &[]).unwrap().all("vpcId"),
        made
    );
    made.dedup();
    assert_eq!(made.len(), 20);
}

/// Not a test by itself: a process that works on the account until it is killed.
#[test]
#[ignore = "runs as a child process of another test"]
fn child() {
    let Some(path) = std::env::var_os("SANDBOX_TEST_STATE").map(PathBuf::from) else {
        return;
    };
    let time = ManualTime::new();
    let aws = open(&path, time);
    loop {
        let vpc = aws.vpc("10.0.0.0/16");
        aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    }
}

#[test]
fn processes_killed_at_work_leave_a_whole_file_and_no_lock() {
    let place = Place::new();
    let aws = place.open();
    let kept = aws.vpc("10.1.0.0/16");
    for round in 0..8 {
        let spawn = || {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["file::child", "--exact", "--ignored", "--nocapture"])
                .env("SANDBOX_TEST_STATE", &place.path)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap()
        };
        let mut children = [spawn(), spawn()];
        // Until they are at work, and then some steps of another length each round.
        let start = fs::metadata(&place.path).unwrap().ino();
        while fs::metadata(&place.path).unwrap().ino() == start {
            std::thread::yield_now();
        }
        for _ in 0..round * 3 {
            aws.ec2("DescribeVpcs", &[]).unwrap();
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let seen = place.open().ec2("DescribeVpcs", &[]).unwrap().all("vpcId");
        assert!(
            seen.contains(&kept) && seen.len() <= 1 + 2 * (round + 1),
            "{seen:?}"
        );
    }
}

#[test]
fn what_a_killed_process_left_does_no_harm() {
    let place = Place::new();
    place.open().vpc("10.0.0.0/16");
    // Killed between writing the new state and putting it in place.
    let mut leftover = place.path.clone().into_os_string();
    leftover.push(".new");
    fs::write(&leftover, "{\"version\":1,\"clo").unwrap();
    let aws = place.open();
    assert_eq!(aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(), 1);
    aws.vpc("10.1.0.0/16");
    assert_eq!(
        place
            .open()
            .ec2("DescribeVpcs", &[])
            .unwrap()
            .all("vpcId")
            .len(),
        2
    );
}

#[test]
fn an_unusable_file_says_what_to_do() {
    let place = Place::new();
    place.open().vpc("10.0.0.0/16");
    let open = || {
        let options = consistent(&ManualTime::new());
        let Err(OpenError::State(error)) = Account::open(&place.path, options) else {
            panic!("opened");
        };
        error
    };
    fs::write(&place.path, "{\"version\":1,").unwrap();
    let error = open();
    assert!(matches!(error, StateError::Corrupt { .. }));
    let text = error.to_string();
    assert!(
        text.contains("account.json") && text.contains("stepwell sandbox reset"),
        "{text}"
    );
    fs::write(&place.path, "{\"version\":99}").unwrap();
    assert!(matches!(open(), StateError::Version { found: 99, .. }));
    Account::discard(&place.path).unwrap();
    assert!(place.open().account.status().unwrap().is_empty());
}

/// Takes out what earlier versions did not write.
fn age(value: &mut serde_json::Value) {
    let added = [
        "visible_at",
        "imposed",
        "change",
        "deletion",
        "replica_of",
        "read_only",
        "rotating_until",
        "impaired",
    ];
    if let Some(regions) = value["world"]["regions"].as_object_mut() {
        for region in regions.values_mut() {
            for kind in ["subnet_groups", "clusters", "db_instances", "secrets"] {
                for one in region[kind].as_object_mut().unwrap().values_mut() {
                    one.as_object_mut()
                        .unwrap()
                        .retain(|name, _| !added.contains(&name.as_str()));
                }
            }
        }
    }
}

#[test]
fn a_file_of_an_earlier_version_is_of_use() {
    let place = Place::new();
    let all = Aurora::network_in(place.open(), &["a", "b"]);
    let managed = [
        ("ManageMasterUserPassword", "true"),
        ("MasterUserPassword", ""),
    ];
    all.create("db", &managed).unwrap();
    all.aws.wait(91);
    all.instance("one", &[]).unwrap();
    all.aws.wait(700);
    all.aws.rds("DescribeDBClusters", &[]).unwrap();
    let before = all.aws.account.inventory().unwrap();
    let mut old = serde_json::from_slice(&fs::read(&place.path).unwrap()).unwrap();
    age(&mut old);
    assert!(!old.to_string().contains("imposed"), "{old}");
    fs::write(&place.path, old.to_string()).unwrap();
    let again = place.open();
    assert_eq!(again.account.inventory().unwrap(), before);
    let seen = again.rds("DescribeDBClusters", &[]).unwrap();
    assert_eq!(seen.one("SecretStatus"), "active");
}

#[test]
fn a_corrupted_file_fails_calls_until_it_is_reset() {
    let place = Place::new();
    let aws = place.open();
    let vpc = aws.vpc("10.0.0.0/16");
    let id = aws.account.account_id().to_owned();
    fs::write(&place.path, "").unwrap();
    // No answer of the service: it is not the service's fault.
    let version = "2016-11-15";
    assert!(aws.try_send("ec2", version, "DescribeVpcs", &[]).is_none());
    Account::discard(&place.path).unwrap();
    assert!(
        aws.ec2("DescribeVpcs", &[])
            .unwrap()
            .all("vpcId")
            .is_empty()
    );
    // Ids do not come again.
    assert_ne!(aws.vpc("10.0.0.0/16"), vpc);
    aws.account.reset().unwrap();
    let again = place.open();
    assert!(again.account.status().unwrap().is_empty());
    assert_eq!(again.account.account_id(), id);
}

/// A file of a time when there were no gateways but internet ones, no network ACLs and no second
/// ranges.
#[test]
fn an_older_file_is_of_use() {
    let place = Place::new();
    let aws = place.open();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let text = fs::read_to_string(&place.path).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let region = &mut document["world"]["regions"]["eu-west-1"];
    let mut remove = |place: &str, names: &[&str]| {
        let held = region.pointer_mut(place).unwrap();
        for name in names {
            assert!(held.as_object_mut().unwrap().remove(*name).is_some());
        }
    };
    remove("", &["edges", "acls", "prefix_lists"]);
    remove(&format!("/vpcs/{vpc}"), &["more", "v6", "acl_tags"]);
    remove(&format!("/subnets/{subnet}"), &["acl"]);
    fs::write(&place.path, document.to_string()).unwrap();

    let again = place.open();
    let acls = again.ec2("DescribeNetworkAcls", &[]).unwrap();
    assert_eq!(
        (acls.one("vpcId"), acls.one("subnetId")),
        (vpc.clone(), subnet.clone())
    );
    assert_eq!(
        again.account.inventory().unwrap(),
        aws.account.inventory().unwrap()
    );
    again
        .ec2(
            "CreateVpcEndpoint",
            &[
                ("VpcId", &vpc),
                ("ServiceName", "com.amazonaws.eu-west-1.s3"),
            ],
        )
        .unwrap();
}
