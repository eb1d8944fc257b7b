//! The account on a local port.

use super::cut::{Cut, reset};
use crate::account::{Account, Reply};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Requests above this size are refused; real ones have a few kilobytes.
const LARGEST_BODY: usize = 1 << 20;

/// Serves until `stop` is ready; connections end with it.
pub(crate) async fn serve(
    account: Account,
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
        let accepted = poll_fn(|context| {
            if stop.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            // Ended connections are taken out, so that a long-lived server does not collect them.
            while let Poll::Ready(Some(_)) = connections.poll_join_next(context) {}
            listener.poll_accept(context).map(Some)
        })
        .await;
        match accepted {
            None => return Ok(()),
            Some(Ok((stream, _))) => {
                connections.spawn(connection(account.clone(), stream));
            }
            // The peer gave up before it was accepted, which is no reason to stop serving.
            Some(Err(error))
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::Interrupted
                ) => {}
            Some(Err(error)) => return Err(error),
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

fn plain(status: StatusCode, text: Bytes) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(text)));
    *answer.status_mut() = status;
    answer
}
