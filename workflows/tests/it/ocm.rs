//! OCM's REST API as the source of a cluster's description.

use serde_json::{Value, json};
use stepwell_engine::FaultClass;
use stepwell_workflows::rosa::{
    OcmLogin, RosaNetwork, RosaOptions, RosaSource, find_network, probe,
};
use stepwell_workflows::{Secret, SurveyError};

use crate::clock::Hasty;
use crate::standin::{Ocm, Says};
use crate::support::{REGION, World, connect};

/// `{"typ":"Bearer"}` and `{"typ":"Offline"}`, unsigned.
const ACCESS: &str = "e30.eyJ0eXAiOiJCZWFyZXIifQ.geheim";
const OFFLINE: &str = "e30.eyJ0eXAiOiJPZmZsaW5lIn0.geheim";

fn token(text: &str) -> OcmLogin {
    OcmLogin::Token {
        token: Secret::new(text.to_owned()),
        client: None,
    }
}

fn client() -> OcmLogin {
    OcmLogin::Client {
        id: "robot".to_owned(),
        secret: Secret::new("geheim&=".to_owned()),
    }
}

fn says(status: u16, body: Value) -> Says {
    Says::This(status, body.to_string())
}

fn exchanged() -> Says {
    says(
        200,
        json!({"access_token": "fresh-geheim", "expires_in": 900, "token_type": "Bearer"}),
    )
}

fn page(items: &[Value]) -> Says {
    says(
        200,
        json!({"kind": "ClusterList", "page": 1, "size": items.len(), "total": items.len(), "items": items}),
    )
}

/// A cluster as the list has it, with the region to tell it by.
fn cluster(id: &str, region: &str) -> Value {
    json!({
        "kind": "Cluster", "id": id, "href": format!("/api/clusters_mgmt/v1/clusters/{id}"),
        "name": "rosa-1", "state": "ready", "region": {"kind": "CloudRegionLink", "id": region},
        "hypershift": {"enabled": true}, "network": {"machine_cidr": "10.0.0.0/16"},
        "aws": {"subnet_ids": ["subnet-0123456789abcdef0"]}, "product": {"id": "rosa"}
    })
}

async fn find(world: &World, source: &RosaSource) -> Result<RosaNetwork, SurveyError> {
    let options = RosaOptions {
        cluster: Some("rosa-1".to_owned()),
        ..RosaOptions::default()
    };
    find_network(&world.aws, source, &options.validate()?).await
}

