//! A client that speaks the query protocol to an account on virtual time.

use bytes::Bytes;
use std::fmt;
use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};
use stepwell_sandbox::{Account, Options, Reply, Time};

/// Time that moves only when it is told to, or slept on.
pub(crate) struct ManualTime {
    wall: Mutex<Duration>,
    elapsed: Mutex<Duration>,
}

impl ManualTime {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            wall: Mutex::new(Duration::from_secs(1_800_000_000)),
            elapsed: Mutex::new(Duration::ZERO),
        })
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    pub(crate) fn advance_wall(&self, by: Duration) {
        *self.wall.lock().unwrap() += by;
    }
}

impl Time for ManualTime {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.wall.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(duration);
        Box::pin(ready(()))
    }
}

/// An answered error.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) status: u16,
    pub(crate) message: String,
}

/// An answered body.
#[derive(Clone)]
pub(crate) struct Body(pub(crate) String);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Body {
    /// The text of every element of that name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut found = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find(&open) {
            rest = &rest[at + open.len()..];
            let end = rest.find(&close).unwrap();
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        found
    }

    /// The text of the first element of that name.
    pub(crate) fn one(&self, name: &str) -> String {
        self.all(name)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }
}

pub(crate) type Answer = Result<Body, Refused>;

/// An account in one region, and its time.
#[derive(Clone)]
pub(crate) struct Aws {
    pub(crate) account: Account,
    pub(crate) time: Arc<ManualTime>,
    pub(crate) region: &'static str,
}

/// Options on `time` whose reads are consistent.
pub(crate) fn consistent(time: &Arc<ManualTime>) -> Options {
    Options {
        consistency_window: Duration::ZERO,
        ..Options::new(time.clone())
    }
}

/// [`consistent`] options for an account with room for 20 VPCs in a region.
pub(crate) fn roomy(time: &Arc<ManualTime>) -> Options {
    let mut options = consistent(time);
    options.quotas.vpcs = 20;
    options
}

impl Aws {
    /// A new account in `eu-west-1`, with consistent reads.
    pub(crate) fn new() -> Self {
        let time = ManualTime::new();
        Self::of(Account::in_memory(consistent(&time)), time)
    }

    pub(crate) fn of(account: Account, time: Arc<ManualTime>) -> Self {
        Self {
            account,
            time,
            region: "eu-west-1",
        }
    }

    pub(crate) fn at(&self, region: &'static str) -> Self {
        Self {
            region,
            ..self.clone()
        }
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.time.advance(Duration::from_secs(seconds));
    }

