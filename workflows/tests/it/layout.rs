//! Networks laid out by plain calls: an Aurora cluster's VPC as the shell
//! scripts make it, and a VPC as a ROSA cluster has it.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::types::{
    IpPermission, IpRange, ResourceType, RouteTable, SecurityGroupRule, Tag, TagSpecification,
    VpcPeeringConnection,
};
use ipnet::Ipv4Net;
use std::time::Duration;
use stepwell_workflows::peering::{Accounts, RosaAccount};
use stepwell_workflows::rosa::RosaNetwork;

use crate::support::World;

/// An Aurora cluster's network.
#[derive(Debug, Clone)]
pub(crate) struct AuroraNet {
    pub(crate) region: String,
    pub(crate) cluster: String,
    pub(crate) vpc: String,
    pub(crate) cidr: String,
    pub(crate) group: String,
    /// The table of its own two subnets; a third subnet uses the main one.
    pub(crate) table: String,
    pub(crate) main: String,
}

/// A ROSA cluster's network: private and public subnets with tables of their
/// own, and a subnet that nobody associated with any.
#[derive(Debug, Clone)]
pub(crate) struct RosaNet {
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) cidr: String,
    pub(crate) private: String,
    pub(crate) public: String,
    pub(crate) main: String,
    pub(crate) subnets: Vec<String>,
}

impl RosaNet {
    /// As the look-up finds it.
    pub(crate) fn network(&self) -> RosaNetwork {
        let cidr: Ipv4Net = self.cidr.parse().expect("a range");
        RosaNetwork {
            cluster: Some("rosa".to_owned()),
            region: self.region.clone(),
            vpc_id: self.vpc.clone(),
            vpc_cidrs: vec![cidr],
            machine_cidr: cidr,
            pod_cidr: None,
            service_cidr: None,
            subnets: self.subnets.clone(),
            found_by: "the test".to_owned(),
        }
    }
}

fn tags(kind: ResourceType, pairs: &[(&str, &str)]) -> TagSpecification {
    let tags = pairs
        .iter()
        .map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.collect()))
        .build()
}

/// Long enough for every read to see what was just made.
pub(crate) const SETTLED: Duration = Duration::from_secs(5);

impl World {
    /// The two accounts of a run; on the sandbox they are one.
    pub(crate) fn accounts(&self) -> Accounts {
        let id = self.account.account_id().to_owned();
        Accounts {
            main: id.clone(),
            rosa: RosaAccount { id, profile: None },
        }
    }

