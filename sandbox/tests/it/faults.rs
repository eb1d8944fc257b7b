//! Planted faults and the hook.

use crate::support::{Aurora, Aws, authorization, now};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stepwell_sandbox::{Call, FaultEffect, FaultError, FaultRule, Hook, Verdict, operations};

fn rule(operation: &str, effect: FaultEffect) -> FaultRule {
    FaultRule {
        operation: operation.into(),
        matches: Vec::new(),
        times: None,
        effect,
    }
}

fn error(code: &str) -> FaultEffect {
    FaultEffect::Error { code: code.into() }
}

#[test]
fn a_rule_acts_on_what_it_matches_as_often_as_it_says() {
    let all = Aurora::with_cluster();
    let fault = FaultRule {
        matches: vec![("DBInstanceIdentifier".into(), "db-instance-2".into())],
        times: Some(2),
        ..rule("createdbinstance", error("InvalidParameterCombination"))
    };
    all.aws.account.add_fault(fault).unwrap();
    all.instance("db-instance-1", &[]).unwrap();
    for left in [Some(1), None] {
        let refused = all.instance("DB-Instance-2", &[]).unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.status),
            ("InvalidParameterCombination", 400)
        );
        let rules = all.aws.account.faults().unwrap();
        assert_eq!(rules.first().and_then(|rule| rule.times), left);
    }
    all.instance("db-instance-2", &[]).unwrap();
    assert!(all.aws.account.faults().unwrap().is_empty());
}

#[test]
fn list_elements_and_regions_match() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let by = |key: &str, value: &str| FaultRule {
        matches: vec![(key.into(), value.into())],
        ..rule("DescribeVpcs", error("InternalError"))
    };
    aws.account.add_fault(by("VpcId", &vpc)).unwrap();
    let refused = aws.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("InternalError", 500)
    );
    aws.ec2("DescribeVpcs", &[]).unwrap();
    aws.account.clear_faults().unwrap();
    aws.account.add_fault(by("region", "us-east-1")).unwrap();
    aws.ec2("DescribeVpcs", &[]).unwrap();
    aws.at("us-east-1").ec2("DescribeVpcs", &[]).unwrap_err();
}

#[test]
fn a_lost_response_keeps_its_effect() {
    let aws = Aws::new();
    let lose = FaultRule {
        times: Some(1),
        ..rule("CreateVpc", FaultEffect::LoseResponse)
    };
    aws.account.add_fault(lose).unwrap();
    let params = [("CidrBlock", "10.0.0.0/16")];
    assert!(
        aws.try_send("ec2", "2016-11-15", "CreateVpc", &params)
            .is_none()
    );
    assert_eq!(aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(), 1);
}

#[test]
fn throttles_and_expiry_are_spelled_by_service() {
    let aws = Aws::new();
    aws.account
        .add_fault(rule("DescribeVpcs", FaultEffect::Throttle))
        .unwrap();
    aws.account
        .add_fault(rule("DescribeDBClusters", FaultEffect::Throttle))
        .unwrap();
    aws.account
        .add_fault(rule("CreateDBCluster", error("ExpiredToken")))
        .unwrap();
    let seen = |refused: crate::support::Refused| (refused.code, refused.status);
    let ec2 = seen(aws.ec2("DescribeVpcs", &[]).unwrap_err());
    assert_eq!(ec2, ("RequestLimitExceeded".into(), 503));
    let rds = seen(aws.rds("DescribeDBClusters", &[]).unwrap_err());
    assert_eq!(rds, ("Throttling".into(), 400));
    let expired = seen(aws.rds("CreateDBCluster", &[]).unwrap_err());
    assert_eq!(expired, ("ExpiredToken".into(), 403));
}

#[test]
fn latency_is_simulated_time() {
    let aws = Aws::new();
    let slow = rule("CreateVpc", FaultEffect::Latency(Duration::from_secs(5)));
    aws.account.add_fault(slow).unwrap();
    let before = aws.account.now();
    aws.vpc("10.0.0.0/16");
    assert_eq!(aws.account.now() - before, Duration::from_secs(5));
}

