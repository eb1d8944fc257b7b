//! From what psql said, and from what AWS has, to what is at fault.

use serde::Serialize;
use stepwell_engine::Fault;

use crate::kubernetes::Server;
use crate::kubernetes::said::{Said, What, password_hint};
use crate::peering::list::{ListedRoute, PeeringSummary};

/// What keeps a pod from the database. The names are part of the documented
/// JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Culprit {
    /// There is no peering, or it is not active.
    Peering,
    /// A route is missing.
    Route,
    /// No rule opens the port.
    Rule,
    /// The name leads nowhere, or to the wrong place.
    Dns,
    /// All of that is there, and yet nothing comes back.
    Network,
    /// The user or the password.
    Password,
    /// The database: it does not exist or does not serve.
    Database,
    /// Encryption.
    Tls,
    /// The pod's image.
    Image,
    /// Nothing that is known here.
    Unknown,
}

/// How a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Fail,
    /// It could not be told.
    Unknown,
}

/// One part of the way to the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `name`, `port`, `login`, and after a failure of the network `peering`,
    /// `routes`, `rule`.
    pub name: &'static str,
    /// How it stands.
    pub status: CheckStatus,
    /// What was seen.
    pub message: String,
}

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The parts, from the name on.
    pub checks: Vec<Check>,
    /// What is at fault; none if the database was reached.
    pub culprit: Option<Culprit>,
    /// Why, in a sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

fn check(name: &'static str, status: CheckStatus, message: impl Into<String>) -> Check {
    Check {
        name,
        status,
        message: message.into(),
    }
}

/// Judges what the pod said. `peerings` is what AWS has of the cluster's, or why
/// it could not be asked; none where it need not be.
pub(super) fn judge(
    said: &Said,
    server: &Server,
    peerings: Option<&Result<Vec<PeeringSummary>, Fault>>,
) -> Verdict {
    use CheckStatus::{Fail, Ok as Good, Unknown};
    let (host, port) = (&server.host, server.port);
    let named = match said.address {
        Some(address) => format!("{host} is {address}"),
        None => format!("{host} resolves"),
    };
    // An Aurora cluster in a private network has private addresses.
    let elsewhere = said
        .address
        .filter(|address| !address.is_private() && !address.is_loopback());
    let opens = format!("port {port} opens");
    let (name, opened, login) = match (said.what, elsewhere) {
        (What::Answered, _) => (
            check("name", Good, named),
            check("port", Good, opens),
            check(
                "login",
                Good,
                format!("SELECT 1 is answered in database {}", server.database),
            ),
        ),
        (What::NoName, _) => (
            check("name", Fail, said.text.clone()),
            check("port", Unknown, "not tried"),
            check("login", Unknown, "not tried"),
        ),
        (What::Silence | What::Refused, Some(address)) => (
            check(
                "name",
                Fail,
                format!("{host} is {address}, which is no private address"),
            ),
            check("port", Fail, said.text.clone()),
            check("login", Unknown, "not tried"),
        ),
        (What::Silence, None) => (
            check("name", Good, named),
            check(
                "port",
                Fail,
                format!("port {port} does not answer: {}", said.text),
            ),
            check("login", Unknown, "not tried"),
        ),
        (What::Refused, None) => (
            check("name", Good, named),
            check(
                "port",
                Fail,
                format!("port {port} is refused: {}", said.text),
            ),
            check("login", Unknown, "not tried"),
        ),
        (
            What::Password
            | What::NoDatabase
            | What::Tls
            | What::Busy
            | What::Locked
            | What::ReadOnly,
            _,
        ) => (
            check("name", Good, named),
            check("port", Good, opens),
            check("login", Fail, said.text.clone()),
        ),
        (What::NoClient | What::Other, _) => (
            check("name", Unknown, "psql does not tell"),
            check("port", Unknown, "psql does not tell"),
            check("login", Fail, said.text.clone()),
        ),
    };
    let mut verdict = Verdict {
        checks: vec![name, opened, login],
        culprit: None,
        message: String::new(),
        hint: String::new(),
    };
    let of_pod = blame_by_psql(said, server, elsewhere.is_some());
    let of_aws = peerings.map(|peerings| look(peerings, port, &mut verdict.checks));
    if let Some((culprit, message, hint)) = of_pod.or(of_aws.flatten()).or_else(|| rest(said, port))
    {
        verdict.culprit = Some(culprit);
        verdict.message = message;
        verdict.hint = hint;
    }
    verdict
}

/// What is at fault, why, and what to do.
type Blame = (Culprit, String, String);

fn blame(culprit: Culprit, message: impl Into<String>, hint: impl Into<String>) -> Blame {
    (culprit, message.into(), hint.into())
}

