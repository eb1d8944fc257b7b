//! State files that something else wrote to: refused with their name, or of use.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::answers;
use super::sequences::ground;
use super::{Still, account, ask};
use crate::account::store::{OpenError, SavedClock, StateError, StateFile};
use crate::operations::operations;
use crate::wire::service::Service;
use crate::world::{Region, World};
use crate::{Account, Options, Reply};
use stepwell_testkit::fuzz;

/// What is done to a file.
#[derive(Clone, Debug)]
enum Damage {
    /// A value, found by going into what is there, becomes another.
    Value(Vec<Index>, Value),
    /// It becomes another of its type.
    Alike(Vec<Index>, Index),
    /// It is taken out.
    Gone(Vec<Index>),
    /// It stands in another place too.
    Copied(Vec<Index>, Vec<Index>),
    Byte(Index, u8),
    Cut(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || prop::collection::vec(any::<Index>(), 1..9);
    let value = select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("10.0.0.0/31"),
        json!("0.0.0.0/0"),
        json!([]),
        json!({}),
        json!([[]]),
        json!("deleting"),
        json!("available"),
        json!("stopped"),
        json!("active"),
        json!({ "peering": "pcx-1" }),
        json!({ "group": "sg-1" }),
    ]);
    prop_oneof![
        2 => (place(), value).prop_map(|(place, value)| Damage::Value(place, value)),
        12 => (place(), any::<Index>()).prop_map(|(place, which)| Damage::Alike(place, which)),
        6 => prop::collection::vec(any::<Index>(), 4..6).prop_map(Damage::Gone),
        3 => (place(), place()).prop_map(|(from, to)| Damage::Copied(from, to)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => any::<Index>().prop_map(Damage::Cut),
    ]
}

/// Goes into a document as far as the path leads, and gives the last but one
/// with what is to be changed in it.
fn at<'a>(document: &'a mut Value, path: &[Index]) -> Option<(&'a mut Value, String)> {
    let (first, rest) = path.split_first()?;
    let key = match &*document {
        Value::Object(map) if !map.is_empty() => {
            let keys: Vec<&String> = map.keys().collect();
            (*first.get(&keys)).clone()
        }
        Value::Array(list) if !list.is_empty() => first.index(list.len()).to_string(),
        _ => return None,
    };
    let deeper = !rest.is_empty()
        && matches!(
            part(document, &key),
            Some(Value::Object(_) | Value::Array(_))
        );
    if deeper {
        // A list without elements ends the path.
        let empty = match part(document, &key) {
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            _ => true,
        };
        if !empty {
            return at(part(document, &key)?, rest);
        }
    }
    Some((document, key))
}

fn part<'a>(document: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match document {
        Value::Object(map) => map.get_mut(key),
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Another value of the same type, for a text one that stands elsewhere.
fn alike(value: &Value, texts: &[String], which: Index) -> Value {
    let numbers = [
        0,
        1,
        2,
        5432,
        1_800_000_000_000,
        253_402_300_799_999,
        1 << 53,
        u64::MAX,
    ];
    match value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(_) => json!(which.get(&numbers)),
        Value::String(_) => json!(which.get(texts)),
        other => other.clone(),
    }
}

fn texts(document: &Value, found: &mut Vec<String>) {
    match document {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => {
            found.extend(map.keys().cloned());
            map.values().for_each(|one| texts(one, found));
        }
        _ => {}
    }
}

fn apply(damage: &Damage, mut document: Value) -> Vec<u8> {
    match damage {
        Damage::Alike(path, which) => {
            let mut known = Vec::new();
            texts(&document, &mut known);
            if let Some((parent, key)) = at(&mut document, path)
                && let Some(held) = part(parent, &key)
            {
                *held = alike(held, &known, *which);
            }
        }
        Damage::Value(path, value) => {
            if let Some((parent, key)) = at(&mut document, path)
                && let Some(held) = part(parent, &key)
            {
                *held = value.clone();
            }
        }
        Damage::Gone(path) => match at(&mut document, path) {
            Some((Value::Object(map), key)) => drop(map.remove(&key)),
            Some((Value::Array(list), key)) => drop(list.remove(key.parse().unwrap())),
            _ => {}
        },
        Damage::Copied(from, to) => {
            let copied = at(&mut document, from)
                .and_then(|(parent, key)| part(parent, &key).map(|value| value.clone()));
            if let Some(value) = copied
                && let Some((parent, key)) = at(&mut document, to)
                && let Some(held) = part(parent, &key)
            {
                *held = value;
            }
        }
        Damage::Byte(..) | Damage::Cut(_) => {}
    }
    let mut bytes = serde_json::to_vec(&document).unwrap();
    match damage {
        Damage::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        _ => {}
    }
    bytes
}

