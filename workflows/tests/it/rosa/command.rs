//! The `rosa` command: how it is called, and what it complains about.

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::{Clock, FaultClass};
use stepwell_workflows::rosa::{RosaSource, find_network, probe, state};

use super::{Layout, classic, fault, find, invalid, nobody, options, refused};
use crate::clock::Hasty;
use crate::standin::Rosa;
use crate::support::{REGION, World, connect};

#[tokio::test(start_paused = true)]
async fn the_command_is_called_as_documented_and_without_secrets() {
    const SECRETS: [&str; 3] = ["AURORA_PASSWORD", "OCM_TOKEN", "OCM_CLIENT_SECRET"];
    const HERE: &str = "rosa::command::the_command_is_called_as_documented_and_without_secrets";
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

/// `rosa` as it is without a network, at first or for good.
fn without_network(times: u32, said: &str) -> Rosa {
    let rosa = Rosa::script(&format!(
        r#"n=$(cat "$here/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$here/n"
[ "$n" -lt {times} ] || exec cat "$here/cluster"
echo 'ERR: Failed to create OCM connection: error creating connection. Not able to get authentication token: {said}' >&2; exit 1"#
    ));
    std::fs::write(rosa.path("cluster"), classic().to_string()).expect("a description");
    rosa
}

#[tokio::test(start_paused = true)]
async fn what_is_not_reached_is_tried_again() {
    let world = World::new().await;
    Layout::new(&world).vpc("10.0.0.0/16", &[]).await;
    let no_host = "dial tcp: lookup sso.redhat.com: no such host";
    let rosa = without_network(2, no_host);
    find(&world, &rosa.source(), options())
        .await
        .expect("found in the end");
    assert_eq!(rosa.read("n").trim(), "3");

    let rosa = without_network(100, no_host);
    let (class, text) = fault(find(&world, &rosa.source(), options()).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("not known to DNS"), "{text}");
    assert!(!text.contains("rosa login"), "{text}");
    assert_eq!(rosa.read("n").trim(), "3");
    // Who looks how things stand does not wait for them to change.
    let (class, _) = fault(state(world.clock.as_ref(), &rosa.source(), "rosa-1").await);
    assert_eq!(class, FaultClass::Unreachable);
    let (class, text) = fault(probe(world.clock.as_ref(), &rosa.source()).await);
    assert_eq!(class, FaultClass::Unreachable);
    assert!(text.contains("not known to DNS"), "{text}");
    assert_eq!(rosa.read("n").trim(), "6");

    let rosa = without_network(100, "invalid_grant: Offline user session not found");
    let (class, text) = fault(find(&world, &rosa.source(), options()).await);
    assert_eq!(class, FaultClass::Operator);
    assert!(text.contains("run `rosa login`"), "{text}");
    assert_eq!(rosa.read("n").trim(), "1");
}

#[tokio::test(start_paused = true)]
async fn notes_on_deprecated_apis_hide_nothing() {
    let world = World::new().await;
    let rosa = Rosa::script(
        r#"for n in $(seq 400); do echo "WARNING: You are using a deprecated OCM API
This endpoint will be removed on: 2027-01-01T00:00:00Z
Details: /api/clusters_mgmt/v1/clusters, and what comes in its place
Please update your usage to avoid issues when this endpoint is removed"; done >&2
echo "ERR: Failed to get cluster 'rosa-1': There is no cluster with identifier or name 'rosa-1'" >&2; exit 1"#,
    );
    let error = invalid(find(&world, &rosa.source(), options()).await);
    assert_eq!(error.input, "rosa-cluster");
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
