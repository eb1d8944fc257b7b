//! Resources as the shell scripts lay them out, and as strangers do, made by
//! plain calls with no tags but those that are said.

use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use crate::support::World;

/// Whoever makes things in a region without the product.
pub(crate) struct Hand {
    pub(crate) region: &'static str,
    ec2: aws_sdk_ec2::Client,
    rds: aws_sdk_rds::Client,
}

impl Hand {
    pub(crate) fn at(world: &World, region: &'static str) -> Self {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let ec2 = aws_sdk_ec2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(world.account.http_client())
            .credentials_provider(credentials.clone())
            .region(Region::new(region))
            .build();
        let rds = aws_sdk_rds::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(world.account.http_client())
            .credentials_provider(credentials)
            .region(Region::new(region))
            .build();
        Self {
            region,
            ec2: aws_sdk_ec2::Client::from_conf(ec2),
            rds: aws_sdk_rds::Client::from_conf(rds),
        }
    }

    /// A VPC with these tags; the scripts' are [`of`].
    pub(crate) async fn vpc(&self, block: &str, labels: &[(&str, &str)]) -> String {
        let tags = labels
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let specification = TagSpecification::builder()
            .resource_type(ResourceType::Vpc)
            .set_tags(Some(tags.collect()))
            .build();
        let made = self
            .ec2
            .create_vpc()
            .cidr_block(block)
            .set_tag_specifications((!labels.is_empty()).then(|| vec![specification]))
            .send()
            .await
            .expect("a vpc");
        let id = made.vpc.expect("a vpc").vpc_id.expect("an id");
        // Until reads see it.
        while self.ec2.describe_vpcs().vpc_ids(&id).send().await.is_err() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        id
    }

    /// Two subnets in a VPC whose block is `prefix`.0/24, and a group of them.
    pub(crate) async fn subnet_group(&self, vpc: &str, prefix: &str, name: &str) -> [String; 2] {
        let mut subnets = Vec::new();
        for (zone, part) in [("a", "0/25"), ("b", "128/25")] {
            let made = self
                .ec2
                .create_subnet()
                .vpc_id(vpc)
                .availability_zone(format!("{}{zone}", self.region))
                .cidr_block(format!("{prefix}.{part}"))
                .send()
                .await
                .expect("a subnet");
            subnets.push(made.subnet.expect("a subnet").subnet_id.expect("an id"));
        }
        // Until RDS has heard of them.
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        self.rds
            .create_db_subnet_group()
            .db_subnet_group_name(name)
            .db_subnet_group_description("Aurora DB Subnet Group")
            .set_subnet_ids(Some(subnets.clone()))
            .send()
            .await
            .expect("a subnet group");
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        subnets.try_into().expect("two")
    }

    /// A cluster in a subnet group, with instances.
    pub(crate) async fn cluster(&self, name: &str, group: &str, instances: usize) -> String {
        let made = self
            .rds
            .create_db_cluster()
            .db_cluster_identifier(name)
            .engine("aurora-postgresql")
            .master_username("keycloak")
            .master_user_password("of-the-scripts")
            .db_subnet_group_name(group)
            .send()
            .await
            .expect("a cluster");
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        for number in 1..=instances {
            self.rds
                .create_db_instance()
                .db_cluster_identifier(name)
                .db_instance_identifier(format!("{name}-instance-{number}"))
                .db_instance_class("db.r7g.xlarge")
                .engine("aurora-postgresql")
                .send()
                .await
                .expect("an instance");
        }
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let made = made.db_cluster.expect("a cluster");
        made.db_cluster_arn.expect("an arn")
    }

    /// All that `aurora_create.sh` makes but for the security group.
    pub(crate) async fn aurora_create(
        &self,
        name: &str,
        prefix: &str,
        instances: usize,
    ) -> (String, String) {
        let vpc = self.vpc(&format!("{prefix}.0/24"), &of(name)).await;
        let group = format!("{name}-subnet-group");
        self.subnet_group(&vpc, prefix, &group).await;
        let arn = self.cluster(name, &group, instances).await;
        (vpc, arn)
    }

    /// Tags what RDS keeps.
    pub(crate) async fn tag(&self, arn: &str, key: &str, value: &str) {
        let tag = aws_sdk_rds::types::Tag::builder().key(key).value(value);
        self.rds
            .add_tags_to_resource()
            .resource_name(arn)
            .tags(tag.build())
            .send()
            .await
            .expect("a tag");
    }

    /// Tags what EC2 keeps.
    pub(crate) async fn tag_vpc(&self, id: &str, key: &str, value: &str) {
        self.ec2
            .create_tags()
            .resources(id)
            .tags(Tag::builder().key(key).value(value).build())
            .send()
            .await
            .expect("a tag");
    }

    /// Takes a tag from what EC2 keeps.
    pub(crate) async fn untag_vpc(&self, id: &str, key: &str) {
        self.ec2
            .delete_tags()
            .resources(id)
            .tags(Tag::builder().key(key).build())
            .send()
            .await
            .expect("a tag less");
    }

    /// Protects a cluster against deletion.
    pub(crate) async fn protect(&self, cluster: &str) {
        self.rds
            .modify_db_cluster()
            .db_cluster_identifier(cluster)
            .deletion_protection(true)
            .send()
            .await
            .expect("protection");
    }

    /// Deletes subnets and their VPC.
    pub(crate) async fn delete_network(&self, vpc: &str, subnets: &[String]) {
        for id in subnets {
            self.ec2
                .delete_subnet()
                .subnet_id(id)
                .send()
                .await
                .expect("a subnet less");
        }
        self.ec2
            .delete_vpc()
            .vpc_id(vpc)
            .send()
            .await
            .expect("a vpc less");
    }

    /// Asks for a peering of two VPCs of the region.
    pub(crate) async fn peer(&self, one: &str, other: &str) -> String {
        let made = self
            .ec2
            .create_vpc_peering_connection()
            .vpc_id(one)
            .peer_vpc_id(other)
            .send()
            .await
            .expect("a peering");
        let made = made.vpc_peering_connection.expect("a peering");
        made.vpc_peering_connection_id.expect("an id")
    }
}

/// The tags of the scripts' VPC.
pub(crate) fn of(name: &str) -> [(&'static str, &str); 1] {
    [("AuroraCluster", name)]
}
