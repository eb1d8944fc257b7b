//! Which ROSA cluster, as a person says it, checked by its form.

use ipnet::Ipv4Net;

use crate::input::{self, InvalidInput};

/// Which ROSA cluster, and what is known of its network; nothing is checked
/// yet.
#[derive(Debug, Clone, Default)]
pub struct RosaOptions {
    /// The cluster's name.
    pub cluster: Option<String>,
    /// Its region; none to believe its description.
    pub region: Option<String>,
    /// Its region where nobody says another: not this option, nor the
    /// description.
    pub region_default: Option<String>,
    /// Its VPC; with it, nobody is asked but AWS.
    pub vpc: Option<String>,
    /// The range of its machines; none to believe the description, or where
    /// the VPC is given, to take the VPC's own.
    pub machine_cidr: Option<String>,
    /// The range of its pods; none to believe the description.
    pub pod_cidr: Option<String>,
    /// The range of its services; none to believe the description.
    pub service_cidr: Option<String>,
    /// The subnets of its machines; none to look for them.
    pub subnets: Vec<String>,
}

/// How the network is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The VPC is given.
    Given { vpc: String, region: String },
    /// The cluster's description leads to it.
    LookUp { cluster: String },
}

/// Which ROSA cluster, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosaRequest {
    pub(super) way: Way,
    pub(super) cluster: Option<String>,
    pub(super) region: Option<String>,
    pub(super) region_default: Option<String>,
    pub(super) machine_cidr: Option<Ipv4Net>,
    pub(super) pod_cidr: Option<Ipv4Net>,
    pub(super) service_cidr: Option<Ipv4Net>,
    pub(super) subnets: Vec<String>,
    pub(super) any_state: bool,
}

impl RosaOptions {
    /// Checks every value by its form, and that they say enough.
    pub fn validate(self) -> Result<RosaRequest, InvalidInput> {
        let cluster = self.cluster.as_deref().map(name).transpose()?;
        let asked = self.region.as_deref().map(region).transpose()?;
        let default = self.region_default.as_deref().map(region).transpose()?;
        let region = match self.vpc {
            // There is no description to believe.
            Some(_) => asked.or_else(|| default.clone()),
            None => asked,
        };
        let way = match (self.vpc, &cluster) {
            (Some(vpc), _) => Way::Given {
                vpc: id("rosa-vpc", &vpc, "vpc-")?,
                region: region.clone().ok_or_else(|| InvalidInput {
                    input: "rosa-region",
                    value: String::new(),
                    problem: "is needed where --rosa-vpc is given".to_owned(),
                    allowed: "the region of the rosa cluster, such as eu-west-1".to_owned(),
                })?,
            },
            (None, Some(cluster)) => Way::LookUp {
                cluster: cluster.clone(),
            },
            (None, None) => {
                return Err(InvalidInput {
                    input: "rosa-cluster",
                    value: String::new(),
                    problem: "is not given".to_owned(),
                    allowed: "the name of a rosa cluster, or --rosa-vpc in its place".to_owned(),
                });
            }
        };
        let block =
            |input, value: Option<String>| value.map(|value| block(input, &value)).transpose();
        let machine_cidr = block("rosa-machine-cidr", self.machine_cidr)?;
        let pod_cidr = block("rosa-pod-cidr", self.pod_cidr)?;
        let service_cidr = block("rosa-service-cidr", self.service_cidr)?;
        let mut subnets = self
            .subnets
            .iter()
            .map(|subnet| id("rosa-subnets", subnet, "subnet-"))
            .collect::<Result<Vec<_>, _>>()?;
        subnets.sort();
        subnets.dedup();
        Ok(RosaRequest {
            way,
            cluster,
            region,
            region_default: default,
            machine_cidr,
            pod_cidr,
            service_cidr,
            subnets,
            any_state: false,
        })
    }
}

impl RosaRequest {
    /// Takes the cluster in whatever state it is: what is to be taken away
    /// need not wait for a cluster that is being uninstalled.
    #[must_use]
    pub fn in_any_state(mut self) -> Self {
        self.any_state = true;
        self
    }

    /// The cluster's name, if it was named.
    pub fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    /// The region, if it was named so that it must be the right one.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The VPC, if it was given.
    pub fn vpc(&self) -> Option<&str> {
        match &self.way {
            Way::Given { vpc, .. } => Some(vpc),
            Way::LookUp { .. } => None,
        }
    }

    /// The range of its machines, if it was given.
    pub fn machine_cidr(&self) -> Option<Ipv4Net> {
        self.machine_cidr
    }

    /// Whether the source is asked for a description.
    pub fn looks_up(&self) -> bool {
        matches!(self.way, Way::LookUp { .. })
    }
}