/// That OCM was asked and understood: AWS has nothing of the kind.
#[track_caller]
fn understood(result: &Result<RosaNetwork, SurveyError>) {
    match result {
        Err(SurveyError::Refused { message, .. }) => {
            assert!(message.contains("is not found in eu-west-1"), "{message}");
            assert!(message.contains("aws.subnet_ids of OCM"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn fault<T: std::fmt::Debug>(result: Result<T, SurveyError>) -> (FaultClass, String) {
    let shown = format!("{result:?}");
    assert!(!shown.contains("geheim"), "{shown}");
    match result {
        Err(SurveyError::Fault(fault)) => {
            let hint = fault.hint.clone().expect("a hint");
            (fault.class, format!("{fault}; hint: {hint}"))
        }
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_shown_as_it_is() {
    let world = World::new().await;
    let ocm = Ocm::saying(vec![page(&[cluster("one", REGION)])]);
    understood(&find(&world, &ocm.source(token(ACCESS))).await);
    let got = ocm.got();
    assert_eq!(got.len(), 1);
    assert_eq!(
        got[0].authorization.as_deref(),
        Some(format!("Bearer {ACCESS}").as_str())
    );
    assert_eq!(
        got[0].line,
        "GET /api/clusters_mgmt/v1/clusters?search=name+%3D+%27rosa-1%27+and+product.id+%3D+%27rosa%27&size=2 HTTP/1.1"
    );
}

#[tokio::test(start_paused = true)]
async fn other_logins_are_exchanged_for_an_access_token() {
    let world = World::new().await;
    for (login, form) in [
        (
            token(OFFLINE),
            format!("grant_type=refresh_token&client_id=cloud-services&refresh_token={OFFLINE}"),
        ),
        (
            client(),
            "grant_type=client_credentials&client_id=robot&client_secret=geheim%26%3D&scope=openid"
                .to_owned(),
        ),
    ] {
        let ocm = Ocm::saying(vec![exchanged(), page(&[cluster("one", REGION)])]);
        understood(&find(&world, &ocm.source(login)).await);
        let got = ocm.got();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].line, "POST /token HTTP/1.1");
        assert_eq!(got[0].body, form);
        assert_eq!(got[0].authorization, None);
        assert_eq!(got[1].authorization.as_deref(), Some("Bearer fresh-geheim"));
    }
}

/// `{"typ":"Refresh","azp":"ocm-cli"}`: what today's login gives.
const TODAYS: &str = "e30.eyJ0eXAiOiJSZWZyZXNoIiwiYXpwIjoib2NtLWNsaSJ9.geheim";
/// `{"enc":"x"}` and four parts that can't be read.
const ENCRYPTED: &str = "eyJlbmMiOiJ4In0.geheim.geheim.geheim.geheim";

#[tokio::test(start_paused = true)]
async fn a_token_is_exchanged_as_the_client_that_it_was_given_to() {
    let world = World::new().await;
    for (text, named, client) in [
        (TODAYS, None, "ocm-cli"),
        (TODAYS, Some("cloud-services"), "cloud-services"),
        (OFFLINE, None, "cloud-services"),
        (ENCRYPTED, None, "console-dot"),
    ] {
        let login = OcmLogin::Token {
            token: Secret::new(text.to_owned()),
            client: named.map(str::to_owned),
        };
        let ocm = Ocm::saying(vec![exchanged(), page(&[cluster("one", REGION)])]);
        understood(&find(&world, &ocm.source(login)).await);
        let body = &ocm.got()[0].body;
        let form = format!("grant_type=refresh_token&client_id={client}&refresh_token={text}");
        assert_eq!(*body, form);
    }
}

/// What is in between answers in the services' place, and asks for no login to
/// them.
#[tokio::test(start_paused = true)]
async fn a_proxys_answer_is_no_refusal() {
    let world = World::new().await;
    let html = "<!DOCTYPE html><html>geheim</html>";
    for (status, class, words) in [
        (200, FaultClass::Permanent, "sign-in page"),
        (302, FaultClass::Permanent, "sign-in page"),
        (400, FaultClass::Permanent, "sign-in page"),
        (401, FaultClass::Permanent, "sign-in page"),
        (403, FaultClass::Permanent, "sign-in page"),
        (407, FaultClass::Unreachable, "HTTPS_PROXY"),
        (429, FaultClass::Transient, "try again later"),
        (504, FaultClass::Transient, "try again later"),
    ] {
        for login in [token(ACCESS), token(OFFLINE), client()] {
            let ocm = Ocm::saying(vec![Says::This(status, html.to_owned()); 5]);
            let (found, text) = fault(find(&world, &ocm.source(login)).await);
            assert_eq!(found, class, "{status}: {text}");
            assert!(text.contains(words), "{status}: {text}");
            let tries = if class == FaultClass::Permanent { 1 } else { 5 };
            assert_eq!(ocm.got().len(), tries, "{status}");
        }
    }
    let busy = json!({"error": "temporarily_unavailable"});
    let ocm = Ocm::saying(vec![says(400, busy); 5]);
    let (class, _) = fault(find(&world, &ocm.source(client())).await);
    assert_eq!(class, FaultClass::Transient);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_reached_is_told_by_what_is_in_the_way() {
    let world = World::new().await;
    let at = |url: &str| {
        let ocm = Ocm::saying(Vec::new());
        let mut access = ocm.access(token(ACCESS));
        access.url = url.to_owned();
        RosaSource::Ocm(access)
    };
    // RFC 6761: a name that nobody has.
    let source = at("https://api.openshift.invalid");
    let (class, text) = fault(probe(world.clock.as_ref(), &source).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("DNS"), "{text}");
    // Something that does not speak TLS.
    let plain = Ocm::saying(vec![Says::This(200, String::new()); 5]);
    let url = plain.access(token(ACCESS)).url.replace("http:", "https:");
    let (class, text) = fault(probe(world.clock.as_ref(), &at(&url)).await);
    assert_eq!(class, FaultClass::Unreachable, "{text}");
    let gone = {
        let ocm = Ocm::saying(Vec::new());
        ocm.access(token(ACCESS)).url
    };
    let (class, text) = fault(probe(world.clock.as_ref(), &at(&gone)).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("refused or cut"), "{text}");
    assert!(text.contains("firewall"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn it_must_be_exactly_one_cluster() {
    let world = World::new().await;
    let ocm = Ocm::saying(vec![page(&[])]);
    match find(&world, &ocm.source(token(ACCESS))).await {
        Err(SurveyError::Invalid(invalid)) => {
            assert_eq!(
                (invalid.input, invalid.value.as_str()),
                ("rosa-cluster", "rosa-1")
            );
        }
        other => panic!("{other:?}"),
    }
    let two = [cluster("one", REGION), cluster("two", "us-east-1")];
    let ocm = Ocm::saying(vec![page(&two)]);
    match find(&world, &ocm.source(token(ACCESS))).await {
        Err(SurveyError::Refused { message, hint }) => {
            assert!(message.contains("2 rosa clusters"), "{message}");
            assert!(
                message.contains("one in eu-west-1, two in us-east-1"),
                "{message}"
            );
            assert!(hint.contains("--rosa-vpc"), "{hint}");
        }
        other => panic!("{other:?}"),
    }
    let ocm = Ocm::saying(vec![says(200, json!({"total": 1, "items": []}))]);
    let (class, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert_eq!(class, FaultClass::Permanent);
    assert!(text.contains("describes none"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    let world = World::new().await;
    let before = world.clock.elapsed();
    let ocm = Ocm::saying(vec![
        says(503, json!({"error": "busy"})),
        exchanged(),
        says(429, json!({"kind": "Error"})),
        Says::This(502, "<html>bad gateway</html>".to_owned()),
        page(&[cluster("one", REGION)]),
    ]);
    understood(&find(&world, &ocm.source(token(OFFLINE))).await);
    assert_eq!(ocm.got().len(), 5);
    // The pauses in between are the clock's.
    assert!((world.clock.elapsed() - before).as_secs() >= 2);
    // What does not pass is given up.
    let ocm = Ocm::saying(Vec::new());
    let (class, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert_eq!(class, FaultClass::Transient);
    assert!(text.contains("OCM answered 500"), "{text}");
    assert_eq!(ocm.got().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_apart_and_not_repeated() {
    let world = World::new().await;
    let refusal = |status: u16| {
        says(
            status,
            json!({
                "kind": "Error", "id": status.to_string(), "code": format!("CLUSTERS-MGMT-{status}"),
                "reason": format!("Bearer token is bad {}", "g".repeat(200)), "operation_id": "op-7"
            }),
        )
    };
    for (status, words) in [(401, "does not accept the token"), (403, "does not allow")] {
        let ocm = Ocm::saying(vec![refusal(status)]);
        let (class, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
        assert_eq!(class, FaultClass::Operator);
        assert!(text.contains(words), "{text}");
        assert!(text.contains("Bearer token is bad …"), "{text}");
        assert!(
            text.contains(&format!("CLUSTERS-MGMT-{status}, request op-7")),
            "{text}"
        );
        assert_eq!(ocm.got().len(), 1);
    }
    let grant =
        json!({"error": "invalid_grant", "error_description": "Offline user session not found"});
    for (login, words) in [
        (token(OFFLINE), "in place of OCM_TOKEN"),
        (client(), "check OCM_CLIENT_ID and OCM_CLIENT_SECRET"),
    ] {
        let ocm = Ocm::saying(vec![says(400, grant.clone())]);
        let (class, text) = fault(find(&world, &ocm.source(login)).await);
        assert_eq!(class, FaultClass::Operator);
        assert!(
            text.contains("Offline user session not found (invalid_grant)"),
            "{text}"
        );
        assert!(text.contains(words), "{text}");
        assert_eq!(ocm.got().len(), 1);
    }
    let ocm = Ocm::saying(vec![Says::This(404, "no".to_owned())]);
    let (class, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert_eq!(class, FaultClass::Permanent);
    assert!(text.contains("OCM_URL"), "{text}");
    // A redirection is not followed: the token goes nowhere else.
    let ocm = Ocm::saying(vec![Says::This(302, String::new())]);
    let (class, _) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert_eq!(class, FaultClass::Permanent);
    assert_eq!(ocm.got().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_json_asked_for_is_an_error() {
    let world = World::new().await;
    for garbage in [
        "",
        "<html>sign in, geheim</html>",
        "[]",
        "{\"items\": 7}",
        "null",
    ] {
        let ocm = Ocm::saying(vec![Says::This(200, garbage.to_owned())]);
        let (class, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
        assert_eq!(class, FaultClass::Permanent, "{garbage}");
        assert!(text.contains("something else than the JSON"), "{text}");
    }
    let ocm = Ocm::saying(vec![says(200, json!({"kind": "Error"}))]);
    let (_, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert!(text.contains("a list of clusters"), "{text}");
    let ocm = Ocm::saying(vec![Says::This(200, "{\"geheim\": 1}".to_owned())]);
    let (_, text) = fault(find(&world, &ocm.source(token(OFFLINE))).await);
    assert!(text.contains("the token service"), "{text}");
    let ocm = Ocm::saying(vec![Says::This(200, " ".repeat((4 << 20) + 1))]);
    let (_, text) = fault(find(&world, &ocm.source(token(ACCESS))).await);
    assert!(text.contains("more than 4 MiB"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_waited_for_without_end() {
    let world = World::new().await;
    let hasty = Hasty::clock(world.clock.clone(), 100);
    let aws = connect(&world.account, &hasty, None).await;
    let options = RosaOptions {
        cluster: Some("rosa-1".to_owned()),
        ..RosaOptions::default()
    };
    let request = options.validate().expect("valid");
    let ocm = Ocm::saying(vec![Says::Nothing; 5]);
    let (class, text) = fault(find_network(&aws, &ocm.source(token(ACCESS)), &request).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("no answer within 30 seconds"), "{text}");
    // Nobody there at all.
    let source = {
        let gone = Ocm::saying(Vec::new());
        gone.source(token(OFFLINE))
    };
    let (class, text) = fault(find(&world, &source).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(
        text.contains("the token service of OCM at http://127.0.0.1:"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_none_is_refused_unseen() {
    let world = World::new().await;
    let ocm = Ocm::saying(Vec::new());
    let result = find(&world, &ocm.source(token("geheim"))).await;
    assert!(!format!("{result:?}").contains("geheim"), "{result:?}");
    assert!(
        matches!(&result, Err(SurveyError::Invalid(invalid)) if invalid.input == "ocm-token"),
        "{result:?}"
    );
    assert!(ocm.got().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_who_is_logged_in() {
    let world = World::new().await;
    let ocm = Ocm::saying(vec![exchanged(), says(200, json!({"username": "robot"}))]);
    let access = ocm.access(client());
    let said = probe(world.clock.as_ref(), &RosaSource::Ocm(access.clone()))
        .await
        .expect("said");
    assert_eq!(said, format!("OCM at {}, logged in as robot", access.url));
    assert_eq!(
        ocm.got()[1].line,
        "GET /api/accounts_mgmt/v1/current_account HTTP/1.1"
    );
}
