//! What a person gives, and what the description must say.

use serde_json::json;
use stepwell_workflows::rosa::{RosaOptions, find_network};

use super::{Layout, classic, described, find, invalid, nobody, options, refused};
use crate::standin::Rosa;
use crate::support::{REGION, World};

#[tokio::test(start_paused = true)]
async fn a_network_that_is_given_is_asked_of_aws_alone() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let other = layout.vpc("10.1.0.0/16", &[]).await;
    let mut subnets = vec![
        layout.subnet(&vpc, "10.0.0.0/24", &[]).await,
        layout.subnet(&vpc, "10.0.1.0/24", &[]).await,
    ];
    subnets.sort();
    let foreign = layout.subnet(&other, "10.1.0.0/24", &[]).await;
    let given = RosaOptions {
        region: Some(REGION.to_owned()),
        vpc: Some(vpc.clone()),
        ..options()
    };
    let network = find(&world, &nobody(), given.clone()).await.expect("found");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert_eq!(network.subnets, subnets);
    assert_eq!(network.found_by, "--rosa-vpc");

    let mut all = given.clone();
    all.cluster = None;
    all.machine_cidr = Some("10.0.0.0/20".to_owned());
    all.subnets = vec![subnets[1].clone()];
    let network = find(&world, &nobody(), all).await.expect("found");
    assert_eq!(network.cluster, None);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/20");
    assert_eq!(network.subnets, [subnets[1].clone()]);

    let mut wrong = given.clone();
    wrong.vpc = Some("vpc-0123456789abcdef0".to_owned());
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!(error.input, "rosa-vpc");
    let mut wrong = given.clone();
    wrong.region = Some("us-east-1".to_owned());
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!(error.input, "rosa-vpc");
    assert!(error.problem.contains("us-east-1"), "{error}");
    for cidr in ["10.0.0.0/8", "10.1.0.0/24", "0.0.0.0/0"] {
        let mut wrong = given.clone();
        wrong.machine_cidr = Some(cidr.to_owned());
        let error = invalid(find(&world, &nobody(), wrong).await);
        assert_eq!(error.input, "rosa-machine-cidr");
        assert!(error.allowed.contains("10.0.0.0/16"), "{error}");
    }
    let mut wrong = given;
    wrong.subnets = vec![subnets[0].clone(), foreign.clone()];
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!((error.input, error.value), ("rosa-subnets", foreign));
    assert!(error.allowed.contains(&subnets[1]), "{}", error.allowed);
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_given_win_over_the_description() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let subnet = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    let rosa = Rosa::describing(&classic().to_string());
    let parts = RosaOptions {
        machine_cidr: Some("10.0.0.0/24".to_owned()),
        subnets: vec![subnet.clone()],
        ..options()
    };
    let network = find(&world, &rosa.source(), parts).await.expect("found");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/24");
    assert_eq!(network.subnets, [subnet]);
    // A range that is not the VPC's is somebody's mistake.
    let mut cluster = classic();
    cluster["network"]["machine_cidr"] = json!("10.9.0.0/16");
    let (message, hint) = refused(described(&world, &cluster).await);
    assert!(message.contains("10.9.0.0/16"), "{message}");
    assert!(hint.contains("--rosa-machine-cidr"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn the_region_that_is_asked_for_must_be_the_clusters() {
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let rosa = Rosa::describing(&classic().to_string());
    let mut asked = options();
    asked.region = Some(REGION.to_owned());
    assert!(find(&world, &rosa.source(), asked.clone()).await.is_ok());
    asked.region = Some("us-east-1".to_owned());
    let error = invalid(find(&world, &rosa.source(), asked).await);
    assert_eq!(
        (error.input, error.allowed.as_str()),
        ("rosa-region", REGION)
    );
    // A job's region is not the cluster's, and counts where there is no other.
    let mut job = options();
    job.region_default = Some("us-east-1".to_owned());
    let network = find(&world, &rosa.source(), job.clone())
        .await
        .expect("found");
    assert_eq!(network.region, REGION);
    let called = rosa.read("called");
    assert!(!called.contains("--region"), "{called}");
    let mut silent = classic();
    silent.as_object_mut().expect("an object").remove("region");
    let error = invalid(described(&world, &silent).await);
    assert_eq!(error.input, "rosa-region");
    let rosa = Rosa::describing(&silent.to_string());
    let (message, _) = refused(find(&world, &rosa.source(), job.clone()).await);
    assert!(message.contains("is not found in us-east-1"), "{message}");
    // Where it is shared, the description tells whose it is.
    silent["aws"] =
        json!({ "private_hosted_zone_role_arn": "arn:aws:iam::210987654321:role/Shared" });
    let rosa = Rosa::describing(&silent.to_string());
    let (message, hint) = refused(find(&world, &rosa.source(), job).await);
    assert!(message.contains("aws account 210987654321"), "{message}");
    assert!(hint.contains("--rosa-profile"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_must_be_ready_unless_something_is_taken_away() {
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let mut cluster = classic();
    for state in ["installing", "pending", "error", "uninstalling"] {
        cluster["state"] = json!(state);
        let (message, hint) = refused(described(&world, &cluster).await);
        assert!(message.contains(state), "{message}");
        assert!(hint.contains("ready"), "{hint}");
    }
    let rosa = Rosa::describing(&cluster.to_string());
    let request = options().validate().expect("valid").in_any_state();
    assert!(
        find_network(&world.aws, &rosa.source(), &request)
            .await
            .is_ok()
    );
    cluster["state"] = json!("hibernating");
    assert!(described(&world, &cluster).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_ranges_of_pods_and_services_are_known_where_they_were_looked_up() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    let texts = |network: stepwell_workflows::rosa::RosaNetwork| {
        [network.pod_cidr, network.service_cidr].map(|range| range.map(|range| range.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    let mut cluster = classic();
    cluster["network"] = json!({ "machine_cidr": "10.0.0.0/16", "pod_cidr": "10.200.0.0/14",
                                 "service_cidr": "172.20.0.0/16" });
    let found = described(&world, &cluster).await.expect("found");
    assert_eq!(texts(found), [some("10.200.0.0/14"), some("172.20.0.0/16")]);
    // What ROSA takes where nobody says otherwise.
    cluster["network"] = json!({ "machine_cidr": "10.0.0.0/16", "pod_cidr": "" });
    let found = described(&world, &cluster).await.expect("found");
    assert_eq!(texts(found), [some("10.128.0.0/14"), some("172.30.0.0/16")]);

    let given = RosaOptions {
        region: Some(REGION.to_owned()),
        vpc: Some(vpc),
        ..options()
    };
    let found = find(&world, &nobody(), given.clone()).await.expect("found");
    assert_eq!(texts(found), [None, None]);
    let given = RosaOptions {
        pod_cidr: Some("10.64.0.0/14".to_owned()),
        service_cidr: Some("172.16.0.0/16".to_owned()),
        ..given
    };
    let found = find(&world, &nobody(), given.clone()).await.expect("found");
    assert_eq!(texts(found), [some("10.64.0.0/14"), some("172.16.0.0/16")]);
    for input in ["rosa-pod-cidr", "rosa-service-cidr"] {
        let mut wrong = given.clone();
        match input {
            "rosa-pod-cidr" => wrong.pod_cidr = Some("10.64.0.1/14".to_owned()),
            _ => wrong.service_cidr = Some("10.64.0.1/14".to_owned()),
        }
        assert_eq!(invalid(find(&world, &nobody(), wrong).await).input, input);
    }
}
