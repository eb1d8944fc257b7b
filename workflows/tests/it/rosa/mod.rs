//! The network of a ROSA cluster: each way that leads to it, and each reason
//! to refuse.

mod answers;
mod command;
mod given;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use serde_json::{Value, json};
use stepwell_engine::{Clock, FaultClass};
use stepwell_workflows::rosa::{RosaCli, RosaNetwork, RosaOptions, RosaSource, find_network};
use stepwell_workflows::{InvalidInput, SurveyError};

use crate::standin::Rosa;
use crate::support::{REGION, World};

/// Who must not be asked.
fn nobody() -> RosaSource {
    RosaSource::Cli(RosaCli {
        program: "/nonexistent/rosa".into(),
        profile: None,
    })
}

fn options() -> RosaOptions {
    RosaOptions {
        cluster: Some("rosa-1".to_owned()),
        ..RosaOptions::default()
    }
}

/// A classic cluster in a VPC that Red Hat made.
fn classic() -> Value {
    json!({
        "id": "2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7", "name": "rosa-1", "infra_id": "rosa-1-x7k2p",
        "state": "ready", "multi_az": true, "region": {"id": REGION},
        "network": {"machine_cidr": "10.0.0.0/16", "pod_cidr": "10.128.0.0/14"},
        "aws": {"sts": {"enabled": true}}
    })
}

async fn find(
    world: &World,
    source: &RosaSource,
    options: RosaOptions,
) -> Result<RosaNetwork, SurveyError> {
    let request = options.validate()?;
    find_network(&world.aws, source, &request).await
}

async fn described(world: &World, cluster: &Value) -> Result<RosaNetwork, SurveyError> {
    let rosa = Rosa::describing(&cluster.to_string());
    find(world, &rosa.source(), options()).await
}

fn refused(result: Result<RosaNetwork, SurveyError>) -> (String, String) {
    match result {
        Err(SurveyError::Refused { message, hint }) => (message, hint),
        other => panic!("not refused: {other:?}"),
    }
}

fn invalid(result: Result<RosaNetwork, SurveyError>) -> InvalidInput {
    match result {
        Err(SurveyError::Invalid(invalid)) => invalid,
        other => panic!("not invalid: {other:?}"),
    }
}

/// The class of a fault, and all that it says.
fn fault<T: std::fmt::Debug>(result: Result<T, SurveyError>) -> (FaultClass, String) {
    match result {
        Err(SurveyError::Fault(fault)) => {
            let hint = fault.hint.clone().expect("a hint");
            (fault.class, format!("{fault}; hint: {hint}"))
        }
        other => panic!("no fault: {other:?}"),
    }
}

/// VPCs as other tools lay them out, by plain calls.
struct Layout(aws_sdk_ec2::Client, Arc<dyn Clock>);

impl Layout {
    fn new(world: &World) -> Self {
        let config = aws_sdk_ec2::Config::builder()
            .behavior_version(aws_sdk_ec2::config::BehaviorVersion::latest())
            .region(aws_sdk_ec2::config::Region::new(REGION))
            .credentials_provider(aws_sdk_ec2::config::Credentials::new(
                "sandbox", "sandbox", None, None, "test",
            ))
            .http_client(world.account.http_client())
            .build();
        Self(aws_sdk_ec2::Client::from_conf(config), world.clock.clone())
    }

    /// Time for what was made to be seen and to run.
    async fn settle(&self) {
        self.1.sleep(Duration::from_secs(600)).await;
    }

    fn tagged(kind: ResourceType, tags: &[(&str, &str)]) -> Option<TagSpecification> {
        let tags: Vec<Tag> = tags
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(*value).build())
            .collect();
        (!tags.is_empty()).then(|| {
            TagSpecification::builder()
                .resource_type(kind)
                .set_tags(Some(tags))
                .build()
        })
    }

    async fn vpc(&self, cidr: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .create_vpc()
            .cidr_block(cidr)
            .set_tag_specifications(Self::tagged(ResourceType::Vpc, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("a vpc");
        self.settle().await;
        made.vpc.and_then(|vpc| vpc.vpc_id).expect("an id")
    }

    async fn subnet(&self, vpc: &str, cidr: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .create_subnet()
            .vpc_id(vpc)
            .cidr_block(cidr)
            .set_tag_specifications(Self::tagged(ResourceType::Subnet, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("a subnet");
        self.settle().await;
        made.subnet
            .and_then(|subnet| subnet.subnet_id)
            .expect("an id")
    }

    async fn instance(&self, subnet: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .run_instances()
            .image_id("ami-01234567")
            .min_count(1)
            .max_count(1)
            .subnet_id(subnet)
            .set_tag_specifications(Self::tagged(ResourceType::Instance, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("an instance");
        self.settle().await;
        made.instances()
            .first()
            .and_then(|instance| instance.instance_id())
            .expect("an id")
            .to_owned()
    }
}
