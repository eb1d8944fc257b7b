//! What OCM and `rosa` might answer: never the end of the program, and nothing
//! that was not said.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stepwell_engine::Fault;

use super::answer::{Answer, api_refusal, token_refusal};
use super::cluster::Cluster;
use super::said::Complaint;
use super::token;
use crate::secret::Secret;
use stepwell_testkit::fuzz;

/// A description with everything in it.
pub(super) fn description(hosted: bool) -> Value {
    let mut cluster = json!({
        "kind": "Cluster", "id": "2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7", "name": "rosa-1",
        "external_id": "6f1e2d3c-0000-4000-8000-0123456789ab", "infra_id": "rosa-1-x7k2p",
        "state": "ready", "multi_az": true, "region": { "id": "eu-west-1" },
        "hypershift": { "enabled": hosted },
        "network": { "machine_cidr": "10.0.0.0/16", "pod_cidr": "10.128.0.0/14" },
        "aws": { "subnet_ids": ["subnet-0aa", "subnet-0bb"], "sts": { "enabled": true } },
        "nodes": { "compute": 3, "availability_zones": ["eu-west-1a"] },
    });
    if hosted {
        cluster
            .as_object_mut()
            .expect("an object")
            .remove("infra_id");
    }
    cluster
}

/// What is done to an answer.
#[derive(Debug, Clone)]
enum Change {
    Value(Vec<Index>, Value),
    Gone(Vec<Index>),
    Twice(Index),
    Before(&'static str),
    After(&'static str),
    Byte(Index, u8),
    Cut(Index),
    Deep(usize),
    Large(usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let place = || prop::collection::vec(any::<Index>(), 1..4);
    let value = select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("*"),
        json!("a?b"),
        json!("x"),
        json!([]),
        json!({}),
        json!([null]),
        json!(["*"]),
        json!([1]),
        json!("0.0.0.0/0"),
        json!("10.0.0.0/99"),
        json!("10.0.0.7/16"),
        json!("::/0"),
        json!("eu-west-1.evil.example/#"),
        json!("../.."),
        json!("us-east-1"),
        json!("\u{0}\n"),
        json!("installing"),
        json!({ "id": { "id": "eu-west-1" } }),
        json!(u64::MAX),
    ]);
    prop_oneof![
        10 => (place(), value).prop_map(|(place, value)| Change::Value(place, value)),
        4 => place().prop_map(Change::Gone),
        1 => any::<Index>().prop_map(Change::Twice),
        2 => select(vec![
            "INFO: a newer version is there\n", "\u{1b}[0;33mW:\u{1b}[m so it is\n", "{\n", "\n\n",
            "WARN: {\"id\": \"other\"}\n", "\u{feff}", "null\n",
        ]).prop_map(Change::Before),
        1 => select(vec!["\n", "\n{}", "x", "\u{0}"]).prop_map(Change::After),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (0..5000_usize).prop_map(Change::Deep),
        1 => (0..100_000_usize).prop_map(Change::Large),
    ]
}

/// The value to which the path leads, or as far as it does.
fn find<'a>(document: &'a mut Value, path: &[Index]) -> &'a mut Value {
    let Some((first, rest)) = path.split_first() else {
        return document;
    };
    let place = match &*document {
        Value::Object(map) if !map.is_empty() => first.index(map.len()),
        Value::Array(list) if !list.is_empty() => first.index(list.len()),
        _ => return document,
    };
    let inner = match document {
        Value::Object(map) => map.values_mut().nth(place),
        Value::Array(list) => list.get_mut(place),
        _ => None,
    };
    find(inner.expect("it is there"), rest)
}

