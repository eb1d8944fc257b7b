//! Random sequences of calls on one account.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use proptest::prelude::*;

use super::answers::{self, Answer};
use super::calls::{RandomCall, call};
use super::{Still, account, ask, whole};
use crate::account::store::{SavedClock, StateFile};
use crate::wire::service::Service;
use crate::world::Region;
use crate::{Account, Options, Reply};
use stepwell_testkit::fuzz;

/// A request as a client of AWS makes it.
fn request(call: &RandomCall, params: &[(String, String)]) -> Request<Bytes> {
    let service = call.service();
    let name = service.signing_name();
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/{}/{name}/aws4_request, Signature=0",
        call.region
    );
    let request = Request::post("https://localhost/").header("authorization", credential);
    let operation = call.operation.name;
    if service == Service::SecretsManager {
        let body: serde_json::Map<_, _> = (params.iter())
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        let request = request.header("x-amz-target", format!("secretsmanager.{operation}"));
        let body = serde_json::Value::from(body).to_string();
        return request.body(Bytes::from(body)).unwrap();
    }
    let mut form = format!("Action={operation}&Version=1");
    for (name, value) in params {
        form.push_str(&format!("&{}={}", encode(name), encode(value)));
    }
    request.body(Bytes::from(form)).unwrap()
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// What an account is made of, but for the count of ids given and for regions
/// that nobody has used.
fn content(account: &Account) -> String {
    account.look(|world| {
        let unused = Region::default();
        let unused = serde_json::to_string(&unused).unwrap();
        let regions: Vec<(&String, String)> = (world.regions.iter())
            .map(|(name, region)| (name, serde_json::to_string(region).unwrap()))
            .filter(|(_, region)| *region != unused)
            .collect();
        let peerings = serde_json::to_string(&world.peerings).unwrap();
        let globals = serde_json::to_string(&world.global_clusters).unwrap();
        format!("{regions:?} {peerings} {globals} {:?}", world.faults)
    })
}

/// An account in which there is something: two networks, and a cluster with an
/// instance in one of them.
pub(super) fn ground(account: &Account, time: &Still) {
    let done = |service: &str, form: &str| {
        let credential = format!("Credential=x/1/eu-west-1/{service}/aws4_request");
        let request = Request::post("/").header("authorization", credential);
        let reply = ask(account, request.body(Bytes::from(form.to_owned())).unwrap());
        let Reply::Response(response) = reply else {
            panic!("{form}: no answer");
        };
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(response.status(), 200, "{form}: {text}");
        time.advance(Duration::from_secs(5));
        text
    };
    let id = |text: String, name: &str| {
        let rest = text.split(&format!("<{name}>")).nth(1).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    done("ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
    let vpc = id(
        done("ec2", "Action=CreateVpc&CidrBlock=192.168.0.0/24"),
        "vpcId",
    );
    let mut members = String::new();
    for (index, zone) in ["a", "b"].iter().enumerate() {
        let form = format!(
            "Action=CreateSubnet&VpcId={vpc}&CidrBlock=192.168.0.{}/26&AvailabilityZone=eu-west-1{zone}",
            index * 64
        );
        let subnet = id(done("ec2", &form), "subnetId");
        members.push_str(&format!(
            "&SubnetIds.SubnetIdentifier.{}={subnet}",
            index + 1
        ));
    }
    let form = format!("Action=CreateSecurityGroup&VpcId={vpc}&GroupName=db&GroupDescription=db");
    let group = id(done("ec2", &form), "groupId");
    let form = format!(
        "Action=CreateDBSubnetGroup&DBSubnetGroupName=net&DBSubnetGroupDescription=net{members}"
    );
    done("rds", &form);
    let form = format!(
        "Action=CreateDBCluster&DBClusterIdentifier=db&Engine=aurora-postgresql&MasterUsername=x\
         &ManageMasterUserPassword=true&DBSubnetGroupName=net\
         &VpcSecurityGroupIds.VpcSecurityGroupId.1={group}"
    );
    done("rds", &form);
    done(
        "rds",
        "Action=CreateDBInstance&DBInstanceIdentifier=one&DBClusterIdentifier=db\
         &DBInstanceClass=db.r7g.xlarge&Engine=aurora-postgresql",
    );
    time.advance(Duration::from_secs(2000));
}

/// After each call: an answer in AWS's form, a whole account, and no change by
/// a call that was refused or only reads. At the end: saved and read again, it
/// is the same.
#[test]
fn whatever_is_asked_the_account_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let strategy = (
        prop::collection::vec(call(), 1..60),
        any::<bool>(),
        prop::bool::weighted(0.8),
    );
    let kinds = ["sequences", "calls done", "calls refused", "effects"];
    fuzz(
        "calls of the sandbox",
        400,
        &kinds,
        strategy,
        |(calls, lag, furnished), tally| {
            let time = Still::new();
            let account = account(&time, Duration::from_secs(if lag { 2 } else { 0 }));
            if furnished {
                ground(&account, &time);
            }
            for call in &calls {
                time.advance(Duration::from_secs(call.pause));
                // What is due happens now, and not in the middle of what is compared.
                account.status().unwrap();
                call.impose(&account);
                account.status().unwrap();
                let params = account.look(|world| call.resolve(world));
                let before = content(&account);
                let answer = answers::read(ask(&account, request(call, &params)));
                let said = || format!("{:?} {params:?}: {answer:?}", call.operation);
                if let Err(why) = account.look(whole::check) {
                    panic!("after {}: {why}", said());
                }
                let effect = answer == Answer::Done && call.operation.mutates;
                if !effect {
                    let after = content(&account);
                    assert_eq!(before, after, "{} changed something", said());
                }
                tally.count(match answer {
                    Answer::Done => "calls done",
                    Answer::Refused(_) => "calls refused",
                });
                if effect {
                    tally.count("effects");
                }
            }
            tally.count("sequences");

            let inventory = account.inventory().unwrap();
            let status = account.status().unwrap();
            let clock = SavedClock {
                simulated: u64::try_from(account.now().as_millis()).unwrap(),
                wall: 1_800_000_000_000,
            };
            let world = account.look(Clone::clone);
            StateFile::new(&path).save(clock, &world, false).unwrap();
            let again = Account::open(&path, Options::new(Still::new())).unwrap();
            assert_eq!(again.inventory().unwrap(), inventory);
            assert_eq!(again.status().unwrap(), status);
        },
    );
}
