//! The account on a local port.

use super::cut::{Cut, reset};
use crate::account::{Account, Reply};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Requests above this size are refused; real ones have a few kilobytes.
const LARGEST_BODY: usize = 1 << 20;

impl Account {
    /// Serves the account over HTTP until `stop` is ready. Calls in flight are dropped then.
    ///
    /// # Errors
    /// If the listener's address is not a loopback one, or the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the sandbox checks no credentials and serves on loopback addresses only, not on {address}"
                ),
            ));
        }
        let mut stop = pin!(stop);
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                // So that a long-lived server does not collect connections that have ended.
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(self.clone(), stream));
                }
                // The peer gave up before it was accepted, which is no reason to stop serving.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::ConnectionReset
                            | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

async fn connection(account: Account, stream: TcpStream) {
    let service = service_fn(move |request| respond(account.clone(), request));
    // An error is a client that went away, or an answer that is lost on purpose.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Answer = Response<Either<Full<Bytes>, Cut>>;

/// An answer, or an error that has the connection closed without one.
async fn respond(account: Account, request: Request<Incoming>) -> Result<Answer, io::Error> {
    if let Err(why) = admit(request.headers()) {
        return Ok(plain(
            StatusCode::FORBIDDEN,
            Bytes::from_static(why.as_bytes()),
        ));
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let text = Bytes::from_static(b"request body refused");
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, text));
    };
    match account
        .handle(Request::from_parts(parts, body.to_bytes()))
        .await
    {
        Reply::Response(response) => Ok(response.map(|body| Either::Left(Full::new(body)))),
        Reply::Truncated(response) => Ok(response.map(|body| Either::Right(Cut::new(&body)))),
        Reply::Lost => Err(reset()),
        Reply::Down(error) => Ok(plain(
            StatusCode::SERVICE_UNAVAILABLE,
            Bytes::from(error.to_string()),
        )),
    }
}

/// The headers by which browsers say that a page is behind a request.
const OF_PAGES: [&str; 3] = ["origin", "referer", "sec-fetch-site"];

/// Refuses what a page in a browser has asked for: no credentials are checked
/// here, and a page may send requests to this machine, also under a name of its
/// own that it has led here. No client of AWS sends such a header, and each
/// sends the name that it was given.
fn admit(headers: &HeaderMap) -> Result<(), &'static str> {
    if OF_PAGES.iter().any(|name| headers.contains_key(*name)) {
        return Err("the sandbox answers no requests of pages in a browser");
    }
    // A client may leave the name out; a browser never does.
    let hosts = headers.get_all(HOST);
    if hosts.iter().all(|host| host.to_str().is_ok_and(is_ours)) {
        Ok(())
    } else {
        Err(
            "the sandbox answers under the name of this machine or of AWS only, not under another host",
        )
    }
}

/// Whether a host, with or without a port, is this machine or AWS.
fn is_ours(host: &str) -> bool {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address
        .parse()
        .is_ok_and(|address: IpAddr| address.is_loopback())
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.ends_with(".amazonaws.com")
}

fn plain(status: StatusCode, text: Bytes) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(text)));
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_aws_are_told_from_others() {
        for host in [
            "127.0.0.1:4566",
            "127.0.0.1",
            "localhost:80",
            "LocalHost",
            "aws.localhost:1",
            "[::1]:4566",
            "[::1]",
            "rds.eu-west-1.amazonaws.com",
        ] {
            assert!(is_ours(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:4566",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "amazonaws.com.evil.example",
            "evilamazonaws.com",
            "10.0.0.1:4566",
            "0.0.0.0",
        ] {
            assert!(!is_ours(host), "{host}");
        }
    }
}