/// What `rosa` takes for a cluster: its name, or one of its ids.
pub(crate) fn name(value: &str) -> Result<String, InvalidInput> {
    let fits = (1..=54).contains(&value.len())
        && !value.starts_with('-')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits {
        Ok(value.to_owned())
    } else {
        Err(InvalidInput {
            input: "rosa-cluster",
            value: value.to_owned(),
            problem: "is not a rosa cluster's name".to_owned(),
            allowed: "1 to 54 letters, digits, hyphens and underscores, no hyphen first".to_owned(),
        })
    }
}

fn region(value: &str) -> Result<String, InvalidInput> {
    input::region(value).map_err(|invalid| InvalidInput {
        input: "rosa-region",
        ..invalid
    })
}

/// The id of an EC2 resource by its form: 8 or 17 hexadecimal digits on AWS.
fn id(input: &'static str, value: &str, prefix: &str) -> Result<String, InvalidInput> {
    let digits = value.strip_prefix(prefix).unwrap_or_default();
    let fits = (8..=17).contains(&digits.len())
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if fits {
        Ok(value.to_owned())
    } else {
        Err(InvalidInput {
            input,
            value: value.to_owned(),
            problem: "is not an id".to_owned(),
            allowed: format!("an id such as {prefix}0123456789abcdef0"),
        })
    }
}

fn block(input: &'static str, value: &str) -> Result<Ipv4Net, InvalidInput> {
    let problem = match crate::input::block(value) {
        None => "is not an address range",
        Some(block) if block.addr() != block.network() => "has bits set behind its prefix",
        Some(block) => return Ok(block),
    };
    Err(InvalidInput {
        input,
        value: value.to_owned(),
        problem: problem.to_owned(),
        allowed: "an IPv4 block such as 10.0.0.0/16".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> RosaOptions {
        RosaOptions {
            cluster: Some("rosa-1".to_owned()),
            ..RosaOptions::default()
        }
    }

    fn refused(options: RosaOptions) -> &'static str {
        options.validate().expect_err("refused").input
    }

    #[test]
    fn a_name_alone_is_looked_up() {
        let request = options().validate().unwrap();
        assert!(request.looks_up());
        assert_eq!(request.cluster(), Some("rosa-1"));
        assert_eq!(request.region(), None);
    }

    #[test]
    fn a_vpc_is_not_looked_up_but_needs_its_region() {
        let mut given = options();
        given.vpc = Some("vpc-0123456789abcdef0".to_owned());
        assert_eq!(refused(given.clone()), "rosa-region");
        given.region = Some("eu-west-1".to_owned());
        given.cluster = None;
        let request = given.validate().unwrap();
        assert!(!request.looks_up());
        assert_eq!(request.vpc(), Some("vpc-0123456789abcdef0"));
    }

    #[test]
    fn a_default_region_is_that_of_a_vpc_and_of_no_cluster() {
        let mut default = options();
        default.region_default = Some("eu-west-1".to_owned());
        let request = default.clone().validate().unwrap();
        assert_eq!(request.region(), None);
        default.vpc = Some("vpc-0123456789abcdef0".to_owned());
        let request = default.clone().validate().unwrap();
        assert_eq!(request.region(), Some("eu-west-1"));
        default.region = Some("us-east-1".to_owned());
        let request = default.validate().unwrap();
        assert_eq!(request.region(), Some("us-east-1"));
    }

    #[test]
    fn nothing_at_all_is_refused() {
        assert_eq!(refused(RosaOptions::default()), "rosa-cluster");
    }

    #[test]
    fn forms() {
        for bad in ["", "-o", "a b", "a'b", "a/b", "ä", &"x".repeat(55)] {
            let mut wrong = options();
            wrong.cluster = Some(bad.to_owned());
            assert_eq!(refused(wrong), "rosa-cluster", "{bad:?}");
        }
        for bad in ["", "vpc-", "vpc-1", "vpc-ABCDEF01", "subnet-01234567"] {
            let mut wrong = options();
            wrong.vpc = Some(bad.to_owned());
            wrong.region = Some("eu-west-1".to_owned());
            assert_eq!(refused(wrong), "rosa-vpc", "{bad:?}");
        }
        for bad in ["", "10.0.0.0", "10.0.0.1/16", "10.0.0.0/33", "::/0"] {
            let mut wrong = options();
            wrong.machine_cidr = Some(bad.to_owned());
            assert_eq!(refused(wrong), "rosa-machine-cidr", "{bad:?}");
        }
        let mut wrong = options();
        wrong.region = Some("Ireland".to_owned());
        assert_eq!(refused(wrong), "rosa-region");
        let mut wrong = options();
        wrong.subnets = vec!["subnet-01234567".to_owned(), "vpc-01234567".to_owned()];
        assert_eq!(refused(wrong), "rosa-subnets");
    }
}