    /// Sends a form. `None` if the answer is lost; panics if there is none to come.
    pub(crate) fn try_send(
        &self,
        service: &str,
        version: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Option<Answer> {
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in params {
            form.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        let request = http::Request::post("https://localhost/")
            .header("authorization", authorization(service, self.region))
            .body(Bytes::from(form))
            .unwrap();
        answer(now(self.account.handle(request)).expect("the call hangs"))
    }

    pub(crate) fn ec2(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.try_send("ec2", "2016-11-15", action, params)
            .expect("the answer is lost")
    }

    pub(crate) fn rds(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.try_send("rds", "2014-10-31", action, params)
            .expect("the answer is lost")
    }

    /// The code of the error that an EC2 call must end with.
    pub(crate) fn ec2_code(&self, action: &str, params: &[(&str, &str)]) -> String {
        self.ec2(action, params).expect_err(action).code
    }

    /// The code of the error that an RDS call must end with.
    pub(crate) fn rds_code(&self, action: &str, params: &[(&str, &str)]) -> String {
        self.rds(action, params).expect_err(action).code
    }

    pub(crate) fn secret(&self, target: &str, id: &str) -> Answer {
        let request = http::Request::post("https://localhost/")
            .header(
                "authorization",
                authorization("secretsmanager", self.region),
            )
            .header("x-amz-target", format!("secretsmanager.{target}"))
            .body(Bytes::from(format!("{{\"SecretId\":\"{id}\"}}")))
            .unwrap();
        answer(now(self.account.handle(request)).unwrap()).unwrap()
    }

    /// A new VPC of that range.
    pub(crate) fn vpc(&self, cidr: &str) -> String {
        self.ec2("CreateVpc", &[("CidrBlock", cidr)])
            .unwrap()
            .one("vpcId")
    }

    /// A new internet gateway that is attached to the VPC.
    pub(crate) fn gateway(&self, vpc: &str) -> String {
        let made = self.ec2("CreateInternetGateway", &[]).unwrap();
        let gateway = made.one("internetGatewayId");
        let pair = [("InternetGatewayId", gateway.as_str()), ("VpcId", vpc)];
        self.ec2("AttachInternetGateway", &pair).unwrap();
        gateway
    }

    /// A new peering of two VPCs of the region, active.
    pub(crate) fn peering(&self, requester: &str, accepter: &str) -> String {
        let params = [("VpcId", requester), ("PeerVpcId", accepter)];
        let made = self.ec2("CreateVpcPeeringConnection", &params).unwrap();
        let peering = made.one("vpcPeeringConnectionId");
        let by_id = [("VpcPeeringConnectionId", peering.as_str())];
        self.wait(3);
        self.ec2("AcceptVpcPeeringConnection", &by_id).unwrap();
        self.wait(4);
        peering
    }

    pub(crate) fn subnet(&self, vpc: &str, cidr: &str, zone: &str) -> String {
        let params = [
            ("VpcId", vpc),
            ("CidrBlock", cidr),
            ("AvailabilityZone", zone),
        ];
        self.ec2("CreateSubnet", &params).unwrap().one("subnetId")
    }

    pub(crate) fn group(&self, vpc: &str, name: &str) -> String {
        let params = [
            ("VpcId", vpc),
            ("GroupName", name),
            ("GroupDescription", "for tests"),
        ];
        self.ec2("CreateSecurityGroup", &params)
            .unwrap()
            .one("groupId")
    }
}

/// What a future gives without waiting; `None` if it waits.
pub(crate) fn now<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

pub(crate) fn authorization(service: &str, region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

pub(crate) fn answer(reply: Reply) -> Option<Answer> {
    let Reply::Response(response) = reply else {
        return None;
    };
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let body = Body(String::from_utf8(response.into_body().to_vec()).unwrap());
    if status == 200 {
        return Some(Ok(body));
    }
    if body.0.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(&body.0).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        return Some(Err(Refused {
            code: text("__type"),
            status,
            message: text("Message"),
        }));
    }
    Some(Err(Refused {
        code: body.one("Code"),
        status,
        message: body.one("Message"),
    }))
}

pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A VPC with a subnet in two zones, a subnet group, a security group and an available cluster.
pub(crate) struct Aurora {
    pub(crate) aws: Aws,
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
    pub(crate) group: String,
}

impl Aurora {
    /// The network and the subnet group.
    pub(crate) fn network() -> Self {
        Self::network_in(Aws::new(), &["a", "b"])
    }

    pub(crate) fn network_in(aws: Aws, zones: &[&str]) -> Self {
        let vpc = aws.vpc("192.168.0.0/24");
        let subnets: Vec<String> = zones
            .iter()
            .enumerate()
            .map(|(index, zone)| {
                let cidr = format!("192.168.0.{}/28", index * 16);
                aws.subnet(&vpc, &cidr, &format!("{}{zone}", aws.region))
            })
            .collect();
        let group = aws.group(&vpc, "db");
        let mut params = vec![
            ("DBSubnetGroupName".to_owned(), "net".to_owned()),
            ("DBSubnetGroupDescription".to_owned(), "net".to_owned()),
        ];
        for (index, subnet) in subnets.iter().enumerate() {
            params.push((
                format!("SubnetIds.SubnetIdentifier.{}", index + 1),
                subnet.clone(),
            ));
        }
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        aws.rds("CreateDBSubnetGroup", &params).unwrap();
        Self {
            aws,
            vpc,
            subnets,
            group,
        }
    }

    /// With a cluster `db` that is available.
    pub(crate) fn with_cluster() -> Self {
        let all = Self::network();
        all.create("db", &[]).unwrap();
        all.aws.wait(91);
        assert_eq!(all.cluster_status("db"), "available");
        all
    }

    pub(crate) fn create(&self, id: &str, more: &[(&str, &str)]) -> Answer {
        let mut params = vec![
            ("DBClusterIdentifier", id),
            ("Engine", "aurora-postgresql"),
            ("EngineVersion", "17.5"),
            ("MasterUsername", "keycloak"),
            ("DBSubnetGroupName", "net"),
            (
                "VpcSecurityGroupIds.VpcSecurityGroupId.1",
                self.group.as_str(),
            ),
        ];
        params.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        if !more
            .iter()
            .any(|(name, _)| name.contains("MasterUserPassword"))
        {
            params.push(("MasterUserPassword", "correct-horse"));
        }
        params.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.aws.rds("CreateDBCluster", &params)
    }

    pub(crate) fn instance(&self, id: &str, more: &[(&str, &str)]) -> Answer {
        let mut params = vec![
            ("DBInstanceIdentifier", id),
            ("DBClusterIdentifier", "db"),
            ("DBInstanceClass", "db.r7g.xlarge"),
            ("Engine", "aurora-postgresql"),
        ];
        params.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        params.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.aws.rds("CreateDBInstance", &params)
    }

    pub(crate) fn cluster_status(&self, id: &str) -> String {
        let found = self
            .aws
            .rds("DescribeDBClusters", &[("DBClusterIdentifier", id)]);
        found.unwrap().one("Status")
    }

    pub(crate) fn instance_status(&self, id: &str) -> String {
        let found = self
            .aws
            .rds("DescribeDBInstances", &[("DBInstanceIdentifier", id)]);
        found.unwrap().one("DBInstanceStatus")
    }

    /// The members of `db`: identifier and whether it is the writer.
    pub(crate) fn members(&self) -> Vec<(String, bool)> {
        let found = self
            .aws
            .rds("DescribeDBClusters", &[("DBClusterIdentifier", "db")])
            .unwrap();
        let members = found.all("DBClusterMember");
        let read = |text: &String| {
            let body = Body(text.clone());
            (
                body.one("DBInstanceIdentifier"),
                body.one("IsClusterWriter") == "true",
            )
        };
        members.iter().map(read).collect()
    }

    pub(crate) fn delete_instance(&self, id: &str) -> Answer {
        self.aws.rds(
            "DeleteDBInstance",
            &[("DBInstanceIdentifier", id), ("SkipFinalSnapshot", "true")],
        )
    }
}
