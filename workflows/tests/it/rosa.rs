//! The network of a ROSA cluster: each way that leads to it, and each reason
//! to refuse.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use serde_json::{Value, json};
use stepwell_engine::{Clock, FaultClass};
use stepwell_workflows::rosa::{
    RosaCli, RosaNetwork, RosaOptions, RosaSource, find_network, probe,
};
use stepwell_workflows::{InvalidInput, SurveyError};

use crate::clock::Hasty;
use crate::standin::Rosa;
use crate::support::{REGION, World, connect};

/// Who must not be asked.
fn nobody() -> RosaSource {
    RosaSource::Cli(RosaCli {
        program: "/nonexistent/rosa".into(),
        profile: None,
    })
}

fn options() -> RosaOptions {
    RosaOptions {
        cluster: Some("rosa-1".to_owned()),
        ..RosaOptions::default()
    }
}

/// A classic cluster in a VPC that Red Hat made.
fn classic() -> Value {
    json!({
        "id": "2b4hk1c9d0p7n3m5q8r6s2t1u0v9w8x7", "name": "rosa-1", "infra_id": "rosa-1-x7k2p",
        "state": "ready", "multi_az": true, "region": {"id": REGION},
        "network": {"machine_cidr": "10.0.0.0/16", "pod_cidr": "10.128.0.0/14"},
        "aws": {"sts": {"enabled": true}}
    })
}

async fn find(
    world: &World,
    source: &RosaSource,
    options: RosaOptions,
) -> Result<RosaNetwork, SurveyError> {
    let request = options.validate()?;
    find_network(&world.aws, source, &request).await
}

async fn described(world: &World, cluster: &Value) -> Result<RosaNetwork, SurveyError> {
    let rosa = Rosa::describing(&cluster.to_string());
    find(world, &rosa.source(), options()).await
}

fn refused(result: Result<RosaNetwork, SurveyError>) -> (String, String) {
    match result {
        Err(SurveyError::Refused { message, hint }) => (message, hint),
        other => panic!("not refused: {other:?}"),
    }
}

fn invalid(result: Result<RosaNetwork, SurveyError>) -> InvalidInput {
    match result {
        Err(SurveyError::Invalid(invalid)) => invalid,
        other => panic!("not invalid: {other:?}"),
    }
}

/// The class of a fault, and all that it says.
fn fault<T: std::fmt::Debug>(result: Result<T, SurveyError>) -> (FaultClass, String) {
    match result {
        Err(SurveyError::Fault(fault)) => {
            let hint = fault.hint.clone().expect("a hint");
            (fault.class, format!("{fault}; hint: {hint}"))
        }
        other => panic!("no fault: {other:?}"),
    }
}

/// VPCs as other tools lay them out, by plain calls.
struct Layout(aws_sdk_ec2::Client, Arc<dyn Clock>);

impl Layout {
    fn new(world: &World) -> Self {
        let config = aws_sdk_ec2::Config::builder()
            .behavior_version(aws_sdk_ec2::config::BehaviorVersion::latest())
            .region(aws_sdk_ec2::config::Region::new(REGION))
            .credentials_provider(aws_sdk_ec2::config::Credentials::new(
                "sandbox", "sandbox", None, None, "test",
            ))
            .http_client(world.account.http_client())
            .build();
        Self(aws_sdk_ec2::Client::from_conf(config), world.clock.clone())
    }

    /// Time for what was made to be seen and to run.
    async fn settle(&self) {
        self.1.sleep(Duration::from_secs(600)).await;
    }

