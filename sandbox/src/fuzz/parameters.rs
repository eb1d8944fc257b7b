//! The parameters of every operation, and what makes sense for them.

/// What a parameter holds, where it makes sense.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    /// One of these.
    Of(&'static [&'static str]),
    /// A resource that is there, by the beginning of its id.
    Id(&'static str),
    /// What RDS has under a name.
    Cluster,
    Instance,
    SubnetGroup,
    Snapshot,
    Global,
    Deployment,
    Arn,
    Secret,
    Association,
    AclAssociation,
    RangeAssociation,
}

use Sort::{
    Arn, Association, Cluster, Deployment, Global, Id, Instance, Of, Secret, Snapshot, SubnetGroup,
};

pub(super) const YES: Sort = Of(&["true", "false", "TRUE", "1"]);
const VPCS: Sort = Of(&[
    "10.0.0.0/16",
    "10.1.0.0/24",
    "192.168.0.0/24",
    "10.0.0.0/28",
    "0.0.0.0/0",
]);
const SUBNETS: Sort = Of(&[
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.2.0/28",
    "10.1.0.0/26",
    "192.168.0.0/26",
    "192.168.0.64/26",
    "192.168.0.128/28",
    "10.0.0.0/28",
]);
pub(super) const RANGES: Sort = Of(&[
    "10.0.0.0/16",
    "10.1.0.0/24",
    "192.168.0.0/24",
    "0.0.0.0/0",
    "10.9.9.9/32",
    "10.8.0.0/16",
]);
const RANGES6: Sort = Of(&["::/0", "2001:db8::/32", "x/1"]);
const ZONES: Sort = Of(&[
    "eu-west-1a",
    "eu-west-1b",
    "eu-west-1c",
    "us-west-1a",
    "us-west-1c",
    "eu-west-1z",
]);
const NAMES: Sort = Of(&[
    "db", "a", "Web-1", "keycloak", "default", "sg-x", "x--y", "rdsadmin", "postgres",
]);
const NUMBERS: Sort = Of(&[
    "0", "1", "2", "5", "7", "20", "100", "731", "5432", "65535", "-1",
]);
const VERSIONS: Sort = Of(&["17.5", "16.6", "13.15", "17", "9"]);
const CLASSES: Sort = Of(&[
    "db.r7g.xlarge",
    "db.t4g.medium",
    "db.r5.large",
    "db.serverless",
    "db.r7g",
    "m5.large",
]);
const TIMES: Sort = Of(&[
    "2027-01-15T08:00:00Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "2027-01-15T08:00Z",
]);
const TYPES: Sort = Of(&[
    "vpc",
    "subnet",
    "route-table",
    "security-group",
    "internet-gateway",
    "instance",
    "vpc-peering-connection",
    "natgateway",
    "vpc-endpoint",
    "network-acl",
    "vpn-gateway",
    "network-interface",
    "transit-gateway",
    "prefix-list",
]);
const FILTERS: Sort = Of(&[
    "vpc-id",
    "tag:Name",
    "tag-key",
    "state",
    "group-name",
    "cidr",
    "db-cluster-id",
    "engine",
    "status-code",
]);
pub(super) const TEXTS: Sort = Of(&["a", "Name", "stepwell:run", "*", "?", "aws:x", ""]);
const PASSWORDS: Sort = Of(&["correct-horse", "short", "with/slash-in-it"]);
const ENGINES: Sort = Of(&["aurora-postgresql", "aurora-postgresql", "mysql"]);
const PROTOCOLS: Sort = Of(&["tcp", "6", "udp", "-1", "icmp", "200", "300"]);

