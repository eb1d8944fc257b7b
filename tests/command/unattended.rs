//! The blocks of docs/unattended.md: scripts are run, the rest is parsed and
//! compared with what the command does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use super::harness::{Done, Home, finish};

/// The blocks of a kind, in order.
fn blocks(kind: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/unattended.md");
    let page = fs::read_to_string(path).expect("the page");
    let mut found = Vec::new();
    let mut rest = &page[..];
    while let Some((_, after)) = rest.split_once("\n```") {
        let (body, after) = after.split_once("\n```\n").expect("an end");
        let (name, body) = body.split_once('\n').expect("a body");
        if name == kind {
            found.push(format!("{body}\n"));
        }
        rest = after;
    }
    found
}

#[track_caller]
fn block(kind: &str, with: &str) -> String {
    let mut found = blocks(kind);
    found.retain(|block| block.contains(with));
    assert_eq!(found.len(), 1, "blocks of {kind} with {with}");
    found.remove(0)
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A home in which `stepwell` is the command on the sandbox.
struct Unattended {
    home: Home,
    bin: PathBuf,
}

impl Unattended {
    fn new() -> Self {
        let home = Home::new();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        let program = env!("CARGO_BIN_EXE_stepwell");
        let line = format!("#!/bin/sh\nexec '{program}' --sandbox --sandbox-speed max \"$@\"\n");
        executable(&bin.join("stepwell"), &line);
        executable(&bin.join("converge"), &block("sh", "# converge"));
        Self { home, bin }
    }

    fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Done {
        let plain = self.home.command(&[]);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .env_clear()
            .envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .envs(variables.iter().copied())
            .current_dir(&self.bin)
            .stdin(std::process::Stdio::null());
        finish(command)
    }

    #[track_caller]
    fn converge(&self, code: i32) -> Done {
        let done = self.shell("exec ./converge keycloak eu-west-1", &[]);
        assert_eq!(done.code, code, "{done:#?}");
        done
    }
}

#[test]
fn converging_goes_on_where_the_last_one_stopped() {
    let here = Unattended::new();
    here.home
        .fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    here.converge(3);
    here.home.max(0, &["sandbox", "fault", "clear"]);
    here.converge(0).prints("endpoint ");
    assert_eq!(here.home.runs().len(), 1, "it was the same run");
    // It serves, so there is nothing to do.
    let again = here.converge(0);
    assert_eq!(again.stdout, "");
    assert_eq!(here.home.runs().len(), 1);
    // A deletion that is unfinished is not gone on with.
    here.home
        .fault(&["--operation", "DeleteDBInstance", "--error", "ExpiredToken"]);
    here.home.delete(3, &[]);
    here.home.max(0, &["sandbox", "fault", "clear"]);
    here.converge(0);
    assert_eq!(here.home.runs()[0]["status"], "suspended");
}

#[test]
fn what_is_told_at_the_end_is_the_runs_document() {
    let here = Unattended::new();
    executable(&here.bin.join("tell"), &block("sh", "# tell"));
    // Stands for the system's log.
    executable(&here.bin.join("logger"), "#!/bin/sh\ncat >> told\n");
    if !Path::new("/usr/bin/jq").exists() {
        println!("the script `tell`: skipped, there is no jq");
        return;
    }
    let done = here.shell(
        "exec ./converge keycloak eu-west-1",
        &[("STEPWELL_ON_FINISH", "./tell")],
    );
    assert_eq!(done.code, 0, "{done:#?}");
    let told = fs::read_to_string(here.bin.join("told")).expect("told");
    assert_eq!(
        told,
        "aurora create of aurora/eu-west-1/keycloak: succeeded \n"
    );
}

/// The exit codes that a person has to look at first.
fn for_people() -> Vec<i64> {
    use stepwell::Exit::{Credentials, Refused, RolledBack, Stuck, Suspended, Usage};
    [Suspended, RolledBack, Stuck, Credentials, Refused, Usage]
        .map(|exit| i64::from(exit.code()))
        .to_vec()
}

#[test]
fn the_systemd_unit() {
    let unit = block("ini", "[Service]");
    let mut section = String::new();
    let mut settings: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in unit
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix('[') {
            section = name.strip_suffix(']').expect("a section").to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').expect("a setting");
        let key = (section.clone(), key.to_owned());
        settings.entry(key).or_default().push(value.to_owned());
    }
    let get = |key: &str| settings[&("Service".to_owned(), key.to_owned())].join(" ");
    let prevented: Vec<i64> = get("RestartPreventExitStatus")
        .split(' ')
        .map(|code| code.parse().expect("a code"))
        .collect();
    assert_eq!(prevented, for_people());
    let stopped = stepwell::Exit::Terminated.code().to_string();
    assert_eq!(get("SuccessExitStatus"), stopped);
    assert_eq!(get("KillMode"), "mixed");
    assert_eq!(get("TimeoutStopSec"), "5min");
    let folder = format!("/var/lib/{}", get("StateDirectory"));
    assert!(get("Environment").starts_with(&format!("STEPWELL_STATE={folder}/")));

    // And as systemd reads it.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keycloak-database.service");
    let (program, user) = ("ExecStart=/usr/local/bin/converge", "User=stepwell");
    assert!(unit.contains(program) && unit.contains(user));
    let there = unit
        .replace(program, "ExecStart=/bin/true")
        .replace(user, "User=root");
    fs::write(&path, there).expect("a unit");
    match Command::new("systemd-analyze")
        .arg("verify")
        .arg(&path)
        .output()
    {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let own: Vec<&str> = (said.lines())
                .filter(|line| line.contains("keycloak-database"))
                .collect();
            assert!(own.is_empty(), "{said}");
        }
        Err(error) => println!("systemd-analyze: skipped: {error}"),
    }
}

