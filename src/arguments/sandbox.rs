//! `stepwell sandbox …`.

use clap::{ArgGroup, Args, Subcommand};

/// `stepwell sandbox …`.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Show every resource of the account
    Status,
    /// Remove every resource and every fault
    Reset,
    /// Offer the account on a local port, to `aws --endpoint-url` or anything else
    Serve(ServeArguments),
    /// Plant faults, to rehearse failures
    #[command(subcommand)]
    Fault(FaultCommand),
}

/// `stepwell sandbox serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
}

/// `stepwell sandbox fault …`.
#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// Plant a fault
    Add(FaultArguments),
    /// List the planted faults
    List,
    /// Remove every planted fault
    Clear,
}

/// `stepwell sandbox fault add`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("effect").required(true).args(["error", "lose_response", "truncate_response", "throttle", "latency"]))]
pub struct FaultArguments {
    /// The AWS operation, for example CreateDBInstance
    #[arg(long, value_name = "OPERATION")]
    pub operation: String,

    /// Only calls whose parameter has this value; may be repeated. `region=…` is the call's region
    #[arg(long = "match", value_name = "KEY=VALUE")]
    pub matches: Vec<String>,

    /// Only so many calls [default: all]
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,

    /// Answer with this AWS error code
    #[arg(long, value_name = "CODE")]
    pub error: Option<String>,

    /// Do it, and lose the answer
    #[arg(long)]
    pub lose_response: bool,

    /// Do it, and break the connection half-way through the answer
    #[arg(long)]
    pub truncate_response: bool,

    /// Answer that there are too many requests
    #[arg(long)]
    pub throttle: bool,

    /// Answer after this much simulated time, for example 500ms, 30s or 10m
    #[arg(long, value_name = "DURATION")]
    pub latency: Option<String>,
}