/// The parameters that only this operation has; those that it needs end in `!`.
pub(super) fn own(operation: &str) -> &'static [(&'static str, Sort)] {
    match operation {
        "AcceptVpcPeeringConnection"
        | "RejectVpcPeeringConnection"
        | "DeleteVpcPeeringConnection" => &[("VpcPeeringConnectionId!", Id("pcx-"))],
        "AssociateRouteTable" => &[("RouteTableId!", Id("rtb-")), ("SubnetId!", Id("subnet-"))],
        "AttachInternetGateway" | "DetachInternetGateway" => {
            &[("InternetGatewayId!", Id("igw-")), ("VpcId!", Id("vpc-"))]
        }
        "AuthorizeSecurityGroupIngress"
        | "RevokeSecurityGroupIngress"
        | "AuthorizeSecurityGroupEgress"
        | "RevokeSecurityGroupEgress" => &[
            ("GroupId!", Id("sg-")),
            ("IpPermissions.1.IpProtocol!", PROTOCOLS),
            ("IpPermissions.1.FromPort!", NUMBERS),
            ("IpPermissions.1.ToPort!", Of(&["5432", "65535", "-1"])),
            ("IpPermissions.1.IpRanges.1.CidrIp!", RANGES),
            ("IpPermissions.1.IpRanges.1.Description", TEXTS),
            (
                "IpPermissions.1.Ipv6Ranges.1.CidrIpv6",
                Of(&["::/0", "fe80::/129", "x"]),
            ),
            ("IpPermissions.1.Groups.1.GroupId", Id("sg-")),
            ("IpPermissions.1.PrefixListIds.1.PrefixListId", Id("pl-")),
            ("IpProtocol", PROTOCOLS),
            ("CidrIp", RANGES),
            ("SecurityGroupRuleId.1", Id("sgr-")),
        ],
        "CreateRoute" | "ReplaceRoute" => &[
            ("RouteTableId!", Id("rtb-")),
            ("DestinationCidrBlock!", RANGES),
            ("DestinationIpv6CidrBlock", RANGES6),
            ("DestinationPrefixListId", Id("pl-")),
            ("VpcPeeringConnectionId", Id("pcx-")),
            ("NatGatewayId", Id("nat-")),
            ("TransitGatewayId", Id("tgw-")),
            ("EgressOnlyInternetGatewayId", Id("eigw-")),
            ("CarrierGatewayId", Id("cagw-")),
            ("GatewayId", Id("vgw-")),
            ("GatewayId!", Id("igw-")),
        ],
        "DeleteRoute" => &[
            ("RouteTableId!", Id("rtb-")),
            ("DestinationCidrBlock!", RANGES),
            ("DestinationIpv6CidrBlock", RANGES6),
            ("DestinationPrefixListId", Id("pl-")),
        ],
        "CreateRouteTable" => &[("VpcId!", Id("vpc-"))],
        "DeleteRouteTable" => &[("RouteTableId!", Id("rtb-"))],
        "DeleteInternetGateway" => &[("InternetGatewayId!", Id("igw-"))],
        "CreateSecurityGroup" => &[
            ("GroupName!", NAMES),
            ("GroupDescription!", TEXTS),
            ("VpcId!", Id("vpc-")),
        ],
        "DeleteSecurityGroup" => &[("GroupId!", Id("sg-"))],
        "CreateSubnet" => &[
            ("VpcId!", Id("vpc-")),
            ("CidrBlock!", SUBNETS),
            ("AvailabilityZone!", ZONES),
            ("AvailabilityZoneId", Of(&["euw1-az1", "euw1-az9"])),
        ],
        "DeleteSubnet" => &[("SubnetId!", Id("subnet-"))],
        "CreateTags" | "DeleteTags" => &[
            ("ResourceId.1!", Id("")),
            ("ResourceId.2", Id("")),
            ("Tag.1.Key!", TEXTS),
            ("Tag.1.Value!", TEXTS),
            ("Tag.2.Key", TEXTS),
        ],
        "CreateVpc" => &[
            ("CidrBlock!", VPCS),
            ("InstanceTenancy", Of(&["default", "host", "no"])),
            ("AmazonProvidedIpv6CidrBlock", YES),
        ],
        "CreateVpcPeeringConnection" => &[
            ("VpcId!", Id("vpc-")),
            ("PeerVpcId!", Id("vpc-")),
            ("PeerRegion", Of(&["us-west-1", "eu-west-1", "mars-1"])),
            ("PeerOwnerId", NUMBERS),
        ],
        "DeleteVpc" => &[("VpcId!", Id("vpc-"))],
        "DescribeVpcAttribute" => &[
            ("VpcId!", Id("vpc-")),
            (
                "Attribute!",
                Of(&["enableDnsSupport", "enableDnsHostnames", "x"]),
            ),
        ],
        "ModifyVpcAttribute" => &[("VpcId!", Id("vpc-")), ("EnableDnsHostnames.Value!", YES)],
        "DisassociateRouteTable" => &[("AssociationId!", Association)],
        "ReplaceRouteTableAssociation" => &[
            ("AssociationId!", Association),
            ("RouteTableId!", Id("rtb-")),
        ],
        "RunInstances" => &[
            ("ImageId!", TEXTS),
            ("InstanceType", TEXTS),
            ("MinCount!", Of(&["1", "2", "0"])),
            ("MaxCount!", Of(&["1", "2", "3", "100"])),
            ("SubnetId!", Id("subnet-")),
            ("SecurityGroupId.1", Id("sg-")),
        ],
        "TerminateInstances" => &[("InstanceId.1!", Id("i-")), ("InstanceId.2", Id("i-"))],
        "DescribeVpcs" => &[("VpcId.1", Id("vpc-"))],
        "DescribeSubnets" => &[("SubnetId.1", Id("subnet-"))],
        "DescribeInstances" => &[("InstanceId.1", Id("i-"))],
        "DescribeSecurityGroups" => &[("GroupId.1", Id("sg-")), ("GroupName.1", NAMES)],
        "DescribeSecurityGroupRules" => &[("SecurityGroupRuleId.1", Id("sgr-"))],
        "DescribeRouteTables" => &[("RouteTableId.1", Id("rtb-"))],
        "DescribeVpcPeeringConnections" => &[("VpcPeeringConnectionId.1", Id("pcx-"))],
        "DescribeNetworkInterfaces" => &[("NetworkInterfaceId.1", Id("eni-"))],
        "DescribeRegions" | "DescribeAvailabilityZones" => &[
            ("AllRegions", YES),
            ("RegionName.1", Of(&["eu-west-1", "x"])),
            ("ZoneName.1", ZONES),
        ],
        "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => &[
            ("ResourceName!", Arn),
            ("Tags.Tag.1.Key!", TEXTS),
            ("Tags.Tag.1.Value!", TEXTS),
            ("TagKeys.member.1!", TEXTS),
        ],
        "CreateDBCluster" | "RestoreDBClusterFromSnapshot" | "ModifyDBCluster" => &[
            ("DBClusterIdentifier!", NAMES),
            ("SnapshotIdentifier!", Snapshot),
            ("Engine!", ENGINES),
            ("EngineVersion", VERSIONS),
            ("DBSubnetGroupName!", SubnetGroup),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.1", Id("sg-")),
            ("AvailabilityZones.AvailabilityZone.1", ZONES),
            ("DatabaseName", NAMES),
            ("ReplicationSourceIdentifier", Arn),
            ("GlobalClusterIdentifier", Global),
            ("Port", NUMBERS),
            ("BackupRetentionPeriod", NUMBERS),
            ("DeletionProtection", YES),
            ("CopyTagsToSnapshot", YES),
            ("AllowMajorVersionUpgrade", YES),
            ("RotateMasterUserPassword", YES),
            ("ManageMasterUserPassword", YES),
            ("MasterUserPassword", PASSWORDS),
            ("ServerlessV2ScalingConfiguration.MinCapacity", NUMBERS),
            ("ServerlessV2ScalingConfiguration.MaxCapacity", NUMBERS),
        ],
        "CreateDBClusterSnapshot" => &[
            ("DBClusterSnapshotIdentifier!", NAMES),
            ("DBClusterIdentifier!", Cluster),
        ],
        "DeleteDBClusterSnapshot" => &[("DBClusterSnapshotIdentifier!", Snapshot)],
        "CreateDBInstance" => &[
            ("DBInstanceIdentifier!", NAMES),
            ("DBInstanceClass!", CLASSES),
            ("DBClusterIdentifier!", Cluster),
            ("Engine!", ENGINES),
            ("AvailabilityZone", ZONES),
            ("PromotionTier", NUMBERS),
            ("EnablePerformanceInsights", YES),
            ("PerformanceInsightsRetentionPeriod", NUMBERS),
            ("MonitoringInterval", NUMBERS),
        ],
        "ModifyDBInstance" => &[
            ("DBInstanceIdentifier!", Instance),
            ("DBInstanceClass", CLASSES),
            ("PromotionTier", NUMBERS),
            ("EnablePerformanceInsights", YES),
        ],
        "DeleteDBInstance" => &[
            ("DBInstanceIdentifier!", Instance),
            ("SkipFinalSnapshot!", Of(&["true"])),
        ],
        "CreateDBSubnetGroup" => &[
            ("DBSubnetGroupName!", NAMES),
            ("DBSubnetGroupDescription!", Of(&["x"])),
            ("SubnetIds.SubnetIdentifier.1!", Id("subnet-")),
            ("SubnetIds.SubnetIdentifier.2!", Id("subnet-")),
            ("SubnetIds.SubnetIdentifier.3!", Id("subnet-")),
        ],
        "DeleteDBSubnetGroup" => &[("DBSubnetGroupName!", SubnetGroup)],
        "DeleteDBCluster" => &[
            ("DBClusterIdentifier!", Cluster),
            ("SkipFinalSnapshot", YES),
            ("FinalDBSnapshotIdentifier!", NAMES),
        ],
        "StartDBCluster" | "StopDBCluster" | "PromoteReadReplicaDBCluster" => {
            &[("DBClusterIdentifier!", Cluster)]
        }
        "FailoverDBCluster" => &[
            ("DBClusterIdentifier!", Cluster),
            ("TargetDBInstanceIdentifier", Instance),
        ],
        "CreateGlobalCluster" => &[
            ("GlobalClusterIdentifier!", NAMES),
            ("SourceDBClusterIdentifier", Arn),
            ("Engine", ENGINES),
            ("EngineVersion", VERSIONS),
            ("DeletionProtection", YES),
        ],
        "RemoveFromGlobalCluster" => &[
            ("GlobalClusterIdentifier!", Global),
            ("DbClusterIdentifier!", Arn),
        ],
        "DeleteGlobalCluster" | "ModifyGlobalCluster" => &[
            ("GlobalClusterIdentifier!", Global),
            ("DeletionProtection", YES),
        ],
        "DescribeGlobalClusters" => &[("GlobalClusterIdentifier", Global)],
        "CreateBlueGreenDeployment" => &[
            ("BlueGreenDeploymentName!", NAMES),
            ("Source!", Arn),
            ("TargetEngineVersion", VERSIONS),
        ],
        "DeleteBlueGreenDeployment" | "DescribeBlueGreenDeployments" => &[
            ("BlueGreenDeploymentIdentifier!", Deployment),
            ("DeleteTarget", YES),
        ],
        "DescribeDBClusters" | "DescribeDBInstances" | "DescribeDBClusterSnapshots" => &[
            ("DBClusterIdentifier", Cluster),
            ("DBInstanceIdentifier", Instance),
            ("DBClusterSnapshotIdentifier", Snapshot),
            ("SnapshotType", Of(&["manual", "automated"])),
        ],
        "DescribeDBSubnetGroups" => &[("DBSubnetGroupName", SubnetGroup)],
        "DescribeDBEngineVersions" | "DescribeOrderableDBInstanceOptions" => &[
            ("Engine!", ENGINES),
            ("EngineVersion", VERSIONS),
            ("DBInstanceClass", CLASSES),
            ("DefaultOnly", YES),
            ("Vpc", YES),
        ],
        "DescribeEvents" => &[
            ("Duration", NUMBERS),
            ("StartTime", TIMES),
            ("EndTime", TIMES),
            ("SourceType", Of(&["db-cluster", "db-instance", "x"])),
            ("SourceIdentifier", Cluster),
        ],
        "DescribeSecret" | "GetSecretValue" => &[("SecretId!", Secret)],
        other => super::edges::own(other),
    }
}

/// Parameters that many operations have.
pub(super) const COMMON: &[(&str, Sort)] = &[
    ("DryRun", YES),
    ("MaxResults", NUMBERS),
    ("NextToken", Of(&["00", "7670632d", "x", "é"])),
    ("MaxRecords", NUMBERS),
    ("Marker", Of(&["64", "x"])),
    ("Filter.1.Name", FILTERS),
    ("Filter.1.Value.1", TEXTS),
    ("Filters.Filter.1.Name", FILTERS),
    ("Filters.Filter.1.Values.Value.1", TEXTS),
    ("TagSpecification.1.ResourceType", TYPES),
    ("TagSpecification.1.Tag.1.Key", TEXTS),
    ("TagSpecification.1.Tag.1.Value", TEXTS),
    ("Tags.Tag.1.Key", TEXTS),
    ("Tags.Tag.1.Value", TEXTS),
];

/// The two ways to give a cluster its password.
pub(super) const CREDENTIALS: [&[(&str, &str)]; 2] = [
    &[
        ("MasterUsername", "keycloak"),
        ("ManageMasterUserPassword", "true"),
    ],
    &[
        ("MasterUsername", "keycloak"),
        ("MasterUserPassword", "correct-horse"),
    ],
];