#[test]
fn nonsense_is_refused() {
    let aws = Aws::new();
    let refused = aws
        .account
        .add_fault(rule("CreateDbInstanse", FaultEffect::Throttle));
    let Err(FaultError::UnknownOperation { nearest, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(nearest[0], "CreateDBInstance");
    let never = FaultRule {
        times: Some(0),
        ..rule("CreateVpc", FaultEffect::Throttle)
    };
    assert!(matches!(
        aws.account.add_fault(never),
        Err(FaultError::Never)
    ));
    let code = rule("CreateVpc", error("not a code"));
    assert!(matches!(
        aws.account.add_fault(code),
        Err(FaultError::BadCode(_))
    ));
}

/// Answers a verdict for one operation, and keeps what it saw.
struct Script {
    before: Option<(&'static str, Verdict)>,
    after: Option<(&'static str, Verdict)>,
    seen: Mutex<Vec<Call>>,
}

impl Script {
    fn verdict(script: &Option<(&'static str, Verdict)>, call: &Call) -> Verdict {
        match script {
            Some((operation, verdict)) if *operation == call.operation => verdict.clone(),
            _ => Verdict::Proceed,
        }
    }
}

impl Hook for Script {
    fn before(&self, call: &Call) -> Verdict {
        self.seen.lock().unwrap().push(call.clone());
        Self::verdict(&self.before, call)
    }

    fn after(&self, call: &Call) -> Verdict {
        Self::verdict(&self.after, call)
    }
}

fn hooked(before: Option<Verdict>, after: Option<Verdict>) -> (Aws, Arc<Script>) {
    let aws = Aws::new();
    let script = Arc::new(Script {
        before: before.map(|verdict| ("CreateVpc", verdict)),
        after: after.map(|verdict| ("CreateVpc", verdict)),
        seen: Mutex::new(Vec::new()),
    });
    aws.account.set_hook(Some(script.clone()));
    (aws, script)
}

fn vpcs(aws: &Aws) -> usize {
    aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len()
}

#[test]
fn the_hook_sees_each_call_and_decides_before_and_after() {
    let create = [("CidrBlock", "10.0.0.0/16")];
    let send = |aws: &Aws| aws.try_send("ec2", "2016-11-15", "CreateVpc", &create);

    let (aws, script) = hooked(Some(Verdict::Lose), None);
    assert!(send(&aws).is_none());
    assert_eq!(vpcs(&aws), 0);
    let seen = script.seen.lock().unwrap();
    assert_eq!(
        (seen[0].number, seen[0].operation.as_str(), seen[0].mutates),
        (1, "CreateVpc", true)
    );
    assert_eq!(seen[0].parameters["CidrBlock"], "10.0.0.0/16");
    assert_eq!(seen[1].number, 2);
    assert_eq!(aws.account.calls(), 2);

    let (aws, _) = hooked(None, Some(Verdict::Lose));
    assert!(send(&aws).is_none());
    assert_eq!(vpcs(&aws), 1);

    let refuse = Verdict::Error {
        code: "Odd".into(),
        status: 409,
        message: "odd".into(),
    };
    let (aws, _) = hooked(Some(refuse), None);
    assert_eq!(send(&aws).unwrap().unwrap_err().status, 409);
    assert_eq!(vpcs(&aws), 0);

    let (aws, _) = hooked(Some(Verdict::Delay(Duration::from_secs(9))), None);
    let before = aws.account.now();
    send(&aws).unwrap().unwrap();
    assert_eq!(aws.account.now() - before, Duration::from_secs(9));

    let (aws, _) = hooked(None, Some(Verdict::Hang));
    let request = http::Request::post("https://localhost/")
        .header("authorization", authorization("ec2", "eu-west-1"))
        .body(Bytes::from("Action=CreateVpc&CidrBlock=10.0.0.0%2F16"))
        .unwrap();
    assert!(now(aws.account.handle(request)).is_none());
    assert_eq!(vpcs(&aws), 1);
}

#[test]
fn every_operation_may_be_named_in_a_rule() {
    let aws = Aws::new();
    for operation in operations() {
        aws.account
            .add_fault(rule(operation.name, FaultEffect::Throttle))
            .unwrap();
    }
    let services = operations().iter().map(|one| one.service);
    assert_eq!(services.collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn each_code_has_the_status_that_its_service_gives_it() {
    let aws = Aws::new();
    for (operation, code, status) in [
        ("CreateSubnet", "InvalidSubnetID.NotFound", 400),
        ("CreateSubnet", "InvalidSubnetId.NotFound", 400),
        ("CreateSubnet", "InvalidSecurityGroupID.NotFound", 400),
        ("CreateTags", "ConcurrentTagAccess", 400),
        ("CreateSubnet", "PendingVerification", 400),
        ("CreateSubnet", "Blocked", 400),
        ("CreateSubnet", "InvalidSecurity.RequestHasExpired", 400),
        ("CreateSubnet", "RequestExpired", 400),
        ("CreateSubnet", "RequestTimeTooSkewed", 403),
        ("CreateSubnet", "SignatureDoesNotMatch", 403),
        ("CreateSubnet", "UnauthorizedOperation", 403),
        ("CreateSubnet", "AuthFailure", 401),
        ("CreateSubnet", "OptInRequired", 401),
        ("CreateDBCluster", "OptInRequired", 403),
        ("CreateDBCluster", "AccessDenied", 403),
        ("CreateDBCluster", "KMSKeyNotAccessibleFault", 400),
        ("CreateRoute", "ResourceCountLimitExceeded", 400),
    ] {
        aws.account.add_fault(rule(operation, error(code))).unwrap();
        let answer = match operation {
            "CreateDBCluster" => aws.rds(operation, &[]),
            _ => aws.ec2(operation, &[]),
        };
        let refused = answer.unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.status),
            (code, status),
            "{operation}"
        );
        aws.account.clear_faults().unwrap();
    }
    // Services that speak JSON answer 400.
    for code in [
        "AccessDeniedException",
        "ExpiredTokenException",
        "UnrecognizedClientException",
    ] {
        aws.account
            .add_fault(rule("GetSecretValue", error(code)))
            .unwrap();
        let refused = aws.secret("GetSecretValue", "x").unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), (code, 400));
        aws.account.clear_faults().unwrap();
    }
}