    fn tagged(kind: ResourceType, tags: &[(&str, &str)]) -> Option<TagSpecification> {
        let tags: Vec<Tag> = tags
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(*value).build())
            .collect();
        (!tags.is_empty()).then(|| {
            TagSpecification::builder()
                .resource_type(kind)
                .set_tags(Some(tags))
                .build()
        })
    }

    async fn vpc(&self, cidr: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .create_vpc()
            .cidr_block(cidr)
            .set_tag_specifications(Self::tagged(ResourceType::Vpc, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("a vpc");
        self.settle().await;
        made.vpc.and_then(|vpc| vpc.vpc_id).expect("an id")
    }

    async fn subnet(&self, vpc: &str, cidr: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .create_subnet()
            .vpc_id(vpc)
            .cidr_block(cidr)
            .set_tag_specifications(Self::tagged(ResourceType::Subnet, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("a subnet");
        self.settle().await;
        made.subnet
            .and_then(|subnet| subnet.subnet_id)
            .expect("an id")
    }

    async fn instance(&self, subnet: &str, tags: &[(&str, &str)]) -> String {
        let made = self
            .0
            .run_instances()
            .image_id("ami-01234567")
            .min_count(1)
            .max_count(1)
            .subnet_id(subnet)
            .set_tag_specifications(Self::tagged(ResourceType::Instance, tags).map(|one| vec![one]))
            .send()
            .await
            .expect("an instance");
        self.settle().await;
        made.instances()
            .first()
            .and_then(|instance| instance.instance_id())
            .expect("an id")
            .to_owned()
    }
}

#[tokio::test(start_paused = true)]
async fn first_the_subnets_of_the_description() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let private = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    let public = layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    layout.subnet(&vpc, "10.0.2.0/24", &[]).await;
    // All other ways would lead elsewhere.
    let other = layout
        .vpc(
            "10.0.0.0/16",
            &[
                ("kubernetes.io/cluster/rosa-1-x7k2p", "owned"),
                ("Name", "rosa-1-vpc"),
            ],
        )
        .await;
    let mut cluster = classic();
    // One that was deleted meanwhile leads nowhere, and is no error.
    cluster["aws"]["subnet_ids"] = json!([&public, &private, "subnet-0123456789abcdef0"]);
    let network = described(&world, &cluster).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_ne!(network.vpc_id, other);
    let mut both = vec![private, public];
    both.sort();
    assert_eq!(network.subnets, both);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert_eq!(network.vpc_cidrs, [network.machine_cidr]);
    assert_eq!(network.region, REGION);
    assert_eq!(network.cluster.as_deref(), Some("rosa-1"));
    assert_eq!(network.found_by, "aws.subnet_ids of rosa describe cluster");
}

#[tokio::test(start_paused = true)]
async fn then_the_tag_of_the_installer() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let tag = "kubernetes.io/cluster/rosa-1-x7k2p";
    let vpc = layout.vpc("10.0.0.0/16", &[(tag, "owned")]).await;
    let marked = layout.subnet(&vpc, "10.0.0.0/24", &[(tag, "owned")]).await;
    layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    layout.vpc("10.1.0.0/16", &[(tag, "shared")]).await;
    layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.subnets, [marked]);
    assert!(network.found_by.contains(tag), "{}", network.found_by);
}

#[tokio::test(start_paused = true)]
async fn then_the_running_machines() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let id = classic()["id"].as_str().expect("an id").to_owned();
    let tag = ("api.openshift.com/id", id.as_str());
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let subnet = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    layout.instance(&subnet, &[tag]).await;
    layout.instance(&subnet, &[tag]).await;
    // One that has ended, in another VPC, does not count.
    let elsewhere = layout.vpc("10.1.0.0/16", &[]).await;
    let there = layout.subnet(&elsewhere, "10.1.0.0/24", &[]).await;
    let ended = layout.instance(&there, &[tag]).await;
    layout
        .0
        .terminate_instances()
        .instance_ids(ended)
        .send()
        .await
        .expect("ended");
    layout.settle().await;
    layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let mut cluster = classic();
    // A hosted control plane has no infra_id, and is found all the same.
    cluster["hypershift"] = json!({"enabled": true});
    cluster
        .as_object_mut()
        .expect("an object")
        .remove("infra_id");
    let network = described(&world, &cluster).await.expect("a network");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.subnets, [subnet]);
    assert!(network.found_by.contains(&id), "{}", network.found_by);
}

#[tokio::test(start_paused = true)]
async fn then_the_name_and_at_last_the_range() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let ranged = layout.vpc("10.0.0.0/16", &[]).await;
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, ranged);
    assert!(
        network.found_by.contains("10.0.0.0/16"),
        "{}",
        network.found_by
    );
    assert!(network.subnets.is_empty());
    let named = layout.vpc("10.0.0.0/17", &[("Name", "rosa-1-vpc")]).await;
    // The machine CIDR may be larger than the VPC.
    let network = described(&world, &classic()).await.expect("a network");
    assert_eq!(network.vpc_id, named);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert!(
        network.found_by.contains("rosa-1-vpc"),
        "{}",
        network.found_by
    );
}

