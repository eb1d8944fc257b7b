//! Unfinished runs on peerings of which nothing is left.

use serde_json::Value;

use super::ground::{Network, THERE, ground, lay_out, peering};
use crate::command::harness::{Home, KEYCLOAK};

/// A peering whose run stopped before it asked for anything.
#[track_caller]
fn stopped(home: &Home, network: &Network) {
    home.fault(&[
        "--operation",
        "CreateVpcPeeringConnection",
        "--error",
        "ExpiredToken",
        "--times",
        "1",
    ]);
    peering(home, 3, "create", network, &[]);
    assert_eq!(home.count("vpc-peering-connection"), 0);
}

/// How the newest run on a network's peering stands.
#[track_caller]
fn status(home: &Home, network: &Network) -> Value {
    let target = format!("peering/eu-west-1/keycloak/{}", network.vpc);
    let runs = home.runs();
    let run = runs.iter().find(|run| run["target"] == *target);
    run.unwrap_or_else(|| panic!("no {target}: {runs:#?}"))["status"].clone()
}

#[test]
fn the_deletion_of_all_peerings_ends_them() {
    let (home, network) = ground();
    let second = lay_out(&home, THERE, "10.4.0.0/16");
    let delete = [&["peering", "delete", "--yes"], &KEYCLOAK[..]].concat();
    let of_rosa = [
        &["peering", "delete", "--yes", "--all"],
        &network.flags()[..],
    ]
    .concat();
    let forms = [
        // The only one that is left, whichever.
        delete.clone(),
        [&delete[..], &["--all"]].concat(),
        of_rosa,
    ];
    for words in forms {
        stopped(&home, &network);
        // Another one's deletion leaves it alone.
        peering(&home, 0, "delete", &second, &["--yes"]);
        assert_eq!(status(&home, &network), "suspended", "{words:?}");
        home.max(0, &words).says("is given up");
        assert_eq!(status(&home, &network), "abandoned", "{words:?}");
    }
}

#[test]
fn the_deletion_of_the_cluster_with_its_peerings_ends_them() {
    let (home, network) = ground();
    stopped(&home, &network);
    home.delete(0, &["--with-peerings"]).says("is given up");
    assert_eq!(status(&home, &network), "abandoned");
}

#[test]
fn the_deletion_of_the_cluster_alone_leaves_them() {
    let (home, network) = ground();
    stopped(&home, &network);
    home.delete(0, &[]);
    // Without a look at ROSA's side nobody knows what is there.
    assert_eq!(status(&home, &network), "suspended");
    peering(&home, 0, "delete", &network, &["--yes"]).says("is given up");
    assert_eq!(status(&home, &network), "abandoned");
}
