//! A look into the database.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::database::PASSWORD;
use super::stage::{Stage, Whole};
use crate::command::harness::{Done, KEYCLOAK, finish};
use crate::command::terminal::Pty;

#[track_caller]
fn ended(stage: &Stage, code: i32, more: &[&str]) -> Done {
    let done = finish(stage.psql(more));
    assert_eq!(done.code, code, "{more:?}: {done:#?}");
    done
}

#[test]
fn the_command_line_is_printed_and_nothing_is_run() {
    let stage = Stage::without_database();
    let words = [
        "--print",
        "-n",
        "keycloak",
        "--context",
        "dc1",
        "--",
        "-c",
        "select '$x'",
    ];
    let done = ended(&stage, 0, &words);
    let line = done.stdout.trim_end();
    let endpoint = ["--sandbox", "aurora", "endpoint"];
    let host = stage
        .home
        .expect(0, &[&endpoint[..], &KEYCLOAK].concat())
        .stdout;
    let pod = line
        .split(' ')
        .find(|word| word.starts_with("stepwell-psql-"))
        .expect("a pod");
    let expected = concat!(
        "kubectl --context=dc1 --namespace=keycloak run POD ",
        "--image=docker.io/library/postgres:17 --restart=Never ",
        "--rm -i --quiet --pod-running-timeout=10m --labels=app.kubernetes.io/managed-by=stepwell,",
        "sidecar.istio.io/inject=false,app.kubernetes.io/component=psql,",
        "stepwell.io/cluster=keycloak --override-type=strategic ",
        "'--overrides={\"apiVersion\":\"v1\",\"metadata\":{\"annotations\":",
        "{\"kubectl.kubernetes.io/default-container\":\"POD\",\"linkerd.io/inject\":\"disabled\",",
        "\"openshift.io/required-scc\":\"restricted-v2\"}},",
        "\"spec\":{\"automountServiceAccountToken\":false,",
        "\"containers\":[{\"env\":[{\"name\":\"PGPASSWORD\",\"valueFrom\":{\"secretKeyRef\":",
        "{\"key\":\"password\",\"name\":\"keycloak-db-secret\"}}},",
        "{\"name\":\"PGUSER\",\"valueFrom\":{\"secretKeyRef\":",
        "{\"key\":\"username\",\"name\":\"keycloak-db-secret\"}}},",
        "{\"name\":\"PGSSLMODE\",\"value\":\"require\"},",
        "{\"name\":\"PGCONNECT_TIMEOUT\",\"value\":\"10\"},",
        "{\"name\":\"PSQL_HISTORY\",\"value\":\"/dev/null\"}],\"name\":\"POD\",",
        "\"resources\":{\"limits\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},",
        "\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},",
        "\"securityContext\":{\"allowPrivilegeEscalation\":false,\"capabilities\":",
        "{\"drop\":[\"ALL\"]},\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}}],",
        "\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":1000700000,",
        "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}}}' ",
        "--command -- psql -h HOST -p 5432 -d keycloak -c 'select '\\''$$x'\\'''",
    );
    assert_eq!(
        line.replace(pod, "POD").replace(host.trim_end(), "HOST"),
        expected
    );
    let json = ended(&stage, 0, &["--print", "-o", "json", "--reader"]).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["command"][0], "kubectl");
    assert!(
        json["endpoint"]
            .as_str()
            .is_some_and(|host| host.contains(".cluster-ro-"))
    );
    let other = json["pod"].as_str().expect("a pod");
    assert_ne!(other, pod, "every pod has a name of its own");
    // It is only looked what the pod would have to be like.
    stage.untouched();
    assert_eq!(stage.home.runs().len(), 1, "the create alone");
}

#[test]
fn psql_in_a_pipe() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    whole.fill("realm");
    let mut command = stage.psql(&["--", "-At"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin
        .write_all(b"select current_user, count(*) from realm;\n")
        .expect("a statement");
    drop(stdin);
    let output = child.wait_with_output().expect("the end");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "keycloak|1\n");
    assert_eq!(stage.pods(), [""; 0]);

    // A dollar sign arrives as it is, and the connection is encrypted.
    let sql =
        "do $$ begin assert (select ssl from pg_stat_ssl where pid = pg_backend_pid()); end $$";
    ended(stage, 0, &["-n", "keycloak", "--", "-c", sql]);
    assert!(!format!("{:?}", stage.calls()).contains(PASSWORD));
    assert_eq!(stage.home.runs().len(), 1, "a look has no history");
}