#[tokio::test(start_paused = true)]
async fn several_at_any_way_are_refused_and_listed() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let id = classic()["id"].as_str().expect("an id").to_owned();
    let mut cluster = classic();
    // From the last way to the first, each finds two before any later one is
    // looked at.
    let vpcs = [
        layout.vpc("10.0.0.0/16", &[("Name", "first")]).await,
        layout.vpc("10.0.0.0/16", &[]).await,
    ];
    let subnets = [
        layout.subnet(&vpcs[0], "10.0.0.0/24", &[]).await,
        layout.subnet(&vpcs[1], "10.0.0.0/24", &[]).await,
    ];
    let check = async |cluster: &Value, by: &str| {
        let (message, hint) = refused(described(&world, cluster).await);
        for vpc in &vpcs {
            assert!(message.contains(vpc.as_str()), "{message}");
        }
        assert!(message.contains(by), "{message}");
        assert!(hint.contains("--rosa-vpc"), "{hint}");
        message
    };
    let tag = async |resources: &[String], key: &str, value: &str| {
        let tag = Tag::builder().key(key).value(value).build();
        layout
            .0
            .create_tags()
            .set_resources(Some(resources.to_vec()))
            .tags(tag)
            .send()
            .await
            .expect("tagged");
        layout.settle().await;
    };
    let message = check(&cluster, "machine CIDR").await;
    assert!(message.contains("\"first\""), "{message}");
    tag(&vpcs, "Name", "rosa-1-vpc").await;
    check(&cluster, "Name=rosa-1-vpc").await;
    for subnet in &subnets {
        layout
            .instance(subnet, &[("api.openshift.com/id", &id)])
            .await;
    }
    check(&cluster, "api.openshift.com/id").await;
    tag(&vpcs, "kubernetes.io/cluster/rosa-1-x7k2p", "owned").await;
    check(&cluster, "kubernetes.io/cluster/rosa-1-x7k2p").await;
    cluster["aws"]["subnet_ids"] = json!(subnets);
    check(&cluster, "aws.subnet_ids").await;
}