fn changed(mut document: Value, all: &[Change]) -> Vec<u8> {
    let (mut before, mut after) = (String::new(), String::new());
    for change in all {
        match change {
            Change::Value(path, value) => *find(&mut document, path) = value.clone(),
            Change::Gone(path) => {
                if let Value::Object(map) = find(&mut document, &path[..path.len() - 1])
                    && !map.is_empty()
                {
                    let key = map.keys().nth(path[0].index(map.len())).cloned();
                    map.remove(&key.expect("a key"));
                }
            }
            Change::Before(text) => before.push_str(text),
            Change::After(text) => after.push_str(text),
            _ => {}
        }
    }
    let mut bytes = format!("{before}{document}{after}").into_bytes();
    for change in all {
        match change {
            Change::Twice(at) => {
                let field = [&b"\"id\":\"other\","[..], b"\"aws\":{},", b"\"x\":1,"][at.index(3)];
                if let Some(brace) = bytes.iter().position(|byte| *byte == b'{') {
                    bytes.splice(brace + 1..brace + 1, field.iter().copied());
                }
            }
            Change::Deep(depth) | Change::Large(depth) => {
                let (open, close) = match change {
                    Change::Deep(_) => ("[".repeat(*depth), "]".repeat(*depth)),
                    _ => (format!("\"{}", "x".repeat(*depth)), "\"".to_owned()),
                };
                if let Some(brace) = bytes.iter().position(|byte| *byte == b'{') {
                    let field = format!("\"deep\":{open}{close},").into_bytes();
                    bytes.splice(brace + 1..brace + 1, field);
                }
            }
            Change::Byte(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            _ => {}
        }
    }
    bytes
}

/// The object in what was printed, read in another way: after the lines before
/// the first that begins with a brace.
fn object(text: &[u8]) -> Option<serde_json::Result<Value>> {
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii_start().starts_with(b"{") {
            return Some(serde_json::from_slice(&text[at..]));
        }
        at += line.len();
    }
    None
}

#[test]
fn a_description_says_what_it_says() {
    let strategy = (any::<bool>(), prop::collection::vec(changes(), 0..4));
    fuzz(
        "descriptions of clusters",
        4000,
        &["read", "refused"],
        strategy,
        |(hosted, all), tally| {
            let bytes = changed(description(hosted), &all);
            let Ok(cluster) = Cluster::read(&bytes) else {
                return tally.count("refused");
            };
            tally.count("read");
            let said = match object(&bytes).expect("it was read") {
                Ok(said) => said,
                Err(error) => {
                    // What nobody asks for is skipped at whatever depth, and
                    // whether or not it is text, or a number that can be held.
                    let deep = |change: &Change| matches!(change, Change::Deep(_));
                    let skipped = all.iter().any(deep)
                        || std::str::from_utf8(&bytes).is_err()
                        || error.to_string().starts_with("number out of range");
                    assert!(skipped, "{error}: {}", String::from_utf8_lossy(&bytes));
                    return;
                }
            };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let is = |found: Option<&str>, value: &Value| {
                let found = found.unwrap_or_default();
                assert!(
                    found.is_empty() || found == text(value),
                    "{found:?} of {value}"
                );
            };
            is(cluster.id(), &said["id"]);
            is(cluster.name(), &said["name"]);
            is(cluster.infra_id(), &said["infra_id"]);
            is(cluster.state(), &said["state"]);
            is(cluster.region(), &said["region"]["id"]);
            assert!(cluster.id().is_some() || cluster.name().is_some());
            // What goes into a filter of EC2 stands for itself alone.
            for word in [cluster.id(), cluster.name(), cluster.infra_id()]
                .into_iter()
                .flatten()
            {
                assert!(!word.contains(['*', '?', '\\']) && !word.contains(char::is_whitespace));
            }
            assert_eq!(cluster.hosted(), said["hypershift"]["enabled"] == true);
            let subnets: Vec<Value> = cluster
                .subnet_ids()
                .iter()
                .cloned()
                .map(Value::from)
                .collect();
            let listed = said["aws"]["subnet_ids"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            assert_eq!(subnets, listed);
            if let Some(block) = cluster.machine_cidr() {
                let said = text(&said["network"]["machine_cidr"]);
                let given: ipnet::Ipv4Net = said.parse().expect("a range");
                assert_eq!(block, given.trunc());
            }
            for name in [cluster.name(), cluster.id()].into_iter().flatten() {
                assert!(cluster.goes_by(name));
            }
            assert!(!cluster.goes_by("somebody-else"));
        },
    );
}

#[test]
fn bytes_are_no_description() {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[\\[\\]{}\":,a-z0-9.eE+\\n -]{0,200}".prop_map(String::into_bytes),
    ];
    fuzz(
        "bytes read as a description",
        4000,
        &["refused"],
        bytes,
        |bytes, tally| match Cluster::read(&bytes) {
            Ok(cluster) => {
                let said = object(&bytes).expect("it was read").expect("as an object");
                assert!(said["id"].is_string() || said["name"].is_string());
                drop(cluster);
                tally.count("read");
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                tally.count("refused");
            }
        },
    );
}

/// A fault is of one legible line, whatever caused it.
#[track_caller]
fn legible(fault: &Fault) {
    let text = fault.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() < 1000, "{text}");
}

