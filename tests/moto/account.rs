//! What there is in moto's account, asked without the product.

use std::collections::BTreeMap;

use super::http;

/// The region of the tests. moto knows what classes it could offer for one
/// region only, and offers them everywhere under that region's zones.
pub(crate) const REGION: &str = "us-east-1";

/// A region in which nothing may ever happen.
const ELSEWHERE: &str = "eu-west-1";

/// What is compared. Snapshots that RDS takes by itself are left out: moto
/// takes one with a cluster and forgets to remove it with the cluster. So are
/// endpoints and VPN gateways, which moto lists for ever, network ACLs, of which
/// it keeps the default one of a VPC that is gone, and `DescribeTags`, which in
/// moto goes on listing the tags of what is gone.
const LISTS: [(&str, &[(&str, &str)]); 15] = [
    ("DescribeVpcs", &[]),
    ("DescribeSubnets", &[]),
    ("DescribeRouteTables", &[]),
    ("DescribeSecurityGroups", &[]),
    ("DescribeSecurityGroupRules", &[]),
    ("DescribeVpcPeeringConnections", &[]),
    ("DescribeNetworkInterfaces", &[]),
    ("DescribeInternetGateways", &[]),
    ("DescribeEgressOnlyInternetGateways", &[]),
    ("DescribeGlobalClusters", &[]),
    ("DescribeDBSubnetGroups", &[]),
    ("DescribeDBClusters", &[]),
    ("DescribeDBInstances", &[]),
    ("DescribeDBClusterSnapshots", &[("SnapshotType", "manual")]),
    ("DescribeDBSnapshots", &[("SnapshotType", "manual")]),
];

/// Elements that say when or how often something was asked, not what there is.
const NOISE: [&str; 3] = ["requestId", "RequestId", "LatestRestorableTime"];

/// An account of moto's.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    port: u16,
    key: String,
    region: &'static str,
}

/// Everything in the account that the product could touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, String>);

impl Account {
    /// The account that moto serves on a port to whoever has an access key.
    pub(crate) fn at(port: u16, key: &str) -> Self {
        Self {
            port,
            key: key.to_owned(),
            region: REGION,
        }
    }

    /// The same in another region.
    pub(crate) fn in_region(&self, region: &'static str) -> Self {
        Self {
            region,
            ..self.clone()
        }
    }

    /// Its region.
    pub(crate) fn region(&self) -> &'static str {
        self.region
    }

    /// Calls an operation of EC2 or RDS.
    #[track_caller]
    pub(crate) fn call(&self, action: &str, form: &[(&str, &str)]) -> String {
        self.call_in(self.region, action, form)
    }

    #[track_caller]
    pub(crate) fn call_in(&self, region: &str, action: &str, form: &[(&str, &str)]) -> String {
        let (service, version) = if action.contains("DB") || action.contains("GlobalCluster") {
            ("rds", "2014-10-31")
        } else {
            ("ec2", "2016-11-15")
        };
        let head = [("Action", action), ("Version", version)];
        let form = [&head, form].concat();
        http::query(self.port, &self.key, service, region, &form)
            .unwrap_or_else(|error| panic!("{action}: {error}"))
    }

    /// Everything, to be compared with everything at another time.
    #[track_caller]
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut lists = BTreeMap::new();
        for region in [REGION, ELSEWHERE] {
            for (action, form) in LISTS {
                let text = without_ended(quiet(self.call_in(region, action, form)));
                lists.insert(format!("{action} in {region}"), text);
            }
        }
        Snapshot(lists)
    }

    /// The ids of the VPCs with the scripts' tag.
    #[track_caller]
    pub(crate) fn vpcs_of(&self, cluster: &str) -> Vec<String> {
        let form = [
            ("Filter.1.Name", "tag:AuroraCluster"),
            ("Filter.1.Value.1", cluster),
        ];
        values(&self.call("DescribeVpcs", &form), "vpcId")
    }

    /// How many there are in a VPC of what an operation lists by `tag`.
    #[track_caller]
    pub(crate) fn count(&self, action: &str, vpc: &str, tag: &str) -> usize {
        let form = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
        let mut ids = values(&self.call(action, &form), tag);
        ids.sort();
        ids.dedup();
        ids.len()
    }

    /// The names of all clusters.
    #[track_caller]
    pub(crate) fn clusters(&self) -> Vec<String> {
        // The same element stands in the answer for the cluster only.
        values(&self.call("DescribeDBClusters", &[]), "DBClusterIdentifier")
    }

    /// The names of all instances, in order.
    #[track_caller]
    pub(crate) fn instances(&self) -> Vec<String> {
        let answer = self.call("DescribeDBInstances", &[]);
        let mut names = values(&answer, "DBInstanceIdentifier");
        names.sort();
        names
    }
}

impl Snapshot {
    /// The lists, each with its name.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&str, &str)> {
        (self.0.iter()).map(|(name, list)| (name.as_str(), list.as_str()))
    }

    /// Fails with what differs, list by list.
    #[track_caller]
    pub(crate) fn must_be(&self, before: &Self) {
        let mut differences = String::new();
        for (list, now) in &self.0 {
            let then = before.0.get(list).map_or("", String::as_str);
            if now != then {
                differences += &format!("{list}, before:\n{then}\nafter:\n{now}\n");
            }
        }
        assert!(
            differences.is_empty(),
            "the account differs:\n{differences}"
        );
    }
}

/// A list without the peerings that have ended, which AWS shows for some hours
/// and moto for ever.
fn without_ended(text: String) -> String {
    const ITEM: &str = "<item><accepterVpcInfo>";
    let mut parts = text.split(ITEM);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    if kept.len() == text.len() {
        return text;
    }
    for part in parts {
        let (item, rest) = part
            .split_once("</vpcPeeringConnectionSet>")
            .map_or((part, ""), |(item, _)| (item, &part[item.len()..]));
        if !item.contains("<code>deleted</code>") {
            kept.push_str(ITEM);
            kept.push_str(item);
        }
        kept.push_str(rest);
    }
    kept.replace(
        "<vpcPeeringConnectionSet></vpcPeeringConnectionSet>",
        "<vpcPeeringConnectionSet/>",
    )
}

/// The texts of all elements of a name.
pub(crate) fn values(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| text.to_owned())
        .collect()
}

/// The text of the first element of a name.
#[track_caller]
pub(crate) fn value(xml: &str, tag: &str) -> String {
    let found = values(xml, tag).into_iter().next();
    found.unwrap_or_else(|| panic!("no {tag} in {xml}"))
}

/// An answer without what differs from one answer to the next.
fn quiet(mut xml: String) -> String {
    for tag in NOISE {
        for text in values(&xml, tag) {
            xml = xml.replace(&format!("<{tag}>{text}</{tag}>"), "");
        }
    }
    xml
}