#[tokio::test(start_paused = true)]
async fn none_is_refused_and_says_what_was_tried() {
    let world = World::new().await;
    Layout::new(&world).vpc("192.168.0.0/16", &[]).await;
    let mut cluster = classic();
    cluster["aws"]["subnet_ids"] = json!(["subnet-0123456789abcdef0"]);
    let (message, hint) = refused(described(&world, &cluster).await);
    for tried in [
        "aws.subnet_ids",
        "kubernetes.io/cluster/rosa-1-x7k2p",
        "api.openshift.com/id",
        "rosa-1-vpc",
        "10.0.0.0/16",
    ] {
        assert!(message.contains(tried), "{tried} in {message}");
    }
    assert!(hint.contains("--rosa-profile"), "{hint}");
    // A description that says next to nothing has fewer ways, and is no crash.
    let bare = json!({"name": "rosa-1", "region": {"id": REGION}});
    let (message, _) = refused(described(&world, &bare).await);
    assert!(message.contains("rosa-1-vpc"), "{message}");
    assert!(!message.contains("kubernetes.io"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_given_is_asked_of_aws_alone() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[]).await;
    let other = layout.vpc("10.1.0.0/16", &[]).await;
    let mut subnets = vec![
        layout.subnet(&vpc, "10.0.0.0/24", &[]).await,
        layout.subnet(&vpc, "10.0.1.0/24", &[]).await,
    ];
    subnets.sort();
    let foreign = layout.subnet(&other, "10.1.0.0/24", &[]).await;
    let given = RosaOptions {
        region: Some(REGION.to_owned()),
        vpc: Some(vpc.clone()),
        ..options()
    };
    let network = find(&world, &nobody(), given.clone()).await.expect("found");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/16");
    assert_eq!(network.subnets, subnets);
    assert_eq!(network.found_by, "--rosa-vpc");

    let mut all = given.clone();
    all.cluster = None;
    all.machine_cidr = Some("10.0.0.0/20".to_owned());
    all.subnets = vec![subnets[1].clone()];
    let network = find(&world, &nobody(), all).await.expect("found");
    assert_eq!(network.cluster, None);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/20");
    assert_eq!(network.subnets, [subnets[1].clone()]);

    let mut wrong = given.clone();
    wrong.vpc = Some("vpc-0123456789abcdef0".to_owned());
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!(error.input, "rosa-vpc");
    let mut wrong = given.clone();
    wrong.region = Some("us-east-1".to_owned());
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!(error.input, "rosa-vpc");
    assert!(error.problem.contains("us-east-1"), "{error}");
    for cidr in ["10.0.0.0/8", "10.1.0.0/24", "0.0.0.0/0"] {
        let mut wrong = given.clone();
        wrong.machine_cidr = Some(cidr.to_owned());
        let error = invalid(find(&world, &nobody(), wrong).await);
        assert_eq!(error.input, "rosa-machine-cidr");
        assert!(error.allowed.contains("10.0.0.0/16"), "{error}");
    }
    let mut wrong = given;
    wrong.subnets = vec![subnets[0].clone(), foreign.clone()];
    let error = invalid(find(&world, &nobody(), wrong).await);
    assert_eq!((error.input, error.value), ("rosa-subnets", foreign));
    assert!(error.allowed.contains(&subnets[1]), "{}", error.allowed);
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_given_win_over_the_description() {
    let world = World::new().await;
    let layout = Layout::new(&world);
    let vpc = layout.vpc("10.0.0.0/16", &[("Name", "rosa-1-vpc")]).await;
    let subnet = layout.subnet(&vpc, "10.0.0.0/24", &[]).await;
    layout.subnet(&vpc, "10.0.1.0/24", &[]).await;
    let rosa = Rosa::describing(&classic().to_string());
    let parts = RosaOptions {
        machine_cidr: Some("10.0.0.0/24".to_owned()),
        subnets: vec![subnet.clone()],
        ..options()
    };
    let network = find(&world, &rosa.source(), parts).await.expect("found");
    assert_eq!(network.vpc_id, vpc);
    assert_eq!(network.machine_cidr.to_string(), "10.0.0.0/24");
    assert_eq!(network.subnets, [subnet]);
    // A range that is not the VPC's is somebody's mistake.
    let mut cluster = classic();
    cluster["network"]["machine_cidr"] = json!("10.9.0.0/16");
    let (message, hint) = refused(described(&world, &cluster).await);
    assert!(message.contains("10.9.0.0/16"), "{message}");
    assert!(hint.contains("--rosa-machine-cidr"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn the_region_that_is_asked_for_must_be_the_clusters() {
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let rosa = Rosa::describing(&classic().to_string());
    let mut asked = options();
    asked.region = Some(REGION.to_owned());
    assert!(find(&world, &rosa.source(), asked.clone()).await.is_ok());
    asked.region = Some("us-east-1".to_owned());
    let error = invalid(find(&world, &rosa.source(), asked).await);
    assert_eq!(
        (error.input, error.allowed.as_str()),
        ("rosa-region", REGION)
    );
    let mut silent = classic();
    silent.as_object_mut().expect("an object").remove("region");
    let error = invalid(described(&world, &silent).await);
    assert_eq!(error.input, "rosa-region");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_must_be_ready_unless_something_is_taken_away() {
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let mut cluster = classic();
    for state in ["installing", "pending", "error", "uninstalling"] {
        cluster["state"] = json!(state);
        let (message, hint) = refused(described(&world, &cluster).await);
        assert!(message.contains(state), "{message}");
        assert!(hint.contains("ready"), "{hint}");
    }
    let rosa = Rosa::describing(&cluster.to_string());
    let request = options().validate().expect("valid").in_any_state();
    assert!(
        find_network(&world.aws, &rosa.source(), &request)
            .await
            .is_ok()
    );
    cluster["state"] = json!("hibernating");
    assert!(described(&world, &cluster).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_command_is_called_as_documented_and_without_secrets() {
    const SECRETS: [&str; 3] = ["AURORA_PASSWORD", "OCM_TOKEN", "OCM_CLIENT_SECRET"];
    const HERE: &str = "rosa::the_command_is_called_as_documented_and_without_secrets";
    if std::env::var_os(SECRETS[0]).is_none() {
        // Once more, in a process that has them.
        let status = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", HERE])
            .envs(SECRETS.map(|name| (name, "geheim")))
            .status()
            .expect("this test again");
        assert!(status.success());
        return;
    }
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let rosa = Rosa::describing(&classic().to_string());
    let mut cli = rosa.cli();
    cli.profile = Some("red".to_owned());
    let mut asked = options();
    asked.region = Some(REGION.to_owned());
    find(&world, &RosaSource::Cli(cli), asked)
        .await
        .expect("found");
    assert_eq!(
        rosa.read("called").trim(),
        "describe cluster -c rosa-1 -o json --profile red --region eu-west-1"
    );
    let environment = rosa.read("env");
    assert!(!environment.contains("geheim"), "{environment}");
    assert!(environment.contains("PATH="));
}

#[tokio::test(start_paused = true)]
async fn what_the_command_complains_about_is_understood() {
    let world = World::new().await;
    let complain = async |script: &str| {
        let rosa = Rosa::script(script);
        find(&world, &rosa.source(), options()).await
    };
    use FaultClass::{Operator, Permanent};

    let (class, text) = fault(find(&world, &nobody(), options()).await);
    assert_eq!(class, Permanent);
    assert!(text.contains("is not found"), "{text}");
    assert!(text.contains("--rosa-vpc"), "{text}");

    for script in [
        r#"echo "ERR: Failed to create OCM connection: Not logged in, run the 'rosa login' command" >&2; exit 1"#,
        r#"printf '\033[0;31mE:\033[m Failed to create OCM connection: your authorization token needs to be updated\n' >&2; exit 1"#,
        r#"echo '{"error":"Not logged in, run the rosa login command"}' >&2; exit 1"#,
        r#"echo "ERR: User is not logged in to OCM" >&2; exit 0"#,
    ] {
        let (class, text) = fault(complain(script).await);
        assert_eq!(class, Operator, "{text}");
        assert!(text.contains("run `rosa login`"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("ERR:"), "{text}");
    }

    let error = invalid(
        complain(r#"echo "ERR: Failed to get cluster 'rosa-1': There is no cluster with identifier or name 'rosa-1'" >&2; exit 1"#)
            .await,
    );
    assert_eq!(
        (error.input, error.value.as_str()),
        ("rosa-cluster", "rosa-1")
    );
    let (message, _) = refused(
        complain(
            r#"echo "ERR: There are 2 clusters with identifier or name 'rosa-1'" >&2; exit 1"#,
        )
        .await,
    );
    assert!(message.contains("several"), "{message}");
    let (class, text) = fault(
        complain(
            r#"echo "ERR: Failed to create AWS client: ExpiredToken: it is over" >&2; exit 1"#,
        )
        .await,
    );
    assert_eq!(class, Operator);
    assert!(text.contains("AWS credentials"), "{text}");

    let long = "x".repeat(300);
    let (class, text) =
        fault(complain(&format!("echo 'ERR: strange {long} thing' >&2; exit 3")).await);
    assert_eq!(class, Permanent);
    assert!(text.contains("exit code 3: strange … thing"), "{text}");
    let (_, text) = fault(complain("exit 1").await);
    assert!(text.contains("did not say why"), "{text}");
    let (_, text) = fault(complain("kill -9 $$").await);
    assert!(text.contains("was killed"), "{text}");
    for garbage in ["echo hello", "echo '{\"id\":'", "echo '{}'", "echo '[]'"] {
        let (class, text) = fault(complain(garbage).await);
        assert_eq!(class, Permanent);
        assert!(text.contains("can't be understood"), "{text}");
    }
    let (_, text) = fault(complain("yes '{' | head -c 5000000").await);
    assert!(text.contains("more than 4 MiB"), "{text}");
    // What is said on stderr is read to its end, however much it is.
    let (_, text) = fault(complain("yes 'ERR: no' | head -c 1000000 >&2; exit 1").await);
    assert!(text.contains("no; no"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_does_not_end_is_ended() {
    let world = World::new().await;
    let hasty = Hasty::clock(world.clock.clone(), 30);
    let aws = connect(&world.account, &hasty, None).await;
    let rosa = Rosa::script("echo $$ > \"$here/pid\"; exec sleep 600");
    let request = options().validate().expect("valid");
    let before = world.clock.elapsed();
    let (class, text) = fault(find_network(&aws, &rosa.source(), &request).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("no answer within 90 seconds"), "{text}");
    assert_eq!(world.clock.elapsed(), before, "virtual time jumped");
    // It is gone, at the latest when it has been waited for.
    let pid = rosa.read("pid");
    let stat = format!("/proc/{}/stat", pid.trim());
    let gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    for _ in 0..200 {
        if gone() {
            break;
        }
        world.clock.outside(Duration::from_millis(50)).await;
    }
    assert!(gone(), "the command is still there");
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_who_would_be_asked() {
    let world = World::new().await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    let rosa = Rosa::script(
        r#"case "$1" in
version) echo "INFO: 1.2.53 (Build: abc)"; echo "WARN: there is a newer one" >&2;;
whoami) printf 'AWS Account ID:               123456789012\nOCM API:                      https://api.openshift.com\nOCM Account Username:         somebody\n';;
esac"#,
    );
    let said = probe(clock.as_ref(), &rosa.source()).await.expect("said");
    assert_eq!(
        said,
        "rosa 1.2.53 (Build: abc), logged in to https://api.openshift.com as somebody"
    );
    let rosa = Rosa::script(
        "[ \"$1\" = version ] && echo 1.2.0 || echo 'ERR: User is not logged in to OCM' >&2",
    );
    let (class, text) = fault(probe(clock.as_ref(), &rosa.source()).await);
    assert_eq!(class, FaultClass::Operator);
    assert!(text.contains("rosa login"), "{text}");
    let (class, _) = fault(probe(clock.as_ref(), &nobody()).await);
    assert_eq!(class, FaultClass::Permanent);
}
