//! Requests that no client of AWS makes.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use proptest::prelude::*;
use proptest::sample::select;

use super::answers::{self, Answer};
use super::calls::absurd;
use super::{Still, account, ask};
use crate::operations::operations;
use stepwell_testkit::fuzz;

#[derive(Clone, Debug)]
struct Raw {
    target: String,
    authorization: Option<Vec<u8>>,
    host: Option<String>,
    amz_target: Option<String>,
    body: Vec<u8>,
}

fn action() -> impl Strategy<Value = String> {
    let known = select(operations().iter().map(|one| one.name).collect::<Vec<_>>());
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => absurd()]
}

/// A form, with what is broken in it.
fn form() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        3 => select(vec![
            "VpcId", "CidrBlock", "Filter.1.Name", "Filter.1.Value.1", "Filter.0.Name",
            "TagSpecification.1.Tag.4294967295.Key", "Tag.-1.Key", "Tag.1..Key", "Tag.", "Version",
            "MaxResults", "DBClusterIdentifier", "X-Amz-Credential", "Duration", "Engine",
        ]).prop_map(str::to_owned),
        1 => absurd(),
    ];
    let pair = (name, absurd(), select(vec!["=", "", "==", "%3D"]));
    let pairs = prop::collection::vec(pair, 0..8);
    (action(), pairs, select(vec!["&", "&&", ";", "\n"])).prop_map(|(action, pairs, between)| {
        let mut form = format!("Action={action}&Version=2014-10-31");
        for (name, value, equals) in pairs {
            form.push_str(&format!("{between}{name}{equals}{value}"));
        }
        form.into_bytes()
    })
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    let value = select(vec![
        "\"x\"",
        "null",
        "1e999",
        "-0",
        "[[[[[[",
        "{\"a\":{}}",
        "\"\\ud800\"",
        "18446744073709551616",
        "",
    ]);
    let deep = (0..3000_usize).prop_map(|depth| "[".repeat(depth).into_bytes());
    prop_oneof![
        5 => value.prop_map(|value| format!("{{\"SecretId\":{value}}}").into_bytes()),
        1 => deep,
        1 => prop::collection::vec(any::<u8>(), 0..100),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let broken =
        (form(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut form, at, byte)| {
            let at = at.index(form.len());
            form[at] = byte;
            form
        });
    let large = (form(), 0..200_000_usize).prop_map(|(mut form, more)| {
        form.extend(std::iter::repeat_n(b"&a.1=%", more / 6).flatten());
        form
    });
    prop_oneof![
        10 => form(),
        3 => broken,
        3 => json(),
        2 => prop::collection::vec(any::<u8>(), 0..200),
        1 => large,
    ]
}

fn authorization() -> impl Strategy<Value = Option<Vec<u8>>> {
    let part = select(vec!["ec2", "rds", "sts", "secretsmanager", "s3", "", "é"]);
    let region = select(vec!["eu-west-1", "af-south-1", "mars-1", ""]);
    let signed = (part, region, select(vec!["aws4_request", "", "/////"])).prop_map(
        |(service, region, end)| {
            format!("AWS4-HMAC-SHA256 Credential=x/1/{region}/{service}/{end}, x").into_bytes()
        },
    );
    let visible = prop::collection::vec(0x20..0x7f_u8, 0..60);
    prop_oneof![
        8 => signed.prop_map(Some),
        1 => Just(None),
        1 => visible.prop_map(Some),
        1 => Just(Some(b"Credential=\xff\xfe/1/2/3/4".to_vec())),
    ]
}

fn raw() -> impl Strategy<Value = Raw> {
    let query = prop_oneof![
        4 => Just(String::new()),
        1 => "\\?[a-zA-Z0-9.=&%+-]{0,60}",
        1 => Just("?X-Amz-Credential=a/b/eu-west-1/rds/d&Action=DescribeDBClusters".to_owned()),
    ];
    let host = select(vec![
        None,
        Some("ec2.eu-west-1.amazonaws.com"),
        Some("rds.amazonaws.com"),
        Some(".amazonaws.com"),
        Some("localhost:1"),
        Some("..amazonaws.com:"),
        Some("é"),
    ]);
    let target = select(vec![
        "secretsmanager.GetSecretValue",
        "GetSecretValue",
        "",
        ".",
        "x.y.DescribeSecret",
        "é",
    ]);
    (
        query,
        authorization(),
        host,
        prop::option::weighted(0.2, target),
        body(),
    )
        .prop_map(|(query, authorization, host, target, body)| Raw {
            target: format!("/{query}"),
            authorization,
            host: host.map(str::to_owned),
            amz_target: target.map(str::to_owned),
            body,
        })
}

#[test]
fn whatever_is_sent_is_answered() {
    let time = Still::new();
    let account = account(&time, Duration::ZERO);
    fuzz(
        "requests to the sandbox",
        3000,
        &["answered", "refused"],
        raw(),
        |raw, tally| {
            let mut request = Request::post(raw.target);
            if let Some(value) = raw.authorization {
                request = request.header("authorization", value);
            }
            if let Some(value) = raw.host {
                request = request.header("host", value);
            }
            if let Some(value) = raw.amz_target {
                request = request.header("x-amz-target", value);
            }
            let request = request.body(Bytes::from(raw.body)).expect("a request");
            tally.count(match answers::read(ask(&account, request)) {
                Answer::Done => "answered",
                Answer::Refused(_) => "refused",
            });
        },
    );
}
