//! What is in the way of a deletion, as far as moto knows it: it is refused with
//! its id before anything is touched, also where a deletion is resumed; what
//! bears the cluster's tag goes along.

use serde_json::json;

use super::account::{Account, value, values};
use super::stage::Stage;

/// What can be in the way.
#[derive(Debug, Clone, Copy)]
enum Kind {
    InternetGateway,
    EgressOnlyGateway,
    VpnGateway,
    NatGateway,
    Endpoint,
    NetworkAcl,
    Interface,
    Rule,
    GlobalMember,
    Protection,
}

/// Those that moto can take away again.
const REMOVABLE: [Kind; 9] = [
    Kind::InternetGateway,
    Kind::EgressOnlyGateway,
    Kind::VpnGateway,
    Kind::NatGateway,
    Kind::Endpoint,
    Kind::NetworkAcl,
    Kind::Interface,
    Kind::Rule,
    Kind::Protection,
];

/// What was laid out: its id, and the calls that take it away.
struct Laid {
    id: String,
    removal: Vec<(&'static str, Vec<(&'static str, String)>)>,
}

impl Laid {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            removal: Vec::new(),
        }
    }

    fn by(mut self, action: &'static str, form: &[(&'static str, &str)]) -> Self {
        let form = form.iter().map(|(name, text)| (*name, (*text).to_owned()));
        self.removal.push((action, form.collect()));
        self
    }

    #[track_caller]
    fn remove(&self, account: &Account) {
        for (action, form) in &self.removal {
            let form: Vec<(&str, &str)> = (form.iter())
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            account.call(action, &form);
        }
    }
}

/// The network of the cluster.
struct Site<'a> {
    account: &'a Account,
    vpc: String,
    subnet: String,
}

impl<'a> Site<'a> {
    #[track_caller]
    fn of(account: &'a Account) -> Self {
        let vpc = account.vpcs_of("keycloak").remove(0);
        let form = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)];
        let subnet = value(&account.call("DescribeSubnets", &form), "subnetId");
        Self {
            account,
            subnet,
            vpc,
        }
    }

    /// The default security group, and the cluster's.
    #[track_caller]
    fn groups(&self) -> [String; 2] {
        ["default", "keycloak-security-group"].map(|name| {
            let form = [
                ("Filter.1.Name", "vpc-id"),
                ("Filter.1.Value.1", self.vpc.as_str()),
                ("Filter.2.Name", "group-name"),
                ("Filter.2.Value.1", name),
            ];
            let found = self.account.call("DescribeSecurityGroups", &form);
            value(&found, "groupId")
        })
    }

    /// Makes something, with the cluster's tag if it is of a resource type that
    /// is named, and gives its id.
    #[track_caller]
    fn make(&self, action: &str, form: &[(&str, &str)], tagged: Option<&str>, id: &str) -> String {
        let mut form = form.to_vec();
        if let Some(resource) = tagged {
            form.extend([
                ("TagSpecification.1.ResourceType", resource),
                ("TagSpecification.1.Tag.1.Key", "AuroraCluster"),
                ("TagSpecification.1.Tag.1.Value", "keycloak"),
            ]);
        }
        value(&self.account.call(action, &form), id)
    }

    #[track_caller]
    fn lay(&self, kind: Kind, tagged: bool) -> Laid {
        let (vpc, subnet) = (self.vpc.as_str(), self.subnet.as_str());
        let tag = |resource: &'static str| tagged.then_some(resource);
        match kind {
            Kind::InternetGateway => {
                let tag = tag("internet-gateway");
                let id = self.make("CreateInternetGateway", &[], tag, "internetGatewayId");
                let form = [("InternetGatewayId", id.as_str()), ("VpcId", vpc)];
                self.account.call("AttachInternetGateway", &form);
                Laid::new(&id)
                    .by("DetachInternetGateway", &form)
                    .by("DeleteInternetGateway", &form[..1])
            }
            Kind::EgressOnlyGateway => {
                let tag = tag("egress-only-internet-gateway");
                let action = "CreateEgressOnlyInternetGateway";
                let id = self.make(
                    action,
                    &[("VpcId", vpc)],
                    tag,
                    "egressOnlyInternetGatewayId",
                );
                let form = [("EgressOnlyInternetGatewayId", id.as_str())];
                Laid::new(&id).by("DeleteEgressOnlyInternetGateway", &form)
            }
            Kind::VpnGateway => {
                let form = [("Type", "ipsec.1")];
                let id = self.make(
                    "CreateVpnGateway",
                    &form,
                    tag("vpn-gateway"),
                    "vpnGatewayId",
                );
                let form = [("VpnGatewayId", id.as_str()), ("VpcId", vpc)];
                self.account.call("AttachVpnGateway", &form);
                Laid::new(&id)
                    .by("DetachVpnGateway", &form)
                    .by("DeleteVpnGateway", &form[..1])
            }
            Kind::NatGateway => {
                let form = [("SubnetId", subnet), ("ConnectivityType", "private")];
                let made = self.account.call("CreateNatGateway", &form);
                let id = value(&made, "natGatewayId");
                // moto leaves its interface behind.
                let interface = value(&made, "networkInterfaceId");
                Laid::new(&id)
                    .by("DeleteNatGateway", &[("NatGatewayId", &id)])
                    .by(
                        "DeleteNetworkInterface",
                        &[("NetworkInterfaceId", &interface)],
                    )
            }
            Kind::Endpoint => {
                let service = format!("com.amazonaws.{}.s3", self.account.region());
                let form = [
                    ("VpcId", vpc),
                    ("VpcEndpointType", "Interface"),
                    ("SubnetId.1", subnet),
                    ("ServiceName", &service),
                ];
                let tag = tag("vpc-endpoint");
                let id = self.make("CreateVpcEndpoint", &form, tag, "vpcEndpointId");
                Laid::new(&id).by("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)])
            }
            Kind::NetworkAcl => {
                let form = [("VpcId", vpc)];
                let id = self.make(
                    "CreateNetworkAcl",
                    &form,
                    tag("network-acl"),
                    "networkAclId",
                );
                Laid::new(&id).by("DeleteNetworkAcl", &[("NetworkAclId", &id)])
            }
            Kind::Interface => {
                let form = [("SubnetId", subnet), ("Description", "mine")];
                let tag = tag("network-interface");
                let action = "CreateNetworkInterface";
                let id = self.make(action, &form, tag, "networkInterfaceId");
                Laid::new(&id).by("DeleteNetworkInterface", &[("NetworkInterfaceId", &id)])
            }
            Kind::Rule => {
                let [default, own] = self.groups();
                let form = [
                    ("GroupId", default.as_str()),
                    ("IpPermissions.1.IpProtocol", "tcp"),
                    ("IpPermissions.1.FromPort", "5432"),
                    ("IpPermissions.1.ToPort", "5432"),
                    ("IpPermissions.1.Groups.1.GroupId", &own),
                ];
                let tag = tag("security-group-rule");
                let action = "AuthorizeSecurityGroupIngress";
                let id = self.make(action, &form, tag, "securityGroupRuleId");
                Laid::new(&id).by("RevokeSecurityGroupIngress", &form)
            }
            Kind::GlobalMember => {
                let clusters = self.account.call("DescribeDBClusters", &[]);
                let arn = value(&clusters, "DBClusterArn");
                let form = [
                    ("GlobalClusterIdentifier", "worldwide"),
                    ("SourceDBClusterIdentifier", arn.as_str()),
                ];
                self.account.call("CreateGlobalCluster", &form);
                // In moto a cluster that was taken out of it says for ever that
                // it is a member.
                Laid::new("worldwide")
            }
            Kind::Protection => {
                let form = |on: &'static str| {
                    [
                        ("DBClusterIdentifier", "keycloak"),
                        ("DeletionProtection", on),
                    ]
                };
                self.account.call("ModifyDBCluster", &form("true"));
                Laid::new("keycloak").by("ModifyDBCluster", &form("false"))
            }
        }
    }
}