/// Reads YAML as far as the page has it: maps, lists, and words on one line.
/// What it does not know it refuses.
fn yaml(text: &str) -> Value {
    let lines: Vec<(usize, String)> = (text.lines())
        .filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
        .map(|line| (line.len() - line.trim_start().len(), line.trim().to_owned()))
        .collect();
    let mut rest = &lines[..];
    let value = node(&mut rest);
    assert!(rest.is_empty(), "more than one document: {rest:?}");
    value
}

fn node(lines: &mut &[(usize, String)]) -> Value {
    let (indent, first) = lines.first().expect("a value").clone();
    if first.starts_with("- ") {
        let mut items = Vec::new();
        while let Some((at, line)) = lines.first().cloned() {
            let Some(item) = line.strip_prefix("- ").filter(|_| at == indent) else {
                assert!(at < indent, "{line}");
                break;
            };
            // The item is a value that begins two columns further in.
            let mut own = vec![(indent + 2, item.to_owned())];
            *lines = &lines[1..];
            let more = lines.iter().take_while(|(at, _)| *at > indent).count();
            own.extend_from_slice(&lines[..more]);
            *lines = &lines[more..];
            let mut own = &own[..];
            items.push(match item.contains(": ") || item.ends_with(':') {
                true => node(&mut own),
                false => scalar(item),
            });
        }
        return Value::Array(items);
    }
    let mut map = Map::new();
    while let Some((at, line)) = lines.first().cloned() {
        if at < indent {
            break;
        }
        assert_eq!(at, indent, "{line}");
        *lines = &lines[1..];
        let (key, value) = line.split_once(':').expect("a key");
        assert!(value.is_empty() || value.starts_with(' '), "{line}");
        let value = match value.trim() {
            "" => node(lines),
            value => scalar(value),
        };
        assert!(map.insert(key.to_owned(), value).is_none(), "{key} twice");
    }
    Value::Object(map)
}