#[test]
fn a_person_at_a_terminal() {
    let Some(whole) = Whole::new() else { return };
    let mut terminal = Pty::open();
    let session = whole.stage.psql(&["-n", "keycloak"]);
    // A session of its own, so that Ctrl-C on the terminal is for it.
    let mut command = Command::new("setsid");
    command
        .arg("--ctty")
        .arg(session.get_program())
        .args(session.get_args());
    command.env_clear().env("TERM", "dumb");
    command.envs(
        session
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let mut child = command
        .stdin(terminal.stdio())
        .stdout(terminal.stdio())
        .stderr(terminal.stdio())
        .spawn()
        .expect("setsid starts");
    terminal.until("keycloak=> ");
    terminal.types("select pg_sleep(100);\n");
    whole.until_sleeping();
    terminal.types("\x03");
    terminal.until("canceling statement due to user request");
    terminal.types("select 40 + 2;\n");
    terminal.until("42");
    terminal.types("\\q\n");
    let status = child.wait().expect("the end");
    assert!(status.success(), "{status}: {}", terminal.seen());
    let calls = whole.stage.calls();
    let run = calls.iter().find(|call| call.contains(&"run".to_owned()));
    assert!(run.expect("a call").contains(&"--tty".to_owned()));
    assert_eq!(whole.stage.pods(), [""; 0]);
}

#[test]
fn what_psql_does_not_like() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    let failed = ended(stage, 1, &["--", "-c", "select nonsense"]);
    failed
        .says("column \"nonsense\" does not exist")
        .says("error: psql in pod stepwell-psql-")
        .says("ended with exit code 1");
    assert_eq!(failed.stdout, "");
    assert_eq!(stage.pods(), [""; 0]);
    let refused = ended(stage, 1, &["--username", "nobody", "--", "-c", "select 1"]);
    refused.says("password authentication failed");
    assert!(!refused.stderr.contains(PASSWORD));
}

#[test]
fn what_is_missing_is_said_before_there_is_a_pod() {
    let mut stage = Stage::without_database();
    ended(&stage, 1, &["-n", "elsewhere"]).says("there is no namespace elsewhere");
    ended(&stage, 1, &["--secret", "other"]).says("there is no secret other in");
    ended(&stage, 1, &["--context", "dc9"]).says("context was not found");
    ended(&stage, 64, &["-o", "json"]).says("--print");
    ended(&stage, 64, &["--namespace", "A"]).says("--namespace \"A\"");
    ended(&stage, 64, &["--image", "a b"]).says("--image \"a b\"");
    ended(&stage, 1, &["--kubectl", "/nowhere/kubectl"]).says("/nowhere/kubectl can't be started");
    stage.untouched();
    stage.home.set("PATH", "/nowhere");
    ended(&stage, 1, &[])
        .says("kubectl can't be started")
        .says("--kubectl");
}

#[test]
fn a_pod_that_does_not_start() {
    let stage = Stage::without_database();
    let failed = ended(&stage, 1, &["--image", "postgres:INVALID"]);
    failed.says("does not start: InvalidImageName: ");
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn a_session_that_is_terminated_takes_its_pod_along() {
    let stage = Stage::without_database();
    // The pod is at work, and does not end.
    stage.change(|state| state["told"] = json!("nothing"));
    let words = ["--sandbox", "aurora", "psql"];
    let words = [&words[..], &KEYCLOAK, &["--", "-c", "select pg_sleep(60)"]].concat();
    let run = stage.home.start(&words);
    stage.until(|stage| stage.count("logs") > 0);
    run.signal(rustix::process::Signal::TERM);
    let done = run.end();
    assert!(matches!(done.code, 143), "{done:?}");
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn each_line_once_and_complaints_apart() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    let sql = "do $$ begin raise notice 'look'; end $$; select 'a'; select 'b'";
    let done = ended(stage, 0, &["--", "-At", "-c", sql]);
    assert_eq!(done.stdout, "DO\na\nb\n");
    done.says("NOTICE:  look");
    assert_eq!(stage.pods(), [""; 0]);
    assert_eq!(stage.count("run"), 0, "nothing is attached to");
}

#[test]
fn the_password_is_named_and_never_held() {
    let stage = Stage::without_database();
    let json: Value = ended(&stage, 0, &["--print", "-o", "json"]).json();
    let words = json["command"].as_array().expect("words");
    let overrides = words
        .iter()
        .filter_map(|word| word.as_str()?.strip_prefix("--overrides="))
        .next()
        .expect("overrides");
    let overrides: Value = serde_json::from_str(overrides).expect("JSON");
    assert_eq!(
        overrides["spec"]["containers"][0]["env"][0],
        json!({
            "name": "PGPASSWORD",
            "valueFrom": { "secretKeyRef": { "name": "keycloak-db-secret", "key": "password" } }
        })
    );
}