/// Lays out kinds in turn and demands that the command is refused with the id of
/// each, and that nothing is touched.
#[track_caller]
fn each_is_refused(stage: &Stage, words: &[&str], kinds: &[Kind]) {
    let site = Site::of(&stage.account);
    for kind in kinds {
        let laid = site.lay(*kind, false);
        let stood = stage.account.snapshot();
        let refused = stage.home.expect(8, words);
        println!("{kind:?}: {}", refused.says(&laid.id).stderr.trim_end());
        stage.account.snapshot().must_be(&stood);
        laid.remove(&stage.account);
    }
}

/// A deletion that was stopped before its first instance went.
fn suspended_deletion() -> Stage {
    let stage = Stage::with_faults();
    stage.create(0, &[]);
    stage.plant(vec![json!({
        "service": "rds",
        "operation": "DeleteDBInstance",
        "error": { "code": "ExpiredToken", "status": 403 },
    })]);
    stage.home.expect(3, &Stage::deletion());
    stage.calm();
    stage
}

#[test]
fn what_is_in_the_way_is_refused_before_a_deletion() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    stage.create(0, &[]);
    each_is_refused(&stage, &Stage::deletion(), &REMOVABLE);
    stage.delete();
    stage.account.snapshot().must_be(&before);
}

#[test]
fn what_came_meanwhile_is_refused_before_a_resume() {
    let stage = suspended_deletion();
    each_is_refused(&stage, &["resume", "latest"], &REMOVABLE);
    stage.home.expect(0, &["resume", "latest"]);
    assert!(stage.account.clusters().is_empty());
    assert!(stage.account.vpcs_of("keycloak").is_empty());
}

#[test]
fn a_member_of_a_global_database_is_refused() {
    let stage = Stage::new();
    stage.create(0, &[]);
    each_is_refused(&stage, &Stage::deletion(), &[Kind::GlobalMember]);
    let stage = suspended_deletion();
    each_is_refused(&stage, &["resume", "latest"], &[Kind::GlobalMember]);
}

#[test]
fn what_bears_the_tag_of_the_cluster_goes_with_it() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    stage.create(0, &[]);
    let site = Site::of(&stage.account);
    let kinds = [
        Kind::InternetGateway,
        Kind::EgressOnlyGateway,
        Kind::VpnGateway,
        Kind::Endpoint,
        Kind::NetworkAcl,
        Kind::Interface,
        Kind::Rule,
    ];
    let laid = kinds.map(|kind| site.lay(kind, true));
    stage.delete();
    stage.account.snapshot().must_be(&before);
    let acls = stage.account.call("DescribeNetworkAcls", &[]);
    let endpoints = stage.account.call("DescribeVpcEndpoints", &[]);
    let left: Vec<&String> = (laid.iter())
        .map(|one| &one.id)
        .filter(|id| values(&acls, "networkAclId").contains(id))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(values(&endpoints, "state"), ["deleted"]);
    let gateways = stage.account.call("DescribeVpnGateways", &[]);
    assert_eq!(values(&gateways, "state"), ["deleted", "detached"]);
}