/// What psql itself tells.
fn blame_by_psql(said: &Said, server: &Server, elsewhere: bool) -> Option<Blame> {
    let secret = &server.secret;
    Some(match said.what {
        What::Silence | What::Refused if elsewhere => blame(
            Culprit::Dns,
            format!(
                "{} leads to an address outside of the cluster's network",
                server.host
            ),
            "see which DNS servers the ROSA cluster's VPC uses; Aurora's name has to resolve to its private address",
        ),
        What::NoName => blame(
            Culprit::Dns,
            format!("{} does not resolve in the pod", server.host),
            "see that DNS resolution is on for the ROSA cluster's VPC (enableDnsSupport), that its DNS servers resolve public names, and that no network policy of the namespace keeps pods from the cluster's DNS",
        ),
        What::Password => blame(
            Culprit::Password,
            format!("the database does not take the user and password of secret {secret}"),
            password_hint(secret),
        ),
        What::NoDatabase => blame(
            Culprit::Database,
            format!("there is no database {}", server.database),
            "name the one that keycloak uses with --database",
        ),
        What::Tls => blame(
            Culprit::Tls,
            "the database does not take the connection as psql encrypts it",
            "see the parameter rds.force_ssl of the cluster, and what psql said",
        ),
        What::Busy | What::Locked | What::ReadOnly => blame(
            Culprit::Database,
            "the database is reached and takes no connection now",
            "try again; if connections are exhausted, lower the size of keycloak's pools or choose a larger class",
        ),
        What::NoClient => blame(
            Culprit::Image,
            "the image has no psql",
            "name one that has: --image docker.io/library/postgres:17",
        ),
        What::Answered | What::Silence | What::Refused | What::Other => return None,
    })
}

/// What AWS tells, the nearest thing first: without a peering no route counts,
/// and without a route no rule.
fn look(
    peerings: &Result<Vec<PeeringSummary>, Fault>,
    port: i32,
    checks: &mut Vec<Check>,
) -> Option<Blame> {
    use CheckStatus::{Fail, Ok as Good, Unknown};
    let peerings = match peerings {
        Ok(peerings) => peerings,
        Err(fault) => {
            checks.push(check("peering", Unknown, fault.to_string()));
            return None;
        }
    };
    if peerings.is_empty() {
        let message = "the cluster is not peered with the ROSA cluster's network";
        checks.push(check("peering", Fail, message));
        return Some(blame(
            Culprit::Peering,
            message,
            "peering create makes one: name the ROSA cluster to it, with --rosa-cluster or --rosa-vpc",
        ));
    }
    let part = |name, bad: Vec<String>, good: &str| {
        let status = if bad.is_empty() { Good } else { Fail };
        let message = if bad.is_empty() {
            good.to_owned()
        } else {
            bad.join("; ")
        };
        (
            check(name, status, message.clone()),
            (!bad.is_empty()).then_some(message),
        )
    };
    let is_active = |state: &Option<String>| state.as_deref().is_none_or(|state| state == "active");
    let sleeping: Vec<String> = (peerings.iter())
        .filter(|one| !is_active(&one.state) || !is_active(&one.rosa_state))
        .map(|one| {
            let state =
                |state: &Option<String>| state.clone().unwrap_or_else(|| "unknown".to_owned());
            format!(
                "{} is {} and {}",
                one.id,
                state(&one.state),
                state(&one.rosa_state)
            )
        })
        .collect();
    let lacks = |one: &PeeringSummary, routes: &[ListedRoute], what: &str| -> Vec<String> {
        let line = |route: &ListedRoute| {
            format!(
                "{what} route for {} to {} in {} on {}'s side",
                route.destination, one.id, route.table, route.side
            )
        };
        routes.iter().map(line).collect()
    };
    let unrouted: Vec<String> = (peerings.iter())
        .flat_map(|one| {
            let mut lines = lacks(one, &one.missing_routes, "there is no");
            lines.extend(lacks(one, &one.stale_routes, "a stale"));
            lines
        })
        .collect();
    let closed: Vec<String> = (peerings.iter())
        .filter(|one| one.ingress_open == Some(false))
        .map(|one| format!("no rule lets {} in to port {port}", one.rosa_vpc_id))
        .collect();
    let parts = [
        (
            Culprit::Peering,
            part("peering", sleeping, "active on both sides"),
        ),
        (
            Culprit::Route,
            part("routes", unrouted, "every table that serves has its route"),
        ),
        (
            Culprit::Rule,
            part("rule", closed, "a rule lets the ROSA cluster's machines in"),
        ),
    ];
    let bad = |one: &&PeeringSummary| {
        !one.missing_routes.is_empty()
            || !one.stale_routes.is_empty()
            || one.ingress_open == Some(false)
            || !is_active(&one.state)
            || !is_active(&one.rosa_state)
    };
    let first = peerings.iter().find(bad).unwrap_or(&peerings[0]);
    let again = format!(
        "`stepwell peering create --rosa-vpc {} --rosa-region {}` adds what is missing; it changes nothing else",
        first.rosa_vpc_id, first.rosa_region
    );
    let mut found = None;
    for (culprit, (check, bad)) in parts {
        checks.push(check);
        if let (None, Some(message)) = (&found, bad) {
            found = Some(blame(culprit, message, again.clone()));
        }
    }
    found
}

/// What is left where nothing that is known is missing.
fn rest(said: &Said, port: i32) -> Option<Blame> {
    Some(match said.what {
        What::Silence => blame(
            Culprit::Network,
            format!(
                "nothing comes back from port {port}, though peering, routes and rule are there"
            ),
            "see the network ACLs of the subnets on both sides, the NetworkPolicies and the egress firewall of the namespace, and whether the pod's node is in a subnet that `--rosa-subnets` left out",
        ),
        What::Refused => blame(
            Culprit::Network,
            format!("port {port} is refused"),
            "see whether the cluster serves on it (`stepwell aurora endpoint -o json`), and whether a network policy of the namespace refuses connections",
        ),
        What::Other => blame(Culprit::Unknown, said.text.clone(), "see what psql said"),
        _ => return None,
    })
}
