//! The sandbox on a port: for programs of this machine, not for pages in a
//! browser.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::command::harness::Home;

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0\r\n";

fn ask(address: &str, headers: &str) -> String {
    let body = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16";
    let mut stream = TcpStream::connect(address).expect("connected");
    let request = format!(
        "POST / HTTP/1.1\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_page_in_a_browser_is_refused() {
    let home = Home::new();
    let server = home.start(&["sandbox", "serve"]);
    let address = loop {
        let said = server.stdout();
        if let Some(url) = said.lines().next().filter(|_| said.ends_with('\n')) {
            break url.trim_start_matches("http://").to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let port = address.rsplit(':').next().expect("a port");
    let mut refused = 0;
    for headers in [
        "Host: evil.example\r\n".to_owned(),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
        format!("Host: {address}\r\nOrigin: https://evil.example\r\n"),
        format!("Host: {address}\r\nOrigin: http://{address}\r\n"),
        format!("Host: {address}\r\nOrigin: null\r\n"),
        format!("Host: {address}\r\nReferer: https://evil.example/\r\n"),
        format!("Host: {address}\r\nSec-Fetch-Site: cross-site\r\n"),
    ] {
        let status = ask(&address, &format!("{headers}{SIGNED}"));
        assert_eq!(status, "HTTP/1.1 403 Forbidden", "{headers}");
        refused += 1;
    }
    assert_eq!(home.count("vpc"), 0, "and nothing was done");
    let mut answered = 0;
    for host in [
        &*address,
        &format!("localhost:{port}"),
        "ec2.eu-west-1.amazonaws.com",
    ] {
        let status = ask(&address, &format!("Host: {host}\r\n{SIGNED}"));
        assert_eq!(status, "HTTP/1.1 200 OK", "{host}");
        answered += 1;
    }
    assert_eq!(home.count("vpc"), answered);
    server.signal(Signal::TERM);
    assert_eq!(server.end().code, 0);
    println!(
        "requests to the served sandbox: {refused} of pages or foreign hosts refused, {answered} of clients answered"
    );
}
