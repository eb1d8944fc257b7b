//! Things that hold a cluster or its VPC, laid out by plain calls, as people and
//! other programs do.

use std::time::Duration;

use super::database::status;
use crate::support::{REGION, World, element};

/// What can be in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    InternetGateway,
    NatGateway,
    EgressOnlyGateway,
    VpnGateway,
    CarrierGateway,
    GatewayEndpoint,
    InterfaceEndpoint,
    TransitAttachment,
    NetworkAcl,
    Interface,
    IngressRule,
    EgressRule,
    Subnet,
    SecurityGroup,
    RouteTable,
    Peering,
    OtherDatabase,
    Protection,
    GlobalMember,
    Replica,
    BlueGreen,
    Reader,
    Stopped,
    BackingUp,
    Broken,
    Successor,
}

impl Kind {
    pub(crate) const ALL: [Self; 26] = [
        Self::InternetGateway,
        Self::NatGateway,
        Self::EgressOnlyGateway,
        Self::VpnGateway,
        Self::CarrierGateway,
        Self::GatewayEndpoint,
        Self::InterfaceEndpoint,
        Self::TransitAttachment,
        Self::NetworkAcl,
        Self::Interface,
        Self::IngressRule,
        Self::EgressRule,
        Self::Subnet,
        Self::SecurityGroup,
        Self::RouteTable,
        Self::Peering,
        Self::OtherDatabase,
        Self::Protection,
        Self::GlobalMember,
        Self::Replica,
        Self::BlueGreen,
        Self::Reader,
        Self::Stopped,
        Self::BackingUp,
        Self::Broken,
        Self::Successor,
    ];

    /// Whether it is part of the VPC and goes along if it is tagged.
    pub(crate) fn is_part(self) -> bool {
        self <= Self::EgressRule
    }

    /// Whether a deletion takes it along, whatever its tags, if it was there when
    /// that was begun.
    pub(crate) fn goes_along(self) -> bool {
        matches!(self, Self::Subnet | Self::SecurityGroup | Self::RouteTable)
    }

    /// Whether it passes, is put right or goes with the rest, whenever it comes.
    pub(crate) fn is_harmless(self) -> bool {
        matches!(self, Self::Reader | Self::Stopped | Self::BackingUp)
    }

    /// Whether it needs a cluster that stands: one whose instances are going is
    /// part of nothing new.
    pub(crate) fn needs_a_living_cluster(self) -> bool {
        self >= Self::GlobalMember
    }
}

/// What was laid out.
#[derive(Debug)]
pub(crate) struct Laid {
    /// The id by which it must be named.
    pub(crate) id: String,
    /// The calls that take it away: region, service and form.
    removal: Vec<(&'static str, &'static str, String)>,
    /// Whether the cluster is in a state that does not end.
    broken: bool,
}

impl Laid {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            removal: Vec::new(),
            broken: false,
        }
    }

    /// A state of the cluster, which is to be put right.
    pub(super) fn broken(cluster: &str) -> Self {
        Self {
            broken: true,
            ..Self::new(cluster)
        }
    }

    /// The cluster that has got the name; nobody takes it away.
    pub(crate) fn of_successor() -> Self {
        Self::new("another cluster")
    }

    fn ec2(mut self, form: impl Into<String>) -> Self {
        self.removal.push((REGION, "ec2", form.into()));
        self
    }

    pub(super) fn rds(mut self, form: impl Into<String>) -> Self {
        self.removal.push((REGION, "rds", form.into()));
        self
    }

    pub(super) fn rds_in(mut self, region: &'static str, form: impl Into<String>) -> Self {
        self.removal.push((region, "rds", form.into()));
        self
    }

    /// Takes it away and waits until it is gone.
    pub(crate) async fn remove(&self, world: &World) {
        // AWS takes no deletion of what is still being made.
        world.clock.sleep(Duration::from_secs(5 * 60)).await;
        if self.broken {
            status(world, "available", None);
        }
        for (region, service, form) in &self.removal {
            world.call_in(region, service, form).await;
            // Detachments, promotions and the like take their time.
            world.clock.sleep(Duration::from_secs(5 * 60)).await;
        }
        world.clock.sleep(Duration::from_secs(20 * 60)).await;
    }
}

/// Where things are laid out.
pub(crate) struct Site {
    pub(crate) vpc: String,
    subnets: Vec<String>,
    group: String,
    default_group: String,
}