/// A furnished account as its file has it.
fn document(path: &std::path::Path) -> Value {
    let time = Still::new();
    let account = account(&time, Duration::ZERO);
    ground(&account, &time);
    let clock = SavedClock {
        simulated: u64::try_from(account.now().as_millis()).unwrap(),
        wall: 1_800_000_000_000,
    };
    let world: World = account.look(Clone::clone);
    StateFile::new(path).save(clock, &world, false).unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Every id and name of a region.
fn names(region: &Region) -> Vec<String> {
    let all = (region.vpcs.keys())
        .chain(region.subnets.keys())
        .chain(region.route_tables.keys());
    let all = all
        .chain(region.groups.keys())
        .chain(region.interfaces.keys());
    let all = all
        .chain(region.subnet_groups.keys())
        .chain(region.clusters.keys());
    let all = all.chain(region.edges.keys()).chain(region.acls.keys());
    all.chain(region.prefix_lists.keys())
        .chain(region.db_instances.keys())
        .chain(region.secrets.keys())
        .cloned()
        .collect()
}

#[test]
fn a_damaged_file_is_refused_or_of_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let document = document(&path);
    let strategy = (prop::collection::vec(damage(), 1..3), any::<Index>());
    fuzz(
        "state files of the sandbox",
        300,
        &["of use", "refused"],
        strategy,
        |(all, which), tally| {
            let mut bytes = serde_json::to_vec(&document).unwrap();
            for damage in &all {
                // What is no JSON any more takes no further damage.
                if let Ok(document) = serde_json::from_slice(&bytes) {
                    bytes = apply(damage, document);
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            let time = Still::new();
            let account = match Account::open(&path, Options::new(time.clone())) {
                Ok(account) => account,
                Err(OpenError::State(error)) => {
                    let known = matches!(
                        error,
                        StateError::Corrupt { .. } | StateError::Version { .. }
                    );
                    assert!(known, "{error}");
                    let text = error.to_string();
                    assert!(
                        text.contains("account.json") && text.contains("sandbox reset"),
                        "{text}"
                    );
                    return tally.count("refused");
                }
                Err(OpenError::Options(why)) => panic!("{why}"),
            };
            tally.count("of use");
            account.status().unwrap();
            account.inventory().unwrap();
            let all =
                account.look(|world| world.regions.values().flat_map(names).collect::<Vec<_>>());
            // Later, everything is asked for something that is there.
            for pause in [0, 100, 3_000_000] {
                time.advance(Duration::from_secs(pause));
                for operation in operations() {
                    let some = || {
                        if all.is_empty() {
                            "none"
                        } else {
                            which.get(&all).as_str()
                        }
                    };
                    let form = format!(
                        "Action={}&VpcId={some}&VpcId.1={some}&SubnetId={some}&GroupId={some}\
                     &DBClusterIdentifier={some}&DBInstanceIdentifier={some}&CidrBlock=10.0.0.0/16\
                     &NatGatewayId={some}&VpcEndpointId.1={some}&VpnGatewayId={some}\
                     &NetworkAclId={some}&NetworkInterfaceId={some}&CarrierGatewayId={some}\
                     &TransitGatewayAttachmentId={some}&TransitGatewayId={some}&RouteTableId={some}\
                     &DBSubnetGroupName={some}&SkipFinalSnapshot=true&Engine=aurora-postgresql",
                        operation.name,
                        some = some()
                    );
                    if operation.service == Service::SecretsManager || form.contains("=&") {
                        continue;
                    }
                    let credential = format!(
                        "Credential=x/1/eu-west-1/{}/x",
                        operation.service.signing_name()
                    );
                    let request = Request::post("/").header("authorization", credential);
                    let reply = ask(&account, request.body(Bytes::from(form)).unwrap());
                    // A planted fault loses answers.
                    if !matches!(reply, Reply::Lost | Reply::Truncated(_)) {
                        answers::read(reply);
                    }
                }
            }
            account.status().unwrap();
        },
    );
}