#[test]
fn refusals_are_told_in_a_line() {
    let field = || {
        prop_oneof![
            2 => any::<String>().prop_map(Value::from),
            1 => (any::<char>(), 0..5000_usize).prop_map(|(c, n)| c.to_string().repeat(n).into()),
            1 => select(vec![json!(null), json!(1), json!({}), json!("invalid_grant")]),
        ]
    };
    let body = prop_oneof![
        6 => (field(), field(), field()).prop_map(|(code, reason, id)| json!({
            "code": code, "reason": reason, "operation_id": id, "error": code,
            "error_description": reason, "access_token": id,
        }).to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => Just(b"<html>".to_vec()),
    ];
    let status = select(vec![
        200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503,
    ]);
    fuzz(
        "answers of OCM and of its token service",
        3000,
        &["answered", "refused"],
        (status, body),
        |(status, body), tally| {
            #[derive(Deserialize)]
            struct Tokens {
                access_token: String,
            }
            let status = StatusCode::from_u16(status).expect("a status");
            let answer = Answer::of(status, body);
            let of_tokens = |status, body: &[u8]| token_refusal(status, body, "a hint");
            for read in [
                answer.read::<Tokens>("OCM", api_refusal),
                answer.read("OCM", of_tokens),
            ] {
                match read {
                    Ok(tokens) => {
                        assert!(status.is_success());
                        drop(tokens.access_token);
                        tally.count("answered");
                    }
                    Err(fault) => {
                        legible(&fault);
                        tally.count("refused");
                    }
                }
            }
        },
    );
    let stderr = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "(ERR|E:|WARN:|\\{\"error\":\"[a-z \\\\]*\"\\}|\u{1b}\\[[0-9;]{0,5}m|[a-z ]{0,9}|\n){0,40}"
            .prop_map(String::into_bytes),
    ];
    fuzz(
        "complaints of rosa",
        3000,
        &["told"],
        stderr,
        |stderr, tally| {
            let said = Complaint::of(&stderr).shown();
            assert!(!said.is_empty() && said.chars().count() <= 500, "{said}");
            assert!(!said.contains(char::is_control), "{said:?}");
            tally.count("told");
        },
    );
}

#[test]
fn tokens_are_never_repeated() {
    let claims = select(vec![
        r#"{"typ":"Bearer"}"#,
        r#"{"typ":"Offline"}"#,
        r#"{"typ":7}"#,
        r#"{"typ":"ID"}"#,
        "{}",
        "[",
    ]);
    let made = (claims, "[A-Za-z0-9_-]{0,30}").prop_map(|(claims, signed)| {
        let payload = aws_smithy_types::base64::encode(claims).replace('=', "");
        format!("e30.{payload}.{signed}")
    });
    let texts = prop_oneof![
        3 => made,
        1 => "[A-Za-z0-9_=.-]{8,60}",
        1 => "[!-~]{8,20}(\\.[!-~]{0,20}){0,5}",
        1 => "\\PC{8,40}",
    ];
    fuzz(
        "tokens",
        3000,
        &["taken", "refused"],
        texts,
        |text, tally| match token::read(&Secret::new(text.clone())) {
            Ok(_) => tally.count("taken"),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(&text), "{shown}");
                tally.count("refused");
            }
        },
    );
}
