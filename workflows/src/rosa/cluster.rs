//! The description of a cluster: what `rosa describe cluster -o json` prints,
//! and what OCM's REST API answers. Both write down the same object of OCM's
//! clusters_mgmt/v1; the command adds fields of its own to it.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A cluster as OCM describes it. Fields that are not set are absent, and there
/// are many more than these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Cluster {
    id: Option<String>,
    external_id: Option<String>,
    name: Option<String>,
    infra_id: Option<String>,
    state: Option<String>,
    #[serde(default, deserialize_with = "part")]
    hypershift: Option<Hypershift>,
    #[serde(default, deserialize_with = "part")]
    region: Option<Link>,
    #[serde(default, deserialize_with = "part")]
    network: Option<Network>,
    #[serde(default, deserialize_with = "part")]
    aws: Option<AwsPart>,
}

/// Reads a part of the description, which must be an object: a list would be
/// taken for the part's fields in their order.
fn part<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let fields = Option::<Map<String, Value>>::deserialize(deserializer)?;
    let part = fields.map(|fields| T::deserialize(Value::Object(fields)));
    part.transpose().map_err(D::Error::custom)
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Hypershift {
    enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Link {
    id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Network {
    machine_cidr: Option<String>,
    pod_cidr: Option<String>,
    service_cidr: Option<String>,
}

/// The ranges of pods and services where none were asked for (Red Hat OpenShift
/// Service on AWS, "CIDR range definitions").
const PODS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 128, 0, 0), 14);
const SERVICES: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(172, 30, 0, 0), 16);

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct AwsPart {
    subnet_ids: Option<Vec<String>>,
    private_hosted_zone_role_arn: Option<String>,
    vpc_endpoint_role_arn: Option<String>,
}

/// Why what was given is no description of a cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not JSON, or of another form.
    #[error("it is not the JSON of a cluster: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it describes no cluster: it has neither an id nor a name")]
    Nothing,
}

impl Cluster {
    /// Reads a description. Lines before the object are passed over: `rosa`
    /// prints its notes (`INFO: …`) on stdout too.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Unreadable> {
        let cluster: Self = serde_json::from_slice(object(text))?;
        if cluster.id().is_none() && cluster.name().is_none() {
            return Err(Unreadable::Nothing);
        }
        Ok(cluster)
    }

    /// OCM's id of the cluster.
    pub(crate) fn id(&self) -> Option<&str> {
        word(self.id.as_ref())
    }

    /// The cluster's name.
    pub(crate) fn name(&self) -> Option<&str> {
        word(self.name.as_ref())
    }

    /// Whether `text` is what it is called, or one of its ids.
    pub(crate) fn goes_by(&self, text: &str) -> bool {
        let known = [&self.name, &self.id, &self.external_id];
        known.iter().any(|known| known.as_deref() == Some(text))
    }

    /// The id under which the installer tagged what it made; a cluster with a
    /// hosted control plane has none.
    pub(crate) fn infra_id(&self) -> Option<&str> {
        word(self.infra_id.as_ref())
    }

    /// Its state, such as `ready`.
    pub(crate) fn state(&self) -> Option<&str> {
        filled(self.state.as_ref())
    }

    /// Whether its control plane is hosted by Red Hat.
    pub(crate) fn hosted(&self) -> bool {
        self.hypershift.as_ref().and_then(|part| part.enabled) == Some(true)
    }

    /// Its region.
    pub(crate) fn region(&self) -> Option<&str> {
        filled(self.region.as_ref()?.id.as_ref())
    }

    /// The range of its machines, if it says one that can be read.
    pub(crate) fn machine_cidr(&self) -> Option<Ipv4Net> {
        self.range(|network| network.machine_cidr.as_ref())
    }

    /// The range of its pods.
    pub(crate) fn pod_cidr(&self) -> Ipv4Net {
        self.range(|network| network.pod_cidr.as_ref())
            .unwrap_or(PODS)
    }

    /// The range of its services.
    pub(crate) fn service_cidr(&self) -> Ipv4Net {
        self.range(|network| network.service_cidr.as_ref())
            .unwrap_or(SERVICES)
    }

    fn range(&self, of: impl Fn(&Network) -> Option<&String>) -> Option<Ipv4Net> {
        let text = of(self.network.as_ref()?)?;
        text.parse::<Ipv4Net>().ok().map(|block| block.trunc())
    }

    /// Its subnets; none for a classic cluster whose VPC Red Hat made.
    pub(crate) fn subnet_ids(&self) -> &[String] {
        let part = self.aws.as_ref().and_then(|aws| aws.subnet_ids.as_deref());
        part.unwrap_or_default()
    }

    /// The account that shares its VPC with the cluster's, by the roles that the
    /// installer was given there for what only the owner can do.
    pub(crate) fn shared_by(&self) -> Option<&str> {
        let aws = self.aws.as_ref()?;
        let roles = [
            &aws.private_hosted_zone_role_arn,
            &aws.vpc_endpoint_role_arn,
        ];
        roles.into_iter().flatten().find_map(|role| account(role))
    }
}

