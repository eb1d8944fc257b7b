//! Reads that lag behind creates.

use crate::support::{Aws, ManualTime};
use std::time::Duration;
use stepwell_sandbox::{Account, Options};

fn lagging(seed: u64) -> Aws {
    let time = ManualTime::new();
    let options = Options {
        seed,
        ..Options::new(time.clone())
    };
    Aws::of(Account::in_memory(options), time)
}

/// A new VPC that reads do not show yet.
fn hidden() -> (Aws, String) {
    (1..)
        .map(lagging)
        .map(|aws| {
            let vpc = aws.vpc("10.0.0.0/16");
            (aws, vpc)
        })
        .find(|(aws, vpc)| aws.ec2("DescribeVpcs", &[("VpcId.1", vpc)]).is_err())
        .unwrap()
}

#[test]
fn a_new_vpc_is_missed_for_a_moment_by_every_kind_of_read() {
    let (aws, vpc) = hidden();
    assert_eq!(
        aws.ec2_code("DescribeVpcs", &[("VpcId.1", &vpc)]),
        "InvalidVpcID.NotFound"
    );
    assert!(
        aws.ec2("DescribeVpcs", &[])
            .unwrap()
            .all("vpcId")
            .is_empty()
    );
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.0.0/24")];
    assert_eq!(
        aws.ec2_code("CreateSubnet", &subnet),
        "InvalidVpcID.NotFound"
    );
    let tag = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "a"),
        ("Tag.1.Value", "b"),
    ];
    assert_eq!(aws.ec2_code("CreateTags", &tag), "InvalidVpcID.NotFound");
    // The account itself knows it.
    assert!(!aws.account.status().unwrap().is_empty());
    aws.time.advance(Duration::from_millis(2000));
    assert_eq!(
        aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId"),
        [vpc.as_str()]
    );
    aws.ec2("CreateSubnet", &subnet).unwrap();
    // Conflicts are seen at once.
    assert_eq!(
        aws.ec2_code("CreateSubnet", &subnet),
        "InvalidSubnet.Conflict"
    );
    let group = [
        ("VpcId", vpc.as_str()),
        ("GroupName", "g"),
        ("GroupDescription", "d"),
    ];
    aws.ec2("CreateSecurityGroup", &group).unwrap();
    assert_eq!(
        aws.ec2_code("CreateSecurityGroup", &group),
        "InvalidGroup.Duplicate"
    );
}

#[test]
fn the_lag_differs_and_stays_within_the_window() {
    let visible_after = |seed| {
        let aws = lagging(seed);
        aws.vpc("10.0.0.0/16");
        (0..=20)
            .find(|_| {
                let shown = !aws
                    .ec2("DescribeVpcs", &[])
                    .unwrap()
                    .all("vpcId")
                    .is_empty();
                aws.time.advance(Duration::from_millis(100));
                shown
            })
            .unwrap()
    };
    let lags: std::collections::BTreeSet<i32> = (1..30).map(visible_after).collect();
    assert!(lags.len() > 5, "{lags:?}");
    assert_eq!(visible_after(7), visible_after(7));
}

#[test]
fn a_delete_finds_what_reads_miss() {
    let (aws, vpc) = hidden();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert!(aws.account.status().unwrap().is_empty());
}
