//! Random answers: whatever `rosa` prints, what is found is the network that
//! the description leads to, or none.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use stepwell_workflows::SurveyError;

use super::{Layout, classic, find, options};
use crate::standin::Rosa;
use crate::support::{REGION, World};
use stepwell_testkit::cases;

/// What becomes of the description: which field, and which value.
fn changes() -> impl Strategy<Value = Vec<(&'static str, Option<Value>)>> {
    let field = select(vec![
        "/id",
        "/name",
        "/infra_id",
        "/state",
        "/region",
        "/region/id",
        "/network",
        "/network/machine_cidr",
        "/aws",
        "/aws/subnet_ids",
        "/hypershift",
    ]);
    let value = select(vec![
        json!(null),
        json!(""),
        json!("*"),
        json!("rosa-?"),
        json!("rosa-2"),
        json!(7),
        json!([]),
        json!({}),
        json!({ "id": "us-east-1" }),
        json!("us-east-1"),
        json!("x.example/#"),
        json!("0.0.0.0/0"),
        json!("10.0.0.0/7"),
        json!("10.0.0.0/8"),
        json!("10.0.0.0/20"),
        json!("10.9.0.0/16"),
        json!("subnet-0123456789abcdef0"),
        json!(["subnet-*"]),
        json!(["subnet-0123456789abcdef0"]),
        json!("uninstalling"),
        json!("hibernating"),
        json!({ "enabled": true }),
    ]);
    prop::collection::vec((field, prop::option::weighted(0.8, value)), 0..4)
}

fn change(cluster: &mut Value, field: &str, value: Option<&Value>) {
    let (parent, key) = field.rsplit_once('/').expect("a slash");
    if let Some(Value::Object(map)) = cluster.pointer_mut(parent) {
        match value {
            Some(value) => drop(map.insert(key.to_owned(), value.clone())),
            None => drop(map.remove(key)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_answered_no_other_network_is_found() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let mut whole = classic();
    let id = whole["id"].as_str().expect("an id").to_owned();
    let installed = ("kubernetes.io/cluster/rosa-1-x7k2p", "owned");
    let vpc = layout
        .vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc"), installed])
        .await;
    let subnet = layout.subnet(&vpc, "10.0.0.0/24", &[installed]).await;
    layout
        .instance(&subnet, &[("api.openshift.com/id", &id)])
        .await;
    whole["aws"]["subnet_ids"] = json!([&subnet]);
    // To others lead other names, which nobody says.
    let other = layout.vpc("172.16.0.0/16", &[("Name", "other-vpc")]).await;
    layout.subnet(&other, "172.16.0.0/24", &[]).await;

    let rosa = Rosa::describing("");
    let notes = select(vec!["", "INFO: newer\n", "W: {\n", "\u{feff}"]);
    let strategy = (
        changes(),
        notes,
        prop::option::weighted(0.1, any::<Index>()),
    );
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (mut found, mut refused) = (0, 0);
    let tried = cases(200);
    for _ in 0..tried {
        let (changes, notes, cut) = strategy.new_tree(&mut runner).expect("a case").current();
        let mut cluster = whole.clone();
        for (field, value) in &changes {
            change(&mut cluster, field, value.as_ref());
        }
        let mut text = format!("{notes}{cluster}");
        if let Some(cut) = cut {
            let at = cut.index(text.len());
            text = String::from_utf8_lossy(&text.as_bytes()[..at]).into_owned();
        }
        std::fs::write(rosa.path("cluster"), &text).expect("a description");
        match find(&world, &rosa.source(), options()).await {
            Ok(network) => {
                assert_eq!(network.vpc_id, vpc, "{text}");
                assert_eq!(network.region, REGION, "{text}");
                assert_eq!(network.subnets, [subnet.as_str()], "{text}");
                let said = &cluster["network"]["machine_cidr"];
                let machines = network.machine_cidr;
                assert!(machines.prefix_len() >= 8, "{machines}: {text}");
                let meets =
                    |range: &ipnet::Ipv4Net| range.contains(&machines) || machines.contains(range);
                assert!(network.vpc_cidrs.iter().any(meets), "{machines}: {text}");
                let known = said
                    .as_str()
                    .is_some_and(|said| said.parse().ok() == Some(machines));
                assert!(
                    known || [machines] == network.vpc_cidrs[..],
                    "{machines}: {text}"
                );
                let named = [&cluster["name"], &cluster["id"]].map(|value| value == "rosa-1");
                assert!(named.contains(&true), "{text}");
                found += 1;
            }
            Err(SurveyError::Alive { .. } | SurveyError::Exists { .. }) => panic!("{text}"),
            Err(error) => {
                assert!(!error.to_string().contains(char::is_control), "{error}");
                refused += 1;
            }
        }
    }
    println!("networks by random answers: {tried} random cases: {found} found, {refused} refused");
    assert!(found >= tried / 20 && refused >= tried / 20);
}