/// The account in the name of a role, `arn:aws:iam::ACCOUNT:role/NAME`.
fn account(role: &str) -> Option<&str> {
    let account = role.split(':').nth(4)?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then_some(account)
}

/// From the first line on that begins an object.
fn object(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        if rest.trim_ascii_start().first() == Some(&b'{') {
            return rest;
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return text,
        }
    }
}

/// A text that is safe to look for: in a filter of EC2, `*` and `?` stand for
/// others.
fn word(text: Option<&String>) -> Option<&str> {
    filled(text).filter(|text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// An empty text says as little as none.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classic, in a VPC that Red Hat made: no `aws.subnet_ids`.
    const CLASSIC: &str = r#"{
      "kind": "Cluster",
      "id": "2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7",
      "href": "/api/clusters_mgmt/v1/clusters/2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7",
      "name": "gh-keycloak-a",
      "infra_id": "gh-keycloak-a-x7k2p",
      "state": "ready",
      "multi_az": true,
      "managed": true,
      "product": {"kind": "ProductLink", "id": "rosa"},
      "cloud_provider": {"kind": "CloudProviderLink", "id": "aws"},
      "region": {"kind": "CloudRegionLink", "id": "eu-west-1"},
      "api": {"url": "https://api.gh-keycloak-a.abcd.p1.openshiftapps.com:6443", "listening": "external"},
      "console": {"url": "https://console-openshift-console.apps.gh-keycloak-a.abcd.p1.openshiftapps.com"},
      "hypershift": {"enabled": false},
      "network": {"type": "OVNKubernetes", "machine_cidr": "10.0.0.0/16", "service_cidr": "172.30.0.0/16", "pod_cidr": "10.128.0.0/14", "host_prefix": 23},
      "nodes": {"master": 3, "infra": 3, "compute": 3, "availability_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]},
      "aws": {"private_link": false, "sts": {"enabled": true, "role_arn": "arn:aws:iam::123456789012:role/Installer"}, "tags": {"red-hat-managed": "true"}},
      "properties": {"rosa_creator_arn": "arn:aws:iam::123456789012:user/someone"},
      "displayName": "gh-keycloak-a"
    }"#;

    /// Classic, in a VPC of one's own, in one zone.
    const OWN_VPC: &str = r#"{
      "id": "2c0", "name": "own", "infra_id": "own-abcde", "state": "installing", "multi_az": false,
      "region": {"id": "us-east-1"},
      "network": {"machine_cidr": "10.7.0.0/16"},
      "aws": {"subnet_ids": ["subnet-0aa", "subnet-0bb"], "availability_zones": ["us-east-1a"]}
    }"#;

    /// With a hosted control plane: no `infra_id`.
    const HOSTED: &str = r#"{
      "id": "2d1", "name": "hosted", "state": "ready", "multi_az": true,
      "hypershift": {"enabled": true},
      "region": {"id": "eu-central-1", "multi_az": true},
      "network": {"machine_cidr": "10.0.0.0/16", "pod_cidr": "10.128.0.0/14"},
      "aws": {"subnet_ids": ["subnet-0cc"], "billing_account_id": "123456789012"},
      "nodes": {"compute": 2, "availability_zones": ["eu-central-1a"]}
    }"#;

    fn read(text: &str) -> Cluster {
        Cluster::read(text.as_bytes()).expect("a cluster")
    }

    #[test]
    fn a_classic_cluster_in_a_vpc_of_red_hat() {
        let cluster = read(CLASSIC);
        assert_eq!(cluster.id(), Some("2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7"));
        assert_eq!(cluster.name(), Some("gh-keycloak-a"));
        assert_eq!(cluster.infra_id(), Some("gh-keycloak-a-x7k2p"));
        assert_eq!(cluster.state(), Some("ready"));
        assert_eq!(cluster.region(), Some("eu-west-1"));
        assert_eq!(
            cluster.machine_cidr().map(|block| block.to_string()),
            Some("10.0.0.0/16".to_owned())
        );
        assert!(cluster.subnet_ids().is_empty());
        assert!(!cluster.hosted());
    }

    #[test]
    fn a_classic_cluster_in_a_vpc_of_ones_own() {
        let cluster = read(OWN_VPC);
        assert_eq!(cluster.subnet_ids(), ["subnet-0aa", "subnet-0bb"]);
        assert_eq!(cluster.state(), Some("installing"));
        assert!(!cluster.hosted());
    }

    #[test]
    fn a_cluster_with_a_hosted_control_plane() {
        let cluster = read(HOSTED);
        assert!(cluster.hosted());
        assert_eq!(cluster.infra_id(), None);
        assert_eq!(cluster.subnet_ids(), ["subnet-0cc"]);
    }

    #[test]
    fn what_is_not_set_is_absent_empty_or_null() {
        for text in [
            r#"{"name": "bare"}"#,
            r#"{"name": "bare", "id": "", "infra_id": "", "state": "", "region": {}, "network": {}, "aws": {}}"#,
            r#"{"name": "bare", "id": null, "region": null, "network": null, "aws": {"subnet_ids": null}}"#,
            r#"{"name": "bare", "region": {"id": ""}, "network": {"machine_cidr": "none"}}"#,
        ] {
            let cluster = read(text);
            assert_eq!(cluster.id(), None, "{text}");
            assert_eq!(cluster.infra_id(), None, "{text}");
            assert_eq!(cluster.state(), None, "{text}");
            assert_eq!(cluster.region(), None, "{text}");
            assert_eq!(cluster.machine_cidr(), None, "{text}");
            assert!(cluster.subnet_ids().is_empty(), "{text}");
        }
    }

    #[test]
    fn notes_before_the_object_are_passed_over() {
        let text =
            format!("INFO: a newer version is there\n\u{1b}[0;36mI:\u{1b}[m so it is\n{OWN_VPC}\n");
        assert_eq!(read(&text).name(), Some("own"));
    }

    #[test]
    fn a_wildcard_is_no_id() {
        let cluster = read(r#"{"name": "x", "id": "*", "infra_id": "a?"}"#);
        assert_eq!(cluster.id(), None);
        assert_eq!(cluster.infra_id(), None);
    }

    #[test]
    fn what_is_no_cluster_is_an_error() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "\u{feff}{",
            "<html>sign in</html>",
            r#"{"id": 7}"#,
            r#"{"kind": "Error", "reason": "no"}"#,
            r#"{"name": "x", "aws": {"subnet_ids": "subnet-1"}}"#,
            // Not the parts' fields in their order.
            r#"{"name": "x", "region": ["*"]}"#,
            r#"{"name": "x", "network": ["0.0.0.0/0"]}"#,
            r#"{"name": "x", "aws": [["subnet-1"]]}"#,
            r#"{"name": "x", "hypershift": [true]}"#,
            r#"{"name": "x"} {"name": "y"}"#,
        ] {
            assert!(Cluster::read(text.as_bytes()).is_err(), "{text:?} is taken");
        }
    }

    #[test]
    fn a_shared_vpc_is_known_by_its_owners_roles() {
        let of = |aws: &str| {
            let text = format!(r#"{{"id": "1", "aws": {aws}}}"#);
            let cluster = Cluster::read(text.as_bytes()).expect("a cluster");
            cluster.shared_by().map(str::to_owned)
        };
        let some = Some("210987654321".to_owned());
        for role in ["private_hosted_zone_role_arn", "vpc_endpoint_role_arn"] {
            let role = format!(r#"{{"{role}": "arn:aws:iam::210987654321:role/Shared"}}"#);
            assert_eq!(of(&role), some, "{role}");
        }
        for none in [
            "{}",
            r#"{"private_hosted_zone_role_arn": ""}"#,
            r#"{"vpc_endpoint_role_arn": "arn:aws:iam::x:role/Shared"}"#,
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn garbage_never_panics() {
        // Every truncation, and many documents with some bytes changed: read
        // or refused, but never the end of the program.
        let mut state = 7_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let mut taken = 0;
        for text in [CLASSIC, OWN_VPC, HOSTED] {
            for end in 0..text.len() {
                assert!(Cluster::read(&text.as_bytes()[..end]).is_err());
            }
            for _ in 0..3000 {
                let mut bytes = text.as_bytes().to_vec();
                for _ in 0..=random() % 4 {
                    let at = random() % bytes.len();
                    match random() % 3 {
                        0 => bytes[at] = (random() % 256) as u8,
                        1 => {
                            bytes.remove(at);
                        }
                        _ => bytes.insert(at, b"{}[]\",:\\\n0"[random() % 10]),
                    }
                }
                if let Ok(cluster) = Cluster::read(&bytes) {
                    taken += 1;
                    let _ = (cluster.machine_cidr(), cluster.subnet_ids().len());
                }
            }
        }
        assert!((1..9000).contains(&taken), "{taken} of 9000 are read");
    }
}
