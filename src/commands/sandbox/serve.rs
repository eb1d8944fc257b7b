//! `stepwell sandbox serve`.

use std::net::Ipv4Addr;

use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::carry::signals::Signals;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox;
use crate::{Context, runtime};

/// `stepwell sandbox serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    endpoint: &'a str,
    account_id: &'a str,
}

/// Offers the account on a local port until a signal comes.
pub fn run(context: &Context, arguments: &ServeArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    if settings.pace.is_virtual() {
        return Err(Problem::usage(
            "--sandbox-speed \"max\" is not possible for a server, whose clients live in real time; allowed: a number",
        ));
    }
    runtime::block_on(settings.pace, async {
        let account = sandbox::open(&settings.sandbox_file()?, settings.pace)?;
        let refused = |error: std::io::Error| {
            Problem::error(format!("port {} can't be served", arguments.port))
                .because(&error)
                .hint("--port 0 takes a free one")
        };
        let mut signals = Signals::ladder(&context.signals);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
            .await
            .map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let endpoint = format!("http://{address}");
        let printer = &context.printer;
        if printer.output.is_json() {
            printer.document(&Document {
                schema: crate::SCHEMA,
                endpoint: &endpoint,
                account_id: account.account_id(),
            })?;
        } else {
            printer.line(&endpoint)?;
            printer.note("any credentials will do; Ctrl-C ends it");
        }
        let stop = async {
            signals.next().await;
        };
        account.serve(listener, stop).await.map_err(refused)?;
        Ok(Exit::Success)
    })
}