impl Site {
    /// The network of the cluster.
    pub(crate) async fn of(world: &World) -> Self {
        let vpcs = world
            .call(
                "ec2",
                "Action=DescribeVpcs&Filter.1.Name=tag-key&Filter.1.Value.1=AuroraCluster",
            )
            .await;
        let vpc = element(&vpcs, "vpcId");
        let in_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let of = async |action: &str, name: &str| -> Vec<String> {
            let answer = world
                .call("ec2", &format!("Action={action}&{in_vpc}"))
                .await;
            let mark = format!("<{name}>");
            let parts = answer.split(&mark).skip(1);
            parts
                .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
                .collect()
        };
        let filter = aws_sdk_ec2::types::Filter::builder()
            .name("vpc-id")
            .values(&vpc);
        let request = world
            .ec2(REGION)
            .describe_security_groups()
            .filters(filter.build());
        let groups = request.send().await.expect("groups");
        let group = |default: bool| {
            let is = |name: Option<&str>| (name == Some("default")) == default;
            let found = groups
                .security_groups()
                .iter()
                .find(|one| is(one.group_name()));
            found
                .and_then(|one| one.group_id())
                .expect("a group")
                .to_owned()
        };
        Self {
            subnets: of("DescribeSubnets", "subnetId").await,
            group: group(false),
            default_group: group(true),
            vpc,
        }
    }
}

/// The tags of what is the cluster's, as a create takes them.
fn tags(resource: &str, tagged: bool) -> String {
    if !tagged {
        return String::new();
    }
    format!(
        "&TagSpecification.1.ResourceType={resource}&TagSpecification.1.Tag.1.Key=AuroraCluster&TagSpecification.1.Tag.1.Value=Keycloak"
    )
}

