//! A ROSA cluster for moto: its network in AWS, and who describes it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::account::{Account, value, values};
use crate::command::harness::Home;

/// ROSA's region: another one than Aurora's.
pub(super) const THERE: &str = "eu-west-1";
pub(super) const RANGE: &str = "10.0.0.0/16";

/// `{"typ":"Offline"}` without a signature: a token that has to be exchanged.
const OFFLINE: &str = "e30.eyJ0eXAiOiJPZmZsaW5lIn0.x";

/// The network of a ROSA cluster: a private and a public table, and a machine
/// in the private subnet.
pub(super) struct Rosa {
    pub(super) vpc: String,
    private: String,
    public: String,
    subnets: Vec<String>,
}

impl Rosa {
    /// Lays it out. A classic cluster's VPC carries the installer's tag.
    pub(super) fn lay_out(account: &Account) -> Self {
        let call = |action: &str, form: &[(&str, &str)]| account.call_in(THERE, action, form);
        let tagged = [
            ("CidrBlock", RANGE),
            ("TagSpecification.1.ResourceType", "vpc"),
            (
                "TagSpecification.1.Tag.1.Key",
                "kubernetes.io/cluster/rosa-x7k2p",
            ),
            ("TagSpecification.1.Tag.1.Value", "owned"),
        ];
        let vpc = value(&call("CreateVpc", &tagged), "vpcId");
        let mut halves = ["private", "public"]
            .into_iter()
            .zip(0..)
            .map(|(name, number)| {
                let block = format!("10.0.{number}.0/24");
                let form = [("VpcId", vpc.as_str()), ("CidrBlock", &block)];
                let subnet = value(&call("CreateSubnet", &form), "subnetId");
                let name = format!("rosa-x7k2p-{name}-a");
                let form = [
                    ("VpcId", vpc.as_str()),
                    ("TagSpecification.1.ResourceType", "route-table"),
                    ("TagSpecification.1.Tag.1.Key", "Name"),
                    ("TagSpecification.1.Tag.1.Value", &name),
                ];
                let table = value(&call("CreateRouteTable", &form), "routeTableId");
                let form = [("RouteTableId", table.as_str()), ("SubnetId", &subnet)];
                call("AssociateRouteTable", &form);
                (table, subnet)
            });
        let (Some(private), Some(public)) = (halves.next(), halves.next()) else {
            unreachable!("two halves");
        };
        drop(halves);
        call(
            "RunInstances",
            &[
                ("ImageId", "ami-12345678"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("SubnetId", &private.1),
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.1.Tag.1.Key", "api.openshift.com/id"),
                ("TagSpecification.1.Tag.1.Value", "1a2b3c4d"),
            ],
        );
        Self {
            vpc,
            private: private.0,
            public: public.0,
            subnets: vec![private.1, public.1],
        }
    }

    /// How a cluster with a hosted control plane is described.
    pub(super) fn hosted(&self) -> Value {
        json!({
            "id": "1a2b3c4d",
            "name": "rosa",
            "state": "ready",
            "multi_az": true,
            "hypershift": {"enabled": true},
            "region": {"id": THERE},
            "api": {"url": "https://api.rosa.example:443"},
            "network": {"machine_cidr": RANGE, "type": "OVNKubernetes"},
            "aws": {"subnet_ids": self.subnets},
        })
    }

    /// How a classic cluster is described whose VPC Red Hat made.
    pub(super) fn classic(&self) -> Value {
        json!({
            "id": "1a2b3c4d",
            "name": "rosa",
            "infra_id": "rosa-x7k2p",
            "state": "ready",
            "multi_az": false,
            "hypershift": {"enabled": false},
            "region": {"id": THERE},
            "console": {"url": "https://console.rosa.example"},
            "network": {"machine_cidr": RANGE},
            "nodes": {"availability_zones": [format!("{THERE}a")]},
            "aws": {},
        })
    }

    /// Whether both tables lead to a peering, or neither does.
    #[track_caller]
    pub(super) fn is_routed(&self, account: &Account) -> bool {
        let leads = |table: &String| {
            let form = [("RouteTableId.1", table.as_str())];
            let tables = account.call_in(THERE, "DescribeRouteTables", &form);
            !values(&tables, "vpcPeeringConnectionId").is_empty()
        };
        let (private, public) = (leads(&self.private), leads(&self.public));
        assert_eq!(private, public);
        private
    }

    /// The table that the scripts take: the one named `*public*`.
    pub(super) fn public_table(&self) -> &str {
        &self.public
    }
}

/// Puts a `rosa` on the PATH that describes the cluster as documented, and
/// nothing but that.
pub(super) fn install(home: &mut Home, description: &Value) {
    let folder = home.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'describe cluster -c rosa' ] || {{ echo \"what is $*?\" >&2; exit 1; }}\ncat <<'END'\n{description}\nEND\n"
    );
    let path = folder.join("rosa");
    fs::write(&path, script).expect("the stand-in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
}

/// OCM on 127.0.0.1: exchanges a token and describes one cluster. It ends with
/// this value.
pub(super) struct Ocm {
    port: u16,
    over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Ocm {
    /// Starts it, and has the command of a home ask it.
    pub(super) fn serve(home: &mut Home, description: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let server = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away in between is its own affair.
                let _ = stream.and_then(|stream| answer(stream, &description));
            }
        });
        home.set("OCM_TOKEN", OFFLINE);
        home.set("OCM_URL", &format!("http://127.0.0.1:{port}"));
        home.set("OCM_TOKEN_URL", &format!("http://127.0.0.1:{port}/token"));
        Self {
            port,
            over,
            server: Some(server),
        }
    }
}

impl Drop for Ocm {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn answer(mut stream: TcpStream, description: &Value) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut authorised = false;
    for line in lines.by_ref() {
        let line = line?;
        authorised |= line.eq_ignore_ascii_case("authorization: bearer e30.e30.access");
        if line.is_empty() {
            break;
        }
    }
    let (status, body) = if request.starts_with("POST /token ") {
        ("200 OK", json!({"access_token": "e30.e30.access"}))
    } else if !authorised {
        (
            "401 Unauthorized",
            json!({"kind": "Error", "reason": "no token"}),
        )
    } else if request.starts_with("GET /api/clusters_mgmt/v1/clusters?") {
        let items = [description];
        (
            "200 OK",
            json!({"kind": "ClusterList", "total": 1, "size": 1, "items": items}),
        )
    } else {
        ("404 Not Found", json!({"kind": "Error", "reason": request}))
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
