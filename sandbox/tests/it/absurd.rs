//! What random calls and files brought to light.

use crate::support::{Aurora, Aws, ManualTime, consistent};
use std::fs;
use stepwell_sandbox::{Account, OpenError, StateError};

#[test]
fn a_text_that_xml_can_not_hold_is_replaced() {
    let aws = Aws::new();
    let given = [("AssociationId", "a\u{ffff}\u{fffe}\u{1}b")];
    let refused = aws.ec2("DisassociateRouteTable", &given).unwrap_err();
    assert!(
        refused.message.contains("a\u{fffd}\u{fffd}\u{fffd}b"),
        "{}",
        refused.message
    );
}

#[test]
fn events_of_all_time_may_be_asked_for() {
    let all = Aurora::with_cluster();
    let longest = i64::MAX.to_string();
    let events = all.aws.rds("DescribeEvents", &[("Duration", &longest)]);
    assert!(!events.unwrap().all("Event").is_empty());
}

#[test]
fn no_instance_without_its_security_group() {
    let all = Aurora::with_cluster();
    // Nothing of the cluster's is in it yet.
    let group = [("GroupId", all.group.as_str())];
    all.aws.ec2("DeleteSecurityGroup", &group).unwrap();
    let refused = all.instance("one", &[]).unwrap_err();
    assert_eq!(refused.code, "InvalidVPCNetworkStateFault");
    assert!(refused.message.contains(&all.group), "{}", refused.message);
}

#[test]
fn a_file_with_absurd_numbers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let time = ManualTime::new();
    let aws = Aws::of(Account::open(&path, consistent(&time)).unwrap(), time);
    aws.vpc("10.0.0.0/16");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for place in ["/clock/simulated", "/clock/wall", "/world/counter"] {
        let mut wrong = whole.clone();
        *wrong.pointer_mut(place).unwrap() = u64::MAX.into();
        fs::write(&path, wrong.to_string()).unwrap();
        let opened = Account::open(&path, consistent(&ManualTime::new()));
        let refused = matches!(opened, Err(OpenError::State(StateError::Corrupt { .. })));
        assert!(refused, "{place} is taken");
    }
}
