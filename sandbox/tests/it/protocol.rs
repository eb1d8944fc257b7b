//! Envelopes, credentials, pages, filters, the server and the SDK's interface.

use crate::support::{Aurora, Aws, ManualTime, answer, authorization, now, roomy};
use bytes::Bytes;
use std::time::Duration;
use stepwell_sandbox::{Account, FaultEffect, FaultRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn raw(aws: &Aws, request: http::request::Builder, body: &'static str) -> crate::support::Answer {
    let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
    answer(now(aws.account.handle(request)).unwrap()).unwrap()
}

#[test]
fn envelopes_are_those_of_each_service() {
    let aws = Aws::new();
    let ec2 = aws.ec2("DescribeVpcs", &[]).unwrap().0;
    assert!(ec2.contains(
        "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>"
    ));
    let rds = aws.rds("DescribeDBClusters", &[]).unwrap().0;
    assert!(rds.contains("<DescribeDBClustersResult><DBClusters></DBClusters>"));
    assert!(rds.contains("<ResponseMetadata><RequestId>"));
    let who = aws
        .try_send("sts", "2011-06-15", "GetCallerIdentity", &[])
        .unwrap()
        .unwrap();
    assert_eq!(who.one("Account"), aws.account.account_id());
    assert_eq!(aws.account.account_id().len(), 12);
    let first = aws.ec2("DescribeVpcs", &[]).unwrap().one("requestId");
    assert_ne!(
        first,
        aws.ec2("DescribeVpcs", &[]).unwrap().one("requestId")
    );
}

#[test]
fn credentials_and_actions_are_needed() {
    let aws = Aws::new();
    let post = || http::Request::post("https://ec2.eu-west-1.amazonaws.com/");
    let refused = raw(&aws, post(), "Action=DescribeVpcs&Version=2016-11-15").unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("MissingAuthenticationToken", 403)
    );
    let signed = || post().header("authorization", authorization("ec2", "eu-west-1"));
    assert_eq!(
        raw(&aws, signed(), "Version=1").unwrap_err().code,
        "MissingAction"
    );
    let refused = raw(&aws, signed(), "Action=CreateVpcs").unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("InvalidAction", 400)
    );
    assert!(refused.message.contains("CreateVpc"));
    let other = post().header("authorization", authorization("s3", "eu-west-1"));
    assert_eq!(
        raw(&aws, other, "Action=ListBuckets").unwrap_err().code,
        "InvalidAction"
    );
    // An odd scheme of signing leaves the host to say where to.
    let odd = post().header("authorization", "Bearer x");
    raw(&aws, odd, "Action=DescribeVpcs").unwrap();
    let get = http::Request::get("https://localhost/?Action=DescribeVpcs&Version=2016-11-15")
        .header("authorization", authorization("ec2", "eu-west-1"));
    raw(&aws, get, "").unwrap();
    assert_eq!(
        aws.ec2_code("CreateVpc", &[("DryRun", "true")]),
        "DryRunOperation"
    );
}

