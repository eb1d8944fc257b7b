//! Pods: making one, telling how it stands, taking it away.

mod manifest;
mod stand;
mod watch;

use serde_json::Value;
use stepwell_engine::{Clock, Fault};

use super::Place;
use super::access::{has_code, parse};
use super::faults::legible;
pub(crate) use manifest::{CONTAINER, Wanted, annotations, labels};
pub(crate) use stand::{Pod, Stand};
pub(crate) use watch::{Look, Watch};

/// How many lines of a pod's log are read, and how much of each.
const LOG_LINES: usize = 40;
const LOG_WIDTH: usize = 300;

/// The words of a call that makes a pod of what it reads.
const CREATE: [&str; 4] = [
    "create",
    // What is in it is ours, so that no schema has to be fetched to validate it.
    "--validate=false",
    "--filename=-",
    "--output=name",
];

/// Makes a pod. That one of the name is there already is a success: the name
/// is the run's own.
pub(crate) async fn create(
    place: &Place,
    clock: &dyn Clock,
    manifest: &Value,
) -> Result<(), Fault> {
    match place
        .change(clock, &CREATE, Some(manifest.to_string()))
        .await
    {
        Err(fault) if has_code(&fault, "AlreadyExists") => Ok(()),
        answer => answer.map(drop),
    }
}

/// Has the server say whether it would take such a pod, with its quotas,
/// policies and webhooks, and make none. (Kubernetes API concepts, "Dry-run".)
pub(crate) async fn try_create(
    place: &Place,
    clock: &dyn Clock,
    manifest: &Value,
) -> Result<(), Fault> {
    let manifest = manifest.to_string();
    let words = [&CREATE[..], &["--dry-run=server"]].concat();
    match place.try_out(clock, &words, Some(manifest)).await {
        Err(fault) if has_code(&fault, "AlreadyExists") => Ok(()),
        answer => answer,
    }
}

/// The pod of a name, if there is one.
pub(crate) async fn get(
    place: &Place,
    clock: &dyn Clock,
    name: &str,
) -> Result<Option<Pod>, Fault> {
    let words = ["get", "pod", name, "--output=json", "--ignore-not-found"];
    let text = place.read(clock, &words).await?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse(&format!("pod {name}"), &text).map(|pod| Some(Pod::of(pod)))
}

/// The pods that a selector finds.
pub(crate) async fn list(
    place: &Place,
    clock: &dyn Clock,
    selector: &str,
) -> Result<Vec<Pod>, Fault> {
    let words = ["get", "pods", "--selector", selector, "--output=json"];
    let mut found = parse("the pods", &place.read(clock, &words).await?)?;
    Ok(match found["items"].take() {
        Value::Array(pods) => pods.into_iter().map(Pod::of).collect(),
        _ => Vec::new(),
    })
}

/// Takes a pod away and waits until it is gone; that it is gone already is a
/// success.
pub(crate) async fn delete(place: &Place, clock: &dyn Clock, name: &str) -> Result<(), Fault> {
    let words = [
        "delete",
        "pod",
        name,
        "--ignore-not-found",
        "--wait=true",
        "--timeout=60s",
    ];
    place.change(clock, &words, None).await.map(drop)
}

/// The end of what a pod has said.
pub(crate) async fn log(
    place: &Place,
    clock: &dyn Clock,
    name: &str,
) -> Result<Vec<String>, Fault> {
    let tail = format!("--tail={LOG_LINES}");
    let words = ["logs", name, &tail, "--container", CONTAINER];
    let text = place.read(clock, &words).await?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines
        .map(|line| line.chars().take(LOG_WIDTH).collect())
        .collect())
}

/// The last thing that Kubernetes warns of about a pod: why a volume can't be
/// mounted, say, or why the network does not come up. None where it warns of
/// nothing, or events may not be read.
async fn warning(place: &Place, clock: &dyn Clock, name: &str) -> Option<String> {
    let selector = format!("involvedObject.name={name},type=Warning");
    let words = [
        "get",
        "events",
        "--field-selector",
        &selector,
        "--output=json",
    ];
    let found = parse("the events", &place.read(clock, &words).await.ok()?).ok()?;
    let last = found["items"].as_array()?.last()?;
    let text = |key: &str| legible(last[key].as_str().unwrap_or_default());
    Some(format!("{}: {}", text("reason"), text("message")))
}
