//! What is at fault, by what psql says and what AWS has.

use stepwell_engine::Fault;

use super::verdict::{CheckStatus, Culprit, Verdict, judge};
use crate::kubernetes::said::{Said, Told};
use crate::kubernetes::{Server, User};
use crate::peering::list::{ListedRoute, PeeringSummary};

const SILENCE: &str =
    "psql: error: connection to server at \"h\" (192.168.7.12), port 5433 failed: timeout expired";

fn whole() -> PeeringSummary {
    PeeringSummary {
        id: "pcx-1".to_owned(),
        cluster: "keycloak".to_owned(),
        region: "eu-west-1".to_owned(),
        vpc_id: "vpc-a".to_owned(),
        state: Some("active".to_owned()),
        rosa_region: "us-east-1".to_owned(),
        rosa_vpc_id: "vpc-r".to_owned(),
        rosa_account: "1".to_owned(),
        rosa_state: Some("active".to_owned()),
        requested_by: "rosa",
        missing_routes: Vec::new(),
        stale_routes: Vec::new(),
        port: 5433,
        ingress_open: Some(true),
        unreachable: None,
    }
}

fn route() -> ListedRoute {
    ListedRoute {
        side: "rosa",
        table: "rtb-1".to_owned(),
        destination: "192.168.7.0/24".to_owned().try_into().expect("a range"),
    }
}

fn verdict(line: &str, peerings: Option<Result<Vec<PeeringSummary>, Fault>>) -> Verdict {
    let said = Said::of(&Told {
        code: if line == "1" { 0 } else { 2 },
        lines: vec![line.to_owned()],
    });
    let server = Server {
        host: "h".to_owned(),
        port: 5433,
        database: "keycloak".to_owned(),
        user: User::Name("keycloak".to_owned()),
        secret: "keycloak-db-secret".to_owned(),
    };
    judge(&said, &server, peerings.as_ref())
}

#[test]
fn the_nearest_missing_part_is_at_fault() {
    let changed = |change: fn(&mut PeeringSummary)| {
        let mut one = whole();
        change(&mut one);
        Some(Ok(vec![one]))
    };
    for (peerings, culprit, part) in [
        (Some(Ok(Vec::new())), Culprit::Peering, "not peered"),
        (
            changed(|one| {
                one.state = Some("pending-acceptance".to_owned());
                one.ingress_open = None;
            }),
            Culprit::Peering,
            "pcx-1 is pending-acceptance",
        ),
        (
            changed(|one| {
                one.missing_routes.push(route());
                one.ingress_open = Some(false);
            }),
            Culprit::Route,
            "rtb-1",
        ),
        (
            changed(|one| one.stale_routes.push(route())),
            Culprit::Route,
            "stale",
        ),
        (
            changed(|one| one.ingress_open = Some(false)),
            Culprit::Rule,
            "port 5433",
        ),
        (changed(|_| {}), Culprit::Network, "nothing comes back"),
        (
            Some(Err(Fault::permanent("no"))),
            Culprit::Network,
            "nothing comes back",
        ),
    ] {
        let verdict = verdict(SILENCE, peerings);
        assert_eq!(verdict.culprit, Some(culprit), "{verdict:?}");
        assert!(verdict.message.contains(part), "{verdict:?}");
        assert!(!verdict.hint.is_empty());
        assert_eq!(verdict.checks[1].status, CheckStatus::Fail);
    }
}

#[test]
fn what_psql_tells_needs_no_look() {
    let reached = verdict("1", None);
    assert_eq!(reached.culprit, None);
    assert!(
        reached
            .checks
            .iter()
            .all(|check| check.status == CheckStatus::Ok)
    );
    let failed = "failed: FATAL:  password authentication failed for user \"k\"";
    let verdict_of = |line: &str| verdict(line, None).culprit;
    assert_eq!(verdict_of(failed), Some(Culprit::Password));
    assert_eq!(
        verdict_of("could not translate host name \"h\""),
        Some(Culprit::Dns)
    );
    assert_eq!(
        verdict_of("FATAL:  database \"x\" does not exist"),
        Some(Culprit::Database)
    );
    // The name led into the open.
    let open = SILENCE.replace("192.168.7.12", "52.1.2.3");
    assert_eq!(
        verdict(&open, Some(Ok(vec![whole()]))).culprit,
        Some(Culprit::Dns)
    );
}
