//! A ROSA cluster in a VPC that another account shares.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::ground::{THERE, ground, resources};
use super::outside::install_rosa;
use crate::command::harness::{Home, KEYCLOAK};

const OWNER: &str = "210987654321";

/// In front of an account, where one VPC is another account's; ends with this
/// value.
struct Relay {
    port: u16,
    over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Relay {
    fn before(account: u16, vpc: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let own = format!("<vpcId>{vpc}</vpcId><ownerId>");
        let server = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let own = own.clone();
                thread::spawn(move || pass(stream, account, &own));
            }
        });
        Self {
            port,
            over,
            server: Some(server),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

/// Passes one request on, and its answer back with the VPC's owner replaced.
fn pass(stream: TcpStream, account: u16, own: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let before = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head[before..].trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        } else if line.starts_with("connection:") {
            head.truncate(before);
        } else if line.is_empty() {
            head.truncate(before);
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut there = TcpStream::connect(("127.0.0.1", account)).ok()?;
    write!(there, "{head}connection: close\r\n\r\n").ok()?;
    there.write_all(&body).ok()?;
    let mut answer = String::new();
    there.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let body = match body.split_once(own) {
        Some((before, rest)) => {
            let (_, rest) = rest.split_once('<')?;
            format!("{before}{own}{OWNER}<{rest}")
        }
        None => body.to_owned(),
    };
    let head: Vec<&str> = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"))
        .collect();
    let mut stream = reader.into_inner();
    write!(
        stream,
        "{}\r\ncontent-length: {}\r\n\r\n{body}",
        head.join("\r\n"),
        body.len()
    )
    .ok()
}

#[test]
fn a_shared_vpc_is_its_owners_affair() {
    let (mut home, network) = ground();
    install_rosa(&mut home, &network);
    home.set("AWS_ACCESS_KEY_ID", "test");
    home.set("AWS_SECRET_ACCESS_KEY", "test");
    let before = resources(&home);
    let mut server = home.start(&["sandbox", "serve", "--sandbox-speed", "1000"]);
    server.until("Ctrl-C");
    let account = server.stdout().trim().to_owned();
    let port = account
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let relay = Relay::before(port.expect("a port"), &network.vpc);
    let shared = format!("http://127.0.0.1:{}", relay.port);
    let create = |home: &Home, code: i32, at: &str, more: &[&str]| {
        let words = ["--endpoint-url", at, "peering", "create"];
        home.expect(code, &[&words, &KEYCLOAK[..], more].concat())
    };
    let by_name = ["--rosa-cluster", "rosa"];
    for more in [&by_name[..], &network.flags()] {
        for plan in [&["--plan"][..], &[]] {
            create(&home, 8, &shared, &[more, plan].concat())
                .says(&format!("belongs to aws account {OWNER}"))
                .says("only its owner sees its peerings")
                .says("--rosa-profile")
                .says(&format!("--rosa-vpc {} --rosa-region {THERE}", network.vpc));
        }
    }
    // What shows to the owner alone is not taken for nothing.
    let words = ["--endpoint-url", &shared, "peering", "delete", "--yes"];
    home.expect(8, &[&words[..], &["--all"], &by_name].concat())
        .says(&format!("belongs to aws account {OWNER}"));
    drop(relay);
    create(&home, 0, &account, &[&by_name[..], &["--plan"]].concat());
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.end().code, 0);
    assert_eq!(resources(&home), before, "nothing was touched");
}