    /// EC2 for plain calls.
    pub(crate) fn ec2(&self, region: &str) -> Client {
        let config = aws_sdk_ec2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.account.http_client())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::disabled())
            .build();
        Client::from_conf(config)
    }

    pub(crate) async fn settle(&self) {
        self.clock.sleep(SETTLED).await;
    }

    async fn vpc(&self, region: &str, cidr: &str, pairs: &[(&str, &str)]) -> String {
        let made = self
            .ec2(region)
            .create_vpc()
            .cidr_block(cidr)
            .tag_specifications(tags(ResourceType::Vpc, pairs))
            .send()
            .await
            .expect("vpc");
        self.settle().await;
        made.vpc().unwrap().vpc_id().unwrap().to_owned()
    }

    /// Subnets on the given parts of a VPC's range.
    async fn subnets(
        &self,
        region: &str,
        vpc: &str,
        cidr: &str,
        longer: u8,
        count: usize,
    ) -> Vec<String> {
        let cidr: Ipv4Net = cidr.parse().expect("a range");
        let blocks = cidr.subnets(cidr.prefix_len() + longer).expect("parts");
        let mut ids = Vec::new();
        for (block, letter) in blocks.take(count).zip("abcabcabc".chars()) {
            let made = self
                .ec2(region)
                .create_subnet()
                .vpc_id(vpc)
                .cidr_block(block.to_string())
                .availability_zone(format!("{region}{letter}"))
                .send()
                .await
                .expect("subnet");
            ids.push(made.subnet().unwrap().subnet_id().unwrap().to_owned());
        }
        self.settle().await;
        ids
    }

    /// A route table that serves subnets.
    async fn table(&self, region: &str, vpc: &str, name: &str, subnets: &[String]) -> String {
        let ec2 = self.ec2(region);
        let made = ec2
            .create_route_table()
            .vpc_id(vpc)
            .tag_specifications(tags(ResourceType::RouteTable, &[("Name", name)]))
            .send()
            .await
            .expect("route table");
        let id = made.route_table().unwrap().route_table_id().unwrap();
        self.settle().await;
        for subnet in subnets {
            ec2.associate_route_table()
                .route_table_id(id)
                .subnet_id(subnet)
                .send()
                .await
                .expect("association");
        }
        id.to_owned()
    }

    pub(crate) async fn tables(&self, region: &str, vpc: &str) -> Vec<RouteTable> {
        let filter = aws_sdk_ec2::types::Filter::builder()
            .name("vpc-id")
            .values(vpc)
            .build();
        let answer = self
            .ec2(region)
            .describe_route_tables()
            .filters(filter)
            .send()
            .await
            .expect("tables");
        answer.route_tables().to_vec()
    }

    async fn main_table(&self, region: &str, vpc: &str) -> String {
        let tables = self.tables(region, vpc).await;
        let main = tables
            .iter()
            .find(|table| table.associations().iter().any(|a| a.main() == Some(true)))
            .expect("a main table");
        main.route_table_id().unwrap().to_owned()
    }

    /// An Aurora cluster's network, as the scripts lay it out.
    pub(crate) async fn aurora_net(&self, region: &str, cluster: &str, cidr: &str) -> AuroraNet {
        let name = format!("Aurora Cluster {cluster}");
        let vpc = self
            .vpc(region, cidr, &[("AuroraCluster", cluster), ("Name", &name)])
            .await;
        let subnets = self.subnets(region, &vpc, cidr, 2, 3).await;
        let table = self.table(region, &vpc, &name, &subnets[..2]).await;
        let group = self
            .group(region, &vpc, &format!("{cluster}-security-group"))
            .await;
        AuroraNet {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            main: self.main_table(region, &vpc).await,
            vpc,
            cidr: cidr.to_owned(),
            group,
            table,
        }
    }

    pub(crate) async fn group(&self, region: &str, vpc: &str, name: &str) -> String {
        let made = self
            .ec2(region)
            .create_security_group()
            .vpc_id(vpc)
            .group_name(name)
            .description("of the test")
            .send()
            .await
            .expect("group");
        self.settle().await;
        made.group_id().unwrap().to_owned()
    }

    /// A ROSA cluster's network.
    pub(crate) async fn rosa_net(&self, region: &str, cidr: &str) -> RosaNet {
        let vpc = self.vpc(region, cidr, &[("Name", "rosa-vpc")]).await;
        let subnets = self.subnets(region, &vpc, cidr, 4, 5).await;
        let private = self
            .table(region, &vpc, "rosa-private-a", &subnets[..2])
            .await;
        let public = self
            .table(region, &vpc, "rosa-public-a", &subnets[2..4])
            .await;
        RosaNet {
            region: region.to_owned(),
            main: self.main_table(region, &vpc).await,
            vpc,
            cidr: cidr.to_owned(),
            private,
            public,
            subnets,
        }
    }

    /// Deletes a VPC with everything in it.
    pub(crate) async fn tear_down(&self, region: &str, vpc: &str) {
        let ec2 = self.ec2(region);
        for table in self.tables(region, vpc).await {
            let mut is_main = false;
            for association in table.associations() {
                if association.main() == Some(true) {
                    is_main = true;
                    continue;
                }
                let id = association.route_table_association_id().unwrap();
                let request = ec2.disassociate_route_table().association_id(id);
                request.send().await.expect("disassociate");
            }
            if !is_main {
                let id = table.route_table_id().unwrap();
                let request = ec2.delete_route_table().route_table_id(id);
                request.send().await.expect("route table");
            }
        }
        let subnets = ec2.describe_subnets().send().await.expect("subnets");
        for subnet in subnets.subnets() {
            if subnet.vpc_id() == Some(vpc) {
                let request = ec2.delete_subnet().subnet_id(subnet.subnet_id().unwrap());
                request.send().await.expect("subnet");
            }
        }
        let groups = ec2.describe_security_groups().send().await.expect("groups");
        for group in groups.security_groups() {
            if group.vpc_id() == Some(vpc) && group.group_name() != Some("default") {
                let request = ec2.delete_security_group();
                let request = request.group_id(group.group_id().unwrap());
                request.send().await.expect("group");
            }
        }
        let request = ec2.delete_vpc().vpc_id(vpc);
        request.send().await.expect("vpc");
    }

    /// Requests a peering, with the tag that the scripts give it, if any.
    pub(crate) async fn request_peering(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        cluster: Option<&str>,
    ) -> String {
        let pairs: Vec<(&str, &str)> = cluster
            .map(|cluster| ("AuroraCluster", cluster))
            .into_iter()
            .collect();
        let request = self
            .ec2(from.0)
            .create_vpc_peering_connection()
            .vpc_id(from.1)
            .peer_vpc_id(to.1)
            .peer_region(to.0);
        let request = if pairs.is_empty() {
            request
        } else {
            request.tag_specifications(tags(ResourceType::VpcPeeringConnection, &pairs))
        };
        let made = request.send().await.expect("peering");
        self.settle().await;
        let id = made.vpc_peering_connection().unwrap();
        id.vpc_peering_connection_id().unwrap().to_owned()
    }

    pub(crate) async fn accept_peering(&self, region: &str, id: &str) {
        self.ec2(region)
            .accept_vpc_peering_connection()
            .vpc_peering_connection_id(id)
            .send()
            .await
            .expect("accept");
        self.settle().await;
    }

    pub(crate) async fn delete_peering(&self, region: &str, id: &str) {
        self.ec2(region)
            .delete_vpc_peering_connection()
            .vpc_peering_connection_id(id)
            .send()
            .await
            .expect("delete");
        self.settle().await;
    }

    pub(crate) async fn peerings(&self, region: &str) -> Vec<VpcPeeringConnection> {
        let answer = self
            .ec2(region)
            .describe_vpc_peering_connections()
            .send()
            .await
            .expect("peerings");
        answer.vpc_peering_connections().to_vec()
    }

    pub(crate) async fn route(&self, region: &str, table: &str, to: &str, peering: &str) {
        self.ec2(region)
            .create_route()
            .route_table_id(table)
            .destination_cidr_block(to)
            .vpc_peering_connection_id(peering)
            .send()
            .await
            .expect("route");
    }

    /// Where a table's route to a destination leads, and whether it is a blackhole.
    pub(crate) async fn leads(
        &self,
        region: &str,
        table: &str,
        to: &str,
    ) -> Option<(String, bool)> {
        let answer = self
            .ec2(region)
            .describe_route_tables()
            .route_table_ids(table)
            .send()
            .await
            .expect("table");
        answer.route_tables()[0].routes().iter().find_map(|route| {
            (route.destination_cidr_block() == Some(to)).then(|| {
                let id = route.vpc_peering_connection_id().or(route.gateway_id());
                let state = route.state().map(|state| state.as_str().to_owned());
                (
                    id.unwrap_or_default().to_owned(),
                    state.as_deref() == Some("blackhole"),
                )
            })
        })
    }

    pub(crate) async fn open_port(&self, region: &str, group: &str, source: &str) {
        let permission = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(5432)
            .to_port(5432)
            .ip_ranges(IpRange::builder().cidr_ip(source).build())
            .build();
        self.ec2(region)
            .authorize_security_group_ingress()
            .group_id(group)
            .ip_permissions(permission)
            .send()
            .await
            .expect("ingress");
        self.settle().await;
    }

    /// The ingress rules of a group.
    pub(crate) async fn rules(&self, region: &str, group: &str) -> Vec<SecurityGroupRule> {
        let filter = aws_sdk_ec2::types::Filter::builder()
            .name("group-id")
            .values(group)
            .build();
        let answer = self
            .ec2(region)
            .describe_security_group_rules()
            .filters(filter)
            .send()
            .await
            .expect("rules");
        let rules = answer.security_group_rules().iter();
        rules
            .filter(|rule| rule.is_egress() == Some(false))
            .cloned()
            .collect()
    }
}
