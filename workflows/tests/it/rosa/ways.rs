//! The ways from a description to the VPC, the surest first.

use aws_sdk_ec2::types::Tag;
use serde_json::{Value, json};

use super::{Layout, classic, described, refused};
use crate::support::{REGION, World};

#[tokio::test(start_paused = true)]
async fn first_the_subnets_of_the_description() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let private = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    let public = layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    layout.subnet(&vpc, "10.0.2.0/24", &[]).await;
    // All other ways would lead elsewhere.
    let other = layout
        .vpc(
            "10.0.0.0/16",
            &[
                ("kubernetes.io/cluster/rosa-1-x7k2p", "owned"),
                ("Name", "rosa-1-vpc"),
            ],
        )
        .await;
    let mut cluster = classic();
    // One that was deleted meanwhile leads nowhere, and is no error.
    cluster["aws"]["subnet_ids"] = json!([&public, &private, "subnet-0123456789abcdef0"]);
    let network = described(&world, &cluster).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_ne!(network.vpc_id, other);
    let mut both = vec![private, public];
    both.sort();
    assert_eq!(network.subnets, both);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert_eq!(network.vpc_cidrs, [network.machine_cidr]);
    assert_eq!(network.region, REGION);
    assert_eq!(network.cluster.as_deref(), Some("rosa-1"));
    assert_eq!(network.found_by, "aws.subnet_ids of rosa describe cluster");
}

#[tokio::test(start_paused = true)]
async fn then_the_tag_of_the_installer() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let tag = "kubernetes.io/cluster/rosa-1-x7k2p";
    let vpc = layout.vpc("10.0.0.0/16", &[(tag, "owned")]).await;
    let marked = layout.subnet(&vpc, "10.0.0.0/24", &[(tag, "owned")]).await;
    layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    layout.vpc("10.1.0.0/16", &[(tag, "shared")]).await;
    layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.subnets, [marked]);
    assert!(network.found_by.contains(tag), "{}", network.found_by);
}

#[tokio::test(start_paused = true)]
async fn then_the_running_machines() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let id = classic()["id"].as_str().expect("an id").to_owned();
    let tag = ("api.openshift.com/id", id.as_str());
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let subnet = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    layout.instance(&subnet, &[tag]).await;
    layout.instance(&subnet, &[tag]).await;
    // One that has ended, in another VPC, does not count.
    let elsewhere = layout.vpc("10.1.0.0/16", &[]).await;
    let there = layout.subnet(&elsewhere, "10.1.0.0/24", &[]).await;
    let ended = layout.instance(&there, &[tag]).await;
    layout
        .0
        .terminate_instances()
        .instance_ids(ended)
        .send()
        .await
        .expect("ended");
    layout.settle().await;
    layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let mut cluster = classic();
    // A hosted control plane has no infra_id, and is found all the same.
    cluster["hypershift"] = json!({"enabled": true});
    cluster
        .as_object_mut()
        .expect("an object")
        .remove("infra_id");
    let network = described(&world, &cluster).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.subnets, [subnet]);
    assert!(network.found_by.contains(&id), "{}", network.found_by);
}

#[tokio::test(start_paused = true)]
async fn then_the_name_and_at_last_the_range() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let ranged = layout.vpc("10.0.0.0/16", &[]).await;
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, ranged);
    assert!(
        network.found_by.contains("10.0.0.0/16"),
        "{}",
        network.found_by
    );
    assert!(network.subnets.is_empty());
    let named = layout.vpc("10.0.0.0/17", &[("Name", "rosa-1-vpc")]).await;
    // The machine CIDR may be larger than the VPC.
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, named);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert!(
        network.found_by.contains("rosa-1-vpc"),
        "{}",
        network.found_by
    );
}

#[tokio::test(start_paused = true)]
async fn several_at_any_way_are_refused_and_listed() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let id = classic()["id"].as_str().expect("an id").to_owned();
    let mut cluster = classic();
    // From the last way to the first, each finds two before any later one is
    // looked at.
    let vpcs = [
        layout.vpc("10.0.0.0/16", &[("Name", "first")]).await,
        layout.vpc("10.0.0.0/16", &[]).await,
    ];
    let subnets = [
        layout.subnet(&vpcs[0], "10.0.0.0/24", &[]).await,
        layout.subnet(&vpcs[1], "10.0.0.0/24", &[]).await,
    ];
    let check = async |cluster: &Value, by: &str| {
        let (message, hint) = refused(described(&world, cluster).await);
        for vpc in &vpcs {
            assert!(message.contains(vpc.as_str()), "{message}");
        }
        assert!(message.contains(by), "{message}");
        assert!(hint.contains("--rosa-vpc"), "{hint}");
        message
    };
    let tag = async |resources: &[String], key: &str, value: &str| {
        let tag = Tag::builder().key(key).value(value).build();
        layout
            .0
            .create_tags()
            .set_resources(Some(resources.to_vec()))
            .tags(tag)
            .send()
            .await
            .expect("tagged");
        layout.settle().await;
    };
    let message = check(&cluster, "machine CIDR").await;
    assert!(message.contains("\"first\""), "{message}");
    tag(&vpcs, "Name", "rosa-1-vpc").await;
    check(&cluster, "Name=rosa-1-vpc").await;
    for subnet in &subnets {
        layout
            .instance(subnet, &[("api.openshift.com/id", &id)])
            .await;
    }
    check(&cluster, "api.openshift.com/id").await;
    tag(&vpcs, "kubernetes.io/cluster/rosa-1-x7k2p", "owned").await;
    check(&cluster, "kubernetes.io/cluster/rosa-1-x7k2p").await;
    cluster["aws"]["subnet_ids"] = json!(subnets);
    check(&cluster, "aws.subnet_ids").await;
}

#[tokio::test(start_paused = true)]
async fn none_is_refused_and_says_what_was_tried() {
    let world = World::new().await;
    Layout::new(&world).vpc("192.168.0.0/16", &[]).await;
    let mut cluster = classic();
    cluster["aws"]["subnet_ids"] = json!(["subnet-0123456789abcdef0"]);
    let (message, hint) = refused(described(&world, &cluster).await);
    for tried in [
        "aws.subnet_ids",
        "kubernetes.io/cluster/rosa-1-x7k2p",
        "api.openshift.com/id",
        "rosa-1-vpc",
        "10.0.0.0/16",
    ] {
        assert!(message.contains(tried), "{tried} in {message}");
    }
    assert!(hint.contains("--rosa-profile"), "{hint}");
    // A description that says next to nothing has fewer ways, and is no crash.
    let bare = json!({"name": "rosa-1", "region": {"id": REGION}});
    let (message, _) = refused(described(&world, &bare).await);
    assert!(message.contains("rosa-1-vpc"), "{message}");
    assert!(!message.contains("kubernetes.io"), "{message}");
}