#[test]
fn ec2_pages_and_refuses_unknown_filters() {
    let time = ManualTime::new();
    let aws = Aws::of(Account::in_memory(roomy(&time)), time);
    let mut made: Vec<String> = (0..12)
        .map(|n| aws.vpc(&format!("10.{n}.0.0/16")))
        .collect();
    made.sort();
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut params = vec![("MaxResults", "5")];
        if let Some(token) = &token {
            params.push(("NextToken", token));
        }
        let page = aws.ec2("DescribeVpcs", &params).unwrap();
        seen.extend(page.all("vpcId"));
        token = page.all("nextToken").first().cloned();
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
    for (params, code) in [
        (vec![("MaxResults", "4")], "InvalidParameterValue"),
        (
            vec![("MaxResults", "5"), ("NextToken", "zz")],
            "InvalidNextToken",
        ),
        (
            vec![("MaxResults", "5"), ("VpcId.1", made[0].as_str())],
            "InvalidParameterCombination",
        ),
        (
            vec![("Filter.1.Name", "colour"), ("Filter.1.Value.1", "x")],
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(aws.ec2_code("DescribeVpcs", &params), code, "{params:?}");
    }
    let wild = [("Filter.1.Name", "cidr"), ("Filter.1.Value.1", "10.1*")];
    assert_eq!(
        aws.ec2("DescribeVpcs", &wild).unwrap().all("vpcId").len(),
        3
    );
}

#[test]
fn rds_pages_by_marker() {
    let all = Aurora::network();
    for n in 0..25 {
        all.create(&format!("db{n}"), &[]).unwrap();
    }
    let first = all
        .aws
        .rds("DescribeDBClusters", &[("MaxRecords", "20")])
        .unwrap();
    let marker = first.one("Marker");
    let params = [("MaxRecords", "20"), ("Marker", marker.as_str())];
    let second = all.aws.rds("DescribeDBClusters", &params).unwrap();
    let count = |body: &crate::support::Body| body.all("DBCluster").len();
    assert_eq!((count(&first), count(&second)), (20, 5));
    assert!(second.all("Marker").is_empty());
    assert_eq!(
        all.aws
            .rds_code("DescribeDBClusters", &[("MaxRecords", "5")]),
        "InvalidParameterValue"
    );
}

#[tokio::test]
async fn serves_on_loopback_and_closes_on_a_lost_answer() {
    let aws = Aws::new();
    let public = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = aws
        .account
        .serve(public, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let account = aws.account.clone();
    let server =
        tokio::spawn(async move { account.serve(listener, async { drop(stopped.await) }).await });
    let send = async |body: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: {}\r\ncontent-length: {}\r\n\r\n{body}",
            authorization("ec2", "eu-west-1"),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        // A reset connection is as good as a closed one.
        let _ = stream.read_to_string(&mut text).await;
        text
    };
    let answered = send("Action=CreateVpc&CidrBlock=10.0.0.0/16").await;
    assert!(answered.starts_with("HTTP/1.1 200 OK") && answered.contains("<vpcId>"));
    let lose = FaultRule {
        operation: "CreateVpc".into(),
        matches: Vec::new(),
        times: None,
        effect: FaultEffect::LoseResponse,
    };
    aws.account.add_fault(lose).unwrap();
    assert_eq!(send("Action=CreateVpc&CidrBlock=10.1.0.0/16").await, "");
    assert!(send("Action=DescribeVpcs").await.contains("10.1.0.0/16"));
    let truncate = FaultRule {
        operation: "DescribeVpcs".into(),
        matches: Vec::new(),
        times: Some(1),
        effect: FaultEffect::TruncateResponse,
    };
    aws.account.add_fault(truncate).unwrap();
    let part = send("Action=DescribeVpcs").await;
    assert!(part.starts_with("HTTP/1.1 200 OK") && !part.contains("</DescribeVpcsResponse>"));
    let whole = send("Action=DescribeVpcs").await;
    assert!(whole.ends_with("</DescribeVpcsResponse>") && whole.len() > part.len());
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_sdk_client_gets_answers_and_resets() {
    use aws_smithy_runtime_api::client::http::HttpConnector;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    let aws = Aws::new();
    let client = aws.account.http_client();
    let request = || {
        let body = SdkBody::from("Action=CreateVpc&CidrBlock=10.0.0.0/16");
        let mut request = HttpRequest::new(body);
        request.set_method("POST").unwrap();
        request
            .set_uri("https://ec2.eu-west-1.amazonaws.com/")
            .unwrap();
        request
            .headers_mut()
            .insert("authorization", authorization("ec2", "eu-west-1"));
        request
    };
    let answered = client.call(request()).await.unwrap();
    assert_eq!(answered.status().as_u16(), 200);
    let lose = FaultRule {
        operation: "CreateVpc".into(),
        matches: Vec::new(),
        times: None,
        effect: FaultEffect::LoseResponse,
    };
    aws.account.add_fault(lose).unwrap();
    assert!(client.call(request()).await.unwrap_err().is_io());
    aws.account.clear_faults().unwrap();
    let truncate = FaultRule {
        operation: "CreateVpc".into(),
        matches: Vec::new(),
        times: Some(1),
        effect: FaultEffect::TruncateResponse,
    };
    aws.account.add_fault(truncate).unwrap();
    let mut truncated = client.call(request()).await.unwrap();
    assert_eq!(truncated.status().as_u16(), 200);
    let body = http_body_util::BodyExt::collect(truncated.take_body()).await;
    body.expect_err("half a body");
    assert_eq!(aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(), 3);
}

#[test]
fn many_calls_are_quick() {
    let aws = Aws::new();
    for _ in 0..20_000 {
        let vpc = aws.vpc("10.0.0.0/16");
        aws.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).unwrap();
        aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
        aws.time.advance(Duration::from_millis(10));
    }
    assert_eq!(aws.account.calls(), 60_000);
}
