//! As much HTTP as the tests need to talk to their servers themselves.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The body of a page.
pub(crate) fn get(port: u16, path: &str) -> io::Result<String> {
    exchange(port, "GET", path, "", "")
}

/// Sends JSON.
pub(crate) fn send(port: u16, method: &str, path: &str, body: &Value) -> io::Result<String> {
    let header = "Content-Type: application/json\r\n";
    exchange(port, method, path, header, &body.to_string())
}

/// Sends the form of an AWS query, signed with nothing: moto only reads from
/// the signature whose account, which service and region are meant.
pub(crate) fn query(
    port: u16,
    key: &str,
    service: &str,
    region: &str,
    form: &[(&str, &str)],
) -> io::Result<String> {
    let header = format!(
        "Content-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 \
         Credential={key}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=none\r\n"
    );
    let pairs: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    exchange(port, "POST", "/", &header, &pairs.join("&"))
}

/// HTTP/1.0: the answer ends with the connection.
fn exchange(port: u16, method: &str, path: &str, header: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{header}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(format!("status {status}: {body}")))
    }
}

fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