fn scalar(text: &str) -> Value {
    if let Some(items) = text.strip_prefix('[') {
        let items = items.strip_suffix(']').expect("an end").split(", ");
        return items.map(scalar).collect();
    }
    assert!(
        !text.starts_with(['"', '\'', '{', '&', '*', '|', '>', '!']),
        "{text}"
    );
    match text {
        "true" | "false" => Value::Bool(text == "true"),
        number if number.parse::<i64>().is_ok() => number.parse::<i64>().expect("one").into(),
        text => Value::from(text),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

#[test]
fn the_kubernetes_job() {
    let block = block("yaml", "kind: Job");
    let job = yaml(&block);
    assert_eq!(text(&job["apiVersion"]), "batch/v1");
    let spec = &job["spec"];
    let rules = list(&spec["podFailurePolicy"]["rules"]);
    let fails = (rules.iter())
        .find(|rule| text(&rule["action"]) == "FailJob")
        .expect("a rule");
    let codes: Vec<i64> = list(&fails["onExitCodes"]["values"])
        .iter()
        .map(|code| code.as_i64().expect("a code"))
        .collect();
    assert_eq!(codes, for_people());
    let pod = &spec["template"]["spec"];
    // A policy for failures needs pods that do not start again by themselves.
    assert_eq!(text(&pod["restartPolicy"]), "Never");
    assert_eq!(pod["terminationGracePeriodSeconds"].as_i64(), Some(300));
    assert!(pod["securityContext"]["fsGroup"].as_i64().is_some());
    let container = &list(&pod["containers"])[0];
    assert_eq!(
        text(&container["name"]),
        text(&fails["onExitCodes"]["containerName"])
    );
    let variable = &list(&container["env"])[0];
    assert_eq!(text(&variable["name"]), "STEPWELL_STATE");
    let mounts = list(&container["volumeMounts"]);
    let state = text(&variable["value"]);
    assert!(
        mounts
            .iter()
            .any(|mount| state.starts_with(&format!("{}/", text(&mount["mountPath"]))))
    );
    assert!(!block.contains("subPath:"));
    let volumes: Vec<&str> = list(&pod["volumes"])
        .iter()
        .map(|one| text(&one["name"]))
        .collect();
    for mount in mounts {
        assert!(volumes.contains(&text(&mount["name"])), "{volumes:?}");
    }
    let command: Vec<&str> = list(&container["command"]).iter().map(text).collect();
    assert_eq!(command, ["/scripts/converge", "keycloak", "eu-west-1"]);
}

#[test]
fn the_github_workflow() {
    let block = block("yaml", "workflow_dispatch");
    let workflow = yaml(&block);
    assert_eq!(
        workflow["concurrency"]["cancel-in-progress"].as_bool(),
        Some(false)
    );
    let steps = list(&workflow["jobs"]["create"]["steps"]);
    let lines: Vec<&str> = (steps.iter())
        .filter_map(|step| step["run"].as_str())
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    // A cancelled job's signals reach the first process alone.
    assert!(lines[0].starts_with("exec "), "{lines:?}");
    let here = Unattended::new();
    let done = here.shell(lines[0], &[]);
    assert_eq!(done.code, 0, "{done:#?}");
    done.prints("endpoint ");
    // The folder is kept, whatever becomes of the run: it is more than a file.
    let kept = (steps.iter())
        .find(|step| step["if"].is_string())
        .expect("a step");
    assert_eq!(text(&kept["if"]), "always()");
    let state = text(&workflow["jobs"]["create"]["env"]["STEPWELL_STATE"]);
    assert!(state.ends_with(&format!("/{}/state.db", text(&kept["with"]["path"]))));
    // The action of the repository that it uses is there.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/github-actions");
    assert!(folder.join("stepwell-setup/action.yaml").exists());
}

/// What is in the window of tmux is run; tmux itself, where it is there, only
/// parses its part.
#[test]
fn the_lines_for_tmux() {
    let lines = block("sh", "tmux");
    let here = Unattended::new();
    let checked = here.shell(&format!("sh -n <<'END'\n{lines}END"), &[]);
    assert_eq!(checked.code, 0, "{checked:#?}");
    let command = lines.split('"').nth(1).expect("a command");
    let done = here.shell(command, &[]);
    assert_eq!(done.code, 0, "{done:#?}");
    done.prints("endpoint ");
}