impl Kind {
    /// Lays it out, with the cluster's tag or without.
    pub(crate) async fn lay(self, world: &World, site: &Site, tagged: bool) -> Laid {
        let settle = async || world.clock.sleep(Duration::from_secs(5)).await;
        let (vpc, subnet) = (&site.vpc, &site.subnets[0]);
        let ec2 = async |form: String, name: &str| element(&world.call("ec2", &form).await, name);
        match self {
            Self::InternetGateway => {
                let form = format!(
                    "Action=CreateInternetGateway{}",
                    tags("internet-gateway", tagged)
                );
                let id = ec2(form, "internetGatewayId").await;
                settle().await;
                let both = format!("InternetGatewayId={id}&VpcId={vpc}");
                world
                    .call("ec2", &format!("Action=AttachInternetGateway&{both}"))
                    .await;
                Laid::new(&id)
                    .ec2(format!("Action=DetachInternetGateway&{both}"))
                    .ec2(format!(
                        "Action=DeleteInternetGateway&InternetGatewayId={id}"
                    ))
            }
            Self::NatGateway => {
                let form = format!(
                    "Action=CreateNatGateway&ConnectivityType=private&SubnetId={subnet}{}",
                    tags("natgateway", tagged)
                );
                let id = ec2(form, "natGatewayId").await;
                Laid::new(&id).ec2(format!("Action=DeleteNatGateway&NatGatewayId={id}"))
            }
            Self::EgressOnlyGateway => {
                let form = format!(
                    "Action=CreateEgressOnlyInternetGateway&VpcId={vpc}{}",
                    tags("egress-only-internet-gateway", tagged)
                );
                let id = ec2(form, "egressOnlyInternetGatewayId").await;
                Laid::new(&id).ec2(format!(
                    "Action=DeleteEgressOnlyInternetGateway&EgressOnlyInternetGatewayId={id}"
                ))
            }
            Self::VpnGateway => {
                let form = format!(
                    "Action=CreateVpnGateway&Type=ipsec.1{}",
                    tags("vpn-gateway", tagged)
                );
                let id = ec2(form, "vpnGatewayId").await;
                world.clock.sleep(Duration::from_secs(60)).await;
                let both = format!("VpnGatewayId={id}&VpcId={vpc}");
                world
                    .call("ec2", &format!("Action=AttachVpnGateway&{both}"))
                    .await;
                Laid::new(&id)
                    .ec2(format!("Action=DetachVpnGateway&{both}"))
                    .ec2(format!("Action=DeleteVpnGateway&VpnGatewayId={id}"))
            }
            Self::CarrierGateway => {
                let form = format!(
                    "Action=CreateCarrierGateway&VpcId={vpc}{}",
                    tags("carrier-gateway", tagged)
                );
                let id = ec2(form, "carrierGatewayId").await;
                Laid::new(&id).ec2(format!("Action=DeleteCarrierGateway&CarrierGatewayId={id}"))
            }
            Self::GatewayEndpoint => {
                let form = format!(
                    "Action=CreateVpcEndpoint&VpcId={vpc}&ServiceName=com.amazonaws.{REGION}.s3{}",
                    tags("vpc-endpoint", tagged)
                );
                let id = ec2(form, "vpcEndpointId").await;
                Laid::new(&id).ec2(format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={id}"))
            }
            Self::InterfaceEndpoint => {
                let form = format!(
                    "Action=CreateVpcEndpoint&VpcId={vpc}&VpcEndpointType=Interface&SubnetId.1={subnet}&ServiceName=com.amazonaws.{REGION}.secretsmanager{}",
                    tags("vpc-endpoint", tagged)
                );
                let id = ec2(form, "vpcEndpointId").await;
                Laid::new(&id).ec2(format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={id}"))
            }
            Self::TransitAttachment => {
                let transit =
                    ec2("Action=CreateTransitGateway".to_owned(), "transitGatewayId").await;
                world.clock.sleep(Duration::from_secs(10 * 60)).await;
                let form = format!(
                    "Action=CreateTransitGatewayVpcAttachment&TransitGatewayId={transit}&VpcId={vpc}&SubnetIds.1={subnet}{}",
                    tags("transit-gateway-attachment", tagged)
                        .replace("TagSpecification.1", "TagSpecifications.1")
                );
                let id = ec2(form, "transitGatewayAttachmentId").await;
                Laid::new(&id).ec2(format!(
                    "Action=DeleteTransitGatewayVpcAttachment&TransitGatewayAttachmentId={id}"
                ))
            }
            Self::NetworkAcl => {
                let form = format!(
                    "Action=CreateNetworkAcl&VpcId={vpc}{}",
                    tags("network-acl", tagged)
                );
                let id = ec2(form, "networkAclId").await;
                Laid::new(&id).ec2(format!("Action=DeleteNetworkAcl&NetworkAclId={id}"))
            }
            Self::Interface => {
                let form = format!(
                    "Action=CreateNetworkInterface&SubnetId={subnet}&Description=mine{}",
                    tags("network-interface", tagged)
                );
                let id = ec2(form, "networkInterfaceId").await;
                Laid::new(&id).ec2(format!(
                    "Action=DeleteNetworkInterface&NetworkInterfaceId={id}"
                ))
            }
            Self::IngressRule | Self::EgressRule => {
                let direction = if self == Self::IngressRule {
                    "Ingress"
                } else {
                    "Egress"
                };
                let group = &site.default_group;
                let form = format!(
                    "Action=AuthorizeSecurityGroup{direction}&GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5432&IpPermissions.1.ToPort=5432&IpPermissions.1.Groups.1.GroupId={}{}",
                    site.group,
                    tags("security-group-rule", tagged)
                );
                let id = ec2(form, "securityGroupRuleId").await;
                Laid::new(&id).ec2(format!(
                    "Action=RevokeSecurityGroup{direction}&GroupId={group}&SecurityGroupRuleId.1={id}"
                ))
            }
            Self::Subnet => {
                let vpcs = world
                    .call("ec2", &format!("Action=DescribeVpcs&VpcId.1={vpc}"))
                    .await;
                let block = element(&vpcs, "cidrBlock");
                let last = format!("{}.192/26", block.rsplit_once('.').expect("a block").0);
                let form = format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock={last}");
                let id = ec2(form, "subnetId").await;
                Laid::new(&id).ec2(format!("Action=DeleteSubnet&SubnetId={id}"))
            }
            Self::SecurityGroup => {
                let form = format!(
                    "Action=CreateSecurityGroup&VpcId={vpc}&GroupName=other&GroupDescription=x"
                );
                let id = ec2(form, "groupId").await;
                settle().await;
                let mut laid = Laid::new(&id);
                // Neither of the two can go while the other names it.
                for (group, named) in [(&id, &site.group), (&site.group, &id)] {
                    let form = format!(
                        "Action=AuthorizeSecurityGroupIngress&GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1&IpPermissions.1.Groups.1.GroupId={named}"
                    );
                    let rule = ec2(form, "securityGroupRuleId").await;
                    laid = laid.ec2(format!(
                        "Action=RevokeSecurityGroupIngress&GroupId={group}&SecurityGroupRuleId.1={rule}"
                    ));
                }
                laid.ec2(format!("Action=DeleteSecurityGroup&GroupId={id}"))
            }
            Self::RouteTable => {
                let id = ec2(
                    format!("Action=CreateRouteTable&VpcId={vpc}"),
                    "routeTableId",
                )
                .await;
                Laid::new(&id).ec2(format!("Action=DeleteRouteTable&RouteTableId={id}"))
            }
            Self::Peering => {
                let other = ec2("Action=CreateVpc&CidrBlock=10.9.0.0/16".to_owned(), "vpcId").await;
                settle().await;
                let form =
                    format!("Action=CreateVpcPeeringConnection&VpcId={other}&PeerVpcId={vpc}");
                let id = ec2(form, "vpcPeeringConnectionId").await;
                Laid::new(&id).ec2(format!(
                    "Action=DeleteVpcPeeringConnection&VpcPeeringConnectionId={id}"
                ))
            }
            _ => self.lay_database(world).await,
        }
    }
}
